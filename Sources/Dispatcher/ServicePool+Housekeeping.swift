/// How many workers there are: starting, replacing, draining. Dispatcher specification, section 6.2.
extension ServicePool {
    /// Workers by state, counted in one pass: with a thousand of them nothing here may be quadratic.
    private struct Census {
        var running = 0
        var starting = 0
        var draining = 0
        var usable: Int { running + starting }

        init(_ workers: [PoolWorker]) {
            for worker in workers {
                switch worker.state {
                case .running: running += 1
                case .starting: starting += 1
                case .draining: draining += 1
                case .dying: break
                }
            }
        }
    }

    /// MAX_LIFE_TIME or MAX_LIFE_CONNS is reached. A mark, not a cap.
    func isWorn(_ worker: PoolWorker, at now: Int64) -> Bool {
        now - worker.born >= limits.maxLifeTime || worker.total >= limits.maxLifeConns
    }

    private func reasonToDrain(_ worker: PoolWorker, _ census: Census, at now: Int64) -> DrainReason? {
        guard worker.state == .running else { return nil }
        if worker.isObsolete { return .restart }
        if now - worker.born >= limits.maxLifeTime { return .lifeTime }
        if worker.total >= limits.maxLifeConns { return .lifeConnections }
        let isIdle = worker.load == 0 && now - worker.idleSince >= limits.maxIdleTime
        return isIdle && census.usable > limits.minProcs ? .idle : nil
    }

    /// Drains what is eligible as far as MAX_SHUTDOWN allows, then brings the pool to its size.
    mutating func housekeep(at now: Int64) {
        var census = Census(workers)
        if census.draining < limits.maxShutdown {
            let eligible = workers.filter { reasonToDrain($0, census, at: now) != nil }
            let idle = eligible.lazy.filter { $0.load == 0 }.map(\.id)
            let busy = eligible.lazy.filter { $0.load > 0 }.map(\.id)
            for id in Array(idle) + Array(busy) where census.draining < limits.maxShutdown {
                // Counts are taken afresh for each: the one before may have changed them.
                guard let index = index(of: id), let reason = reasonToDrain(workers[index], census, at: now) else {
                    continue
                }
                if reason != .idle, mustWait(workers[index], reason, &census, at: now) { continue }
                drain(index, reason, at: now)
                census = Census(workers)
            }
        }
        ensurePool(at: now)
    }

    /// True when a worn worker has to stay because its replacement is not ready; starts the replacement.
    private mutating func mustWait(
        _ worker: PoolWorker, _ reason: DrainReason, _ census: inout Census, at now: Int64
    ) -> Bool {
        guard census.running - 1 < limits.minProcs else { return false }
        if census.starting > 0 { return true }
        if workers.count < limits.maxProcs {
            // While starts fail or are forbidden, an old worker is better than none.
            if maySpawn(at: now) {
                spawn(at: now)
                census.starting += 1
            }
            return true
        }
        guard worker.load > 0 else { return false }
        return reason == .restart ? census.running == 1 && mayStillGetIdle(at: now) : true
    }

    /// A restart without a slot for a new worker (MIN_PROCS = MAX_PROCS) takes old ones away while another serves;
    /// otherwise it would never end under steady load. The last one is given a minute to get idle; after that new
    /// clients wait in the kernel's queue until its sessions are over. Dispatcher specification, section 8 rule 2.
    private mutating func mayStillGetIdle(at now: Int64) -> Bool {
        let began = restartBegan ?? now
        restartBegan = began
        return now - began < limits.deadlines.lastOfRestart
    }

    /// Starts workers: up to MIN_PROCS, one ahead of need when all are busy, one for a connection that waits.
    mutating func ensurePool(at now: Int64) {
        guard maySpawn(at: now) else { return }
        var usable = usableCount
        while usable < limits.minProcs, maySpawn(at: now) {
            spawn(at: now)
            usable += 1
        }
        guard maySpawn(at: now) else { return }
        var running = 0
        var newer = 0
        var areAllBusy = true
        var areNewerBusy = true
        for worker in workers {
            if worker.state == .starting { return }
            guard worker.state == .running else { continue }
            let isBusy = worker.load >= limits.minConns
            running += 1
            areAllBusy = areAllBusy && isBusy
            if !worker.isObsolete {
                newer += 1
                areNewerBusy = areNewerBusy && isBusy
            }
        }
        // After a restart only the newer workers say whether the pool is busy.
        let isBusy = running > 0 && (newer > 0 ? areNewerBusy : areAllBusy)
        let restartBegins = running > 0 && newer == 0
        if isBusy || restartBegins || doesSomeoneWait { spawn(at: now) }
    }

    /// A connection waits, and no worker is available that has not declined it.
    private var doesSomeoneWait: Bool {
        guard !waiting.isEmpty else { return false }
        guard workers.contains(where: isAvailable) else { return true }
        return waiting.contains { id in
            guard let decliners = connections[id]?.decliners, !decliners.isEmpty else { return false }
            return !workers.contains { isAvailable($0) && !decliners.contains($0.id) }
        }
    }

    mutating func drain(_ index: Int, _ reason: DrainReason, at now: Int64) {
        workers[index].state = .draining
        workers[index].idleSince = now
        actions.append(.drain(workers[index].id))
        actions.append(.report(.draining(workers[index].id, reason)))
    }
}
