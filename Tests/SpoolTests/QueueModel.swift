import Envelope
import Synchronization

@testable import Spool

/// What the simulated world knows of one message.
struct ModelMessage {
    var content: [UInt8]
    var entries: Int
    var isAcknowledged = false
    /// A job said that it is damaged: its file has gone to quarantine, perhaps before the ledger could say so.
    var isSetAside = false
}

/// What the ledger says of an entry that has not ended.
struct ModelProgress: Equatable {
    var attempts = 0
    var pending = [0, 1, 2]
    var held: String?
    var warned = 0
}

extension ModelProgress {
    init(_ entry: RecoveredEntry) {
        (attempts, pending, held, warned) = (entry.attempts, entry.pending, entry.heldReason, entry.warned)
    }
}

/// What the ledger was told of one entry.
struct ModelEntry {
    /// Every state since the last durable one, in the order of submission; the first has the number `first`.
    private var states = [ModelProgress()]
    private var first = 0
    private(set) var endSubmitted = false
    /// The Job Controller that was told of the end is gone, and nobody knows whether the ledger has it.
    private var endIsUnknown = false
    var endDurable = false
    /// How many snapshots had begun when the end was submitted.
    private(set) var snapshotsAtEnd = 0

    var now: ModelProgress { states.last ?? ModelProgress() }

    /// Notes a state; its number.
    mutating func submit(_ state: ModelProgress) -> Int {
        states.append(state)
        return first + states.count - 1
    }

    mutating func submitEnd(snapshots: Int) {
        (endSubmitted, snapshotsAtEnd) = (true, snapshots)
    }

    mutating func becameDurable(_ number: Int) {
        let count = number - first
        guard count > 0, count < states.count else { return }
        states.removeFirst(count)
        first = number
    }

    mutating func controllerDied() { endIsUnknown = endSubmitted && !endDurable }

    /// The entry is there, in this state; what is wrong with that.
    mutating func appear(_ state: ModelProgress) -> String? {
        if endDurable { return "came back from the dead" }
        if endSubmitted, !endIsUnknown { return "came back while its end is being written" }
        guard let index = states.lastIndex(of: state) else { return "shows \(state), not one of \(states)" }
        states.removeSubrange((index + 1)...)
        (endSubmitted, endIsUnknown) = (false, false)
        return nil
    }
}

/// Filled by completions.
final class Events: Sendable {
    let acknowledged = Mutex<[MessageID]>([])
    let notices = Mutex<[CommittedMessageFacts]>([])
    let ended = Mutex<[QueueEntryKey]>([])
    let progressed = Mutex<[(key: QueueEntryKey, number: Int)]>([])
}

extension Mutex {
    /// What has gathered, which is then forgotten.
    func taken<Element>() -> sending [Element] where Value == [Element], Element: Sendable {
        withLock { list in
            defer { list = [] }
            return list
        }
    }
}
