import Channels
import DNS
import Envelope
import Mappings
import OptionSyntax
import Testing

@testable import SMTPClient

/// Options and keywords of the client that no worked example is about (SMTP specification, 11.2 and 12).
@Suite(.timeLimit(.minutes(5))) struct ClientOptionTests {
    @Test func initialCommandAndName() async throws {
        let peer = try Peer { $0.stage == .other ? .say("500 5.5.1 what") : .usual }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.initialCommand = "XVERSION 1"
        settings.heloName = "banner.example"
        #expect(words(await Bench.deliver(.sample(), settings).outcomes[1]) == ["delivered 2.5.0"])
        #expect(peer.record.commands.prefix(2) == ["XVERSION 1", "EHLO banner.example"])
    }

    /// `sendetrn`: at the start of a connection, where it is offered; whatever the answer, mail follows.
    @Test(arguments: [("250-ETRN\r\n", ["ETRN hub.example"]), ("", [])])
    func remoteQueueStart(_ offer: String, _ commands: [String]) async throws {
        let peer = try Peer { event in
            switch event.stage {
            case .ehlo: .say("250-peer.example\r\n\(offer)250-PIPELINING\r\n250 DSN")
            case .other: .say("458 4.5.0 no")
            default: .usual
            }
        }.start()
        defer { peer.stop() }
        var settings = ClientSettings(
            Channel("tcp_x smtp sendetrn hub.example", host: "t"), localHost: "us", own: OwnHost())
        #expect(settings.remoteQueueStart == "hub.example")
        settings = ClientSettings.direct(peer.port)
        settings.remoteQueueStart = "hub.example"
        let run = await Bench([.sample(1), .sample(2)]).run(settings)
        #expect((1...2).allSatisfy { words(run.outcomes[$0]) == ["delivered 2.5.0"] })
        #expect(peer.record.commands.filter { $0.hasPrefix("ETRN") } == commands)
        #expect(peer.record.commands.dropFirst(1 + commands.count).first?.hasPrefix("MAIL") == true)
    }

    @Test func shownInTheLog() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.logsBanner = false
        settings.logsTransport = false
        let run = await Bench.deliver(.sample(), settings)
        #expect(run.log.first?.banner == "")
        #expect(run.outcomes[1]?.first?.remote == "[127.0.0.1]")
    }

    /// LIMITS MAILMAX (RFC 9422), like ATTEMPT_TRANSACTIONS_PER_SESSION.
    @Test func transactionsOfASession() async throws {
        let offer = Peer.fullOffer.replacing("250-DSN", with: "250-LIMITS MAILMAX=2\r\n250-DSN")
        let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
        defer { peer.stop() }
        let run = await Bench((1...5).map { .sample($0) }).run(.direct(peer.port))
        #expect((1...5).allSatisfy { words(run.outcomes[$0]) == ["delivered 2.5.0"] })
        #expect(peer.record.connections == 3)
    }

    /// Time to send is not time to wait: each has its option.
    @Test func timeLimits() {
        let times = ClientTimeouts(options: [
            "timeout_multiplier": "1", "mail_transmit_time": "1", "rcpt_transmit_time": "2", "data_transmit_time": "3",
            "dot_transmit_time": "4", "command_transmit_time": "5", "status_receive_time": "6",
            "status_mail_receive_time": "7", "status_rcpt_receive_time": "8", "status_data_receive_time": "9",
        ])
        #expect(
            [times.mailTransmit, times.recipientTransmit, times.dataTransmit, times.dotTransmit, times.transmit]
                == [1, 2, 3, 4, 5])
        #expect([times.status, times.mail, times.recipient, times.data] == [6, 7, 8, 9])
    }

    @Test func traced() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let lines = SharedLines()
        var settings = ClientSettings.direct(peer.port)
        settings.initialCommand = "SECRET word"
        settings.trace = { lines.add($0) }
        _ = await Bench.deliver(.sample(), settings)
        let all = lines.all
        #expect(all.contains { $0.hasSuffix("> EHLO client.example") } && all.contains { $0.hasSuffix("< 354 go on") })
        #expect(!all.contains { $0.contains("word") || $0.contains("hello") })
        #expect(
            ClientSettings(Channel("tcp_x smtp master_debug", host: "t"), localHost: "us", own: OwnHost()).wantsTrace)
    }

    @Test(arguments: [
        ("tcp_x lmtp daemon router multigate", HostRoute.Place.name("d.example", usesMX: false)),
        ("tcp_x lmtp daemon router", .name("tag", usesMX: false)),
        ("tcp_x lmtp daemon /run/store.sock", .socket("/run/store.sock")),
        ("tcp_x lmtp daemon hub.example multigate", .name("hub.example", usesMX: false)),
    ])
    func gates(line: String, place: HostRoute.Place) {
        #expect(HostRoute(HostSelection(Channel(line, host: "tag")), entryHost: "d.example").place == place)
    }

    /// The path of a socket comes from the administrator, never from an address.
    @Test func hostIsNoPath() {
        let route = HostRoute(HostSelection(Channel("tcp_x smtp", host: "tag")), entryHost: "/run/x.sock")
        if case .socket = route.place { Issue.record("a recipient chose a socket") }
    }

    /// Two hosts in turn: each keeps its connection.
    @Test func connectionsAreKept() async throws {
        let first = try Peer(host: "127.0.0.3").start()
        let second = try Peer(host: "127.0.0.4", port: first.port).start()
        defer {
            first.stop()
            second.stop()
        }
        var settings = ClientSettings.direct(first.port)
        settings.selection = HostSelection(officialHost: "tag", port: first.port, mx: .none)
        settings.timeouts.idle = 5
        let jobs = (1...6).map { DeliveryJob.sample($0, host: $0 % 2 == 0 ? "[127.0.0.3]" : "[127.0.0.4]") }
        let run = await Bench(jobs).run(settings)
        #expect((1...6).allSatisfy { words(run.outcomes[$0]) == ["delivered 2.5.0"] })
        #expect(first.record.connections == 1 && second.record.connections == 1)
        #expect(first.record.messages.count == 3)
    }

    /// Access-and-filtering specification, 7; A-25.
    @Test(arguments: [
        ("tcp_x|1|2|127.0.0.3|mx.d.example $I", "delivered 2.5.0", 0, 1),
        ("tcp_x|1|2|127.0.0.3|mx.d.example $A127.0.0.4", "delivered 2.5.0", 0, 1),
        ("tcp_x|1|*|*|* $Nnot$ there", "permanent 5.1.2", 0, 0),
        ("tcp_x|9|*|*|* $N", "delivered 2.5.0", 1, 0),
    ])
    func addressAccess(entry: String, expected: String, first: Int, second: Int) async throws {
        let one = try Peer(host: "127.0.0.3").start()
        let other = try Peer(host: "127.0.0.4", port: one.port).start()
        defer {
            one.stop()
            other.stop()
        }
        var diagnostics = Diagnostics()
        let sources = parseMappings("IP_ACCESS\n\n  \(entry)\n", file: "mappings", diagnostics: &diagnostics)
        let tables = MappingTables(compiling: sources, diagnostics: &diagnostics)
        var settings = ClientSettings.direct(one.port)
        settings.selection = HostSelection(officialHost: "tag", port: one.port, mx: .inOrder)
        settings.addressAccess = AddressAccess(tables, context: MappingContext(), channel: "tcp_x")
        let dns = TableResolver([
            ("d.example", .mx, [.mailExchange(preference: 10, host: "mx.d.example")]),
            ("mx.d.example", .a, [.address("127.0.0.3"), .address("127.0.0.4")]),
        ])
        let run = await Bench([.sample()]).run(settings, resolver: dns)
        #expect(words(run.outcomes[1]) == [expected])
        #expect(one.record.messages.count == first && other.record.messages.count == second)
    }
}

/// Recipients of `ims-ms` on their way to an LMTP store (channel-programs specification, 5).
@Suite(.timeLimit(.minutes(5))) struct StoreClientTests {
    @Test func addressesAndReceipt() async throws {
        let peer = try Peer { event in
            switch event.stage {
            case .ehlo: .say("250-store.example\r\n250 PIPELINING")
            case .dot: .say(Array(repeating: "250 2.0.0 saved", count: 3).joined(separator: "\r\n"))
            default: .usual
            }
        }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.isLMTP = true
        settings.storeDomain = "example.com"
        let recipients = ["anna@ims-ms-daemon", "bert%hosted.example+work@ims-ms-daemon", "cora+x%y@ims-ms-daemon"].map
        {
            QueueRecipient(address: $0, given: "", notify: .success)
        }
        let run = await Bench.deliver(.sample(to: recipients), settings)
        #expect(
            peer.record.commands.filter { $0.hasPrefix("RCPT") } == [
                "RCPT TO:<anna@example.com>", "RCPT TO:<bert+work@hosted.example>", "RCPT TO:<cora+x%y@example.com>",
            ])
        // What the store has taken has arrived.
        #expect(run.notifications.map(\.kind) == [.delivered])
    }
}
