import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import Testing
import TransactionLog

/// The messages of the default configuration specification, 7, from the client's address to the entries.
@Suite struct DefaultConfigurationTests {
    @Test func channelsOfClients() throws {
        let site = try Site()
        #expect(try site.session(.stranger).channel.name == "tcp_local")
        #expect(try site.session(.ourselves).channel.name == "tcp_intranet")
        #expect(try site.session(.ourselvesIPv6).channel.name == "tcp_intranet")
        #expect(try site.session(.submitter).channel.name == "tcp_submit")
        #expect(try site.session(.authenticated).channel.name == "tcp_auth")
        #expect(site.router.channel(ofClientLiteral: "[192.0.2.25]")?.name == "tcp_intranet")
        #expect(site.router.channel(ofClientLiteral: "[192.0.2.26]")?.name == "tcp_local")
        #expect(site.router.channel(ofClientLiteral: "[IPv6:2001:db8::1]")?.name == "tcp_local")
    }

    @Test func internetToALocalUser() throws {
        let session = try Site().session(.stranger)
        #expect(try session.reply("<anna@example.com>") == "250 2.1.5 anna@example.com OK.")
        #expect(try session.entries("<anna@example.com>") == ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon"])
        #expect(try session.entries("<Anna.Adams@EXAMPLE.com>") == ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon"])
    }

    /// M2, M6, M8, F3, F11, F21, F22: what a stranger is told.
    @Test(arguments: [
        ("M2", "<victim@other.example>", "550 5.7.1 Relaying not allowed: victim@other.example"),
        (
            "M6 percent", "<victim%other.example@example.com>",
            "550 5.7.1 Relaying not allowed: victim%other.example@example.com"
        ),
        (
            "M6 route", "<@example.com:victim@other.example>",
            "550 5.7.1 Relaying not allowed: @example.com:victim@other.example"
        ),
        (
            "M6 intranet", "<@tcp_intranet-daemon:victim@other.example>",
            "550 5.7.1 Relaying not allowed: @tcp_intranet-daemon:victim@other.example"
        ),
        ("M8", "<nobody@example.com>", "550 5.1.1 unknown or illegal alias: nobody@example.com"),
        ("M8 host", "<anna@mail.example.com>", "550 5.1.1 unknown or illegal alias: anna@mail.example.com"),
        ("F3", "<anna@ims-ms-daemon>", "550 5.7.1 unknown host or domain: anna@ims-ms-daemon"),
        (
            "F11", "<\"x|l|y\"@other.example>", "550 5.7.1 Relaying not allowed: \"x|l|y\"@other.example"
        ),
        ("F21", "<v@tcp_intranet-daemon>", "550 5.7.1 unknown host or domain: v@tcp_intranet-daemon"),
        (
            "F21 auth", "<@tcp_auth-daemon:v@other.example>",
            "550 5.7.1 unknown host or domain: @tcp_auth-daemon:v@other.example"
        ),
        (
            "F21 process", "<@process-daemon:v@other.example>",
            "550 5.7.1 unknown host or domain: @process-daemon:v@other.example"
        ),
        ("F22", "<other.example!v@example.com>", "550 5.7.1 Relaying not allowed: other.example!v@example.com"),
        ("literal", "<v@[198.51.100.20]>", "550 5.7.1 Relaying not allowed: v@[198.51.100.20]"),
        ("hold", "<@hold-daemon:v@other.example>", "550 5.7.1 unknown host or domain: @hold-daemon:v@other.example"),
        ("bitbucket", "<v@bitbucket>", "550 5.7.1 unknown host or domain: v@bitbucket"),
    ])
    func strangersRefused(_ name: String, _ path: String, _ reply: String) throws {
        #expect(try Site().session(.stranger).reply(path) == reply, "\(name)")
    }

    /// The other way to smuggle: quotes, two percents, nested routes, a bare bang path.
    @Test(arguments: [
        "<\"victim@other.example\"@example.com>", "<victim%other.example%example.com@mail.example.com>",
        "<@mail.example.com,@example.com:victim@other.example>", "<@example.com:victim%other.example@example.com>",
        "<other.example!victim>", "<victim%other.example>", "<\"victim%other.example\"@example.com>",
        "<@tcp_intranet-daemon,@tcp-daemon:victim@other.example>",
    ])
    func neverARelay(_ path: String) throws {
        let session = try Site().session(.stranger)
        guard case .refused(let refusal) = try session.route(path).result else {
            Issue.record("\(path) leads to \(try session.entries(path))")
            return
        }
        #expect(refusal.code == 550)
    }

    /// M3, F4, F10.
    @Test(arguments: [Client.ourselves, .ourselvesIPv6])
    func programsOfThisHost(_ client: Client) throws {
        let session = try Site().session(client, sender: "<cron>")
        #expect(session.facts.sender == "cron@example.com")
        #expect(try session.entries("<friend@other.example>") == ["tcp_local | other.example | friend@other.example"])
        #expect(try session.reply("<joe@conversion>") == "550 5.7.1 unknown host or domain: joe@conversion")
        #expect(try session.entries("<anna>") == ["ims-ms | ims-ms-daemon | anna@ims-ms-daemon"])
    }

    /// M4, F5.
    @Test func submission() throws {
        let session = try Site().session(.submitter, sender: "<anna@example.com>")
        #expect(
            try session.entries(
                "<friend@other.example>", "<x@other.example>", "<y@third.example>", "<bert@example.com>") == [
                    "tcp_local | other.example | friend@other.example, x@other.example",
                    "tcp_local | third.example | y@third.example", "ims-ms | ims-ms-daemon | bert@ims-ms-daemon",
                ])
        #expect(try session.entries("<u@[198.51.100.20]>") == ["tcp_local | [198.51.100.20] | u@[198.51.100.20]"])
        #expect(try session.entries("<bert>") == ["ims-ms | ims-ms-daemon | bert@ims-ms-daemon"])
    }

    /// M5.
    @Test func authenticatedOnPort25() throws {
        let site = try Site()
        let friend = "<friend@other.example>"
        let session = try site.session(.authenticated, sender: "<anna@example.com>")
        #expect(try session.entries(friend) == ["tcp_local | other.example | friend@other.example"])
        #expect(
            try site.session(.stranger, sender: "<anna@example.com>").reply(friend)
                == "550 5.7.1 Relaying not allowed: friend@other.example")
    }

    /// M7; everybody may write to the postmaster without a domain, and reaches that of this host.
    @Test(arguments: [Client.stranger, .ourselves, .submitter])
    func postmaster(_ client: Client) throws {
        let session = try Site().session(client, sender: "<>")
        #expect(session.facts.sender.isEmpty)
        for path in ["<postmaster>", "<Postmaster>", "<postmaster@example.com>", "<root@mail.example.com>"] {
            #expect(
                try session.entries(path).map { $0.lowercased() } == [
                    "ims-ms | ims-ms-daemon | postmaster@ims-ms-daemon"
                ])
        }
    }

    @Test func barePostmasterIsTheLocalHosts() throws {
        let site = try Site(
            "  postmaster-probe@mail.example.com: bert@example.com\n",
            replacing: [
                (
                    "  postmaster@&/IMTA_HOST/:               postmaster@&/IMTA_DEFAULTDOMAIN/",
                    "  postmaster@&/IMTA_HOST/: bert@example.com"
                )
            ])
        #expect(
            try site.session(.ourselves).entries("<postmaster>") == ["ims-ms | ims-ms-daemon | bert@ims-ms-daemon"])
    }

    /// M9.
    @Test func listWithAnOutsideMember() throws {
        let session = try Site().session(.stranger)
        #expect(session.facts.sender == "bob@remote.example")
        #expect(
            try session.entries("<team@example.com>") == [
                "ims-ms | ims-ms-daemon | anna@ims-ms-daemon, bert@ims-ms-daemon",
                "tcp_local | other.example | carol@other.example",
            ])
        #expect(
            try session.entries("<anna@example.com>", "<team@example.com>", "<ANNA@example.com>") == [
                "ims-ms | ims-ms-daemon | anna@ims-ms-daemon, bert@ims-ms-daemon",
                "tcp_local | other.example | carol@other.example",
            ])
        #expect(try session.entries("<carl@example.com>") == ["tcp_local | other.example | carl@other.example"])
    }

    /// F1, F2, F14.
    @Test func usersOfThisHost() throws {
        let session = try Site().session(.stranger)
        #expect(
            try session.entries("<anna+lists@example.com>") == ["ims-ms | ims-ms-daemon | anna+lists@ims-ms-daemon"])
        #expect(
            try session.entries("<dora@example.com>") == [
                "hold | hold-daemon | @hold-daemon:dora@example.com | user or domain status hold"
            ])
        #expect(try session.entries("<away@example.com>") == ["ims-ms | ims-ms-daemon | away@ims-ms-daemon"])
    }

    /// F6, M3: senders without a domain; the null path stays as it is.
    @Test func senders() throws {
        let site = try Site()
        #expect(try site.session(.stranger, sender: "<joe>").facts.sender == "joe@[203.0.113.9]")
        #expect(try site.session(.submitter, sender: "<joe>").facts.sender == "joe@example.com")
        #expect(try site.session(.authenticated, sender: "<joe>").facts.sender == "joe@example.com")
        #expect(try site.session(.stranger, sender: "<joe@nowhere.invalid>").facts.sender == "joe@nowhere.invalid")
        #expect(try site.session(.stranger, sender: "<>").facts.sender.isEmpty)
        let process = try site.channel("process")
        #expect(site.router.sender(nil, channel: process, completion: HostCompletion()).isEmpty)
    }

    /// F19.
    @Test func channelOfThePartner() throws {
        let channel = """
            [channel:tcp_partner]
              official_host_name = tcp_partner-daemon
              smtp
            """
        // The rule has to stand before `.`, which catches everything.
        let rule = (old: "! everybody else\n", new: "  partner.example  $U%$D@tcp_partner-daemon\n")
        let closed = try Site(channel, replacing: [rule]).session(.stranger)
        #expect(
            try closed.reply("<v@partner.example>") == "550 5.7.1 Relaying not allowed: v@partner.example")
        let permit = (
            old: "  tcp_local|*|tcp_intranet|*  $Y\n",
            new: "  tcp_local|*|tcp_intranet|*  $Y\n  tcp_local|*|tcp_partner|*  $Y\n"
        )
        let open = try Site(channel, replacing: [rule, permit]).session(.stranger)
        #expect(try open.reply("<v@partner.example>") == "250 2.1.5 v@partner.example OK.")
        #expect(try open.entries("<v@partner.example>") == ["tcp_partner | partner.example | v@partner.example"])
    }

    /// F20.
    @Test func deliveryOptionThatIsNotThere() throws {
        let session = try Site().session(.stranger)
        guard case .refused(let refusal) = try session.route("<prog@example.com>").result else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.isTemporary)
        #expect(refusal.code == 450)
        #expect(refusal.detail.contains("prog@example.com"))
        #expect(refusal.detail.contains("program"))
    }

    /// Default configuration specification, 5: never "unknown user" without the directory.
    @Test func withoutTheDirectory() throws {
        let site = try Site(directory: nil)
        let session = try site.session(.stranger)
        guard case .refused(let refusal) = try session.route("<anna@example.com>").result else {
            Issue.record("accepted")
            return
        }
        #expect(refusal.code == 450)
        #expect(refusal.status == "4.4.3")
        #expect(site.reports.count == 1)
        #expect(site.reports.first?.contains("/config/directory") == true)
    }

    /// A reprocessed address was judged when it came; its list may have members outside.
    @Test func reprocessingAsksNoOriginalTables() throws {
        let site = try Site()
        let session = try site.session(.stranger)
        let result = site.router.route(
            try #require(Mailbox("carol@other.example")), recipient: QueueRecipientFacts(given: "team@example.com"),
            channel: session.channel, completion: HostCompletion(), facts: session.facts, isReprocessing: true)
        guard case .accepted(let found) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(found.map(\.recipient.address) == ["carol@other.example"])
        #expect(found.map(\.recipient.given) == ["team@example.com"])
    }

    @Test func logOptions() throws {
        let configuration = try Site().configuration
        let options = LogOptions { configuration.options.integer("mta.\($0)") }
        #expect(options.format == .columns)
        #expect(options.connection == [.information, .entries, .authentication])
        #expect(options.filename && options.messageID && options.process && options.queueTime && options.reason)
        #expect(options.username && options.diagnostics)
        #expect(!options.node && !options.notary && !options.envelopeID && !options.priority && !options.filter)
        #expect(!options.remoteMTA && !options.separateConnectionLog)
    }

    @Test func installationIdentity() throws {
        let site = try Site()
        let argument = Installation.xloop(site.configuration)
        #expect(argument.utf8.count == 32)
        #expect(argument.utf8.allSatisfy { "0123456789ABCDEF".utf8.contains($0) })
        #expect(Installation.xloop(site.configuration) == argument)
        #expect(Installation.xloop(try Site().configuration) != argument)
    }
}
