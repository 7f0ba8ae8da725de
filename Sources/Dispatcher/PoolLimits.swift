/// The numbers that govern one service's pool, checked and clamped. Times are nanoseconds.
/// Dispatcher specification, sections 4 and 6.2.
package struct PoolLimits: Hashable, Sendable {
    package var minProcs = 1
    package var maxProcs = 5
    package var minConns = 3
    package var maxConns = 10
    package var maxShutdown = 2
    package var maxHandoffs = 5
    package var maxLifeConns = 300
    package var maxLifeTime = seconds(86_400)
    package var maxIdleTime = seconds(600)
    package var deadlines = Deadlines()

    /// Waits that no option of the administrator changes; tests shorten them.
    package struct Deadlines: Hashable, Sendable {
        /// From the start of a worker to `REDY`.
        package var start = seconds(30)
        /// From `CONN` to `ACPT`.
        package var handoff = seconds(10)
        /// How long a stalled worker may stay silent, or a draining one without connections may live.
        package var stalled = seconds(60)
        /// Between `PING`s, and from `PING` to `PONG`.
        package var ping = seconds(30)
        /// How long an admitted connection may wait for a worker.
        package var waiting = seconds(60)
        /// How long the last old worker of a restart may go on when there is no slot for a new one.
        package var lastOfRestart = seconds(60)
        /// For all DNS lists of a connection together; lists that are silent for longer list nobody.
        package var lists = seconds(5)
        /// From the end of the control socket to SIGKILL.
        package var lostControl = seconds(2)
        /// From the order to stop to SIGTERM.
        package var terminate = seconds(60)
        /// From the order to stop to SIGINT, with which sessions are closed by `421 4.3.2`.
        package var abort = seconds(300)
        /// From SIGINT to SIGKILL.
        package var kill = seconds(10)

        package init() {}
    }

    /// How often a connection is handed out before it is given up: one that makes workers die must not kill them all.
    package static let mostAttempts = 5

    package init() {}

    /// MAX_PROCS × MAX_CONNS.
    package var capacity: Int {
        let (product, overflow) = maxProcs.multipliedReportingOverflow(by: maxConns)
        return overflow ? Int.max : product
    }

    /// Brings every value into its range: MIN_PROCS above MAX_PROCS raises MAX_PROCS, MIN_CONNS is at most MAX_CONNS.
    package func normalized() -> PoolLimits {
        var limits = self
        limits.minProcs = max(0, minProcs)
        limits.maxProcs = max(1, maxProcs, limits.minProcs)
        limits.maxConns = max(1, maxConns)
        limits.minConns = min(max(1, minConns), limits.maxConns)
        limits.maxShutdown = max(1, maxShutdown)
        limits.maxHandoffs = max(1, maxHandoffs)
        limits.maxLifeConns = max(1, maxLifeConns)
        limits.maxLifeTime = max(seconds(1), maxLifeTime)
        limits.maxIdleTime = max(seconds(1), maxIdleTime)
        return limits
    }
}

/// Nanoseconds; the most that fits when `count` is larger.
package func seconds(_ count: Int) -> Int64 {
    let (product, overflow) = Int64(count).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? Int64.max / 4 : min(product, Int64.max / 4)
}
