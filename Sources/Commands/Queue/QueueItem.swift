import Envelope
import OptionSyntax
import Spool
import TransactionLog

/// One entry as the Job Controller tells of it, or as the queue on the disk has it.
struct QueueItem: Decodable, Hashable {
    struct Outcome: Decodable, Hashable {
        /// Index of the recipient in its entry.
        var recipient: Int
        /// `delivered`, `relayed`, `failedTemporarily` or `failedPermanently`.
        var result: String
        var status: String
        var text: String
        var remote: String
    }

    /// `ZYf0r4i0Wdy51.01`, held ones with `.HELD`.
    var name: String
    var channel: String
    var host: String
    /// `ready`, `delayed`, `active` or `held`.
    var state: String
    var priority: String
    /// Milliseconds since 1970.
    var arrival: Int64
    /// Seconds since 1970; nil unless it is delayed.
    var next: Int64?
    var attempts: Int
    /// Bytes of the content.
    var size: Int
    /// Indexes of the recipients that are not settled.
    var pending: [Int]
    /// Why it is held.
    var held: String?
    /// Seconds since 1970; 0: there was none.
    var lastAttempt: Int64
    var outcomes: [Outcome]
    var segment: String
    var offset: Int
    var length: Int

    enum CodingKeys: String, CodingKey {
        case name, channel, host, state, priority, arrival, next, attempts, size, pending, held, outcomes, segment
        case offset, length
        case lastAttempt = "last_attempt"
    }

    var location: SpoolLocation { SpoolLocation(segment: segment, offset: offset, length: length) }

    /// The name with its channel, as the log has it.
    var fullName: String { "\(channel)/\(name)" }

    var entryName: EntryName? { EntryName(name) }

    /// Blocks of 1024 bytes, rounded up.
    var blocks: Int { blockCount(ofBytes: size) }

    var isHeld: Bool { state == "held" }
}

extension QueueItem {
    /// From the queue on the disk. `now`: seconds since 1970.
    init(_ entry: RecoveredEntry, now: Int64) {
        let next = max(entry.notBefore, entry.nextTime)
        let isHeld = entry.heldReason != nil
        self.init(
            name: EntryName(
                message: entry.key.message, entry: Int(entry.key.entry), attempts: entry.attempts, isHeld: isHeld
            ).description, channel: entry.channel, host: entry.host,
            state: isHeld ? "held" : next > now ? "delayed" : "ready", priority: "\(entry.priority)",
            arrival: entry.arrival, next: !isHeld && next > now ? next : nil, attempts: entry.attempts,
            size: entry.size, pending: entry.pending, held: entry.heldReason, lastAttempt: entry.lastAttempt,
            outcomes: entry.lastOutcomes.map {
                Outcome(
                    recipient: $0.recipient, result: "\($0.result)", status: $0.status, text: $0.text,
                    remote: $0.remote)
            }, segment: entry.location.segment, offset: entry.location.offset, length: entry.location.length)
    }
}

/// What a channel holds.
struct QueueSummaryRow: Decodable, Hashable {
    var name: String
    var messages = 0
    var bytes = 0
    var held = 0
    var heldBytes = 0
    /// Milliseconds since 1970.
    var oldest: Int64?
    var oldestHeld: Int64?
    var stopped = false
    /// Destination hosts to which deliveries are stopped.
    var stoppedHosts: [String] = []

    enum CodingKeys: String, CodingKey {
        case name, messages, bytes, held, oldest, stopped
        case stoppedHosts = "stopped_hosts"
        case heldBytes = "held_bytes"
        case oldestHeld = "oldest_held"
    }

    mutating func add(_ other: QueueSummaryRow) {
        messages += other.messages
        bytes += other.bytes
        held += other.held
        heldBytes += other.heldBytes
        oldest = [oldest, other.oldest].compactMap { $0 }.min()
        oldestHeld = [oldestHeld, other.oldestHeld].compactMap { $0 }.min()
        stopped = stopped || other.stopped
        // Every part of the sums names all of them.
        if !other.stoppedHosts.isEmpty { stoppedHosts = other.stoppedHosts }
    }

    mutating func add(_ item: QueueItem) {
        var one = QueueSummaryRow(name: name)
        if item.isHeld {
            (one.held, one.heldBytes, one.oldestHeld) = (1, item.size, item.arrival)
        } else {
            (one.messages, one.bytes, one.oldest) = (1, item.size, item.arrival)
        }
        add(one)
    }
}

/// What a job works on.
struct QueueJob: Decodable, Hashable {
    var pid: Int
    var channel: String
    var state: String
    var started: Int64
    var hosts: [String]
    var messages: [String]
    var processed: Int
    var failed: Int
}

/// Entries of a destination host.
struct QueueHost: Decodable, Hashable {
    var host: String
    var active: Int
    var delayed: Int
}
