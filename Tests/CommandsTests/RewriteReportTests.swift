import AddressRewriting
import Channels
import Configuration
import Enqueue
import InternetMessage
import OptionSyntax
import Testing

@testable import Commands

/// What `test rewrite` makes of the whole way of an address.
@Suite struct RewriteReportTests {
    private static let text = #"""
        base.hostname = SESTA.COM
        [rewrites]
          sesta.com  $U@SESTA.COM
          a  $U@a-daemon
          .example  $U%$H$D@tcp-daemon
        [mapping:SEND_ACCESS]
          tcp_local|friendly@siroe.com|l|User@sesta.com    $Y
          tcp_local|*|l|secret@*    $X5.7.9|no$ secrets$N
        [channel:l]
          official_host_name = SESTA.COM
        [channel:tcp_local]
          smtp
          defaulthost = first.example second.example
          official_host_name = tcp-daemon
        [channel:a_channel]
          official_host_name = a-daemon
        [aliases]
          list: good@a, bad@nowhere
        """#

    private func router() throws -> Router {
        let paths = InstancePaths(instanceRoot: "/i", bin: "/i/bin")
        let load = MTAConfiguration.load(paths: paths, files: .memory(["/i/config/martlet.conf": Self.text]))
        let configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        return Router(configuration: configuration) { _ in }
    }

    private func report(_ address: String, checksExpansions: Bool = false) throws -> (RewriteReport, [String]) {
        let router = try router()
        let channel = try #require(router.configuration.channels.channel(named: "tcp_local"))
        let tester = RewriteTester(
            router: router, channel: channel,
            facts: AccessFacts(sourceChannel: "tcp_local", sender: "friendly@siroe.com"),
            checksExpansions: checksExpansions)
        let report = tester.report(address)
        return (report, report.lines(router.configuration.channels))
    }

    /// Commands specification, 10, example 17.
    @Test func example17() throws {
        let (report, lines) = try report("User@sesta.com")
        #expect(report.isSubmitted)
        #expect(
            lines.suffix(5) == [
                "Submitted address list:", "  l", "    User (SESTA.COM) *NOTIFY FAILURES* *NOTIFY DELAYS*", "",
                "Submitted notifications list:",
            ])
    }

    @Test(arguments: [
        ("secret@sesta.com", false, "5.7.9 no secrets"), ("u@nowhere", true, "5.1.2 unknown host or domain"),
        ("a b@sesta.com", true, "5.1.3 "),
    ])
    func refused(address: String, isFailed: Bool, error: String) throws {
        let (report, lines) = try report(address)
        #expect(!report.isSubmitted && report.isFailed == isFailed)
        #expect(lines.contains { $0.hasPrefix("Address list error -- \(error)") && $0.hasSuffix(": \(address)") })
    }

    /// Normally an alias is good if one of its addresses is.
    @Test func expansions() throws {
        #expect(try report("list@sesta.com").0.isSubmitted)
        let (report, lines) = try report("list@sesta.com", checksExpansions: true)
        #expect(!report.isSubmitted)
        #expect(lines.contains("Address list error -- 5.1.2 unknown host or domain: bad@nowhere"))
        #expect(!lines.contains { $0.contains("good@a") && $0.contains("error") })
    }

    /// Channels specification, 4.9: what the server completes an address without a host with.
    @Test(arguments: [
        (AddressKind.envelope, AddressDirection.forward, "u@second.example"), (.envelope, .backward, "u@first.example"),
        (.header, .forward, "u@first.example"), (.header, .backward, "u@first.example"),
    ])
    func completion(kind: AddressKind, direction: AddressDirection, expected: String) throws {
        let (outcome, _) = try router().explain("u", kind: kind, direction: direction, sourceChannel: "tcp_local")
        guard case .rewritten(let rewritten) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(rewritten.address == expected)
    }

    @Test(arguments: [
        ("a@b,c@d", ["a@b", "c@d"]), ("a@b, c@d ,", ["a@b", "c@d"]), ("@a,@b:u@c,d@e", ["@a,@b:u@c", "d@e"]),
        (#""a,b"@c,"d\",e"@f"#, [#""a,b"@c"#, #""d\",e"@f"#]), ("", [""]), (",", [","]),
    ])
    func lists(text: String, parts: [String]) {
        #expect(AddressList.parts(text) == parts)
    }
}
