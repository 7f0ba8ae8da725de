import OptionSyntax
import ProcessPool
import SystemCalls

/// What the statistics take from a service at work. Dispatcher specification, section 11.
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

    var status: JSONValue { snapshot(at: SystemClock.monotonicNanoseconds).json }

    func snapshot(at now: Int64) -> ServiceReport {
        var report = ServiceReport(name: settings.name, state: state)
        report.reason = obstacle
        report.listeners = ports.indices.map { listener($0, at: now) }
        report.workers = pool.workers.map { worker in
            ServiceReport.Worker(
                processID: processes[worker.id]?.processID ?? 0, image: greetings[worker.id] ?? "",
                born: births[worker.id] ?? 0, generation: generations[worker.id] ?? 0, worker)
        }
        report.current = pool.connections.count
        report.waiting = pool.waiting.count
        report.limits = pool.limits
        report.statistics = pool.statistics
        report.now = now
        return report
    }

    private func listener(_ number: Int, at now: Int64) -> ServiceReport.Listener {
        let port = ports[number]
        return ServiceReport.Listener(
            port: port.address.port, address: port.address.description, isImplicitTLS: port.isImplicitTLS,
            state: acceptState(number, at: now), handoffs: pool.handoffs[number])
    }

    private func acceptState(_ number: Int, at now: Int64) -> String {
        if pool.phase != .serving || !isStarted { return "closed" }
        if ports[number].descriptor == nil { return "not-listening" }
        if pool.mayAccept(number, at: now) { return "accepting" }
        if pool.connections.count >= pool.limits.capacity { return "at-capacity" }
        return pool.handoffs[number] >= pool.limits.maxHandoffs ? "handoff-limit" : "no-worker"
    }

    // MARK: The journal

    /// `CONN` is about to be sent.
    func noteHandoff(_ id: ConnectionID, to worker: WorkerID, expires: Int64) {
        guard let record = record(of: id, worker), let connection = held[id] else { return }
        journal.handedOff(record)
        log.debug(
            .services,
            "service \(settings.name): connection \(id) from \(record.remote) to \(record.local) goes to "
                + name(of: worker))
        log.debug(.servicesExtra, loadText)
        noteMessage(connection.call(id, settings, expires: expires), to: worker)
    }

    /// Debug bits 9 and 10.
    func noteMessage(_ message: @autoclosure () -> ControlMessage, to worker: WorkerID) {
        log.debug(.communicationExtra, "\(name(of: worker)) gets \(message().type)")
        log.debug(.packets, "\(name(of: worker)) gets \(message())")
    }

    /// `DONE`, after the pool has heard it.
    func noteDone(_ id: ConnectionID, _ fields: Fields, at now: Int64) {
        guard pool.connections[id] == nil else { return }
        let reason = fields["reason"] ?? ""
        journal.finished(
            id, bytesIn: fields.integer("in") ?? 0, bytesOut: fields.integer("out") ?? 0, reason: reason, at: now,
            wall: SystemClock.wallSeconds)
        log.debug(
            .statisticsExtra,
            "service \(settings.name): connection \(id) ended after \(fields["seconds"] ?? "?") seconds, "
                + "\(fields["in"] ?? "?") bytes in, \(fields["out"] ?? "?") out: \(reason)")
    }

    /// The pool gave the connection up; to be called before the own copy is closed.
    func noteDrop(_ id: ConnectionID, at now: Int64) {
        guard let record = record(of: id, nil) else { return }
        journal.dropped(record, at: now, wall: SystemClock.wallSeconds)
    }

    /// The process was reaped; to be called before the pool hears it.
    func noteEnd(_ id: WorkerID, _ processID: Int32, _ ending: String, at now: Int64) {
        guard let worker = pool.worker(id) else { return }
        let wall = SystemClock.wallSeconds
        let lost = pool.connections.filter { $0.value.state == .active(id) }.map(\.key)
        journal.ended(
            WorkerRecord(
                id: id, processID: processID, total: worker.total, peak: worker.peak, began: births[id] ?? wall,
                ended: wall, ending: ending), lost: lost, at: now)
        log.debug(
            .statisticsExtra,
            "\(name(of: id)) served \(worker.total) connections in \((now - worker.born) / 1_000_000_000) seconds, "
                + "at most \(worker.peak) at once")
    }

    /// Once a second.
    func tickStatistics(at now: Int64) {
        journal.expire(at: now, known: pool.connections.count) { pool.connections[$0] != nil }
        guard minutes.isDue(at: now) else { return }
        log.debug(.statistics, statisticsText)
        if let limited = minutes.limitedSeconds(pool.statistics.handoffLimit, at: now) {
            log.notice(
                "service \(settings.name): MAX_HANDOFFS=\(pool.limits.maxHandoffs) kept it from accepting for "
                    + "\(limited) of the last 60 seconds; raise it, or see why workers take connections slowly")
        }
    }

    private func record(of id: ConnectionID, _ worker: WorkerID?) -> ConnectionRecord? {
        guard let connection = held[id] else { return nil }
        var record = ConnectionRecord(
            id: id, worker: worker, local: connection.local, remote: connection.remote, began: SystemClock.wallSeconds)
        record.identUser = connection.identUser
        return record
    }

    private var loadText: String {
        "service \(settings.name): \(pool.connections.count) of \(pool.limits.capacity) connections, "
            + "\(pool.waiting.count) waiting, workers "
            + pool.workers.map { "\($0.id) \($0.state.rawValue) \($0.active)+\($0.pending)" }.joined(separator: ", ")
    }

    private var statisticsText: String {
        let counts = pool.statistics
        return "service \(settings.name): \(pool.connections.count) connections, peak \(counts.peak), "
            + "accepted \(counts.accepted), denied \(counts.denied), completed \(counts.completed), "
            + "lost \(counts.lost), dropped \(counts.dropped), \(pool.workers.count) workers"
    }
}
