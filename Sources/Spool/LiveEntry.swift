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
    private var past: Past?

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
        /// Outcomes of the last attempt and of those before it, an encoded ``AttemptHistory``; empty when there was none.
        var lastOutcomes: [UInt8] = []
        var heldReason: String?
        /// Seconds since 1970, 0 for none, as far as 32 bits go: into the year 2106.
        var nextTime: UInt32 = 0
        var lastAttempt: UInt32 = 0
        var warned: UInt32 = 0
        var attempts: UInt32 = 0
    }

    private final class Past: Sendable {
        let progress: Progress
        init(_ progress: Progress) { self.progress = progress }
    }

    var progress: Progress {
        get { past?.progress ?? Progress() }
        set { past = newValue == Progress() ? nil : Past(newValue) }
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
        if keepsAnswers {
            var history = AttemptHistory(encoded: now.lastOutcomes)
            history.add(attempt.outcomes, previous: Int64(now.lastAttempt))
            now.lastOutcomes = history.encoded
        } else {
            now.lastOutcomes = []
        }
        now.lastAttempt = UInt32(clamping: attempt.time)
        progress = now
    }

    /// What every attempt did, oldest first, as far as it is kept.
    var history: [EarlierAttempts] {
        AttemptHistory(encoded: progress.lastOutcomes).all(time: Int64(progress.lastAttempt))
    }

    var hasAnswers: Bool { past.map { !$0.progress.lastOutcomes.isEmpty } ?? false }

    /// The pending list of an entry with one recipient, which most have: one array for all of them.
    private static let onlyFirst = [0]

    /// Indexes of the recipients that are not settled.
    var pending: [Int] {
        past?.progress.pending?.map { Int($0) } ?? (recipients == 1 ? Self.onlyFirst : Array(0..<Int(recipients)))
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
