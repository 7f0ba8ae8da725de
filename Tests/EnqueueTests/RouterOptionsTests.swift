import AddressRewriting
import Aliases
import Channels
import Configuration
import Envelope
import InternetMessage
import Mappings
import Synchronization
import SystemCalls
import Testing

@testable import Enqueue

/// Options and keywords that decide where an address goes.
@Suite struct RouterOptionsTests {
    /// Aliases specification, 3.1: the ones digit first; without 4 the alias file is not asked.
    @Test(arguments: [
        ("8764", "<bert@example.com>", "tcp_local | other.example | b@other.example"),
        ("4678", "<bert@example.com>", "ims-ms | ims-ms-daemon | bert@ims-ms-daemon"),
        ("46", "<bert@example.com>", "ims-ms | ims-ms-daemon | bert@ims-ms-daemon"),
        ("4", "<bert@example.com>", "tcp_local | other.example | b@other.example"),
    ])
    func aliasMagic(_ magic: String, _ path: String, _ entry: String) throws {
        let site = try Site("  bert@example.com: b@other.example", options: "mta.alias_magic = \(magic)\n")
        #expect(try site.session(.ourselves).entries(path) == [entry])
    }

    /// Aliases specification, 3.2.
    @Test(arguments: [
        (6, "<zoe@example.com>", "tcp_local | other.example | all@other.example"),
        (2, "<zoe@example.com>", "550 5.1.1"),
        (6, "<any@example.com>", "tcp_local | other.example | all@other.example"),
        (1, "<any@example.com>", "tcp_local | other.example | bare@other.example"),
    ])
    func aliasDomains(_ domains: Int, _ path: String, _ outcome: String) throws {
        let site = try Site(
            "  any: bare@other.example\n  *@example.com: all@other.example",
            options: "mta.alias_domains = \(domains)\n")
        let session = try site.session(.ourselves)
        if outcome.hasPrefix("550") {
            #expect(try session.reply(path).hasPrefix(outcome))
        } else {
            #expect(try session.entries(path) == [outcome])
        }
    }

    private static let partner = """
        domain: example.com

        domain: partner.example
        mailRoutingHosts: mx.partner.example

        domain: shared.example
        mailRoutingHosts: elsewhere.example
        mailRoutingHosts: friend.example.com

        uid: anna
        domain: example.com
        mail: anna@example.com
        mailAlternateAddress: anna@sub.example.com

        uid: sam
        domain: shared.example
        mail: sam@shared.example
        """

    /// Rewrite-rules specification, section 9.
    @Test(arguments: [
        ("", "<x@partner.example>", "tcp_local | partner.example | x@partner.example"),
        (
            "mta.route_to_routing_host = 1\n", "<x@partner.example>",
            "tcp_local | mx.partner.example | @mx.partner.example:x@partner.example"
        ),
        ("", "<sam@shared.example>", "tcp_local | shared.example | sam@shared.example"),
        (
            "mta.ldap_host_alias_list = other.example, friend.example.com\n", "<sam@shared.example>",
            "ims-ms | ims-ms-daemon | sam%shared.example@ims-ms-daemon"
        ),
        ("", "<anna@sub.example.com>", "tcp_local | sub.example.com | anna@sub.example.com"),
        ("mta.domain_uplevel = 1\n", "<anna@sub.example.com>", "ims-ms | ims-ms-daemon | anna@ims-ms-daemon"),
        (
            "mta.ldap_domain_attr_routing_hosts = other\n", "<sam@shared.example>",
            "ims-ms | ims-ms-daemon | sam%shared.example@ims-ms-daemon"
        ),
    ])
    func directoryOptions(_ options: String, _ path: String, _ entry: String) throws {
        let site = try Site(directory: Self.partner, options: options)
        #expect(try site.session(.ourselves).entries(path) == [entry])
    }

    /// `$}domain,attribute{` of mappings asks the directory file.
    @Test(
        arguments: [
            ("partner.example,mailRoutingHosts", "mx.partner.example"),
            ("PARTNER.example,_domain_name_", "partner.example"),
            ("other.example,_domain_name_", nil), ("partner.example,none", nil),
        ] as [(String, String?)])
    func domainAttribute(_ argument: String, _ value: String?) throws {
        let site = try Site("[mapping:T]\n  *  $Y$}\(argument){", directory: Self.partner)
        #expect(site.configuration.mappings.probe("T", "x", context: site.router.context)?.output == value)
    }

    /// The general database in a rewrite rule, example T4 of the rewrite-rules specification; and the domain database.
    @Test func databasesInRules() throws {
        let site = try Site(
            replacing: [("[rewrites]\n", "[rewrites]\n  .decnet  $($H)\n")],
            others: [
                "general.txt": "example  $u%examplevax.example.com@tcp-daemon\n",
                "domain.txt": "moved.example  $U%new.example@tcp-daemon\n",
            ], options: "mta.use_text_databases = 1\n")
        let session = try site.session(.ourselves)
        #expect(
            try session.entries("<jdoe@example.decnet>")
                == ["tcp_local | examplevax.example.com | jdoe@examplevax.example.com"])
        #expect(try session.entries("<x@moved.example>") == ["tcp_local | new.example | x@new.example"])
    }

    /// A sequence number counts up with each probe that uses it.
    @Test func sequence() throws {
        let site = try Site("[mapping:T]\n  *  $Y$#IMTA_TABLE:numbers|10|4#", others: ["numbers": "41\n"])
        func probe() -> String? {
            site.configuration.mappings.probe("T", "x", context: site.router.context)?.output
        }
        #expect(probe() == "0042")
        #expect(probe() == "0043")
        let missing = try Site("[mapping:T]\n  *  $Y$#IMTA_TABLE:numbers#")
        for _ in 1...2 {
            #expect(missing.configuration.mappings.probe("T", "x", context: missing.router.context) == nil)
        }
        #expect(missing.reports.count == 1 && missing.reports[0].contains("numbers"))
    }

    /// Section 8 of the rewrite-rules specification: an inserted route in the style of the channel; the host is the
    /// route, whatever the address looks like.
    @Test(arguments: [
        ("", "@gate.example:x@far.example"), ("percents", "x%far.example@gate.example"),
        ("bangstyle", "gate.example!far.example!x"),
    ])
    func routeStyles(_ keyword: String, _ address: String) throws {
        let site = try Site(
            "[channel:gate]\n  official_host_name = gate.example\n  \(keyword)",
            replacing: [("[rewrites]\n", "[rewrites]\n  far.example  $U@$D@gate.example\n")])
        guard case .accepted(let routed) = try site.session(.ourselves).route("<x@far.example>").result else {
            Issue.record("refused")
            return
        }
        #expect(routed.map(\.recipient.address) == [address])
        #expect(routed.map(\.host) == ["gate.example"])
        #expect(routed.map(\.channel) == ["gate"])
    }

    /// Rules may build what is no address; then the site's own text for unknown hosts is said.
    @Test func noAddress() throws {
        let site = try Site(
            replacing: [("[rewrites]\n", "[rewrites]\n  odd.example  $U%x y@tcp-daemon\n")],
            options: "mta.error_text_unknown_host = no such place\n")
        #expect(try site.session(.ourselves).reply("<x@odd.example>") == "550 5.1.2 no such place: x@odd.example")
    }

    /// Aliases specification, 2.4.
    @Test func aliasPostmaster() throws {
        let site = try Site(
            "[channel:gate]\n  official_host_name = gate.example\n  aliaspostmaster")
        let session = try site.session(.ourselves)
        #expect(
            try session.entries("<PostMaster@gate.example>") == ["ims-ms | ims-ms-daemon | postmaster@ims-ms-daemon"])
        #expect(try session.entries("<x@gate.example>") == ["gate | gate.example | x@gate.example"])
    }

    /// Channels specification, 4.9: nothing is completed.
    @Test func noDefaultHost() throws {
        let site = try Site("[channel:gate]\n  official_host_name = gate.example\n  nodefaulthost remotehost")
        let completion = HostCompletion(clientLiteral: "[192.0.2.9]")
        let gate = try site.channel("gate")
        #expect(site.router.sender(Mailbox("bob"), channel: gate, completion: completion) == "bob")
        #expect(site.router.sender(Mailbox("bob@x.example"), channel: gate, completion: completion) == "bob@x.example")
    }

    /// `aliasdetourhost` (channels specification, 4.18): users are known to be good, and go to the detour; what is in the alias
    /// file is expanded, users who are not served are refused, and on another channel nothing changes.
    @Test func aliasDetour() throws {
        let site = try Site(
            "[channel:tcp_scanner]\n  official_host_name = tcp_scanner-daemon\n  smtp enqueueremoveroute",
            replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  aliasdetourhost = tcp_scanner-daemon")])
        let stranger = try site.session(.stranger)
        #expect(
            try stranger.entries("<anna@example.com>")
                == ["tcp_scanner | tcp_scanner-daemon | @tcp_scanner-daemon:anna@example.com"])
        #expect(
            try stranger.entries("<team@example.com>") == [
                "tcp_scanner | tcp_scanner-daemon | @tcp_scanner-daemon:anna@example.com, "
                    + "@tcp_scanner-daemon:bert@example.com",
                "tcp_local | other.example | carol@other.example",
            ])
        #expect(try stranger.reply("<nobody@example.com>").hasPrefix("550 5.1.1"))
        #expect(try stranger.entries("<dora@example.com>").first?.hasPrefix("hold | ") == true)
        #expect(
            try site.session(.ourselves).entries("<anna@example.com>")
                == ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon"])
    }

    // MARK: Mailing lists (aliases specification, 5 and 10.3)

    private func list(_ parameters: String = "", members: String = "anna@example.com\nx@other.example\n") throws -> Site
    {
        try Site(
            "  foo-list@example.com: <IMTA_TABLE:foo.dis\(parameters)",
            others: ["foo.dis": members, "users": "anna@*\n"])
    }

    /// `IMTA_TABLE:` and names relative to the configuration directory.
    @Test func listFile() throws {
        for name in ["IMTA_TABLE:foo.dis", "foo.dis"] {
            let site = try Site("  foo-list@example.com: <\(name)", others: ["foo.dis": "anna@example.com\n"])
            #expect(
                try site.session(.ourselves).entries("<foo-list@example.com>")
                    == ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon"])
        }
    }

    /// A list with an envelope of its own goes to the channel that makes its copies, once; its limits come along.
    @Test(arguments: [
        (", sue@example.com", true), (", [blocklimit] 100", true), (", *, list@example.com*", true),
        (", [linelimit] 9", true), (", [envelope_from] /", false), (", /", false), ("", false),
    ])
    func ownEnvelope(_ parameters: String, _ isDeferred: Bool) throws {
        let site = try list(parameters)
        let session = try site.session(.ourselves)
        let places = try session.entries("<foo-list@example.com>")
        #expect(
            places
                == (isDeferred
                    ? ["reprocess | reprocess-daemon | foo-list@example.com"]
                    : ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon", "tcp_local | other.example | x@other.example"]))
    }

    /// A list inside a list: the envelope of the inner one, or of the outer one when the inner has none. A group of the
    /// directory with mgrpErrorsTo counts as a list.
    @Test func nestedLists() throws {
        let site = try Site(
            "  outer@example.com: <outer, o@example.com\n  plain@example.com: <plain\n  inner@example.com: <inner, /",
            directory: Site.directory
                + "\n\ngroup: staff\ndomain: example.com\nmail: staff@example.com\nmgrpErrorsTo: boss@example.com\n"
                + "mgrpRFC822MailMember: s@other.example",
            others: [
                "outer": "plain@example.com\ninner@example.com\n", "plain": "p@other.example\n",
                "inner": "i@other.example\n",
            ])
        let session = try site.session(.ourselves)
        #expect(
            Set(try session.entries("<outer@example.com>")) == [
                "reprocess | reprocess-daemon | outer@example.com", "tcp_local | other.example | i@other.example",
            ])
        #expect(
            try session.entries("<staff@example.com>") == ["reprocess | reprocess-daemon | staff@example.com"])
    }

    /// Q2: with SIZE the server refuses at once.
    @Test func limits() throws {
        guard
            case .accepted(let routed) = try list(", [blocklimit] 100, [linelimit] 5").session(.ourselves)
                .route("<foo-list@example.com>").result
        else {
            Issue.record("refused")
            return
        }
        let limits = try #require(routed.first?.list)
        #expect(limits.refusal(size: 102_400, lines: 5, blockSize: 1024) == nil)
        #expect(limits.refusal(size: 102_401, lines: 0, blockSize: 1024)?.status == "5.2.3")
        #expect(limits.refusal(size: 1, lines: 6, blockSize: 1024)?.text == "list limit of 5 lines exceeded")
    }

    /// [USERNAME_AUTH_LIST] sees the authenticated user.
    @Test(arguments: [("anna@example.com", true), ("eve", false), ("", false)])
    func userNames(_ user: String, _ isAllowed: Bool) throws {
        let site = try list(", [username_auth_list] IMTA_TABLE:users")
        let result = site.router.route(
            mailbox("foo-list@example.com"), recipient: QueueRecipientFacts(given: ""),
            channel: try site.channel("tcp_intranet"), completion: HostCompletion(),
            facts: AccessFacts(sourceChannel: "tcp_intranet", sender: "a@b", user: user))
        if case .accepted = result { #expect(isAllowed) } else { #expect(!isAllowed) }
    }

    @Test(
        arguments: [
            ("[nodelay_notifications] none", [], .failure),
            ("[nodelay_notifications] none", [.success, .delay], .success),
            ("[nodelay_notifications] none", .delay, .never), ("[nodelay_notifications] none", .never, .never),
            ("[delay_notifications] none", [], []),
        ] as [(String, NotifyConditions, NotifyConditions)])
    func delayNotifications(_ parameter: String, _ asked: NotifyConditions, _ notify: NotifyConditions) throws {
        let site = try list(", " + parameter)
        let result = site.router.route(
            mailbox("foo-list@example.com"), recipient: QueueRecipientFacts(given: "", notify: asked),
            channel: try site.channel("tcp_intranet"), completion: HostCompletion(),
            facts: AccessFacts(sourceChannel: "tcp_intranet", sender: "a@b"))
        guard case .accepted(let routed) = result else {
            Issue.record("refused")
            return
        }
        #expect(routed.map(\.recipient.notify) == [notify, notify])
    }

    /// A list is read again when it has changed, and looked at once a second.
    @Test func listFiles() throws {
        let scratch = try Scratch()
        let clock = Ticks()
        let files = ListFiles(clock: { clock.now })
        let path = scratch.path + "/list"
        #expect(files.text(path) == nil)
        try scratch.write("list", "one")
        #expect(files.text(path) == nil)
        clock.advance(2)
        #expect(files.text(path) == "one")
        try scratch.write("list", "other")
        #expect(files.text(path) == "one")
        clock.advance(2)
        #expect(files.text(path) == "other")
    }
}

/// A clock that is moved by hand.
private final class Ticks: Sendable {
    private let nanoseconds = Mutex<Int64>(0)
    var now: Int64 { nanoseconds.withLock { $0 } }
    func advance(_ seconds: Int64) { nanoseconds.withLock { $0 += seconds * 1_000_000_000 } }
}
