import Glibc
import Synchronization
import SystemCalls

/// Who runs the commits.
package enum CommitScheduling: Sendable {
    /// A thread of its own.
    case thread
    /// The caller, when it asks for it; simulation needs it.
    case manual
}

/// Collects items while a batch is committed: the group commit. One thread takes all that wait; when nothing waits, an
/// item is taken at once.
final class CommitQueue<Item: Sendable>: Sendable {
    private struct State {
        var waiting: [Item] = []
        var sleeps = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeUp = Semaphore()
    private let ended = Semaphore()
    private let scheduling: CommitScheduling
    /// Nanoseconds from the beginning of one commit to that of the next, at least.
    private let pace: Int64
    /// Commits a batch and returns what must be tried again later, in order.
    private let process: @Sendable ([Item]) -> [Item]
    /// Gets what could not be committed when the queue was closed.
    private let abandon: @Sendable ([Item]) -> Void

    init(
        name: String, scheduling: CommitScheduling, pace: Int64 = 0, process: @escaping @Sendable ([Item]) -> [Item],
        abandon: @escaping @Sendable ([Item]) -> Void
    ) {
        self.scheduling = scheduling
        self.pace = pace
        self.process = process
        self.abandon = abandon
        if scheduling == .thread {
            SystemThread.start(name) { [self] in run() }
        }
    }

    /// False when the queue is closed; the item is then not taken.
    func submit(_ item: Item) -> Bool {
        let (taken, wake) = state.withLock { state in
            if state.isClosed { return (false, false) }
            state.waiting.append(item)
            defer { state.sleeps = false }
            return (true, state.sleeps)
        }
        if wake { wakeUp.signal() }
        return taken
    }

    /// Commits what waits, in the caller; only with `.manual`.
    func drain() {
        let batch = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        if batch.isEmpty { return }
        let left = process(batch)
        if !left.isEmpty { state.withLock { $0.waiting.insert(contentsOf: left, at: 0) } }
    }

    /// Takes no more items, commits what waits, and returns when that is done.
    func close() {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        if wasClosed { return }
        switch scheduling {
        case .manual:
            drain()
            abandon(
                state.withLock { state in
                    defer { state.waiting = [] }
                    return state.waiting
                })
        case .thread:
            wakeUp.signal()
            ended.wait()
        }
    }

    private func run() {
        var batch: [Item] = []
        while true {
            let isClosed = take(into: &batch)
            let begin = SystemClock.monotonicNanoseconds
            if !batch.isEmpty { batch = process(batch) }
            if isClosed {
                abandon(batch)
                ended.signal()
                return
            }
            if !batch.isEmpty { wakeUp.waitOneSecond() }
            rest(until: begin + pace)
        }
    }

    /// Lets a batch gather; what is submitted meanwhile waits.
    private func rest(until time: Int64) {
        let left = time - SystemClock.monotonicNanoseconds
        guard left > 0 else { return }
        var pause = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
        nanosleep(&pause, nil)
    }

    /// Adds what waits to `batch`, sleeping when both are empty; true when the queue is closed.
    private func take(into batch: inout [Item]) -> Bool {
        while true {
            let more: (items: [Item], isClosed: Bool) = state.withLock { state in
                let items = state.waiting
                state.waiting = []
                state.sleeps = items.isEmpty && batch.isEmpty && !state.isClosed
                return (items, state.isClosed)
            }
            batch.append(contentsOf: more.items)
            if !batch.isEmpty || more.isClosed { return more.isClosed }
            wakeUp.wait()
        }
    }
}
