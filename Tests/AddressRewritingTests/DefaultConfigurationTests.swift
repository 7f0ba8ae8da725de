import AddressRewriting
import Mappings
import OptionSyntax
import Testing

/// The rewriting of the ten messages and further probes of the default configuration (default-configuration
/// specification, sections 3 and 7).
@Suite struct DefaultConfigurationTests {
    private static let rules = """
        ! domains the directory knows as ours
        $*                             $A$E$F$U%$H$V$H@mail.example.com
        mail.example.com               $U%$D@mail.example.com
        example.com                    $U%$D@mail.example.com
        process                        $U@process.mail.example.com@process-daemon
        process.mail.example.com       $U@process.mail.example.com@process-daemon
        reprocess                      $U@reprocess.mail.example.com@reprocess-daemon
        reprocess.mail.example.com     $U@reprocess.mail.example.com@reprocess-daemon
        conversion                     $U@conversion.mail.example.com@conversion-daemon
        conversion.mail.example.com    $U@conversion.mail.example.com@conversion-daemon
        defragment                     $U@defragment.mail.example.com@defragment-daemon
        defragment.mail.example.com    $U@defragment.mail.example.com@defragment-daemon
        bitbucket                      $U@bitbucket.mail.example.com@bitbucket-daemon
        bitbucket.mail.example.com     $U@bitbucket.mail.example.com@bitbucket-daemon
        .lmtp                          $E$F$U%$H.lmtp@lmtpcs-daemon
        .lmtp                          $B$F$U%$H@$H@lmtpcs-daemon
        []                             $E$R${INTERNAL_IP,$L}$U%[$L]@tcp_intranet-daemon
        ! .example.com                 $U%$H$D@tcp_intranet-daemon
        .                              $U%$H@tcp-daemon
        """

    private static let mappings = """
        INTERNAL_IP

          127.0.0.1             $Y
          ${::1/128}            $Y
          192.0.2.25            $Y
          *                     $N
        """

    private static var engine: RewriteEngine {
        var channels = FixtureChannels(
            "l mail.example.com", "ims-ms ims-ms-daemon", "tcp_local tcp-daemon", "tcp_intranet tcp_intranet-daemon",
            "tcp_submit tcp_submit-daemon", "tcp_auth tcp_auth-daemon", "tcp_lmtpcs lmtpcs-daemon",
            "tcp_lmtpss tcp_lmtpss-daemon", "process process-daemon", "reprocess reprocess-daemon",
            "conversion conversion-daemon", "defragment defragment-daemon", "hold hold-daemon",
            "bitbucket bitbucket-daemon", "filter_discard FILTER-DISCARD")
        channels.routeLocal = ["tcp_intranet"]
        return AddressRewritingTests.engine(rules, channels, localHost: "mail.example.com", mappings: mappings)
    }

    private static let directory = FixtureDirectory(local: ["example.com"])

    @Test func rulesAreClean() {
        let (rules, findings) = compileRules(Self.rules)
        #expect(findings.isEmpty)
        #expect(rules.count == 17)
    }

    /// Envelope To: channel, destination host and address.
    @Test(arguments: [
        ("M1", "anna@example.com", "l", "example.com", "anna@example.com"),
        ("M1 expanded", "anna@ims-ms-daemon", "ims-ms", "ims-ms-daemon", "anna@ims-ms-daemon"),
        ("M2", "victim@other.example", "tcp_local", "other.example", "victim@other.example"),
        ("M6 percent", "victim%other.example@example.com", "tcp_local", "other.example", "victim@other.example"),
        ("M6 route", "@example.com:victim@other.example", "tcp_local", "other.example", "victim@other.example"),
        (
            "M6 intranet", "@tcp_intranet-daemon:victim@other.example", "tcp_local", "other.example",
            "victim@other.example"
        ),
        ("M7", "postmaster", "l", "mail.example.com", "postmaster@mail.example.com"),
        ("F1", "anna+lists@example.com", "l", "example.com", "anna+lists@example.com"),
        ("F2", "@hold-daemon:dora@example.com", "hold", "hold-daemon", "@hold-daemon:dora@example.com"),
        ("F3", "anna@ims-ms-daemon", "ims-ms", "ims-ms-daemon", "anna@ims-ms-daemon"),
        (
            "F4", "joe@conversion", "conversion", "conversion-daemon",
            "@conversion-daemon:joe@conversion.mail.example.com"
        ),
        ("F5", "u@[198.51.100.20]", "tcp_local", "[198.51.100.20]", "u@[198.51.100.20]"),
        ("F11", "\"x|l|y\"@other.example", "tcp_local", "other.example", "\"x|l|y\"@other.example"),
        ("F21", "v@tcp_intranet-daemon", "tcp_intranet", "tcp_intranet-daemon", "v@tcp_intranet-daemon"),
        (
            "F21 auth", "@tcp_auth-daemon:v@other.example", "tcp_auth", "tcp_auth-daemon",
            "@tcp_auth-daemon:v@other.example"
        ),
        (
            "F21 process", "@process-daemon:v@other.example", "process", "process-daemon",
            "@process-daemon:v@other.example"
        ),
        ("F22", "other.example!v@example.com", "tcp_local", "other.example", "v@other.example"),
        ("LMTP", "anna@store.lmtp", "tcp_lmtpcs", "store.lmtp", "anna@store.lmtp"),
        ("subdomain", "u@www.example.com", "tcp_local", "www.example.com", "u@www.example.com"),
    ])
    func envelopeTo(_ name: String, _ address: String, _ channel: String, _ host: String, _ result: String) {
        let query = RewriteEngine.Query(address, sourceChannel: "tcp_local", directory: Self.directory)
        guard case .rewritten(let found) = Self.engine.rewrite(query) else {
            Issue.record("\(name)")
            return
        }
        #expect([found.channel, found.host, found.address] == [channel, host, result], "\(name)")
    }

    /// The literal of the client as envelope From decides the channel switch.
    @Test(arguments: [
        ("M1", "[203.0.113.9]", "tcp-daemon", "tcp_local"),
        ("M3", "[127.0.0.1]", "tcp_intranet-daemon", "tcp_intranet"),
        ("own address", "[192.0.2.25]", "tcp_intranet-daemon", "tcp_intranet"),
        ("F10", "[IPv6:::1]", "tcp_intranet-daemon", "tcp_intranet"),
        ("IPv6 stranger", "[IPv6:2001:db8::9]", "tcp-daemon", "tcp_local"),
    ])
    func channelSwitch(_ name: String, _ literal: String, _ system: String, _ channel: String) {
        let query = RewriteEngine.Query(
            "postmaster@\(literal)", direction: .backward, sourceChannel: "tcp_local", directory: Self.directory)
        guard case .rewritten(let found) = Self.engine.rewrite(query) else {
            Issue.record("\(name)")
            return
        }
        #expect([found.routingSystem, found.channel] == [system, channel], "\(name)")
        #expect(found.address == "postmaster@\(literal)", "\(name)")
    }

    @Test(arguments: [
        ("bare name completed", "cron", "example.com", "cron@example.com"),
        ("F6", "joe", "[203.0.113.9]", "joe@[203.0.113.9]"),
        ("local host", "root", nil, "root@mail.example.com"),
    ])
    func completion(_ name: String, _ address: String, _ host: String?, _ expected: String) {
        let query = RewriteEngine.Query(
            address, direction: .backward, sourceChannel: "tcp_intranet", defaultHost: host, directory: Self.directory)
        guard case .rewritten(let found) = Self.engine.rewrite(query) else {
            Issue.record("\(name)")
            return
        }
        #expect(found.address == expected, "\(name)")
    }

    @Test func headerOfMailToTheStore() {
        let query = RewriteEngine.Query(
            "anna@store.lmtp", kind: .header, sourceChannel: "tcp_local", destinationChannel: "tcp_lmtpcs",
            directory: Self.directory)
        #expect(show(Self.engine.rewrite(query)) == "anna@store -> lmtpcs-daemon (tcp_lmtpcs)")
    }
}
