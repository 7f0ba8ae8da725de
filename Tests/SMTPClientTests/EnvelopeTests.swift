import Envelope
import Testing

@testable import SMTPClient

@Suite(.timeLimit(.minutes(5))) struct EnvelopeTests {
    private static let recipients = [
        QueueRecipient(
            address: "b@d.example", given: "", originalRecipient: "rfc822;b+x@d.example", notify: [.success, .delay]),
        QueueRecipient(address: "c@d.example", given: "", notify: .never),
        QueueRecipient(address: "e@d.example", given: ""),
    ]

    private func job() -> DeliveryJob {
        .sample(to: Self.recipients) {
            $0.returnContent = .headers
            $0.clientEnvelopeID = "id 1"
        }
    }

    /// RFC 3461 section 5.
    @Test func notificationParametersArePassedOn() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let run = await Bench.deliver(job(), .direct(peer.port))
        #expect(words(run.outcomes[1]) == Array(repeating: "delivered 2.5.0", count: 3))
        #expect(run.notifications.isEmpty)
        #expect(
            peer.record.commands.dropFirst().prefix(4) == [
                "MAIL FROM:<a@s.example> SIZE=21 RET=HDRS ENVID=id+201",
                "RCPT TO:<b@d.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bx@d.example",
                "RCPT TO:<c@d.example> NOTIFY=NEVER", "RCPT TO:<e@d.example>",
            ])
    }

    @Test func withoutDSNSuccessIsRelayed() async throws {
        let peer = try Peer { $0.stage == .ehlo ? .say("250-peer.example\r\n250 PIPELINING") : .usual }.start()
        defer { peer.stop() }
        let run = await Bench.deliver(job(), .direct(peer.port))
        #expect(words(run.outcomes[1]) == Array(repeating: "relayed 2.5.0", count: 3))
        #expect(run.notifications.map(\.kind) == [.relayed])
        #expect(run.notifications.first?.outcomes.map(\.recipient) == [0])
        #expect(peer.record.commands.contains("MAIL FROM:<a@s.example>"))
    }

    @Test func nullPathAndSourceRoute() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let routed = [QueueRecipient(address: "@x,@y:b@d.example", given: "")]
        let job = DeliveryJob.sample(to: routed) { $0.sender = "" }
        var settings = ClientSettings.direct(peer.port)
        _ = await Bench.deliver(job, settings)
        settings.removesRoute = true
        _ = await Bench.deliver(job, settings)
        let commands = peer.record.commands
        #expect(commands.contains("MAIL FROM:<> SIZE=21"))
        #expect(commands.filter { $0.hasPrefix("RCPT") } == ["RCPT TO:<@x,@y:b@d.example>", "RCPT TO:<b@d.example>"])
    }

    @Test func addressesNeverBecomeCommands() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let recipients = ["b@d>\r\nDATA", "c@d.example", "\u{fc}@d.example"].map {
            QueueRecipient(address: $0, given: "")
        }
        let run = await Bench.deliver(.sample(to: recipients), .direct(peer.port))
        #expect(words(run.outcomes[1]) == ["permanent 5.1.3", "delivered 2.5.0", "permanent 5.6.7"])
        let sender = await Bench.deliver(.sample { $0.sender = "x>\r\nRSET" }, .direct(peer.port))
        #expect(words(sender.outcomes[1]) == ["permanent 5.1.7"])
        #expect(peer.record.commands.filter { $0.hasPrefix("DATA") || $0.hasPrefix("RSET") }.count == 1)
    }

    @Test func utf8GoesOnlyWhereItIsTaken() async throws {
        let offer = Peer.fullOffer.replacing("250-DSN", with: "250-DSN\r\n250-SMTPUTF8")
        let peer = try Peer { $0.stage == .ehlo ? .say(offer) : .usual }.start()
        defer { peer.stop() }
        let recipients = [QueueRecipient(address: "\u{fc}@d.example", given: "")]
        let run = await Bench.deliver(.sample(to: recipients), .direct(peer.port))
        #expect(words(run.outcomes[1]) == ["delivered 2.5.0"])
        #expect(peer.record.commands.contains("MAIL FROM:<a@s.example> SIZE=21 SMTPUTF8"))
    }
}

@Suite(.timeLimit(.minutes(5))) struct NotificationTests {
    private static let refuse: Peer.Script = { $0.stage == .rcpt ? .say("550 5.1.1 nobody") : .usual }

    /// A failure about which the sender could not be told waits.
    @Test func failureWithoutNotificationIsTemporary() async throws {
        let peer = try Peer(Self.refuse).start()
        defer { peer.stop() }
        let run = await Bench([.sample()], notifierProblem: "disk full").run(.direct(peer.port))
        #expect(words(run.outcomes[1]) == ["temporary 4.3.0"])
        #expect(run.outcomes[1]?.first?.text.contains("550 5.1.1 nobody") == true)
        #expect(run.log.map(\.action) == [.deferred])
    }

    @Test func tooOldIsReturnedWithoutAnAttempt() async throws {
        for (notice, kind) in [
            (DeliveryJob.Notice.timedOut, NotificationRequest.Kind.timedOut), (.returned("spam"), .returned),
        ] {
            let run = await Bench.deliver(.sample(notice: notice), .direct(1))
            #expect(words(run.outcomes[1]).first?.hasPrefix("permanent") == true)
            #expect(run.notifications.map(\.kind) == [kind])
            #expect(run.connections.isEmpty)
        }
    }

    @Test func warningOnlyWhenTheAttemptFails() async throws {
        let peer = try Peer { $0.stage == .rcpt && $0.line.contains("late@") ? .say("450 4.2.1 later") : .usual }
            .start()
        defer { peer.stop() }
        let late = [QueueRecipient(address: "late@d.example", given: "")]
        let run = await Bench([.sample(1, notice: .delayWarning(2)), .sample(2, to: late, notice: .delayWarning(2))])
            .run(.direct(peer.port))
        #expect(run.notifications.map(\.kind) == [.delayed(2)])
        #expect(run.notifications.first?.job.message.id.rawValue == 2)
        #expect(words(run.outcomes[2]) == ["temporary 4.2.1"])
        // The warning is logged by whoever enqueues it.
        #expect(run.log.filter { $0.message.id.rawValue == 2 }.map(\.action.rawValue) == ["Q"])
    }

    @Test func quietFailureIsLoggedAsSuch() async throws {
        let peer = try Peer(Self.refuse).start()
        defer { peer.stop() }
        let never = [QueueRecipient(address: "b@d.example", given: "", notify: .never)]
        let run = await Bench.deliver(.sample(to: never), .direct(peer.port))
        #expect(run.log.map(\.action.rawValue) == ["K"])
    }
}

/// Channel-programs specification, section 3, examples 25 and 30.
@Suite(.timeLimit(.minutes(5))) struct LMTPTests {
    private func run(_ replies: [String], fastRetry: Bool = true) async throws -> (RunRecord, Peer.Record) {
        let peer = try Peer { event in
            event.stage == .dot ? .say(replies.joined(separator: "\r\n")) : .usual
        }.start()
        defer { peer.stop() }
        var settings = ClientSettings.direct(peer.port)
        settings.isLMTP = true
        settings.retriesBusyMailbox = fastRetry
        let recipients = replies.indices.map { QueueRecipient(address: "r\($0)@d.example", given: "") }
        return (await Bench([.sample(1, to: recipients)]).run(settings), peer.record)
    }

    @Test func eachRecipientHasItsReply() async throws {
        let (run, record) = try await run(["250 2.1.5 ok", "452 4.2.2 full", "550 5.1.1 nobody"])
        #expect(words(run.outcomes[1]) == ["delivered 2.1.5", "temporary 4.2.2", "permanent 5.1.1"])
        #expect(record.commands.first == "LHLO client.example")
        #expect(run.log.first?.modifiers == "LP")
        #expect(run.retries[1] == nil)
    }

    @Test func busyMailboxIsTriedAgainSoon() async throws {
        let (run, _) = try await run(["450 4.2.1 mailbox busy"])
        #expect(words(run.outcomes[1]) == ["temporary 4.2.1"])
        #expect((30_000...90_000).contains(try #require(run.retries[1])))
        #expect(try await self.run(["450 4.2.1 mailbox busy"], fastRetry: false).0.retries[1] == nil)
    }
}
