package import Envelope

/// Content of a message on its way out: with CRLF line ends, without dot-stuffing.
package enum OutgoingContent: Sendable {
    case bytes(ArraySlice<UInt8>)
    /// Too large for memory: `read` gives at most that many bytes from an offset, none at the end.
    case stream(size: Int, read: @Sendable (_ offset: Int, _ maximum: Int) throws -> [UInt8])

    package var size: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .stream(let size, _): size
        }
    }
}

/// One entry in hand: everything that an attempt needs.
package struct DeliveryJob: Sendable {
    /// What is to be done about the sender besides trying.
    package enum Notice: Hashable, Sendable {
        case none
        /// Warn the sender if this attempt fails too.
        case delayWarning(Int)
        /// Do not try: the message is too old.
        case timedOut
        /// Do not try: an operator returns it, and says why.
        case returned(String)

        /// The message goes back without an attempt.
        var isReturn: Bool {
            switch self {
            case .none, .delayWarning: false
            case .timedOut, .returned: true
            }
        }
    }

    package var message: QueuedMessage
    /// Index of the entry in the message.
    package var entryIndex: Int
    package var entry: QueueEntry
    /// Attempts before this one.
    package var attempt: Int
    package var notice: Notice
    package var content: OutgoingContent

    /// Recipients to be tried, as indexes in the entry; settled ones are left out.
    package var pending: [Int]
    /// What the attempts so far did, oldest first.
    package var history: [EarlierAttempts]

    package init(
        message: QueuedMessage, entryIndex: Int, entry: QueueEntry, attempt: Int, notice: Notice = .none,
        content: OutgoingContent, pending: [Int]? = nil, history: [EarlierAttempts] = []
    ) {
        self.message = message
        self.entryIndex = entryIndex
        self.entry = entry
        self.attempt = attempt
        self.notice = notice
        self.content = content
        self.history = history
        self.pending = (pending ?? Array(entry.recipients.indices)).filter(entry.recipients.indices.contains)
    }
}

/// An entry that the Job Controller has given to this process and that is not read yet.
package protocol PendingWork: Sendable {
    /// Reads the record once. Nil when it cannot be read, which the implementation then has reported itself.
    func open() -> DeliveryJob?
    /// The result of the attempt; to be called once, after ``open()``.
    /// `retryAfter`: milliseconds until the next attempt in place of the channel's backoff.
    func report(_ outcomes: [RecipientOutcome], retryAfter: Int64?)
    /// As ``report(_:retryAfter:)``, for an attempt that is not to be counted.
    func postpone(_ outcomes: [RecipientOutcome], retryAfter: Int64?)
    /// Gives the entry back without an attempt.
    func release()
}

extension PendingWork {
    package func postpone(_ outcomes: [RecipientOutcome], retryAfter: Int64?) {
        report(outcomes, retryAfter: retryAfter)
    }
}

/// Where work comes from: the Job Controller, or a list in a test.
package protocol WorkSource: Sendable {
    /// True when the process is to end: what has not been begun is given back.
    var isStopping: Bool { get }

    /// Asks for up to `count` entries of one host for a delivery thread. `completion` is called once, on any thread,
    /// perhaps much later: with work, or with none, after which the thread ends.
    func next(thread: Int, count: Int, _ completion: @escaping @Sendable ([any PendingWork]) -> Void)
}
