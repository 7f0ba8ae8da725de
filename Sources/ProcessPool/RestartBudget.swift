/// When the next process of a pool may be started after failures: pauses of 1, 2, 4, … 60 seconds.
/// Dispatcher specification, section 6.2. Times are nanoseconds of a monotonic clock.
package struct RestartBudget: Hashable, Sendable {
    /// A process that ends sooner than this after its start counts as a failed start, in nanoseconds.
    package static let shortLife: Int64 = 2_000_000_000
    private static let longestPause: Int64 = 60_000_000_000

    private var pause: Int64 = 0
    /// The time before which nothing is started; nil when nothing has failed.
    package private(set) var notBefore: Int64?

    package init() {}

    /// Failures in a row, for logs; the pause stops growing after seven.
    package private(set) var failures = 0

    package func allowsStart(at now: Int64) -> Bool {
        guard let notBefore else { return true }
        return now >= notBefore
    }

    /// A start failed, or the process ended soon after it. Returns the pause, in nanoseconds.
    ///
    /// Failures of processes that were started together count once: the pause does not grow while it lasts.
    @discardableResult
    package mutating func failed(at now: Int64) -> Int64 {
        if let notBefore, now < notBefore { return notBefore - now }
        pause = pause == 0 ? 1_000_000_000 : min(pause * 2, Self.longestPause)
        if failures < Int.max { failures += 1 }
        notBefore = now + pause
        return pause
    }

    /// A process has lived long enough to be trusted, or an administrator asked for a restart.
    package mutating func recovered() {
        self = RestartBudget()
    }
}
