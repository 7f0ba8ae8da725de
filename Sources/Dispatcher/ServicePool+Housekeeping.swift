/// How many workers there are: starting, replacing, draining. Dispatcher specification, section 6.2.
extension ServicePool {
    /// MAX_LIFE_TIME or MAX_LIFE_CONNS is reached. A mark, not a cap.
    func isWorn(_ worker: PoolWorker, at now: Int64) -> Bool {
        now - worker.born >= limits.maxLifeTime || worker.total >= limits.maxLifeConns
    }

    private func isIdle(_ worker: PoolWorker, at now: Int64) -> Bool {
        worker.load == 0 && now - worker.idleSince >= limits.maxIdleTime && usableCount > limits.minProcs
    }

    private func reasonToDrain(_ worker: PoolWorker, at now: Int64) -> DrainReason? {
        guard worker.state == .running else { return nil }
        if worker.isObsolete { return .restart }
        if now - worker.born >= limits.maxLifeTime { return .lifeTime }
        if worker.total >= limits.maxLifeConns { return .lifeConnections }
        return isIdle(worker, at: now) ? .idle : nil
    }

    /// Drains what is eligible as far as MAX_SHUTDOWN allows, then brings the pool to its size.
    mutating func housekeep(at now: Int64) {
        var draining = workers.count { $0.state == .draining }
        if draining < limits.maxShutdown, workers.contains(where: { reasonToDrain($0, at: now) != nil }) {
            let idle = workers.filter { $0.load == 0 }.map(\.id)
            let busy = workers.filter { $0.load > 0 }.map(\.id)
            for id in idle + busy where draining < limits.maxShutdown {
                // Counts are taken afresh for each: the one before may have changed them.
                guard let index = index(of: id), let reason = reasonToDrain(workers[index], at: now) else { continue }
                if reason != .idle, mustWait(workers[index], at: now) { continue }
                drain(index, reason, at: now)
                draining += 1
            }
        }
        ensurePool(at: now)
    }

    /// True when a worn worker has to stay because its replacement is not ready; starts the replacement.
    private mutating func mustWait(_ worker: PoolWorker, at now: Int64) -> Bool {
        let others = workers.count { $0.state == .running && $0.id != worker.id }
        guard others < limits.minProcs else { return false }
        if workers.contains(where: { $0.state == .starting }) { return true }
        if workers.count < limits.maxProcs {
            // While starts fail or are forbidden, an old worker is better than none.
            if maySpawn(at: now) { spawn(at: now) }
            return true
        }
        return worker.load > 0
    }

    /// Starts workers: up to MIN_PROCS, one ahead of need when all are busy, one for a connection that waits.
    mutating func ensurePool(at now: Int64) {
        while usableCount < limits.minProcs, maySpawn(at: now) { spawn(at: now) }
        guard maySpawn(at: now) else { return }
        var running = 0
        var newer = 0
        var areAllBusy = true
        var areNewerBusy = true
        var isAnyAvailable = false
        for worker in workers {
            if worker.state == .starting { return }
            guard worker.state == .running else { continue }
            let isBusy = worker.load >= limits.minConns
            running += 1
            areAllBusy = areAllBusy && isBusy
            isAnyAvailable = isAnyAvailable || isAvailable(worker)
            if !worker.isObsolete {
                newer += 1
                areNewerBusy = areNewerBusy && isBusy
            }
        }
        // After a restart only the newer workers say whether the pool is busy.
        let isBusy = running > 0 && (newer > 0 ? areNewerBusy : areAllBusy)
        let someoneWaits = !waiting.isEmpty && !isAnyAvailable
        let restartBegins = running > 0 && newer == 0
        if isBusy || someoneWaits || restartBegins { spawn(at: now) }
    }

    mutating func drain(_ index: Int, _ reason: DrainReason, at now: Int64) {
        workers[index].state = .draining
        workers[index].idleSince = now
        actions.append(.drain(workers[index].id))
        actions.append(.report(.draining(workers[index].id, reason)))
    }
}
