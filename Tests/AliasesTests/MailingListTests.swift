import Aliases
import InternetMessage
import OptionSyntax
import Testing

@Suite struct MailingListTests {
    private let files = [
        "/l/foo.dis": "! members\nbob@remote.example\n\nsue@example.org\n<more\n",
        "more": "al@y.example\nnot an address\n",
        "/l/users": "anna@*\nb?b\n",
        "loop": "<loop\n",
    ]

    private func site(_ alias: String) -> Site {
        let files = self.files
        return Site(
            aliases: aliasFile("foo-list@example.com: " + alias),
            environment: AliasEnvironment(
                readFile: { files[$0] }, probeMapping: { table, probe in table == "POST" && probe == "a@b" ? "" : nil })
        )
    }

    private func post(_ alias: String, _ poster: Poster = Poster()) -> RecipientExpansion {
        site(alias).expand("foo-list@example.com", poster: poster)
    }

    private let bob = Poster(envelopeFrom: Mailbox("Bob@remote.example"), sourceChannel: "tcp_local")
    private let eve = Poster(envelopeFrom: Mailbox("eve@remote.example"), sourceChannel: "tcp_local")

    @Test func members() {
        #expect(
            post("</l/foo.dis").routes
                == ["tcp_local bob@remote.example", "tcp_local sue@example.org", "tcp_local al@y.example"])
        #expect(post("</no/such").reply?.isTemporary == true)
        #expect(post("<loop").reply?.isTemporary == true)
        #expect(MailingListFile("/l/foo.dis") { files[$0] }?.badLines == ["not an address"])
    }

    /// Q1 of the aliases specification, 10.3.
    @Test func onlyMembersMayPost() {
        let alias = "</l/foo.dis, [auth_list] /l/foo.dis"
        #expect(post(alias, bob).recipients.count == 3)
        #expect(post(alias, eve).reply?.description == "550 5.7.1 you are not allowed to use this address")
        #expect(post(alias, Poster()).recipients.isEmpty)
        #expect(post("</l/foo.dis, [cant_list] /l/foo.dis", bob).recipients.isEmpty)
        #expect(post("</l/foo.dis, [auth_list] /none", bob).reply?.isTemporary == true)
    }

    @Test func otherConditions() {
        var anna = eve
        anna.user = "Anna@example.com"
        #expect(post("</l/foo.dis, [username_auth_list] /l/users", anna).isGood)
        #expect(!post("</l/foo.dis, [username_auth_list] /l/users", eve).isGood)
        #expect(post("</l/foo.dis, [auth_channel] tcp_intranet tcp_l*", eve).isGood)
        #expect(!post("</l/foo.dis, [cant_channel] tcp_l*", eve).isGood)
        #expect(!post("</l/foo.dis, [auth_mapping] POST", eve).isGood)
        #expect(post("</l/foo.dis, [auth_mapping] POST", Poster(envelopeFrom: Mailbox("a@b"))).isGood)
        #expect(post("</l/foo.dis, [auth_list] /l/foo.dis, [or], [auth_channel] tcp_*", eve).isGood)
        #expect(!post("</l/foo.dis, [auth_list] /l/foo.dis, [and], [auth_channel] tcp_*", eve).isGood)
    }

    @Test func moderator() {
        let alias = "</l/foo.dis, [moderator_address] mod@y.example, [moderator_list] /l/foo.dis"
        #expect(post(alias, eve).routes == ["tcp_local mod@y.example"])
        #expect(post(alias, bob).recipients.count == 3)
    }

    /// Q2 to Q6.
    @Test func parameters() throws {
        func parameters(_ alias: String) throws -> ListParameters {
            try #require(post(alias).recipients.first?.list)
        }
        #expect(try parameters("</l/foo.dis, [blocklimit] 100").blockLimit == 100)
        let errors = try parameters("</l/foo.dis, sue@example.com")
        #expect(errors.envelopeFrom == .address(mailbox("sue@example.com")))
        #expect(errors.headerAdditions.map { "\($0.name): \($0.addition.value)" } == ["Errors-To: sue@example.com"])
        #expect(try parameters("</l/foo.dis, [envelope_from] /").envelopeFrom == .keep)
        #expect(try parameters("</l/foo.dis, /").envelopeFrom == .keep)
        let reply = try parameters("</l/foo.dis, sue@example.com, list@example.com*")
        #expect(reply.replyTo == .init("list@example.com", onlyIfAbsent: true))
        let all = try parameters("</l/foo.dis, *, *, e@x, w@x, A fine list")
        #expect(all.envelopeFrom == nil)
        #expect(all.headerAdditions.map(\.name) == ["Errors-To", "Warnings-To", "Comments"])
        let named = try parameters("[ENVELOPE_FROM] o@x, [nodelay_notifications] NONE, a@y.example")
        #expect(named.envelopeFrom == .address(mailbox("o@x")))
        #expect(named.delayNotifications == false)
    }

    /// `[CAPTURE]`: one more copy, of which notifications say only that the list got it; a refused post is not captured.
    @Test func capture() {
        let found = post("[capture] spy@y.example, a@y.example")
        #expect(found.routes == ["tcp_local a@y.example", "tcp_local spy@y.example"])
        #expect(found.recipients.map(\.notificationAddress) == [nil, mailbox("foo-list@example.com")])
        #expect(post("</l/foo.dis, [capture] spy@y.example, [capture] eye@y.example").recipients.count == 5)
        #expect(!post("</l/foo.dis, [capture] spy@y.example, [cant_list] /l/foo.dis", bob).isGood)
    }

    @Test func unconfirmedNamesWarn() {
        var diagnostics = Diagnostics()
        _ = aliasFile("l: </l, [tag] x", &diagnostics)
        #expect(diagnostics.all.map(\.severity) == [.warning])
    }
}
