import Glibc
import OptionSyntax
import ProcessPool
import SystemCalls

/// The answer to `status`. Dispatcher specification, section 11.
extension ServiceRunner {
    /// `held-down`, `backing-off`, `not-listening`, `stopping`, `stopped`, `disabled` or `running`.
    var state: String {
        if !isStarted { return obstacle == nil ? "disabled" : "held-down" }
        if pool.phase != .serving { return pool.isFinished ? "stopped" : "stopping" }
        if pool.isHeldDown { return "held-down" }
        if ports.contains(where: { $0.descriptor == nil }) { return "not-listening" }
        if pool.usableCount == 0, pool.budget.failures > 0 { return "backing-off" }
        return "running"
    }

    var status: JSONValue {
        [
            "name": .string(settings.name),
            "ports": .array(ports.map { .integer(Int($0.address.port)) }),
            "state": .string(state),
            "reason": obstacle.map { .string($0) } ?? .null,
            "workers": .array(pool.workers.map(status)),
            "connections": connections,
            "denied": .integer(pool.statistics.denied),
            "denials": denials,
            "busy_replies": .integer(pool.statistics.turnedAway),
            "identified": identified,
            "handoff": handoff,
            "failed_starts": .integer(pool.statistics.failedStarts),
        ]
    }

    private var denials: JSONValue {
        .object(
            AdmissionRefusal.allCases.map { .init($0.rawValue, .integer(pool.statistics.refusals[$0] ?? 0)) })
    }

    /// What IDENT said of open connections, the 100 newest.
    private var identified: JSONValue {
        let open = identUsers.filter { pool.connections[$0.key] != nil }.sorted { $0.key > $1.key }.prefix(100)
        return .array(open.map { ["connection": .integer($0.key.number), "user": .string($0.value)] })
    }

    private func status(of worker: PoolWorker) -> JSONValue {
        [
            "pid": .integer(Int(processes[worker.id]?.processID ?? 0)),
            "number": .integer(worker.id.number),
            "state": .string(worker.state.rawValue),
            "active": .integer(worker.active),
            "pending": .integer(worker.pending),
            "total": .integer(worker.total),
            "peak": .integer(worker.peak),
            "born": .string(timestamp(births[worker.id] ?? 0)),
            "image": .string(greetings[worker.id] ?? ""),
        ]
    }

    private var connections: JSONValue {
        let statistics = pool.statistics
        return [
            "current": .integer(pool.connections.count),
            "waiting": .integer(pool.waiting.count),
            "peak": .integer(statistics.peak),
            "capacity": .integer(pool.limits.capacity),
            "accepted": .integer(statistics.accepted),
            "completed": .integer(statistics.completed),
            "moved": .integer(statistics.moved),
            "lost": .integer(statistics.lost),
            "dropped": .integer(statistics.dropped),
            "concurrent": summary(statistics.concurrent, unit: 1),
            "per_hour": summary(statistics.perHour, unit: 1),
            "milliseconds": summary(statistics.duration, unit: 1_000_000),
        ]
    }

    /// Times from `CONN` to `ACPT`, in microseconds; `buckets[n]` counts those below 2ⁿ.
    private var handoff: JSONValue {
        let latency = pool.statistics.handoffLatency
        return [
            "count": .integer(latency.count),
            "median_below": .integer(latency.bound(0.5)),
            "p99_below": .integer(latency.bound(0.99)),
            "buckets": .array(latency.buckets.map { .integer($0) }),
        ]
    }

    private func summary(_ summary: Summary, unit: Int64) -> JSONValue {
        guard summary.count > 0 else { return .null }
        return [
            "minimum": .integer(Int(summary.minimum / unit)),
            "average": .integer(Int(summary.mean / Double(unit))),
            "maximum": .integer(Int(summary.maximum / unit)),
        ]
    }
}

/// ISO 8601 in UTC: `2007-02-28T11:50:59Z`.
func timestamp(_ wallSeconds: Int64) -> String {
    var clock = time_t(wallSeconds)
    var parts = tm()
    gmtime_r(&clock, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
}
