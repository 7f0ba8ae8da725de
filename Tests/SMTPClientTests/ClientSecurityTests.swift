import Channels
import SASL
import SMTP
import Testing

@testable import SMTPClient

@Suite struct ClientSecurityTests {
    private static let hosts = """
        # comment
        mail.example.com   anna secret
        .example.com\tbert token:/t/TOKEN

        *  carl  last
        """

    @Test(arguments: [
        (["mail.example.com"], "anna"), (["MAIL.Example.COM"], "anna"), (["a.b.example.com"], "bert"),
        (["example.com"], "carl"), (["[192.0.2.1]", "mail.example.com"], "anna"), (["com"], "carl"), ([], "carl"),
    ])
    func hostTable(_ names: [String], _ user: String) throws {
        let table = try HostTable(Self.hosts, file: "f") { ClientSecurity.secret($0) { $0 } }
        #expect(table.value(for: names)?.name == user)
    }

    @Test(arguments: ["host", "host a", "host a b c", "ok a b\nhost a"])
    func badLines(_ text: String) {
        let error = #expect(throws: HostTable<ClientSecurity.Secret>.Malformed.self) {
            try HostTable(text, file: "secrets") { ClientSecurity.secret($0) { $0 } }
        }
        #expect(error?.description.hasPrefix("secrets:") == true)
    }

    @Test(arguments: [
        ("never", ClientSecurity.HostRule.never), ("may", .ifOffered), ("encrypt", .encrypt),
        ("verify", .verify(name: nil)), ("verify mx.example", .verify(name: "mx.example")),
    ])
    func rules(_ text: String, _ rule: ClientSecurity.HostRule) {
        #expect(ClientSecurity.rule(text.split(separator: " ")) == rule)
        #expect(ClientSecurity.rule((text + " more x").split(separator: " ")) == nil)
        #expect(ClientSecurity.rule([]) == nil)
    }

    /// The one place that decides on TLS: the host's rule before the channel's keyword.
    @Test func policy() throws {
        var settings = ClientSettings(channel: "x", heloName: "us", selection: HostSelection(officialHost: "x"))
        settings.tls = .ifOffered
        settings.security.rules = try HostTable(
            "bank.example verify mx.bank.example\n.old.example never\n", file: "f", value: ClientSecurity.rule)
        let bank = TLSPolicy(settings, host: "a.example", wanted: "bank.example")
        #expect(bank.use == .required && bank.verifiedName == "mx.bank.example")
        #expect(TLSPolicy(settings, host: "mx.old.example", wanted: "y").use == .never)
        let other = TLSPolicy(settings, host: "mx.example", wanted: "example")
        #expect(other.use == .ifOffered && other.verifiedName == nil)
        settings.tls = .required
        #expect(TLSPolicy(settings, host: "mx.example", wanted: "example").verifiedName == "mx.example")
    }
}
