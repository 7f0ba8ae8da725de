import Testing

@testable import SMTP

/// BDAT, BODY, AUTH= and the command before EHLO, as dialogues (smtp specification, 12.5; RFC 3030).
@Suite struct ClientChunkTests {
    private static let offer =
        "220 far.example ESMTP\r\n250-far.example\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250 DSN\r\n"

    /// `C …` what is sent, `content` when it is wanted (two chunks then), `done`, `failed`.
    private func talk(
        _ server: [String], offer: String = offer, isLMTP: Bool = false, initialCommand: String = "",
        change: (inout ClientTransaction) -> Void = { _ in }
    ) -> [String] {
        var options = ClientSession.Options(hostName: "us.example", isLMTP: isLMTP)
        options.initialCommand = initialCommand
        var session = ClientSession(options)
        var transaction = ClientTransaction(
            sender: "s@us.example", recipients: [.init(address: "a@far.example"), .init(address: "b@far.example")],
            size: 9)
        transaction.usesChunks = true
        change(&transaction)
        var log: [String] = []
        var hasBegun = false
        func results(_ all: [RecipientResult]) -> String {
            all.map { "\($0.result) \($0.status)" }.joined(separator: ", ")
        }
        func drain() {
            while let action = session.next() {
                switch action {
                case .send(let bytes): log.append("C " + String(decoding: bytes, as: UTF8.self))
                case .sendContent:
                    log.append("content")
                    if transaction.usesChunks { session.chunkSent() }
                    session.contentSent()
                case .completed(let all): log.append("done " + results(all))
                case .failed(_, let interrupted):
                    log.append("failed " + interrupted.map(results).joined(separator: "/"))
                case .ready, .startTLS, .chooseMechanism, .challenge, .authenticated, .close: break
                }
            }
            guard session.acceptsTransaction, !hasBegun else { return }
            hasBegun = true
            log = initialCommand.isEmpty ? [] : log
            session.begin(transaction)
            drain()
        }
        for piece in [offer] + server {
            session.receive(piece.utf8)
            drain()
        }
        return log
    }

    private static let envelope = "C MAIL FROM:<s@us.example>\r\nRCPT TO:<a@far.example>\r\nRCPT TO:<b@far.example>\r\n"

    @Test func contentFollowsTheRecipients() {
        let log = talk(["250 ok\r\n250 ok\r\n", "550 5.1.1 no\r\n", "250 chunk\r\n", "250 2.0.0 taken\r\n"])
        #expect(log == [Self.envelope, "content", "done delivered 2.0.0, failedPermanently 5.1.1"])
    }

    @Test func nobodyIsLeft() {
        let log = talk(["250 ok\r\n550 5.1.1 no\r\n450 4.2.1 busy\r\n"])
        #expect(log == [Self.envelope, "done failedPermanently 5.1.1, failedTemporarily 4.2.1"])
    }

    @Test func refusedMail() {
        let log = talk(["553 5.1.8 no\r\n503 no\r\n503 no\r\n"])
        #expect(log == [Self.envelope, "done failedPermanently 5.1.8, failedPermanently 5.1.8"])
    }

    @Test(arguments: [("452 4.3.1 full", "failedTemporarily 4.3.1"), ("554 5.6.0 no", "failedPermanently 5.6.0")])
    func refusedChunk(reply: String, expected: String) {
        let log = talk(["250 ok\r\n250 ok\r\n550 5.1.1 no\r\n", "\(reply)\r\n"])
        #expect(log == [Self.envelope, "content", "failed \(expected), failedPermanently 5.1.1"])
    }

    @Test func eachRecipientOfLMTP() {
        let log = talk(
            ["250 ok\r\n250 ok\r\n250 ok\r\n", "250 chunk\r\n250 2.0.0 a\r\n452 4.2.2 full\r\n"], isLMTP: true)
        #expect(log == [Self.envelope, "content", "done delivered 2.0.0, failedTemporarily 4.2.2"])
    }

    @Test func shutdownBetweenChunks() {
        let log = talk(["250 ok\r\n250 ok\r\n250 ok\r\n", "421 4.3.2 closing\r\n"])
        #expect(log == [Self.envelope, "content", "failed failedTemporarily 4.4.2, failedTemporarily 4.4.2"])
    }

    @Test func lockStep() {
        let offer = "220 far.example\r\n250-far.example\r\n250 CHUNKING\r\n"
        let log = talk(
            ["250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "250 chunk\r\n", "250 2.0.0 taken\r\n"], offer: offer)
        #expect(
            log == [
                "C MAIL FROM:<s@us.example>\r\n", "C RCPT TO:<a@far.example>\r\n", "C RCPT TO:<b@far.example>\r\n",
                "content", "done delivered 2.0.0, delivered 2.0.0",
            ])
    }

    @Test func parameters() {
        let binary = talk([]) { $0.isBinary = true }
        #expect(binary.first?.hasPrefix("C MAIL FROM:<s@us.example> BODY=BINARYMIME\r\n") == true)
        let offer = "220 far.example\r\n250-far.example\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n"
        let eight = talk([], offer: offer) {
            $0.isEightBit = true
            $0.usesChunks = false
        }
        #expect(eight == ["C MAIL FROM:<s@us.example> BODY=8BITMIME AUTH=<>\r\n"])
    }

    @Test(arguments: ["250 fine", "500 5.5.1 what"])
    func initialCommand(reply: String) {
        let log = talk(
            ["\(reply)\r\n", "250 far.example\r\n"], offer: "220 far.example\r\n", initialCommand: "XVERSION 1")
        #expect(log.prefix(2) == ["C XVERSION 1\r\n", "C EHLO us.example\r\n"])
        #expect(log.last?.hasPrefix("C MAIL") == true)
    }

    @Test func limitsAreRead() {
        let extensions = ServerExtensions(
            ReceivedReply(
                code: 250, lines: ["far", "LIMITS RCPTMAX=7 MAILMAX=3 X=9 MAILMAX", "BINARYMIME", "CHUNKING"]))
        #expect(extensions.recipientLimit == 7 && extensions.transactionLimit == 3)
        #expect(extensions.binaryMIME && extensions.chunking)
    }
}
