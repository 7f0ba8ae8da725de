package import SystemCalls

/// A connection as the statistics show it. Dispatcher specification, section 11. Times are seconds since 1970.
package struct ConnectionRecord: Hashable, Sendable {
    package var id: ConnectionID
    /// Nil: no worker took it.
    package var worker: WorkerID?
    package var local: SocketAddress
    package var remote: SocketAddress
    /// From the IDENT query; empty without one.
    package var identUser = ""
    package var began: Int64
    package var ended: Int64?
    package var bytesIn = 0
    package var bytesOut = 0
    /// What the worker said about the end, or why there is no worker.
    package var reason = ""

    package init(id: ConnectionID, worker: WorkerID?, local: SocketAddress, remote: SocketAddress, began: Int64) {
        self.id = id
        self.worker = worker
        self.local = local
        self.remote = remote
        self.began = began
    }
}

/// A worker process that has ended. Times are seconds since 1970.
package struct WorkerRecord: Hashable, Sendable {
    package var id: WorkerID
    package var processID: Int32
    package var total: Int
    package var peak: Int
    package var began: Int64
    package var ended: Int64
    /// How it ended, for example `exit code 0`.
    package var ending: String

    package init(
        id: WorkerID, processID: Int32, total: Int, peak: Int, began: Int64, ended: Int64, ending: String
    ) {
        self.id = id
        self.processID = processID
        self.total = total
        self.peak = peak
        self.began = began
        self.ended = ended
        self.ending = ending
    }
}

/// Who is connected to one service, and who was: open connections (bounded by MAX_PROCS × MAX_CONNS) and the records
/// of HISTORICAL_TIME. Each event takes the monotonic time, for the ring, and the wall-clock time, for people.
package struct ConnectionJournal: Sendable {
    /// Most closed connections of all services together, and ended workers of one, that are kept, whatever
    /// HISTORICAL_TIME says. A record takes at most 256 bytes and the texts that do not fit into it (an IPv6 address,
    /// an IDENT user, the reason of an end): about 50 MB in all.
    package static let mostConnections = 100_000
    package static let mostWorkers = 200
    /// Longest text taken from outside, in octets.
    private static let longestText = 64

    package private(set) var open: [ConnectionID: ConnectionRecord] = [:]
    package private(set) var closed: HistoricalRecords<ConnectionRecord>
    package private(set) var workers: HistoricalRecords<WorkerRecord>

    /// `historicalTime`: HISTORICAL_TIME, seconds. `services` share the records.
    package init(historicalTime: Int, services: Int = 1) {
        closed = HistoricalRecords(
            capacity: Self.mostConnections / max(1, services), lifetime: seconds(historicalTime))
        workers = HistoricalRecords(capacity: Self.mostWorkers, lifetime: seconds(historicalTime))
    }

    /// The connection is given to a worker; a second time when it moves from one worker to another.
    package mutating func handedOff(_ record: ConnectionRecord) {
        var record = record
        record.identUser = Self.clipped(record.identUser)
        record.began = open[record.id]?.began ?? record.began
        open[record.id] = record
    }

    /// The user's name came after the handoff.
    package mutating func identified(_ id: ConnectionID, user: String) {
        open[id]?.identUser = Self.clipped(user)
    }

    /// `DONE` after `ACPT`.
    package mutating func finished(
        _ id: ConnectionID, bytesIn: Int, bytesOut: Int, reason: String, at now: Int64, wall: Int64
    ) {
        guard var record = open.removeValue(forKey: id) else { return }
        record.bytesIn = bytesIn
        record.bytesOut = bytesOut
        keep(&record, reason, at: now, wall: wall)
    }

    /// No worker took the connection. `record` stands for one that was never handed off.
    package mutating func dropped(_ record: ConnectionRecord, at now: Int64, wall: Int64) {
        var record = open.removeValue(forKey: record.id) ?? record
        record.worker = nil
        keep(&record, "no worker took it", at: now, wall: wall)
    }

    /// The process has ended, and with it the connections that the pool counts as its own.
    package mutating func ended(_ worker: WorkerRecord, lost: [ConnectionID], at now: Int64) {
        workers.add(worker, at: now)
        for id in lost {
            guard var record = open.removeValue(forKey: id) else { continue }
            keep(&record, "the worker ended", at: now, wall: worker.ended)
        }
    }

    /// Once a second. Of the open connections the pool has `known` at most; those it `knows` not are forgotten.
    package mutating func expire(at now: Int64, known: Int, knows: (ConnectionID) -> Bool) {
        closed.expire(at: now)
        workers.expire(at: now)
        if open.count > known { open = open.filter { knows($0.key) } }
    }

    private mutating func keep(_ record: inout ConnectionRecord, _ reason: String, at now: Int64, wall: Int64) {
        record.ended = wall
        record.reason = Self.clipped(reason)
        closed.add(record, at: now)
    }

    private static func clipped(_ text: String) -> String {
        text.utf8.count <= longestText ? text : String(decoding: text.utf8.prefix(longestText), as: UTF8.self)
    }
}
