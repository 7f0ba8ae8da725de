/// The client's side of an SMTP connection as a value: bytes received and transactions go in, actions come out. No
/// socket, no clock (smtp specification, 12; RFC 5321, RFC 2920).
///
/// With PIPELINING a transaction's MAIL, RCPT and DATA go out in one piece, and the next transaction may begin while the
/// reply to the final dot of this one is still awaited.
package struct ClientSession: Sendable {
    enum Stage { case greeting, handshake, authenticating, established, quitting, over }

    let options: Options
    /// The connection is protected by TLS.
    package private(set) var usesTLS = false
    package private(set) var extensions = ServerExtensions()
    var stage = Stage.greeting
    /// An initial response that is too long for the command line.
    var delayedResponse: String?
    /// Why an exchange has been given up, until the server has answered.
    var cancelReason: String?
    private var reader = ReplyReader()
    private var expected: [Expectation] = [Expectation(.banner)]
    private var transactions: [RunningTransaction] = []
    private var actions: [Action] = []
    private var nextAction = 0
    private var needsReset = false

    package init(_ options: Options) { self.options = options }

    // MARK: Events

    package mutating func receive(_ bytes: some Sequence<UInt8>) {
        var events: [ReplyReader.Event] = []
        reader.receive(bytes) { events.append($0) }
        for event in events where stage != .over {
            // What stands behind the reply to STARTTLS in the clear could be anybody's (RFC 3207 section 6).
            if stage == .handshake { return fail(.malformed("data behind STARTTLS"), "data behind STARTTLS") }
            switch event {
            case .reply(let reply): take(reply)
            case .malformed(let text): fail(.malformed(text), "malformed reply: \(text)")
            }
        }
    }

    /// Whether ``begin(_:)`` may be called now.
    package var acceptsTransaction: Bool {
        guard stage == .established, expected.first?.phase != .remoteQueueStart else { return false }
        if transactions.isEmpty { return true }
        return extensions.pipelining && !options.isLMTP && transactions.count == 1 && transactions[0].isContentSent
    }

    /// Begins a transaction; only when ``acceptsTransaction`` holds.
    package mutating func begin(_ transaction: ClientTransaction) {
        guard acceptsTransaction else { return }
        var running = RunningTransaction(transaction)
        guard transaction.isSendable, !transaction.recipients.isEmpty else {
            let results = transaction.recipients.indices.map {
                RecipientResult(
                    recipient: $0, result: .failedPermanently, status: "5.1.3", text: "address has a control character")
            }
            actions.append(.completed(results))
            return
        }
        var bytes: [UInt8] = []
        if needsReset {
            needsReset = false
            bytes += "RSET\r\n".utf8
            expected.append(Expectation(.reset))
        }
        bytes += transaction.mailCommand(extensions).utf8
        expected.append(Expectation(.mail))
        if extensions.pipelining {
            for index in transaction.recipients.indices { appendRecipient(index, transaction, &bytes) }
            if !transaction.usesChunks {
                bytes += "DATA\r\n".utf8
                expected.append(Expectation(.dataCommand))
            }
            running.isFullySent = true
        }
        transactions.append(running)
        actions.append(.send(bytes))
    }

    /// A chunk of the oldest transaction that is not the last has been handed to the socket.
    package mutating func chunkSent() {
        guard stage == .established, !transactions.isEmpty else { return }
        expected.append(Expectation(.chunk))
    }

    /// The content of the oldest transaction with the final dot or the last chunk has been handed to the socket.
    package mutating func contentSent() {
        guard !transactions.isEmpty else { return }
        transactions[0].isContentSent = true
        let replies = options.isLMTP ? transactions[0].acceptedCount : 1
        // The reply to the dot comes before those to commands of the next transaction.
        for _ in 0..<replies { expected.append(Expectation(.finalReply)) }
    }

    /// Ends the session in order, once no transaction is under way.
    package mutating func quit() {
        guard stage == .established, transactions.isEmpty else { return }
        stage = .quitting
        expected = [Expectation(.quit)]
        actions.append(.send(Array("QUIT\r\n".utf8)))
    }

    package mutating func connectionClosed() {
        switch stage {
        case .over: break
        case .quitting: close()
        case .established where transactions.isEmpty && expected.isEmpty: close()
        case .handshake: handshakeFailed("connection lost")
        case .greeting, .authenticating, .established:
            fail(.connectionLost(atEHLO: expected.first?.phase == .hello && !options.usesHELO), "connection lost")
        }
    }

    /// The time limit of ``phase`` has passed.
    package mutating func timedOut() {
        guard stage != .over else { return }
        if stage == .quitting { return close() }
        if stage == .handshake { return handshakeFailed("timeout") }
        let phase = phase
        fail(.timedOut(phase), "timeout while waiting for the reply to \(phase.words)")
    }

    /// What is awaited now.
    package var phase: Phase {
        if stage == .handshake { return .handshake }
        if let first = expected.first { return first.phase }
        return transactions.isEmpty ? .idle : .content
    }

    /// The next thing to do, in order; nil when there is nothing.
    package mutating func next() -> Action? {
        guard nextAction < actions.count else {
            actions.removeAll(keepingCapacity: true)
            nextAction = 0
            return nil
        }
        nextAction += 1
        return actions[nextAction - 1]
    }

    // MARK: Replies

    private mutating func take(_ reply: ReceivedReply) {
        guard !expected.isEmpty else {
            // A server that says something on its own is closing: 421 (RFC 5321 section 3.8).
            return reply.code == 421
                ? fail(.refusedForNow(reply), reply.text)
                : fail(.malformed(reply.text), "unexpected reply: \(reply.text)")
        }
        let expectation = expected.removeFirst()
        if reply.code == 421, expectation.phase != .quit { return fail(.refusedForNow(reply), reply.text) }
        switch expectation.phase {
        case .banner: greet(reply)
        case .initialCommand: sayHello()
        case .hello: established(reply, after: expectation)
        case .startTLS: startTLSAnswered(reply)
        case .authentication: authenticationAnswered(reply)
        case .remoteQueueStart: actions.append(.ready(extensions))
        case .mail: mailAnswered(reply)
        case .recipient: recipientAnswered(reply, expectation.recipient)
        case .dataCommand: dataAnswered(reply)
        case .chunk: chunkAnswered(reply)
        case .finalReply: contentAnswered(reply)
        case .reset, .idle, .content, .handshake: break
        case .quit: close()
        }
    }

    private mutating func greet(_ reply: ReceivedReply) {
        guard reply.isPositive else { return refuse(reply) }
        guard !options.initialCommand.isEmpty else { return sayHello() }
        expected.append(Expectation(.initialCommand))
        actions.append(.send(Array("\(options.initialCommand)\r\n".utf8)))
    }

    private mutating func sayHello() { sayHello(options.isLMTP ? "LHLO" : options.usesHELO ? "HELO" : "EHLO") }

    private mutating func sayHello(_ verb: String) {
        expected.append(Expectation(.hello, verb: verb))
        actions.append(.send(Array("\(verb) \(options.hostName)\r\n".utf8)))
    }

    private mutating func established(_ reply: ReceivedReply, after expectation: Expectation) {
        guard reply.isPositive else {
            // A server that does not know EHLO is greeted with HELO (RFC 5321 section 3.2).
            return expectation.verb == "EHLO" && reply.code / 100 == 5 ? sayHello("HELO") : refuse(reply)
        }
        if expectation.verb != "HELO" { extensions = ServerExtensions(reply) }
        if !options.xloop.isEmpty, extensions.xloop == options.xloop {
            return fail(.loop, "mail loops back to this system")
        }
        if options.tls != .never, !usesTLS, extensions.startTLS {
            expected.append(Expectation(.startTLS))
            return actions.append(.send(Array("STARTTLS\r\n".utf8)))
        }
        becomeReady(otherwise: "the server does not offer STARTTLS")
    }

    private mutating func becomeReady(otherwise reason: String) {
        if options.tls == .required, !usesTLS { return fail(.tlsMissing(reason), reason) }
        if options.authentication != .never { beginAuthentication() } else { establish() }
    }

    /// The session may carry mail, after ETRN where that is wanted. What the server says to it changes nothing.
    mutating func establish() {
        stage = .established
        guard !options.remoteQueueStart.isEmpty, extensions.remoteQueueStart else {
            return actions.append(.ready(extensions))
        }
        expected.append(Expectation(.remoteQueueStart))
        actions.append(.send(Array("ETRN \(options.remoteQueueStart)\r\n".utf8)))
    }

    mutating func emit(_ action: Action) { actions.append(action) }

    mutating func expectAuthentication() { expected.append(Expectation(.authentication)) }

    // MARK: TLS

    private mutating func startTLSAnswered(_ reply: ReceivedReply) {
        guard reply.code == 220 else { return becomeReady(otherwise: "STARTTLS was refused: \(reply.text)") }
        stage = .handshake
        actions.append(.startTLS)
    }

    /// The handshake is done: the server is greeted anew (RFC 3207 section 4.2).
    package mutating func tlsEstablished() {
        guard stage == .handshake else { return }
        stage = .greeting
        usesTLS = true
        reader = ReplyReader()
        extensions = ServerExtensions()
        sayHello(options.isLMTP ? "LHLO" : "EHLO")
    }

    package mutating func handshakeFailed(_ text: String) {
        guard stage == .handshake else { return }
        let text = "TLS handshake failed: \(text)"
        fail(options.tls == .required ? .tlsMissing(text) : .handshakeFailed(text), text)
    }

    private mutating func refuse(_ reply: ReceivedReply) {
        fail(reply.code / 100 == 5 ? .refusedForGood(reply) : .refusedForNow(reply), reply.text)
    }

    /// Index of the transaction that MAIL, RCPT and DATA replies are about: the youngest.
    private var youngest: Int { transactions.count - 1 }

    private mutating func mailAnswered(_ reply: ReceivedReply) {
        guard youngest >= 0 else { return }
        if !reply.isPositive { transactions[youngest].refuseAll(reply) }
        if !transactions[youngest].isFullySent { sendNextCommand() }
    }

    /// BDAT needs no leave of the server: the content follows the last reply to RCPT.
    private mutating func beginChunks() {
        guard transactions[youngest].acceptedCount > 0 else {
            needsReset = true
            return complete()
        }
        actions.append(.sendContent)
    }

    private mutating func recipientAnswered(_ reply: ReceivedReply, _ recipient: Int) {
        guard youngest >= 0 else { return }
        transactions[youngest].recipientAnswered(recipient, reply)
        if !transactions[youngest].isFullySent {
            sendNextCommand()
        } else if transactions[youngest].transaction.usesChunks, expected.last?.phase != .recipient {
            beginChunks()
        }
    }

    /// Without PIPELINING: one command, then its reply.
    private mutating func sendNextCommand() {
        var bytes: [UInt8] = []
        if let index = transactions[youngest].takeNextRecipient() {
            appendRecipient(index, transactions[youngest].transaction, &bytes)
        } else if transactions[youngest].acceptedCount > 0 {
            transactions[youngest].isFullySent = true
            guard !transactions[youngest].transaction.usesChunks else { return beginChunks() }
            bytes += "DATA\r\n".utf8
            expected.append(Expectation(.dataCommand))
        } else {
            needsReset = true
            return complete()
        }
        actions.append(.send(bytes))
    }

    private mutating func appendRecipient(_ index: Int, _ transaction: ClientTransaction, _ bytes: inout [UInt8]) {
        bytes += transaction.recipientCommand(index, extensions).utf8
        expected.append(Expectation(.recipient, recipient: index))
    }

    private mutating func dataAnswered(_ reply: ReceivedReply) {
        guard youngest >= 0 else { return }
        if reply.code == 354 {
            if transactions[youngest].acceptedCount > 0 {
                actions.append(.sendContent)
            } else {
                // Every recipient was refused, and DATA was in the same packet: an empty message ends it
                // (RFC 2920 section 3.1).
                transactions[youngest].isContentSent = true
                expected.append(Expectation(.finalReply))
                actions.append(.send(Array(".\r\n".utf8)))
            }
            return
        }
        transactions[youngest].refuseAccepted(reply)
        needsReset = true
        complete()
    }

    /// A refused chunk is the end: what becomes of those behind it is not the same with all servers.
    private mutating func chunkAnswered(_ reply: ReceivedReply) {
        guard !transactions.isEmpty, !reply.isPositive else { return }
        transactions[0].refuseAccepted(reply)
        fail(.refusedForNow(reply), reply.text)
    }

    private mutating func contentAnswered(_ reply: ReceivedReply) {
        guard !transactions.isEmpty else { return }
        if options.isLMTP {
            transactions[0].nextAcceptedAnswered(reply)
            if transactions[0].hasAcceptedWithoutAnswer { return }
        } else {
            transactions[0].acceptedAnswered(reply)
        }
        complete()
    }

    private mutating func complete() {
        let transaction = transactions.removeFirst()
        actions.append(.completed(transaction.results(otherwise: "no reply")))
    }

    mutating func fail(_ failure: Failure, _ text: String) {
        stage = .over
        expected = []
        let permanent: ReceivedReply? = if case .refusedForGood(let reply) = failure { reply } else { nil }
        actions.append(
            .failed(
                failure,
                interrupted: transactions.map { $0.results(otherwise: permanent.map(\.text) ?? text) }))
        transactions = []
    }

    private mutating func close() {
        stage = .over
        expected = []
        actions.append(.close)
    }

    private struct Expectation: Sendable {
        var phase: Phase
        var recipient = -1
        var verb = ""

        init(_ phase: Phase, recipient: Int = -1, verb: String = "") {
            self.phase = phase
            self.recipient = recipient
            self.verb = verb
        }
    }
}
