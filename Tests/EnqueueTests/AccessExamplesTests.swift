import Channels
import Configuration
import InternetMessage
import Mappings
import Testing

@testable import Enqueue

/// Worked examples of the access-and-filtering specification, 23, with the default configuration.
/// and A-10 are in `AccessTableTests`, A-9 and A-11 in `AccessFlagTests`.
@Suite struct AccessExamplesTests {
    private func access(_ site: Site, _ client: String, _ flags: MappingFlags) -> ConnectionAccess? {
        site.configuration.mappings.probe(
            "PORT_ACCESS", "TCP|192.0.2.25|25|\(client)|4242", flags: flags, context: site.router.context
        ).map(ConnectionAccess.init)
    }

    /// client 127.0.0.1 is accepted with an empty rule-set text, 198.51.100.7 with `EXTERNAL`; an entry was applied in
    /// both cases, so that no DNS list is asked. A-4a: the worker's probe, without input flag A, gives the same.
    @Test(arguments: ["A", ""] as [MappingFlags])
    func exampleA4(_ flags: MappingFlags) throws {
        let site = try Site()
        for (client, text) in [("127.0.0.1", ""), ("198.51.100.7", "EXTERNAL")] {
            let access = try #require(self.access(site, client, flags), "\(client)")
            #expect(!access.isRefused)
            #expect(access.text == text)
        }
    }

    /// a table with one entry; 192.0.2.9 is told `500 go away`, for 192.0.3.1 no entry is applied.
    @Test func exampleA5() throws {
        let site = try Site(
            "[mapping:PORT_ACCESS]\n  TCP|*|25|192.0.2.*|*  $N500$ go$ away",
            replacing: [(old: "[mapping:PORT_ACCESS]", new: "[mapping:OTHER_ACCESS]")])
        let refusal = try #require(access(site, "192.0.2.9", "A"))
        #expect(refusal.isRefused && refusal.lines == ["500 go away"])
        #expect(access(site, "192.0.3.1", "A") == nil)
    }

    /// INTERNAL_IP of a host 123.45.67.89; a client 123.45.67.90 is external, and relaying is refused. A-7: an
    /// internal client comes by `tcp_intranet` and may send anywhere.
    @Test func exampleA6AndA7() throws {
        let site = try Site(replacing: [(old: "192.0.2.25", new: "123.45.67.89")])
        let outside = Client(address: "123.45.67.90", service: nil, port: 25, isAuthenticated: false)
        let session = try site.session(outside)
        #expect(session.channel.name == "tcp_local")
        #expect(try session.reply("<v@other.example>") == "550 5.7.1 Relaying not allowed: v@other.example")
        let inside = Client(address: "123.45.67.89", service: nil, port: 25, isAuthenticated: false)
        #expect(try site.session(inside).channel.name == "tcp_intranet")
        #expect(try site.session(inside).reply("<v@other.example>") == "250 2.1.5 v@other.example OK.")
    }

    /// `saslswitchchannel tcp_auth`; who has logged in may send anywhere.
    @Test func exampleA8() throws {
        let session = try Site().session(.authenticated)
        #expect(session.channel.name == "tcp_auth")
        #expect(try session.reply("<v@other.example>") == "250 2.1.5 v@other.example OK.")
    }

    /// Section 8: whatever a stranger writes, nothing of it leads to another host.
    @Test(arguments: [
        "<v@other.example>", "<v%other.example@example.com>", "<v%other.example@mail.example.com>",
        "<v%other.example@[192.0.2.25]>", "<v%other.example@[127.0.0.1]>", "<v%other.example>",
        "<v%a.example%other.example@example.com>", "<\"v%other.example\"@example.com>",
        "<\"v@other.example\"@example.com>",
        "<\"v@other.example\">", "<other.example!v@example.com>", "<other.example!v>",
        "<a.example!other.example!v@example.com>",
        "<\"other.example!v\"@example.com>", "<other.example!v%a.example@example.com>",
        "<@example.com:v@other.example>", "<@mail.example.com,@example.com:v@other.example>",
        "<@[127.0.0.1]:v@other.example>", "<@other.example:anna@example.com>", "<@tcp_intranet-daemon:v@other.example>",
        "<@tcp_auth-daemon:v@other.example>", "<v@[203.0.113.77]>", "<v@[IPv6:2001:db8::77]>", "<v@[127.0.0.1]>",
        "<v@127.0.0.1>", "<v@localhost>", "<v@tcp_local-daemon>", "<v@tcp_intranet-daemon>", "<v@reprocess>",
        "<v@process-daemon>", "<v@hold-daemon>", "<v@bitbucket>", "<v@conversion>", "<v@filter_discard>",
        "<v@other.example.>", "<v@OTHER.example>", "<\"\"@other.example>", "<anna+v%other.example@example.com>",
        "<v@other.example%example.com>", "<\"@example.com:v@other.example\"@example.com>",
    ])
    func nothingIsRelayed(_ path: String) throws {
        let site = try Site()
        for sender in ["<bob@remote.example>", "<>", "<anna@example.com>", "<postmaster>", "<x@[127.0.0.1]>"] {
            guard let parsed = try? SMTPPath.parse(Array(path.utf8)[...]).get(), parsed.mailbox != nil else { return }
            let session = try site.session(.stranger, sender: sender)
            guard case .accepted(let routed) = try session.route(path).result else { continue }
            // What is accepted stays here: `v%other.example` after the plus of anna is a subaddress.
            #expect(Set(routed.map(\.channel)) == ["ims-ms"], "\(path) from \(sender): \(routed)")
        }
    }
}
