package import ProcessPool

/// What workers do: get ready, answer, fall silent, end. And what the administrator orders.
extension ServicePool {
    /// `REDY`.
    package mutating func ready(_ id: WorkerID, at now: Int64) -> [PoolAction] {
        guard let index = heard(id, at: now) else { return [] }
        switch workers[index].state {
        case .starting:
            workers[index].state = .running
            workers[index].idleSince = now
        case .draining where workers[index].readyAt == nil:
            break
        default:
            return cutOff(id, "it said REDY twice", at: now)
        }
        workers[index].readyAt = now
        actions.append(.report(.ready(id)))
        return settle(at: now)
    }

    /// The worker could not be started at all.
    package mutating func spawnFailed(_ id: WorkerID, at now: Int64) -> [PoolAction] {
        guard let index = index(of: id) else { return [] }
        workers.remove(at: index)
        noteFailedStart(at: now)
        return settle(at: now)
    }

    /// The process has ended. Its sessions ended with it; what it had not confirmed goes to another worker.
    package mutating func ended(_ id: WorkerID, _ ending: ProcessEnding, at now: Int64) -> [PoolAction] {
        guard let index = index(of: id) else { return [] }
        let worker = workers[index]
        var lost = 0
        for (connection, held) in connections.sorted(by: { $0.key < $1.key }) {
            switch held.state {
            case .pending(id): move(connection, from: id, at: now)
            case .active(id):
                forget(connection)
                lost += 1
            default: break
            }
        }
        workers.remove(at: index)
        statistics.lost += lost
        let wasDraining = worker.state == .draining
        actions.append(.report(.ended(id, wasDraining: wasDraining, total: worker.total, lost: lost)))
        judge(worker, ending, at: now)
        return settle(at: now)
    }

    private mutating func judge(_ worker: PoolWorker, _ ending: ProcessEnding, at now: Int64) {
        if ending == .configurationError {
            isHeldDown = true
            actions.append(.report(.heldDown(worker.id)))
            return
        }
        if worker.state == .draining, ending == .orderly { return }
        if ending != .orderly, ending != .temporaryFailure { statistics.crashes += 1 }
        let isShort = now - worker.born < RestartBudget.shortLife
        guard !worker.isCutOff else { return }
        if worker.readyAt == nil || isShort || ending == .temporaryFailure { noteFailedStart(at: now) }
    }

    private mutating func noteFailedStart(at now: Int64) {
        guard phase == .serving else { return }
        statistics.failedStarts += 1
        let pause = budget.failed(at: now)
        actions.append(.report(.backingOff(failures: budget.failures, pause: pause)))
    }

    /// `PONG`. One that nobody asked for is a flood's beginning.
    package mutating func answered(_ id: WorkerID, at now: Int64) -> [PoolAction] {
        guard let index = heard(id, at: now) else { return [] }
        guard workers[index].pingSince != nil else {
            return cutOff(id, "it sent PONG without PING", at: now)
        }
        workers[index].pingSince = nil
        return settle(at: now)
    }

    /// `DRAN` from a worker: it confirms nothing more and ends after its sessions. A second one is a flood's beginning.
    package mutating func wishesToDrain(_ id: WorkerID, at now: Int64) -> [PoolAction] {
        guard let index = heard(id, at: now) else { return [] }
        guard !workers[index].hasGivenNotice else { return cutOff(id, "it sent DRAN twice", at: now) }
        workers[index].hasGivenNotice = true
        if workers[index].isUsable {
            workers[index].state = .draining
            workers[index].idleSince = now
            actions.append(.report(.draining(id, .own)))
        }
        for (connection, held) in connections.sorted(by: { $0.key < $1.key }) where held.state == .pending(id) {
            move(connection, from: id, at: now)
        }
        return settle(at: now)
    }

    /// Garbage, a flood, or another breach of the protocol: the worker is killed.
    package mutating func cutOff(_ id: WorkerID, _ reason: String, at now: Int64) -> [PoolAction] {
        guard let index = index(of: id), workers[index].state != .dying else { return settle(at: now) }
        kill(index, reason, at: now)
        return settle(at: now)
    }

    /// End of file on the control socket. The process is ending; if it does not, it is killed a little later.
    package mutating func controlLost(_ id: WorkerID, at now: Int64) -> [PoolAction] {
        if let index = index(of: id), workers[index].state != .dying {
            // A draining worker closes its end orderly and is judged by its exit code.
            if workers[index].state != .draining { workers[index].state = .dying }
            workers[index].killAt = now + limits.deadlines.lostControl
        }
        return settle(at: now)
    }

    // MARK: Orders

    /// New workers take new connections; those of now finish the sessions they have. Ends a hold-down.
    package mutating func restart(at now: Int64) -> [PoolAction] {
        isHeldDown = false
        restartBegan = now
        budget.recovered()
        for index in workers.indices where workers[index].isUsable { workers[index].isObsolete = true }
        return settle(at: now)
    }

    /// No new connections; workers finish their sessions and end, with stronger signals as deadlines pass.
    package mutating func stop(at now: Int64) -> [PoolAction] {
        guard phase == .serving else { return [] }
        phase = .stopping(since: now, escalation: .drained)
        for index in workers.indices where workers[index].isUsable { drain(index, .stop, at: now) }
        return settle(at: now)
    }

    /// Every session is closed now.
    package mutating func abort(at now: Int64) -> [PoolAction] {
        let first = stop(at: now)
        actions.append(contentsOf: first)
        escalate(now - limits.deadlines.abort, .drained, at: now)
        return settle(at: now)
    }

    mutating func escalate(_ since: Int64, _ done: Escalation, at now: Int64) {
        let elapsed = now - since
        let deadlines = limits.deadlines
        let due: Escalation =
            elapsed >= deadlines.abort + deadlines.kill
            ? .killed : elapsed >= deadlines.abort ? .aborted : elapsed >= deadlines.terminate ? .terminated : .drained
        guard due > done else { return }
        phase = .stopping(since: since, escalation: due)
        let signal: WorkerSignal = due == .killed ? .kill : due == .aborted ? .abort : .terminate
        for worker in workers { actions.append(.signal(worker.id, signal)) }
    }

    // MARK: Watching

    /// Notes that the worker spoke; nil when it is unknown or already cut off.
    mutating func heard(_ id: WorkerID, at now: Int64) -> Int? {
        guard let index = index(of: id), workers[index].state != .dying else { return nil }
        workers[index].lastHeard = now
        return index
    }

    mutating func stalled(_ id: WorkerID, at now: Int64) {
        guard let index = index(of: id), workers[index].stalledSince == nil else { return }
        workers[index].stalledSince = now
        if workers[index].state == .running { drain(index, .stalled, at: now) }
    }

    /// Deadlines of workers: start, answer to PING, silence after a stall, the last moments.
    mutating func watchWorkers(at now: Int64) {
        let deadlines = limits.deadlines
        for worker in workers {
            guard let index = index(of: worker.id) else { continue }
            if let killAt = worker.killAt, now >= killAt {
                workers[index].killAt = nil
                workers[index].state = .dying
                actions.append(.signal(worker.id, .kill))
                continue
            }
            switch worker.state {
            case .starting where now - worker.born >= deadlines.start:
                kill(index, "it was not ready in time", at: now)
            case .running, .draining:
                watchSilence(index, at: now)
            default: break
            }
        }
        if budget.failures > 0, workers.contains(where: { isProof($0, at: now) }) { budget.recovered() }
    }

    /// A worker started after the last failure that outlived the critical time.
    private func isProof(_ worker: PoolWorker, at now: Int64) -> Bool {
        worker.state == .running && worker.born >= budget.notBefore ?? 0
            && now - worker.born >= RestartBudget.shortLife
    }

    private mutating func watchSilence(_ index: Int, at now: Int64) {
        let worker = workers[index]
        let deadlines = limits.deadlines
        if let since = worker.stalledSince, now - max(since, worker.lastHeard) >= deadlines.stalled {
            return kill(index, "it stalled and stayed silent", at: now)
        }
        if phase == .serving, worker.state == .draining, worker.load == 0,
            now - worker.idleSince >= deadlines.stalled
        {
            return kill(index, "it did not exit after its last connection", at: now)
        }
        guard worker.readyAt != nil, now >= worker.nextPing else { return }
        if worker.pingSince != nil { return stalled(worker.id, at: now) }
        workers[index].pingSince = now
        workers[index].nextPing = now + deadlines.ping
        actions.append(.ping(worker.id))
    }

    private mutating func kill(_ index: Int, _ reason: String, at now: Int64) {
        workers[index].state = .dying
        workers[index].isCutOff = true
        actions.append(.signal(workers[index].id, .kill))
        actions.append(.report(.cutOff(workers[index].id, reason)))
        noteFailedStart(at: now)
    }
}
