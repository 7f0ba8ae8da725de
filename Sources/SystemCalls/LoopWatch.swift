import Glibc
import Synchronization

/// Notices a main loop that no longer turns: a thread beside it looks at regular times whether it has.
package final class LoopWatch: Sendable {
    private let turns = Atomic<UInt64>(0)
    private let isOver = Atomic<Bool>(false)

    private init() {}

    /// Starts the watching thread. `whenStalled` is called on it once, after `checks` looks in a row, `milliseconds`
    /// apart, in which the loop had not turned. Looks are counted, not time: of a process that was stopped as a whole
    /// (SIGSTOP, a machine that slept) nobody can ask that its loop turned.
    package static func start(
        checks: Int, milliseconds: Int32 = 1000, whenStalled: @escaping @Sendable () -> Void
    ) -> LoopWatch {
        let watch = LoopWatch()
        SystemThread.start("watchdog", stackSize: 256 << 10) {
            var judge = StallJudge(limit: checks)
            while true {
                poll(nil, 0, milliseconds)
                if watch.isOver.load(ordering: .relaxed) { return }
                if judge.hasStalled(turns: watch.turns.load(ordering: .relaxed)) { return whenStalled() }
            }
        }
        return watch
    }

    /// To be called each time the loop turns.
    package func turned() { turns.add(1, ordering: .relaxed) }

    /// The loop has ended as it should: nobody is to wait for it.
    package func end() { isOver.store(true, ordering: .relaxed) }
}

/// Counts looks at a number that should have changed in between.
struct StallJudge: Equatable {
    let limit: Int
    private var last: UInt64?
    private var unchanged = 0

    init(limit: Int) { self.limit = limit }

    /// True when `turns` was the same in `limit` looks after the first.
    mutating func hasStalled(turns: UInt64) -> Bool {
        unchanged = turns == last ? unchanged + 1 : 0
        last = turns
        return unchanged >= limit
    }
}
