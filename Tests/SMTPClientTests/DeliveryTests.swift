import Envelope
import SystemCalls
import Testing

@testable import SMTPClient

@Suite(.timeLimit(.minutes(5))) struct DeliveryTests {
    private func recipients(_ names: String...) -> [QueueRecipient] {
        names.map { QueueRecipient(address: "\($0)@d.example", given: "") }
    }

    @Test func messageArrivesAsItIs() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let content = "Subject: dots\r\n\r\n.\r\n..two\r\nthree.\r\nlast"
        let run = await Bench.deliver(.sample(content: content), .direct(peer.port))
        #expect(words(run.outcomes[1]) == ["delivered 2.5.0"])
        let record = peer.record
        #expect(
            record.commands.prefix(4) == [
                "EHLO client.example", "MAIL FROM:<a@s.example> SIZE=\(content.utf8.count)", "RCPT TO:<b@d.example>",
                "DATA",
            ])
        #expect(record.commands.last == "QUIT")
        #expect(record.messages.map(\.data) == ["Subject: dots\r\n\r\n..\r\n...two\r\nthree.\r\nlast\r\n"])
        let outcome = try #require(run.outcomes[1]?.first)
        #expect(outcome.text == "250 2.5.0 stored")
        #expect(outcome.remote.hasPrefix("[127.0.0.1] (TCP|127.0.0.1|"))
        #expect(outcome.remote.hasSuffix("|127.0.0.1|\(peer.port))"))
        #expect(run.log.map(\.action) == [.delivered])
        #expect(run.log.first?.modifiers == "EP")
        #expect(run.log.first?.banner == "peer.example ESMTP ready")
        #expect(run.log.first?.size == content.utf8.count)
        #expect(run.connections.map(\.action) == [.opened, .closed])
        #expect(run.notifications.isEmpty)
    }

    /// Channel-programs specification, section 2; SMTP specification, example S-26.
    @Test func eachRecipientHasItsOwnOutcome() async throws {
        let peer = try Peer { event in
            guard event.stage == .rcpt else { return .usual }
            if event.line.contains("full@") { return .say("552 5.2.2 Mailbox full") }
            if event.line.contains("busy@") { return .say("450-4.2.1 wait\r\n450 4.2.1 a little") }
            if event.line.contains("none@") { return .say("550 5.1.1 nobody") }
            return .usual
        }.start()
        defer { peer.stop() }
        let job = DeliveryJob.sample(to: recipients("full", "ok", "busy", "none"))
        let run = await Bench.deliver(job, .direct(peer.port))
        #expect(
            words(run.outcomes[1]) == ["temporary 4.2.2", "delivered 2.5.0", "temporary 4.2.1", "permanent 5.1.1"])
        #expect(run.outcomes[1]?[2].text == "450 4.2.1 wait 4.2.1 a little")
        #expect(run.log.map(\.action.rawValue) == ["Z", "D", "Z", "R"])
        #expect(run.notifications.map(\.kind) == [.failed])
        #expect(run.notifications.first?.outcomes.map(\.recipient) == [3])
        var settings = ClientSettings.direct(peer.port)
        settings.classifier = ReplyClassifier(options: ["522_permanent_error_string": "5.2.2 Mailbox full"])
        let strict = await Bench.deliver(job, settings)
        #expect(words(strict.outcomes[1]).first == "permanent 5.2.2")
    }

    @Test(
        arguments: [
            (Peer.Stage.banner, Peer.Reply.say("421 4.3.2 busy"), "temporary 4.3.2"),
            (.banner, .say("554 5.7.1 go away"), "permanent 5.7.1"),
            (.banner, .say("HTTP/1.1 400 Bad Request"), "temporary 4.5.0"),
            (.banner, .drop, "temporary 4.4.2"), (.banner, .silence, "temporary 4.4.2"),
            (.ehlo, .say("502 5.5.1 no"), "relayed 2.5.0"), (.ehlo, .say("421 4.3.2 busy"), "temporary 4.3.2"),
            (.ehlo, .drop, "relayed 2.5.0"), (.ehlo, .silence, "temporary 4.4.2"),
            (.mail, .say("451 4.3.0 later"), "temporary 4.3.0"), (.mail, .say("550 5.7.1 no"), "permanent 5.7.1"),
            (.mail, .drop, "temporary 4.4.2"), (.mail, .silence, "temporary 4.4.2"),
            (.rcpt, .say("450 4.2.0 later"), "temporary 4.2.0"), (.rcpt, .say("550 nobody"), "permanent 5.0.0"),
            (.rcpt, .say("421 4.3.2 closing"), "temporary"), (.rcpt, .drop, "temporary 4.4.2"),
            (.rcpt, .silence, "temporary 4.4.2"),
            (.data, .say("451 4.3.0 later"), "temporary 4.3.0"), (.data, .say("554 5.6.0 no"), "permanent 5.6.0"),
            (.data, .drop, "temporary 4.4.2"), (.data, .silence, "temporary 4.4.2"),
            (.dot, .say("452 4.3.1 full"), "temporary 4.3.1"), (.dot, .say("554 5.6.0 no"), "permanent 5.6.0"),
            (.dot, .say("552 5.3.4 too big"), "temporary 4.3.4"), (.dot, .drop, "temporary 4.4.2"),
            (.dot, .silence, "temporary 4.4.2"), (.dot, .say("nonsense"), "temporary"),
            (.dot, .sayAndDrop("250 2.5.0 stored"), "delivered 2.5.0"),
        ] as [(Peer.Stage, Peer.Reply, String)])
    func failureAtEachStage(stage: Peer.Stage, reply: Peer.Reply, expected: String) async throws {
        for offer in [Peer.fullOffer, "250-peer.example\r\n250 DSN"] {
            let peer = try Peer { event in
                if event.stage == stage { return reply }
                return event.stage == .ehlo ? .say(offer) : .usual
            }.start()
            defer { peer.stop() }
            var settings = ClientSettings.direct(peer.port)
            settings.timeouts.status = 0.1
            settings.timeouts.mail = 0.1
            settings.timeouts.recipient = 0.1
            settings.timeouts.data = 0.1
            settings.timeouts.dataPerRecipient = 0
            settings.timeouts.quit = 0.1
            let run = await Bench.deliver(.sample(to: recipients("b", "c")), settings)
            let outcomes = words(run.outcomes[1])
            #expect(outcomes.count == 2)
            #expect(outcomes.allSatisfy { $0.hasPrefix(expected) }, "\(stage) \(offer): \(outcomes)")
        }
    }

    @Test func connectionIsReusedUpToTheLimit() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let jobs = (1...20).map { DeliveryJob.sample(UInt64($0)) }
        let all = await Bench(jobs).run(.direct(peer.port))
        #expect(all.outcomes.count == 20)
        #expect(peer.record.connections == 1)
        #expect(peer.record.messages.count == 20)
        var settings = ClientSettings.direct(peer.port)
        settings.mostTransactions = 5
        let limited = await Bench(jobs).run(settings)
        #expect(limited.outcomes.values.allSatisfy { words($0) == ["delivered 2.5.0"] })
        #expect(peer.record.connections == 1 + 4)
    }

    @Test func nextTransactionFollowsTheDotInOnePacket() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let run = await Bench([.sample(1), .sample(2), .sample(3)]).run(.direct(peer.port))
        #expect(run.outcomes.values.allSatisfy { words($0) == ["delivered 2.5.0"] })
        let reads = peer.record.reads
        #expect(reads.filter { $0.contains("\r\n.\r\nMAIL FROM:") && $0.hasSuffix("DATA\r\n") }.count == 2)
        // EHLO; the first envelope; three contents; QUIT.
        #expect(reads.count == 6)
    }

    @Test func withoutPipeliningOneCommandAtATime() async throws {
        let peer = try Peer { $0.stage == .ehlo ? .say("250 peer.example") : .usual }.start()
        defer { peer.stop() }
        let run = await Bench([.sample(1, to: recipients("b", "c")), .sample(2)]).run(.direct(peer.port))
        #expect(words(run.outcomes[1]) == ["relayed 2.5.0", "relayed 2.5.0"])
        #expect(words(run.outcomes[2]) == ["relayed 2.5.0"])
        #expect(peer.record.reads.contains("RCPT TO:<c@d.example>\r\n"))
        #expect(peer.record.reads.allSatisfy { !$0.contains("\r\nRCPT") })
    }

    @Test func resetFollowsARefusedTransaction() async throws {
        let peer = try Peer { event in
            event.stage == .rcpt && event.transaction == 0 ? .say("550 5.1.1 nobody") : .usual
        }.start()
        defer { peer.stop() }
        let run = await Bench([.sample(1), .sample(2)]).run(.direct(peer.port))
        #expect(words(run.outcomes[1]) == ["permanent 5.1.1"])
        #expect(words(run.outcomes[2]) == ["delivered 2.5.0"])
        #expect(peer.record.connections == 1)
    }

    /// A server that ends a connection which had served before, without having taken the content, is connected to again.
    @Test(arguments: [Peer.Reply.drop, .sayAndDrop("421 4.7.0 too many messages in this session")])
    func lostBetweenMessages(reply: Peer.Reply) async throws {
        let peer = try Peer { $0.stage == .mail && $0.transaction == 2 ? reply : .usual }.start()
        defer { peer.stop() }
        let run = await Bench((1...6).map { .sample(UInt64($0)) }).run(.direct(peer.port))
        #expect(run.outcomes.count == 6)
        #expect(run.outcomes.values.allSatisfy { words($0) == ["delivered 2.5.0"] })
        #expect(peer.record.connections == 3)
        #expect(peer.record.messages.count == 6)
    }

    @Test func manyThreadsShareTheWork() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.mostThreads = 4
        settings.entriesPerRequest = 2
        let run = await Bench((1...40).map { .sample(UInt64($0)) }).run(settings)
        #expect(run.outcomes.count == 40)
        #expect(peer.record.messages.count == 40)
        #expect((1...4).contains(peer.record.connections))
    }

    @Test func unreadableEntriesAreSkipped() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let run = await Bench([.sample(1, attempt: 999), .sample(2), .sample(3, attempt: 999)]).run(.direct(peer.port))
        #expect(run.outcomes.count == 1)
        #expect(words(run.outcomes[2]) == ["delivered 2.5.0"])
    }
}
