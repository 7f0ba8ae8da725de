/// Number of a worker process of one service; counts up from 1 and is never used again.
package struct WorkerID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var number: Int
    package init(_ number: Int) { self.number = number }
    package static func < (left: WorkerID, right: WorkerID) -> Bool { left.number < right.number }
    package var description: String { String(number) }
}

/// Number of a connection of one service; counts up from 1 and is never used again.
package struct ConnectionID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var number: Int
    package init(_ number: Int) { self.number = number }
    package static func < (left: ConnectionID, right: ConnectionID) -> Bool { left.number < right.number }
    package var description: String { String(number) }
}

/// A worker process as the pool counts it. Dispatcher specification, section 6.2. Times are monotonic nanoseconds.
package struct PoolWorker: Hashable, Sendable {
    package enum State: String, Hashable, Sendable, CaseIterable {
        /// Spawned, not yet `REDY`.
        case starting
        case running
        /// Takes no more connections, finishes those it has.
        case draining
        /// Cut off: waits for the end of the process. Counts as live until then.
        case dying
    }

    package var id: WorkerID
    package var state = State.starting
    /// Connections confirmed and open.
    package var active = 0
    /// Connections handed off, not yet confirmed.
    package var pending = 0
    /// Connections handed off since creation.
    package var total = 0
    /// Most connections held at once.
    package var peak = 0
    package var born: Int64
    package var readyAt: Int64?
    /// When the last connection closed, or `REDY` came.
    package var idleSince: Int64
    /// When a message last came.
    package var lastHeard: Int64
    /// An unanswered `PING`.
    package var pingSince: Int64?
    package var nextPing: Int64
    /// A `restart` came after its start: it serves only while no newer worker can.
    package var isObsolete = false
    /// It sent `DRAN`, which it may do once.
    package var hasGivenNotice = false
    /// A handoff or a `PING` was not answered in time.
    package var stalledSince: Int64?
    /// It broke the protocol or a deadline, and was counted as a failed start.
    package var isCutOff = false
    /// SIGKILL is due.
    package var killAt: Int64?

    package init(id: WorkerID, at now: Int64, firstPing: Int64) {
        self.id = id
        born = now
        idleSince = now
        lastHeard = now
        nextPing = firstPing
    }

    package var load: Int { active + pending }

    package var isUsable: Bool { state == .starting || state == .running }
}

/// A connection from `accept` to `DONE`.
package struct PoolConnection: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        /// Accepted, access control not finished.
        case inAdmission
        /// Admitted, no worker yet.
        case waiting
        /// Handed to the worker, `ACPT` has not come.
        case pending(WorkerID)
        case active(WorkerID)
    }

    package var state = State.inAdmission
    /// Index of the listening port.
    package var listener: Int
    package var client: AdmissionClient?
    package var accepted: Int64
    /// When `state` was entered.
    package var since: Int64
    package var attempts = 0
    /// Workers that declined it: none of them gets it again.
    package var decliners: [WorkerID] = []
    /// Not handed off before this time: the last try failed for want of something in this process.
    package var restUntil: Int64 = 0
}

/// Why `CONN` did not reach a worker.
package enum HandoffFailure: Hashable, Sendable {
    /// The worker's end of the control socket is closed.
    case workerGone
    /// The worker does not read: what was to be sent waits without end.
    case workerStuck(String)
    /// This process lacks descriptors or memory, or the system refuses: the worker is not to blame.
    case shortage(String)
    /// The connection cannot be put into a message; no other worker could get it either.
    case unsendable(String)
}
