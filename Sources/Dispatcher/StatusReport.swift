import Glibc
package import OptionSyntax
import SystemCalls

/// The answer to `status`. Dispatcher specification, section 11. Members are added, never taken away.
extension ServiceReport {
    package var json: JSONValue {
        [
            "name": .string(name),
            "ports": .array(listeners.map { .integer(Int($0.port)) }),
            "state": .string(state),
            "reason": reason.map { .string($0) } ?? .null,
            "workers": .array(workers.map(Self.json)),
            "connections": connections,
            "denied": .integer(statistics.denied),
            "denials": denials,
            "busy_replies": .integer(statistics.turnedAway),
            "accept_failures": .integer(statistics.acceptFailures),
            "handoff": handoff,
            "failed_starts": .integer(statistics.failedStarts),
            "crashes": .integer(statistics.crashes),
            "workers_started": .integer(statistics.workersStarted),
            "listeners": .array(listeners.map(Self.json)),
            "saturation": Self.json(statistics.saturation, at: now),
            "limits": [
                "min_procs": .integer(limits.minProcs), "max_procs": .integer(limits.maxProcs),
                "min_conns": .integer(limits.minConns), "max_conns": .integer(limits.maxConns),
                "max_handoffs": .integer(limits.maxHandoffs),
            ],
        ]
    }

    /// `denied` by cause.
    private var denials: JSONValue {
        .object(AdmissionRefusal.allCases.map { .init($0.rawValue, .integer(statistics[refusals: $0])) })
    }

    private static func json(_ listener: Listener) -> JSONValue {
        [
            "port": .integer(Int(listener.port)), "address": .string(listener.address),
            "tls": .bool(listener.isImplicitTLS), "state": .string(listener.state),
            "handoffs": .integer(listener.handoffs),
        ]
    }

    private static func json(_ worker: Worker) -> JSONValue {
        [
            "pid": .integer(Int(worker.processID)),
            "number": .integer(worker.number),
            "state": .string(worker.state.rawValue),
            "active": .integer(worker.active),
            "pending": .integer(worker.pending),
            "total": .integer(worker.total),
            "peak": .integer(worker.peak),
            "born": .string(timestamp(worker.born)),
            "image": .string(worker.image),
            "generation": .integer(worker.generation),
        ]
    }

    private var connections: JSONValue {
        [
            "current": .integer(current),
            "waiting": .integer(waiting),
            "peak": .integer(statistics.peak),
            "capacity": .integer(limits.capacity),
            "accepted": .integer(statistics.accepted),
            "completed": .integer(statistics.completed),
            "moved": .integer(statistics.moved),
            "lost": .integer(statistics.lost),
            "dropped": .integer(statistics.dropped),
            "concurrent": Self.json(statistics.concurrent, unit: 1),
            "per_hour": Self.json(statistics.perHour, unit: 1),
            "this_hour": .integer(statistics.thisHour),
            "milliseconds": Self.json(statistics.duration, unit: 1_000_000),
        ]
    }

    /// Times from `CONN` to `ACPT`, in microseconds; `buckets[n]` counts those below 2ⁿ.
    private var handoff: JSONValue {
        let latency = statistics.handoffLatency
        return [
            "count": .integer(latency.count),
            "median_below": .integer(latency.bound(0.5)),
            "p99_below": .integer(latency.bound(0.99)),
            "buckets": .array(latency.buckets.map { .integer($0) }),
            "limited": Self.json(statistics.handoffLimit, at: now),
        ]
    }

    private static func json(_ summary: Summary, unit: Int64) -> JSONValue {
        guard summary.count > 0 else { return .null }
        return [
            "minimum": .integer(Int(summary.minimum / unit)),
            "average": .integer(Int(exactly: (summary.mean / Double(unit)).rounded(.down)) ?? .max),
            "maximum": .integer(Int(summary.maximum / unit)),
        ]
    }

    private static func json(_ occupancy: Occupancy, at now: Int64) -> JSONValue {
        [
            "now": .bool(occupancy.since != nil), "count": .integer(occupancy.count),
            "milliseconds": .integer(Int(occupancy.total(at: now) / 1_000_000)),
        ]
    }
}

/// The answers to `connections SERVICE` and `history SERVICE`.
extension ConnectionJournal {
    /// Most records in one answer; `omitted` counts the others.
    package static let mostShown = 10_000

    /// Open connections, oldest first. `wall` is now, seconds since 1970.
    package func connections(of service: String, wall: Int64) -> JSONValue {
        let shown = open.values.sorted { $0.id < $1.id }.prefix(Self.mostShown)
        return [
            "name": .string(service), "omitted": .integer(open.count - shown.count),
            "connections": .array(shown.map { Self.json($0, wall: wall) }),
        ]
    }

    /// Closed connections and ended workers of the last HISTORICAL_TIME seconds, oldest first; of the connections the
    /// newest ``mostShown``.
    package func history(of service: String, at now: Int64) -> JSONValue {
        let shown = closed.all(at: now, most: Self.mostShown)
        return [
            "name": .string(service), "historical_time": .integer(Int(closed.lifetime / 1_000_000_000)),
            "overwritten": .integer(closed.overwritten + workers.overwritten),
            "connections": .array(shown.map { Self.json($0, wall: $0.ended ?? $0.began) }),
            "workers": .array(workers.all(at: now).map(Self.json)),
            "omitted": .integer(closed.count(at: now) - shown.count),
        ]
    }

    private static func json(_ record: ConnectionRecord, wall: Int64) -> JSONValue {
        [
            "id": .integer(record.id.number),
            "worker": record.worker.map { .integer($0.number) } ?? .null,
            "local": .string(record.local.description),
            "remote": .string(record.remote.description),
            "ident": .string(record.identUser),
            "began": .string(timestamp(record.began)),
            "ended": record.ended.map { .string(timestamp($0)) } ?? .null,
            "seconds": .integer(Int(max(0, wall - record.began))),
            "in": .integer(record.bytesIn),
            "out": .integer(record.bytesOut),
            "reason": .string(record.reason),
        ]
    }

    private static func json(_ record: WorkerRecord) -> JSONValue {
        [
            "pid": .integer(Int(record.processID)), "number": .integer(record.id.number),
            "total": .integer(record.total), "peak": .integer(record.peak),
            "born": .string(timestamp(record.began)), "ended": .string(timestamp(record.ended)),
            "ending": .string(record.ending),
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
