import Testing

@testable import SMTP

/// Drives a session with the lines of a server and notes what it does.
private struct Conversation {
    var session: ClientSession
    var log: [String] = []

    init(_ options: ClientSession.Options = .init(hostName: "us.example")) {
        session = ClientSession(options)
    }

    mutating func server(_ text: String) {
        session.receive(text.utf8)
        drain()
    }

    mutating func begin(_ recipients: [String] = ["a@far.example"]) {
        session.begin(
            ClientTransaction(sender: "s@us.example", recipients: recipients.map { .init(address: $0) }, size: 9))
        drain()
    }

    mutating func drain() {
        while let action = session.next() {
            switch action {
            case .send(let bytes): log.append("C " + String(decoding: bytes, as: UTF8.self))
            case .ready: log.append("ready")
            case .startTLS: log.append("handshake")
            case .chooseMechanism, .challenge, .authenticated: log.append("\(action)")
            case .sendContent:
                log.append("content")
                session.contentSent()
            case .completed(let results): log.append("done " + Self.text(results))
            case .failed(let failure, let interrupted):
                log.append("failed \(failure) " + interrupted.map(Self.text).joined(separator: "/"))
            case .close: log.append("close")
            }
        }
    }

    static func text(_ results: [RecipientResult]) -> String {
        results.map { result in
            let mark =
                switch result.result {
                case .delivered: "+"
                case .failedTemporarily: "~"
                case .failedPermanently: "-"
                }
            return "\(mark)\(result.status)"
        }.joined(separator: " ")
    }

    mutating func greet(_ extensions: String = "250-far.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n") {
        server("220 far.example ESMTP\r\n")
        server(extensions)
        log = []
    }
}

@Suite struct ClientSessionTests {
    @Test func pipelinedTransactionIsOnePiece() {
        var talk = Conversation()
        talk.greet()
        talk.begin()
        talk.server("250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n")
        talk.server("250 2.6.0 queued as 17\r\n")
        #expect(
            talk.log == [
                "C MAIL FROM:<s@us.example> SIZE=9\r\nRCPT TO:<a@far.example>\r\nDATA\r\n", "content", "done +2.6.0",
            ])
        #expect(talk.session.phase == .idle)
    }

    @Test func nextTransactionGoesBehindTheFinalDot() {
        var talk = Conversation()
        talk.greet()
        talk.begin()
        talk.server("250 ok\r\n250 ok\r\n354 go\r\n")
        #expect(talk.session.acceptsTransaction)
        talk.begin(["b@far.example"])
        #expect(!talk.session.acceptsTransaction)
        talk.server("250 2.0.0 first\r\n250 ok\r\n550 5.1.1 no such user\r\n503 5.5.1 no recipients\r\n")
        #expect(talk.log.filter { $0.hasPrefix("done") } == ["done +2.0.0", "done -5.1.1"])
        talk.log = []
        talk.begin()
        // The server still has the refused transaction open.
        #expect(talk.log.first?.hasPrefix("C RSET\r\nMAIL FROM") == true)
    }

    @Test func lockStepWithoutPipelining() {
        var talk = Conversation()
        talk.greet("250 far.example\r\n")
        talk.begin(["a@far.example", "b@far.example"])
        talk.server("250 ok\r\n")
        talk.server("450 4.2.0 later\r\n")
        talk.server("250 ok\r\n")
        talk.server("354 go\r\n")
        talk.server("250 taken\r\n")
        #expect(
            talk.log == [
                "C MAIL FROM:<s@us.example>\r\n", "C RCPT TO:<a@far.example>\r\n", "C RCPT TO:<b@far.example>\r\n",
                "C DATA\r\n", "content", "done ~4.2.0 +2.0.0",
            ])
    }

    @Test func allRefusedInLockStepSendsNoData() {
        var talk = Conversation()
        talk.greet("250 far.example\r\n")
        talk.begin()
        talk.server("250 ok\r\n")
        talk.server("550 5.1.1 no\r\n")
        #expect(!talk.log.contains { $0.contains("DATA") })
        #expect(talk.log.last == "done -5.1.1")
    }

    @Test func dataAcceptedAlthoughAllRecipientsWereRefused() {
        var talk = Conversation()
        talk.greet()
        talk.begin()
        talk.server("250 ok\r\n550 5.1.1 no\r\n354 go\r\n")
        #expect(talk.log.last == "C .\r\n")
        talk.server("250 queued nothing\r\n")
        #expect(talk.log.last == "done -5.1.1")
    }

    /// smtp specification, 12.7.
    @Test(arguments: [
        ("451 4.3.0 busy", "~4.3.0"), ("554 5.7.1 no", "-5.7.1"), ("552 5.2.2 full", "~4.2.2"), ("550 no", "-5.0.0"),
        ("550 4.7.1 odd", "-5.0.0"),
    ])
    func classificationOfTheFinalReply(reply: String, result: String) {
        var talk = Conversation()
        talk.greet()
        talk.begin()
        talk.server("250 ok\r\n250 ok\r\n354 go\r\n")
        talk.server("\(reply)\r\n")
        #expect(talk.log.last == "done \(result)")
    }

    @Test func refusedMailSettlesEveryRecipient() {
        var talk = Conversation()
        talk.greet()
        talk.begin(["a@far.example", "b@far.example"])
        talk.server("553 5.1.8 bad sender\r\n503 no\r\n503 no\r\n503 no\r\n")
        #expect(talk.log.last == "done -5.1.8 -5.1.8")
    }

    @Test(arguments: ["550 5.7.1 go away", "421 4.3.2 busy"])
    func refusedAtTheBanner(banner: String) {
        var talk = Conversation()
        talk.server(banner + "\r\n")
        #expect(
            talk.log.first?.hasPrefix(banner.hasPrefix("5") ? "failed refusedForGood" : "failed refusedForNow") == true)
        #expect(talk.session.phase == .idle)
        #expect(!talk.session.acceptsTransaction)
    }

    @Test func heloWhereEHLOIsUnknown() {
        var talk = Conversation()
        talk.server("220 old\r\n")
        talk.server("500 what?\r\n")
        talk.server("250 old\r\n")
        #expect(talk.log == ["C EHLO us.example\r\n", "C HELO us.example\r\n", "ready"])
        #expect(!talk.session.extensions.pipelining)
    }

    @Test func lostAfterTheDotIsTemporary() {
        var talk = Conversation()
        talk.greet()
        talk.begin()
        talk.server("250 ok\r\n250 ok\r\n354 go\r\n")
        talk.session.connectionClosed()
        talk.drain()
        #expect(talk.log.last == "failed connectionLost(atEHLO: false) ~4.4.2")
    }

    @Test func lostAtEHLOIsSaid() {
        var talk = Conversation()
        talk.server("220 odd\r\n")
        talk.session.connectionClosed()
        talk.drain()
        #expect(talk.log.last == "failed connectionLost(atEHLO: true) ")
    }

    @Test func shutdownNoticeEndsEverything() {
        var talk = Conversation()
        talk.greet()
        talk.begin()
        talk.server("250 ok\r\n421 4.3.2 closing\r\n")
        #expect(talk.log.last?.hasSuffix("~4.4.2") == true)
    }

    @Test func loopIsDetected() {
        var talk = Conversation(.init(hostName: "us.example", xloop: "ABC"))
        talk.server("220 us\r\n250-us.example\r\n250 XLOOP ABC\r\n")
        #expect(talk.log.last == "failed loop ")
    }

    @Test func addressCannotBecomeACommand() {
        var talk = Conversation()
        talk.greet()
        talk.begin(["a@far.example>\r\nRCPT TO:<b@far.example"])
        #expect(talk.log == ["done -5.1.3"])
    }

    @Test func lmtpAnswersEachRecipient() {
        var talk = Conversation(.init(hostName: "us.example", isLMTP: true))
        talk.greet()
        talk.begin(["a@far.example", "b@far.example", "c@far.example"])
        talk.server("250 ok\r\n250 ok\r\n550 5.1.1 no\r\n250 ok\r\n354 go\r\n")
        talk.server("250 2.0.0 a\r\n452 4.2.2 full\r\n")
        #expect(talk.log.last == "done +2.0.0 -5.1.1 ~4.2.2")
    }

    @Test func quitIsAnswered() {
        var talk = Conversation()
        talk.greet()
        talk.session.quit()
        talk.drain()
        talk.server("221 bye\r\n")
        #expect(talk.log == ["C QUIT\r\n", "close"])
    }

    @Test(arguments: ["", "\r\n", "hello\r\n", "2500 ok\r\n", "199 x\r\n", "250\u{0}\r\n", "250-a\r\n251 b\r\n"])
    func garbageEndsTheSession(text: String) {
        var talk = Conversation()
        talk.server(text)
        talk.session.connectionClosed()
        talk.drain()
        #expect(talk.log.last?.hasPrefix("failed") == true)
    }

    @Test func endlessReplyIsBounded() {
        var reader = ReplyReader()
        var malformed = false
        reader.receive(repeatElement(UInt8(ascii: "2"), count: 100_000)) { _ in }
        for _ in 0..<1000 {
            reader.receive("250-more\r\n".utf8) { if case .malformed = $0 { malformed = true } }
        }
        #expect(malformed)
    }
}
