package import Envelope
import MasterKit
package import Spool

/// A running or starting job, by a number that is never used twice.
package typealias JobID = UInt32

/// What the schedule is told about an entry when it becomes known.
package struct NewEntry: Sendable {
    package var key: QueueEntryKey
    package var channel: String
    package var host: String
    package var priority: Priority
    /// Milliseconds since 1970.
    package var arrival: Int64
    /// Recipients that are not settled yet.
    package var pending: Int
    package var attempts: Int
    /// Milliseconds since 1970 before which nothing is tried; 0: at once.
    package var nextAttempt: Int64
    package var isHeld: Bool
    package var deliverBy: DeliverBy?
    /// Number of the highest warning of `notices` that has been sent.
    package var warned: Int

    package init(
        key: QueueEntryKey, channel: String, host: String = "", priority: Priority = .normal, arrival: Int64,
        pending: Int = 1, attempts: Int = 0, nextAttempt: Int64 = 0, isHeld: Bool = false,
        deliverBy: DeliverBy? = nil, warned: Int = 0
    ) {
        self.deliverBy = deliverBy
        self.key = key
        self.channel = channel
        self.host = host
        self.priority = priority
        self.arrival = arrival
        self.pending = pending
        self.attempts = attempts
        self.nextAttempt = nextAttempt
        self.isHeld = isHeld
        self.warned = warned
    }
}

/// One entry in the index. Kept small, 80 octets: a queue of a million entries is this array, the index and the heaps.
/// The order of the properties leaves no gaps.
struct ScheduledEntry {
    enum State: UInt8 {
        case unused, ready, delayed, active, held
    }

    var key: QueueEntryKey
    var channel: Int32
    var arrival: Int64
    /// Milliseconds since 1970; meaningful in the state `delayed`.
    var nextAttempt: Int64 = 0
    /// Milliseconds since 1970 by which the entry is to be delivered; negative: its sender is to be told of the delay then,
    /// else the entry is to go back; 0: none.
    var deadline: Int64 = 0
    var host: Int32
    var pending: Int32
    /// Changes whenever the entry leaves a heap, so that what the heap still holds of it is known as stale.
    var generation: UInt32 = 0
    /// Who has it; meaningful in the state `active`.
    var job: JobID = 0
    /// Which of the job's threads has it, and its turn among what the job was handed; meaningful in the state `active`.
    var thread: UInt32 = 0
    var turn: UInt32 = 0
    var attempts: UInt16
    private var noticeCode: Int16 = 0
    var priority: Priority
    var state = State.unused
    /// How many jobs in a row have died while they worked on the entry.
    var deaths: UInt8 = 0
    var warned: UInt8
    /// Released by an operator: first in its host's order.
    var isFirst = false
    /// A return job found it with a job: its age is judged when the attempt has ended.
    var isJudgedAfterAttempt = false
    /// Held by an operator while a job has it: takes effect when the job is done.
    var holdsAfterAttempt = false

    init(
        key: QueueEntryKey, arrival: Int64, channel: Int32, host: Int32, pending: Int32, attempts: UInt16,
        priority: Priority, warned: UInt8
    ) {
        self.key = key
        self.arrival = arrival
        self.channel = channel
        self.host = host
        self.pending = pending
        self.attempts = attempts
        self.priority = priority
        self.warned = warned
    }

    /// Order among ready entries: lower goes first.
    var rank: UInt8 { isFirst ? 0 : priority.rawValue + 1 }

    /// What its sender is to be told. ``EntryNotice`` itself would take sixteen octets; warnings are counted up to 255.
    var notice: EntryNotice {
        get {
            switch noticeCode {
            case 0: .none
            case -1: .timedOut
            case -2: .returned
            default: .delayWarning(Int(noticeCode))
            }
        }
        set {
            noticeCode =
                switch newValue {
                case .none: 0
                case .timedOut: -1
                case .returned: -2
                case .delayWarning(let number): Int16(max(1, min(number, 255)))
                }
        }
    }
}

/// Element of a host's heap of ready entries.
struct ReadyItem: Comparable {
    var rank: UInt8
    var generation: UInt32
    var slot: Int32
    var arrival: Int64

    static func < (left: ReadyItem, right: ReadyItem) -> Bool {
        (left.rank, left.arrival, left.slot) < (right.rank, right.arrival, right.slot)
    }
}

/// Element of a channel's heap of delayed entries.
struct DelayedItem: Comparable {
    var time: Int64
    var generation: UInt32
    var slot: Int32

    static func < (left: DelayedItem, right: DelayedItem) -> Bool {
        (left.time, left.slot) < (right.time, right.slot)
    }
}
