import Envelope

/// One live entry as the index keeps it: small, because there may be a million, most of which were never tried.
struct LiveEntry: Sendable, Equatable {
    var number: UInt32
    var recipients: UInt32
    var channel: String
    var host: String
    var notBefore: Int64
    /// ``DeliverBy/rawValue``; 0: none.
    var deliverBy: Int64
    var priority: Priority
    /// Nil while nothing has happened to the entry.
    private var history: History?

    init(
        number: UInt32, channel: String, host: String, priority: Priority, notBefore: Int64, deliverBy: Int64 = 0,
        recipients: UInt32, progress: Progress = Progress()
    ) {
        self.number = number
        self.recipients = recipients
        self.channel = channel
        self.host = host
        self.notBefore = notBefore
        self.deliverBy = deliverBy
        self.priority = priority
        self.progress = progress
    }

    /// What has happened to an entry since it came.
    struct Progress: Sendable, Equatable {
        /// Recipients that are not settled, ascending; nil: all of them.
        var pending: [UInt32]?
        /// Outcomes of the last attempt, encoded; empty when there was none.
        var lastOutcomes: [UInt8] = []
        var heldReason: String?
        /// Seconds since 1970, 0 for none, as far as 32 bits go: into the year 2106.
        var nextTime: UInt32 = 0
        var lastAttempt: UInt32 = 0
        var warned: UInt32 = 0
        var attempts: UInt32 = 0
    }

    private final class History: Sendable {
        let progress: Progress
        init(_ progress: Progress) { self.progress = progress }
    }

    var progress: Progress {
        get { history?.progress ?? Progress() }
        set { history = newValue == Progress() ? nil : History(newValue) }
    }

    static func == (left: LiveEntry, right: LiveEntry) -> Bool {
        left.number == right.number && left.recipients == right.recipients && left.channel == right.channel
            && left.host == right.host && left.notBefore == right.notBefore && left.deliverBy == right.deliverBy
            && left.priority == right.priority && left.progress == right.progress
    }
}

extension LiveEntry {
    /// Settles the recipients with a final result and takes over what the Job Controller decided.
    mutating func take(_ attempt: AttemptRecord, keepsAnswers: Bool) {
        let settled = Set(
            attempt.outcomes.lazy.filter { $0.result != .failedTemporarily }.map { UInt32(clamping: $0.recipient) })
        var now = progress
        if !settled.isEmpty {
            now.pending = (now.pending ?? Array(0..<recipients)).filter { !settled.contains($0) }
        }
        now.attempts = UInt32(clamping: attempt.attempts)
        now.nextTime = UInt32(clamping: attempt.nextTime)
        now.lastAttempt = UInt32(clamping: attempt.time)
        now.lastOutcomes = keepsAnswers ? Self.encoded(attempt.outcomes) : []
        progress = now
    }

    private static func encoded(_ outcomes: [RecipientOutcome]) -> [UInt8] {
        var encoder = ByteEncoder(capacity: 64)
        encoder.outcomes(outcomes)
        return encoder.bytes
    }

    var hasAnswers: Bool { history.map { !$0.progress.lastOutcomes.isEmpty } ?? false }

    /// The pending list of an entry with one recipient, which most have: one array for all of them.
    private static let onlyFirst = [0]

    /// Indexes of the recipients that are not settled.
    var pending: [Int] {
        history?.progress.pending?.map { Int($0) } ?? (recipients == 1 ? Self.onlyFirst : Array(0..<Int(recipients)))
    }

    func recovered(_ id: MessageID, _ message: LiveMessage) -> RecoveredEntry {
        let now = progress
        var decoder = ByteDecoder(now.lastOutcomes)
        return RecoveredEntry(
            key: QueueEntryKey(message: id, entry: number), location: message.location, channel: channel, host: host,
            priority: priority, notBefore: notBefore, deliverBy: DeliverBy(rawValue: deliverBy), size: message.size,
            arrival: message.arrival, recipients: Int(recipients), pending: pending, attempts: Int(now.attempts),
            nextTime: Int64(now.nextTime), heldReason: now.heldReason, warned: Int(now.warned),
            lastAttempt: Int64(now.lastAttempt),
            lastOutcomes: now.lastOutcomes.isEmpty ? [] : decoder.outcomes())
    }
}
