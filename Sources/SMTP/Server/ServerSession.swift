/// The server's side of an SMTP or LMTP connection as a value: octets, answers and events go in, actions come out. No
/// socket, no clock, no policy (RFC 5321, smtp specification 1 to 7).
///
/// The driver calls ``start()`` once, gives octets to ``receive(_:)`` and after each call takes actions from ``next()``
/// until that gives nil. A question is answered by ``answered(_:)``, at once or later;
/// meanwhile input waits. The driver reads from the connection only while ``wantsInput`` is true.
package struct ServerSession: Sendable {
    enum Phase {
        case command
        /// After 354.
        case data
        /// In the octets of BDAT.
        case chunk
        /// The next line answers a challenge of AUTH.
        case authentication
        /// Until ``ServerSession/tlsEstablished()``.
        case handshake
        case closed
    }

    /// The question that waits for its answer.
    enum Question {
        case greeting(extended: Bool)
        case mail, recipient, data
        case chunk(Chunk)
        case endOfData
        case verify
        case authentication
        case attributes(ClientAttributes.Command)
    }

    /// What is known of an open transaction.
    struct Transaction {
        var accepted = 0
        var presented = 0
        /// BDAT has been used; DATA may not follow (RFC 3030 section 2).
        var usesChunks = false
        /// BODY=BINARYMIME: the content is not lines.
        var isBinary = false
    }

    /// A BDAT command whose octets are being read.
    struct Chunk {
        var remaining: Int64
        var isLast: Bool
        /// The octets are read and thrown away; this is the reply.
        var refusal: Reply?
    }

    /// May be replaced when no question waits, for the channel switched to.
    package var options: ServerOptions
    package var trust = PeerTrust()
    var phase = Phase.command
    var question: Question?
    var transaction: Transaction?
    var chunk: Chunk?
    var content: DataFramer?
    var isShuttingDown = false
    /// Set by the driver before it accepts MAIL FROM: BODY=BINARYMIME was given.
    package var hasBinaryBody = false
    /// The verb that opened the transaction: MAIL, SEND, SAML or SOML.
    package internal(set) var submitType = "MAIL"
    var counts = Counts()
    /// An AUTH has not succeeded, and no other command came since: a client that does not look at replies sends name and
    /// password now, each in a line of its own.
    var mayGetSecrets = false
    /// Changes whenever the time limit in force starts anew: with each command, answer, or piece of content.
    package private(set) var progress: UInt64 = 0
    /// Octets received in the present DATA or BDAT phase.
    package internal(set) var contentOctets: Int64 = 0

    private var input = InputBuffer()
    private(set) var framer = LineFramer()
    private var actions: [ServerAction] = []
    private var nextAction = 0
    private var isInputEnded = false
    package private(set) var isStarted = false

    /// What a session has seen so far, for the limits of the smtp specification, 6.
    struct Counts {
        var transactions = 0
        var recipients = 0
        var rejections = 0
        var badCommands = 0
        var failedAuthentications = 0
        /// VRFY since the last transaction ended.
        var verifications = 0
        var remoteQueueStarts = 0
    }

    /// From this many waiting octets on, ``wantsInput`` is false.
    package static let inputHighWater = 65_536
    /// More waiting octets than this are not taken: the session ends. A driver that heeds ``wantsInput`` never gets
    /// there.
    package static let inputLimit = 1 << 20
    /// Content is handed out in pieces of about this many octets.
    package static let contentPiece = 65_536
    /// Longest line of an AUTH exchange, in octets before CRLF (RFC 4954 section 4).
    static let longestAuthenticationLine = 12_288

    package init(_ options: ServerOptions) {
        self.options = options
    }

    // MARK: Events

    /// The connection is there: the banner is due.
    package mutating func start() {
        isStarted = true
        send(Greeting.banner(options))
    }

    /// The connection is not wanted: `reply` instead of a banner.
    package mutating func start(refusing reply: Reply) {
        close(with: reply)
    }

    /// Throws away what a client sent before the banner (BANNER_PURGE_DELAY); returns how many octets.
    package mutating func purgeInput() -> Int {
        defer { input.removeAll() }
        return input.count
    }

    /// Octets came from the client.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        guard phase != .closed, !isInputEnded else { return }
        var rest = bytes
        // Content goes past the buffer.
        if phase == .data || phase == .chunk, question == nil, input.isEmpty, !hasActions {
            rest = UnsafeRawBufferPointer(rebasing: bytes[min(takeContent(bytes), bytes.count)...])
        }
        guard !rest.isEmpty else { return }
        guard input.count + rest.count <= Self.inputLimit else { return end(.sessionEnded) }
        input.append(rest)
    }

    /// The client has closed its side: what it sent before is still answered.
    package mutating func inputEnded() {
        isInputEnded = true
    }

    /// The connection is gone.
    package mutating func connectionLost() {
        end(.sessionEnded)
    }

    /// The time limit of ``timeout`` has passed.
    package mutating func timedOut() {
        guard timeout != .none else { return }
        // Nothing can be said in the middle of a handshake.
        if phase == .handshake { return end(.timedOut) }
        close(with: timeout == .command ? Reply.commandTimeout : Reply.dataTimeout, abort: .timedOut)
    }

    /// The worker was told to stop: 421 at the next command between transactions (dispatcher specification, 7.2).
    package mutating func shutDown() {
        isShuttingDown = true
    }

    /// The worker ends now, whatever the session is doing.
    package mutating func shutDownNow() {
        close(with: .shuttingDown)
    }

    // MARK: State

    /// Whether the driver should read from the connection.
    package var wantsInput: Bool {
        phase != .closed && !isInputEnded && input.count < Self.inputHighWater
    }

    /// Whether a transaction is open: MAIL FROM was accepted.
    package var isInTransaction: Bool { transaction != nil }

    package var isClosed: Bool { phase == .closed }

    package var timeout: ServerTimeout {
        switch phase {
        case .closed: .none
        case .command, .authentication, .handshake: question == nil ? .command : .none
        case .data, .chunk: question == nil ? .data : .none
        }
    }

    // MARK: Actions

    /// The next thing to do; nil when octets or an answer are needed first.
    package mutating func next() -> ServerAction? {
        while true {
            if nextAction < actions.count {
                defer { nextAction += 1 }
                return actions[nextAction]
            }
            actions.removeAll(keepingCapacity: true)
            nextAction = 0
            guard isStarted, phase != .closed, question == nil else { return nil }
            guard step() else {
                guard isInputEnded else { return nil }
                end(.sessionEnded)
                continue
            }
        }
    }

    /// Works on the input that is there; false when more is needed.
    private mutating func step() -> Bool {
        guard phase != .handshake else { return false }
        guard phase == .command || phase == .authentication else {
            guard !input.isEmpty else { return false }
            var waiting = input
            input = InputBuffer()
            waiting.consume { (takeContent($0), ()) }
            // Nothing can have come in between.
            input = waiting
            return true
        }
        let isResponse = phase == .authentication
        framer.limit = isResponse ? Self.longestAuthenticationLine : LineFramer.longestLine
        guard let event = framer.next(from: &input) else { return false }
        progressed()
        switch event {
        case .line: if isResponse { authenticationResponse(framer.line[...]) } else { execute(framer.line[...]) }
        case .tooLong: if isResponse { cancelAuthentication(.authenticationLineTooLong) } else { sendBad(.lineTooLong) }
        case .bareTerminator: close(with: .lineNotEndedByCRLF)
        }
        return true
    }

    /// Whether octets wait that came before their time: the client pipelines.
    package var hasInput: Bool { !input.isEmpty }

    var hasActions: Bool { nextAction < actions.count }

    mutating func emit(_ action: ServerAction) { actions.append(action) }

    mutating func send(_ reply: Reply) { actions.append(.reply(reply)) }

    mutating func progressed() { progress &+= 1 }

    mutating func ask(_ action: ServerAction, _ question: Question) {
        self.question = question
        actions.append(action)
    }

    /// The last reply, then the end.
    mutating func close(with reply: Reply, abort reason: AbortReason = .sessionEnded) {
        guard phase != .closed else { return }
        send(reply)
        end(reason)
    }

    /// The end, without a word.
    mutating func end(_ reason: AbortReason) {
        guard phase != .closed else { return }
        // Once all content has been handed over, what becomes of the message is the driver's decision alone.
        if case .endOfData? = question { transaction = nil }
        question = nil
        endTransaction(reason)
        phase = .closed
        input.removeAll()
        emit(.close)
    }

    /// Gives up an open transaction, if there is one.
    mutating func endTransaction(_ reason: AbortReason) {
        if transaction != nil { emit(.abort(reason)) }
        forgetTransaction()
    }

    mutating func forgetTransaction() {
        transaction = nil
        content = nil
        chunk = nil
        counts.verifications = 0
        phase = .command
    }
}
