import AddressRewriting
import Mappings
import OptionSyntax
import Testing

/// Control sequences (rewrite-rules specification, sections 5.6, 5.7, 9 and 12.7).
@Suite struct RewriteControlTests {
    private static var channels: FixtureChannels {
        FixtureChannels("l local-host", "tcp_local tcp-daemon", "x X", "reprocess reprocess-daemon")
    }

    /// Whether a rule `h  $U%yes@X` with `controls` applies.
    private func holds(
        _ controls: String, _ query: RewriteEngine.Query, channels: FixtureChannels = Self.channels
    ) -> Bool {
        let engine = engine("h  $U%yes@X\(controls)\n.  $U%no@X", channels)
        guard case .rewritten(let result) = engine.rewrite(query) else { return false }
        return result.host == "yes"
    }

    /// K1 to K3 come first.
    @Test(arguments: [
        ("$S$A", "u@h", true), ("$S$A", "u%h", false), ("", "h!u", true), ("$S", "@h:u@q", true),
        ("$S", "u@h", false), ("$P", "u%h", true), ("$X", "h!u", true), ("$A$P", "h!u", false),
        ("$E$F", "u@h", true), ("$B", "u@h", false), ("$R", "u@h", false), ("$e$f$a", "u@h", true),
    ])
    func places(_ controls: String, _ address: String, _ expected: Bool) {
        #expect(holds(controls, .init(address, sourceChannel: "l")) == expected)
    }

    @Test(arguments: [
        ("K4", "$Mtcp_local", "tcp_local", true), ("K4 other", "$Mtcp_local", "l", false),
        ("K5", "$Mtcp_local$Ml", "l", true), ("K6", "$Ntcp_local$Nl", "l", false),
        ("N", "$Ntcp_local", "l", true), ("case", "$mTCP_Local", "tcp_local", true),
        ("with a control inside", "$Mtcp_local$E", "tcp_local", true),
        ("reprocessing", "$1M", "reprocess", true), ("not reprocessing", "$1M", "l", false),
        ("$1N", "$1N", "l", true), ("$1N fails", "$1N", "reprocess", false),
        ("M then N", "$Ml$Ntcp_local", "l", true),
    ])
    func sourceChannels(_ name: String, _ controls: String, _ channel: String, _ expected: Bool) {
        #expect(holds(controls, .init("u@h", sourceChannel: channel)) == expected, "\(name)")
    }

    @Test func destinationChannels() {
        let envelope = RewriteEngine.Query("u@h", sourceChannel: "l")
        #expect(holds("$Qtcp_local", envelope), "K7")
        var header = RewriteEngine.Query("u@h", kind: .header, sourceChannel: "l", destinationChannel: "tcp_local")
        #expect(!holds("$Ctcp_local", header), "K8")
        #expect(holds("$Qtcp_local", header))
        #expect(holds("$Qx$Qtcp_local", header))
        #expect(holds("$Cx", header))
        header.destinationChannel = "l"
        #expect(!holds("$Qtcp_local", header))
        header.direction = .backward
        header.kind = .envelope
        #expect(!holds("$Qtcp_local", header))
    }

    @Test func noRules() {
        var channels = Self.channels
        channels.noRules = ["x"]
        #expect(holds("$Mtcp_local", .init("u@h", sourceChannel: "x"), channels: channels), "K9")
        let header = RewriteEngine.Query("u@h", kind: .header, sourceChannel: "l", destinationChannel: "x")
        #expect(holds("$Cx", header, channels: channels))
        #expect(!holds("$Mtcp_local", header, channels: channels))
    }

    @Test func checksThatEndTheTemplate() {
        let engine = engine("h  $U%1$Mx$1~.2@X\ni  $Mx$1~$U%3@X", Self.channels)
        #expect(show(engine.rewrite(.init("u@h", sourceChannel: "x"))) == "u@1.2 -> X (x)")
        let local = RewriteEngine.Query("u@i", sourceChannel: "x")
        #expect(show(engine.rewrite(local)) == "u@3 -> X (x)")
        #expect(show(engine.rewrite(.init("u@i", sourceChannel: "l"))) == "5.1.2 unknown host or domain")
    }

    @Test(arguments: [(AddressKind.envelope, AddressDirection.forward, true), (.header, .forward, false)])
    func envelopeToOnly(_ kind: AddressKind, _ direction: AddressDirection, _ applies: Bool) {
        let engine = engine("siroe.com  $U@mail.siroe.com$E$F", FixtureChannels("l local-host", "s mail.siroe.com"))
        let query = RewriteEngine.Query("u@siroe.com", kind: kind, direction: direction, sourceChannel: "l")
        let expected = applies ? "u@mail.siroe.com -> mail.siroe.com (s)" : "5.1.2 unknown host or domain"
        #expect(show(engine.rewrite(query)) == expected, "T7, T8")
    }

    @Test func directory() {
        let engine = engine("$*  $V$H$U%1@X", Self.channels)
        var query = RewriteEngine.Query("u@a", sourceChannel: "l", directory: FixtureDirectory(local: ["a"]))
        #expect(show(engine.rewrite(query)) == "5.1.2 unknown host or domain", "the argument reaches to the separator")
        let usual = self.usual
        query.address = "u@a"
        #expect(show(usual.rewrite(query)) == "u@a -> local-host (l)")
        query.address = "u@c"
        #expect(show(usual.rewrite(query)) == "u@c -> X (x)")
        query.directory = FixtureDirectory(local: [], isUnavailable: true)
        #expect(show(usual.rewrite(query)) == "4.4.3 temporary directory failure")
    }

    private var usual: RewriteEngine {
        engine("$*  $A$E$F$U%$H$V$H@local-host\nc  $U%c$Zc@X\n.  $U%no@X", Self.channels)
    }

    @Test func localityProcedure() {
        func locality(_ domain: String, uplevel: Bool = true) -> DomainLocality {
            AddressRewriting.locality(ofDomain: domain, ownHosts: ["Mail.example.com"], searchesUplevel: uplevel) {
                switch $0 {
                case "here.example": .some(DomainEntry())
                case "ours.example": .some(DomainEntry(routingHosts: ["other", "mail.EXAMPLE.com"]))
                case "theirs.example": .some(DomainEntry(routingHosts: ["other"]))
                case "broken.example": .none
                default: .some(nil)
                }
            }
        }
        #expect(locality("HERE.example") == .local)
        #expect(locality("ours.example") == .local)
        #expect(locality("theirs.example") == .nonLocal)
        #expect(locality("a.b.here.example") == .local)
        #expect(locality("a.here.example", uplevel: false) == .nonLocal)
        #expect(locality("a.broken.example") == .unavailable)
        #expect(locality("elsewhere.example") == .nonLocal)
    }
}
