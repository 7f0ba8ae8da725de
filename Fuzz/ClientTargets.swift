import SMTP

extension FuzzTarget {
    /// What a remote server may say to us.
    static let clientTargets = [
        FuzzTarget(
            "smtp-replies",
            [
                "220 a ESMTP\r\n250-a\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SIZE 9\r\n250 DSN\r\n250 ok\r\n250 ok\r\n250 ok\r\n"
                    + "250 2.0.0 taken\r\n250 ok\r\n550 5.1.1 no\r\n250 ok\r\n221 bye\r\n",
                "220-a\r\n220 fire away\r\n250 a\r\n250 ok\r\n450 4.2.1 busy\r\n250 ok\r\n354 go\r\n250 taken\r\n421 gone\r\n",
                "220 a\r\n250-a\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 LIMITS RCPTMAX=1 MAILMAX=2\r\n220 go\r\n250 a\r\n250 ok\r\n"
                    + "250 ok\r\n552 5.2.2 full\r\n354 go\r\n250 a\r\n452 4.2.2 b\r\n",
            ],
            words: [
                "250 ok\r\n", "250-", "354 go\r\n", "421 \r\n", "550 5.1.1 x\r\n", "452 4.2.2\r\n", "503 \r\n", "\r\n",
                "\n", "PIPELINING\r\n", "CHUNKING\r\n", "BINARYMIME\r\n", "STARTTLS\r\n", "AUTH PLAIN\r\n",
                "XLOOP A\r\n",
                "\0",
            ],
            run: runClient)
    ]

    /// Talks to a server that says the input: each transaction must end with exactly one result for each recipient.
    private static func runClient(_ bytes: [UInt8]) {
        for variant in 0..<4 {
            var options = ClientSession.Options(
                hostName: "us.example", isLMTP: variant & 1 != 0, tls: variant & 2 != 0 ? .ifOffered : .never,
                xloop: "A")
            if variant == 2 { options.initialCommand = "HELP" }
            var session = ClientSession(options)
            var run = ClientRun(usesChunks: variant < 2)
            let size = max(1, bytes.count / 7)
            for start in stride(from: 0, to: bytes.count, by: size) {
                session.receive(bytes[start..<min(start + size, bytes.count)])
                run.drain(&session)
                _ = session.phase
            }
            session.timedOut()
            run.drain(&session)
            session.connectionClosed()
            run.drain(&session)
            precondition(run.begun == run.ended, "a transaction has no result")
        }
    }
}

/// The shell around a session, as far as the session can tell.
private struct ClientRun {
    private static let recipients = ["a@far.example", "b@far.example"]

    let usesChunks: Bool
    var begun = 0
    var ended = 0

    init(usesChunks: Bool) { self.usesChunks = usesChunks }

    mutating func drain(_ session: inout ClientSession) {
        while true {
            while let action = session.next() { perform(action, &session) }
            guard session.acceptsTransaction, begun < 8 else { return }
            var transaction = ClientTransaction(
                sender: "s@us.example", recipients: Self.recipients.map { .init(address: $0) }, size: 9)
            transaction.usesChunks = usesChunks && session.extensions.chunking
            begun += 1
            session.begin(transaction)
        }
    }

    private mutating func perform(_ action: ClientSession.Action, _ session: inout ClientSession) {
        switch action {
        case .startTLS: session.tlsEstablished()
        case .sendContent:
            if usesChunks, session.extensions.chunking { session.chunkSent() }
            session.contentSent()
        case .completed(let results): take(results)
        case .failed(_, let interrupted): interrupted.forEach { take($0) }
        default: break
        }
    }

    private mutating func take(_ results: [RecipientResult]) {
        precondition(results.map(\.recipient) == Array(Self.recipients.indices), "a recipient has no result, or two")
        ended += 1
    }
}
