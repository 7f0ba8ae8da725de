/// The way of a connection: accepted, admitted, handed off, confirmed, done.
extension ServicePool {
    /// A connection was accepted; access control begins. Ask ``mayAccept(_:at:)`` before.
    package mutating func accepted(
        listener: Int, client: AdmissionClient? = nil, at now: Int64
    ) -> ConnectionID {
        let id = nextConnection()
        connections[id] = PoolConnection(listener: listener, client: client, accepted: now, since: now)
        if let client { clients[client, default: 0] += 1 }
        noteFullness(at: now)
        statistics.accepted += 1
        statistics.notePeak(connections.count)
        noteLimits(at: now)
        return id
    }

    /// Access control lets the connection in.
    package mutating func admitted(_ id: ConnectionID, at now: Int64) -> [PoolAction] {
        guard connections[id]?.state == .inAdmission else { return [] }
        enqueue(id, at: now)
        return settle(at: now)
    }

    /// Access control turned the connection away, or it ended while waiting: the shell closes it.
    package mutating func refused(
        _ id: ConnectionID, _ refusal: AdmissionRefusal = .portAccess, at now: Int64
    ) -> [PoolAction] {
        guard let connection = connections[id] else { return [] }
        switch connection.state {
        case .inAdmission: break
        case .waiting:
            waiting.removeAll { $0 == id }
            release(connection.listener)
        case .pending, .active: return []
        }
        forget(id)
        statistics.denied += 1
        statistics[refusals: refusal] += 1
        return settle(at: now)
    }

    /// `ACPT`. One for a connection that the worker does not hold ends the worker: it may be about to write to a
    /// client that another worker serves.
    package mutating func confirmed(_ id: ConnectionID, by worker: WorkerID, at now: Int64) -> [PoolAction] {
        guard let index = index(of: worker) else { return [] }
        if workers[index].state != .dying { workers[index].lastHeard = now }
        // A worker that is cut off may have written to the client already: the connection ends with it.
        guard let place = connections.index(forKey: id), connections.values[place].state == .pending(worker) else {
            return cutOff(worker, "it confirmed connection \(id), which it does not hold", at: now)
        }
        let connection = connections.values[place]
        workers[index].pending -= 1
        workers[index].active += 1
        unconfirmed[connection.listener] -= 1
        release(connection.listener)
        statistics.handoffLatency.add(now - connection.since)
        connections.values[place].state = .active(worker)
        connections.values[place].since = now
        return settle(at: now)
    }

    /// `DONE`. Before `ACPT` it means that the worker declines: another one gets the connection.
    package mutating func done(_ id: ConnectionID, by worker: WorkerID, at now: Int64) -> [PoolAction] {
        guard let index = heard(worker, at: now) else { return [] }
        guard let connection = connections[id] else {
            return cutOff(worker, "it reported the end of connection \(id), which it does not hold", at: now)
        }
        switch connection.state {
        case .active(worker):
            forget(id)
            statistics.completed += 1
            statistics.duration.add(now - connection.accepted)
            workers[index].active -= 1
            if workers[index].load == 0 { workers[index].idleSince = now }
        case .pending(worker):
            connections[id]?.decliners.append(worker)
            move(id, from: worker, at: now)
        default:
            return cutOff(worker, "it reported the end of connection \(id), which it does not hold", at: now)
        }
        return settle(at: now)
    }

    /// `CONN` could not be sent: the worker never saw the connection. Only a worker that is gone or does not read loses
    /// by it; what this process lacks is no fault of a worker and of its sessions.
    package mutating func handoffFailed(
        _ id: ConnectionID, to worker: WorkerID, _ failure: HandoffFailure, at now: Int64
    ) -> [PoolAction] {
        guard let connection = connections[id], connection.state == .pending(worker) else { return [] }
        move(id, from: worker, at: now)
        switch failure {
        case .workerGone: return controlLost(worker, at: now)
        case .workerStuck(let reason): return cutOff(worker, reason, at: now)
        case .shortage:
            // 1, 2, 4, 8 seconds; then the attempts are used up.
            connections[id]?.restUntil = now + seconds(1 << min(3, max(0, connection.attempts - 1)))
        case .unsendable(let reason):
            if connections[id] != nil { drop(id, reason) }
        }
        return settle(at: now)
    }

    /// A client was told that the service is at capacity.
    package mutating func turnedAway() {
        statistics.turnedAway += 1
    }

    // MARK: Handing off

    /// Gives waiting connections to workers, in order; a port whose handoffs are used up holds up no other.
    mutating func dispatchWaiting(at now: Int64) {
        guard !waiting.isEmpty else { return }
        var stay: [ConnectionID] = []
        var isExhausted = false
        for id in waiting {
            guard let connection = connections[id] else { continue }
            guard !isExhausted, unconfirmed[connection.listener] < limits.maxHandoffs, now >= connection.restUntil
            else {
                stay.append(id)
                continue
            }
            guard let index = choose(at: now, except: connection.decliners) else {
                isExhausted = connection.decliners.isEmpty
                stay.append(id)
                continue
            }
            handOff(id, to: index, at: now)
        }
        waiting = stay
    }

    private mutating func handOff(_ id: ConnectionID, to index: Int, at now: Int64) {
        workers[index].pending += 1
        workers[index].total += 1
        workers[index].peak = max(workers[index].peak, workers[index].load)
        let worker = workers[index].id
        if let place = connections.index(forKey: id) {
            unconfirmed[connections.values[place].listener] += 1
            connections.values[place].state = .pending(worker)
            connections.values[place].since = now
            connections.values[place].attempts += 1
        }
        statistics.handedOff += 1
        actions.append(.handOff(id, to: worker, expires: now + limits.deadlines.handoff / 5 * 4))
    }

    /// Among the available workers: not worn before worn, then the fewest connections, then the oldest.
    /// After a restart the workers of before are no choice while a newer one is starting or has room. A worker that
    /// declined the connection is none at all.
    private func choose(at now: Int64, except decliners: [WorkerID]) -> Int? {
        var best: Int?
        var bestRank = (Int.max, Int.max)
        var isNewerStarting = false
        for (index, worker) in workers.enumerated() {
            if worker.state == .starting, !worker.isObsolete { isNewerStarting = true }
            guard isAvailable(worker), decliners.isEmpty || !decliners.contains(worker.id) else { continue }
            let rank = (worker.isObsolete ? 2 : isWorn(worker, at: now) ? 1 : 0, worker.load)
            if rank < bestRank {
                best = index
                bestRank = rank
            }
        }
        return bestRank.0 == 2 && isNewerStarting ? nil : best
    }

    private mutating func enqueue(_ id: ConnectionID, at now: Int64) {
        guard let place = connections.index(forKey: id) else { return }
        connections.values[place].state = .waiting
        connections.values[place].since = now
        handoffs[connections.values[place].listener] += 1
        waiting.append(id)
    }

    private mutating func release(_ listener: Int) {
        handoffs[listener] -= 1
    }

    // MARK: Connections that do not arrive

    /// Takes an unconfirmed connection back from a worker, ahead of newer ones; gives it up after some attempts.
    mutating func move(_ id: ConnectionID, from worker: WorkerID, at now: Int64) {
        guard let connection = connections[id], connection.state == .pending(worker) else { return }
        if let index = index(of: worker) {
            workers[index].pending -= 1
            if workers[index].load == 0 { workers[index].idleSince = now }
        }
        unconfirmed[connection.listener] -= 1
        connections[id]?.state = .waiting
        connections[id]?.since = now
        let place = waiting.firstIndex { $0 > id } ?? waiting.count
        waiting.insert(id, at: place)
        statistics.moved += 1
        actions.append(.report(.connectionMoved(id, from: worker)))
        if connection.attempts >= PoolLimits.mostAttempts {
            drop(id, "\(connection.attempts) workers did not take it")
        }
    }

    /// Handoffs past their deadline move on, and the worker that did not answer drains.
    mutating func watchConnections(at now: Int64) {
        let late = connections.filter { entry in
            guard case .pending = entry.value.state else { return false }
            return now - entry.value.since >= limits.deadlines.handoff
        }
        for (id, connection) in late.sorted(by: { $0.key < $1.key }) {
            guard case .pending(let worker) = connection.state else { continue }
            stalled(worker, at: now)
            move(id, from: worker, at: now)
        }
    }

    /// Closes connections that no worker will take: none is there and none may be started, or they waited too long.
    mutating func dropHopeless(at now: Int64) {
        guard !waiting.isEmpty else { return }
        if isHeldDown, !workers.contains(where: { $0.isUsable }) {
            dropWaiting("the service is held down")
            return
        }
        for id in waiting {
            guard let connection = connections[id], now - connection.since >= limits.deadlines.waiting else { continue }
            drop(id, "no worker was free in time")
        }
    }

    mutating func dropWaiting(_ reason: String) {
        for id in waiting { drop(id, reason) }
    }

    mutating func drop(_ id: ConnectionID, _ reason: String) {
        guard let connection = forget(id) else { return }
        waiting.removeAll { $0 == id }
        release(connection.listener)
        statistics.dropped += 1
        actions.append(.close(id))
        actions.append(.report(.connectionDropped(id, reason)))
    }
}
