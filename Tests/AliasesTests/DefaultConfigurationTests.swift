import Aliases
import InternetMessage
import OptionSyntax
import Testing

/// The messages of the default configuration, section 7, as far as aliases decide them.
@Suite struct DefaultConfigurationTests {
    private let site = Site(
        aliases: aliasFile(
            """
            postmaster@example.com:       postmaster@ims-ms-daemon
            postmaster@mail.example.com:  postmaster@example.com
            root@example.com:             postmaster@example.com
            root@mail.example.com:        postmaster@example.com
            abuse@example.com:            postmaster@example.com
            mailer-daemon@example.com:    postmaster@example.com
            team@example.com: anna@example.com, bert@example.com, carol@other.example
            """),
        directory: directory(
            """
            domain: example.com

            uid: anna
            domain: example.com
            mail: anna@example.com
            mailAlternateAddress: anna.adams@example.com
            userPassword: {CRYPT}$y$j9T$abc

            uid: bert
            domain: example.com
            mail: bert@example.com

            uid: dora
            domain: example.com
            mail: dora@example.com
            mailUserStatus: hold

            uid: prog
            domain: example.com
            mail: prog@example.com
            mailDeliveryOption: program

            uid: away
            domain: example.com
            mail: away@example.com
            mailDeliveryOption: mailbox
            mailDeliveryOption: autoreply
            vacationStartDate: 20231101000000Z
            vacationEndDate: 20231130000000Z
            """))

    @Test(arguments: [
        // M1, M7, M9, F1, F2
        ("anna@example.com", ["ims-ms anna@ims-ms-daemon"]),
        ("Anna.Adams@EXAMPLE.com", ["ims-ms anna@ims-ms-daemon"]),
        ("postmaster@mail.example.com", ["ims-ms postmaster@ims-ms-daemon"]),
        ("root@mail.example.com", ["ims-ms postmaster@ims-ms-daemon"]),
        (
            "team@example.com",
            ["ims-ms anna@ims-ms-daemon", "ims-ms bert@ims-ms-daemon", "tcp_local carol@other.example"]
        ),
        ("anna+lists@example.com", ["ims-ms anna+lists@ims-ms-daemon"]),
        ("dora@example.com", ["hold @hold-daemon:dora@example.com"]),
        ("friend@other.example", ["tcp_local friend@other.example"]),
        ("\"anna+a b\"@example.com", ["ims-ms \"anna+a b\"@ims-ms-daemon"]),
    ])
    func resolves(_ address: String, _ routes: [String]) {
        let expansion = site.expand(address)
        #expect(expansion.routes == routes)
        #expect(expansion.failures.isEmpty)
    }

    /// M8.
    @Test(arguments: ["nobody@example.com", "anna@mail.example.com", "nobody+x@example.com"])
    func unknownUser(_ address: String) {
        let expansion = site.expand(address)
        #expect(!expansion.isGood)
        #expect(expansion.reply?.description == "550 5.1.1 unknown or illegal alias")
    }

    /// F2.
    @Test func holdUserIsHeld() {
        #expect(site.expand("dora@example.com").recipients.first?.heldReason == "user or domain status hold")
        #expect(site.expand("anna@example.com").recipients.first?.heldReason == nil)
    }

    /// F14: the vacation adds a recipient while it lasts.
    @Test func autoreply() {
        let away = site.expand("away@example.com", now: 1_700_000_000)
        #expect(away.routes == ["ims-ms away@ims-ms-daemon", "tcp_local away+example.com@bitbucket"])
        #expect(away.recipients.map(\.isAutoreply) == [false, true])
        #expect(site.expand("away@example.com", now: 1_710_000_000).routes == ["ims-ms away@ims-ms-daemon"])
    }

    /// F20.
    @Test func optionThatIsNotConfigured() throws {
        let failure = try #require(site.expand("prog@example.com").reply)
        #expect(failure.isTemporary)
        #expect(failure.detail.contains("prog@example.com"))
        #expect(failure.detail.contains("program"))
    }

    @Test func unreadableDirectoryIsTemporary() {
        var broken = site
        broken.directory = UnavailableDirectory(reason: "cannot open")
        #expect(broken.expand("anna@example.com").reply?.description == "450 4.4.3 temporary directory failure")
        #expect(broken.expand("postmaster@example.com").routes == ["ims-ms postmaster@ims-ms-daemon"])
    }

    @Test func acceptIsAskedOnceWithTheFirstAddress() {
        var asked: [String] = []
        let expander = RecipientExpander(resolver: site.resolver, now: 0)
        let expansion = expander.expand(mailbox("team@example.com"), rewrite: site.rewrite) { address, channel in
            asked.append("\(channel) \(address)")
            return nil
        }
        #expect(asked == ["l team@example.com"])
        #expect(expansion.recipients.count == 3)
        let refusal = AliasFailure(550, EnhancedStatus(5, 7, 1), "Relaying not allowed")
        let refused = expander.expand(mailbox("team@example.com"), rewrite: site.rewrite) { _, _ in refusal }
        #expect(refused.reply == refusal)
        #expect(refused.recipients.isEmpty)
    }
}
