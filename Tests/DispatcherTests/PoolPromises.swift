import ProcessPool

@testable import Dispatcher

/// The promises of a pool, checked against books of its own: it sees what is done to the pool and what the pool does,
/// in order, and trusts none of the pool's counts.
struct PoolPromises {
    struct Worker {
        let id: WorkerID
        let born: Int64
        var isReady = false
        /// Told to drain, or by its own decision.
        var isDraining = false
        /// Drains because the pool chose it, for one of the MAX_SHUTDOWN slots.
        var hasSlot = false
        /// Killed, or its control socket has ended.
        var isGone = false
        var isObsolete = false
        var load = 0
        var total = 0
    }

    enum Place: Equatable { case admission, waiting, pending(WorkerID), active(WorkerID) }

    struct Connection {
        var listener: Int
        var place = Place.admission
        var attempts = 0
        var since: Int64
        var decliners: [WorkerID] = []
        var isUnsendable = false
    }

    let limits: PoolLimits
    /// In order of creation. The number of processes that exist.
    private(set) var workers: [Worker] = []
    private(set) var open: [ConnectionID: Connection] = [:]
    private var unconfirmed = [0, 0]
    private var isServing = true
    private var isHeldDown = false
    /// The pause of a crash loop, and how many starts in a row had failed.
    private var notBefore: Int64 = 0
    private var failures = 0
    private var mustBackOff = false
    private(set) var broken: String?

    init(_ limits: PoolLimits) { self.limits = limits }

    mutating func fail(_ text: String) { if broken == nil { broken = text } }

    private func index(_ id: WorkerID) -> Int? { workers.firstIndex { $0.id == id } }

    private mutating func change(_ id: WorkerID, _ body: (inout Worker) -> Void) {
        if let index = index(id) { body(&workers[index]) }
    }

    // MARK: What is done to the pool

    mutating func accepted(_ id: ConnectionID, _ listener: Int, at now: Int64) {
        if open[id] != nil { fail("connection \(id) is there twice") }
        if open.count >= limits.maxProcs * limits.maxConns { fail("connection \(id) was accepted beyond the capacity") }
        open[id] = Connection(listener: listener, since: now)
    }

    mutating func admitted(_ id: ConnectionID, at now: Int64) {
        open[id]?.place = .waiting
        open[id]?.since = now
    }

    mutating func refused(_ id: ConnectionID) { open[id] = nil }

    mutating func isReady(_ id: WorkerID) { change(id) { $0.isReady = true } }

    mutating func confirmed(_ id: ConnectionID, by worker: WorkerID) {
        guard let connection = open[id], connection.place == .pending(worker) else {
            return fail("worker \(worker) took connection \(id), which it has no more")
        }
        unconfirmed[connection.listener] -= 1
        open[id]?.place = .active(worker)
    }

    mutating func finished(_ id: ConnectionID, by worker: WorkerID) {
        guard open[id]?.place == .active(worker) else { return fail("worker \(worker) ended connection \(id)") }
        open[id] = nil
        change(worker) { $0.load -= 1 }
    }

    mutating func declined(_ id: ConnectionID, by worker: WorkerID) { open[id]?.decliners.append(worker) }

    mutating func isUnsendable(_ id: ConnectionID) { open[id]?.isUnsendable = true }

    mutating func isGone(_ id: WorkerID) { change(id) { $0.isGone = true } }

    mutating func gaveNotice(_ id: WorkerID) {
        change(id) { $0.isDraining = true }
    }

    /// `counts`: a start that failed.
    mutating func ended(_ id: WorkerID, counts: Bool) {
        guard let index = index(id) else { return fail("worker \(id) ended twice") }
        workers.remove(at: index)
        // What it had confirmed ends with it, the rest goes on.
        open = open.filter { $0.value.place != .active(id) }
        mustBackOff = mustBackOff || (counts && isServing)
    }

    mutating func restarted() {
        for index in workers.indices where !workers[index].isDraining && !workers[index].isGone {
            workers[index].isObsolete = true
        }
        isHeldDown = false
        notBefore = 0
        failures = 0
    }

    mutating func stopped() { isServing = false }

    /// A client was told that the service is at capacity.
    mutating func turnedAway() {
        let hasRoom = workers.contains {
            $0.isReady && !$0.isDraining && !$0.isGone && $0.load < limits.maxConns
        }
        let isFull = open.count >= limits.maxProcs * limits.maxConns
        if hasRoom, !isFull { fail("a client was turned away from a free place") }
    }

    // MARK: What the pool does

    mutating func did(_ action: PoolAction, at now: Int64) {
        switch action {
        case .spawn(let id): spawned(id, at: now)
        case .handOff(let connection, let worker, let expires):
            if expires <= now || expires >= now + limits.deadlines.handoff { fail("connection \(connection) expires") }
            handedOff(connection, worker, at: now)
        case .drain(let id): change(id) { $0.isDraining = true }
        case .signal(let id, .kill): change(id) { $0.isGone = true }
        case .signal, .ping: break
        case .close(let id): closed(id, at: now)
        case .report(let fact): told(fact, at: now)
        }
    }

    private mutating func told(_ fact: PoolFact, at now: Int64) {
        switch fact {
        case .connectionMoved(let id, let worker):
            guard let connection = open[id], connection.place == .pending(worker) else {
                return fail("connection \(id) moves on from \(worker), which does not have it")
            }
            unconfirmed[connection.listener] -= 1
            open[id]?.place = .waiting
            open[id]?.since = now
            change(worker) { $0.load -= 1 }
        case .draining(let id, let reason):
            change(id) { $0.hasSlot = ![.stalled, .own, .stop].contains(reason) }
            checkSlots()
        case .cutOff(let id, _): change(id) { $0.isGone = true }
        case .backingOff(let count, let pause): backsOff(count, pause, at: now)
        case .heldDown: isHeldDown = true
        default: break
        }
    }

    private mutating func spawned(_ id: WorkerID, at now: Int64) {
        workers.append(Worker(id: id, born: now))
        if workers.count > limits.maxProcs { fail("\(workers.count) workers live, MAX_PROCS is \(limits.maxProcs)") }
        if !isServing || isHeldDown { fail("worker \(id) was started in a service that does not run") }
        if now < notBefore { fail("worker \(id) was started \(notBefore - now) ns before the end of the pause") }
    }

    /// The pauses are 1, 2, 4, … 60 seconds, longer with each failure until a start succeeds.
    private mutating func backsOff(_ count: Int, _ pause: Int64, at now: Int64) {
        mustBackOff = false
        // Workers that were started together fail once.
        if now < notBefore { return }
        if count != failures + 1, count != 1 { fail("failure \(count) follows failure \(failures)") }
        if pause != seconds(min(60, 1 << min(6, count - 1))) { fail("the pause of failure \(count) is \(pause) ns") }
        failures = count
        notBefore = now + pause
    }

    private mutating func handedOff(_ id: ConnectionID, _ chosen: WorkerID, at now: Int64) {
        guard let connection = open[id], connection.place == .waiting else {
            return fail("connection \(id) was handed off twice or after its end")
        }
        guard let worker = workers.first(where: { $0.id == chosen }) else { return fail("handed to no worker") }
        if !worker.isReady || worker.isDraining || worker.isGone { fail("handed to worker \(chosen), not running") }
        if worker.load >= limits.maxConns { fail("handed to worker \(chosen), which is full") }
        if connection.decliners.contains(chosen) { fail("worker \(chosen) got connection \(id), which it declined") }
        let best = best(for: connection, at: now)
        if best != chosen { fail("connection \(id) went to \(chosen), not to \(best.map(String.init) ?? "nobody")") }
        change(chosen) {
            $0.load += 1
            $0.total += 1
        }
        unconfirmed[connection.listener] += 1
        if unconfirmed[connection.listener] > limits.maxHandoffs { fail("more than MAX_HANDOFFS") }
        open[id]?.place = .pending(chosen)
        open[id]?.attempts += 1
    }

    /// The even spread of section 6.2: not worn before worn, the fewest connections, then the oldest; and workers from
    /// before a restart come last.
    private func best(for connection: Connection, at now: Int64) -> WorkerID? {
        var best: Worker?
        var bestRank = 0
        for worker in workers where worker.isReady && !worker.isDraining && !worker.isGone {
            guard worker.load < limits.maxConns, !connection.decliners.contains(worker.id) else { continue }
            let isWorn = now - worker.born >= limits.maxLifeTime || worker.total >= limits.maxLifeConns
            let rank = worker.isObsolete ? 2 : isWorn ? 1 : 0
            if let best, (bestRank, best.load) <= (rank, worker.load) { continue }
            best = worker
            bestRank = rank
        }
        return best?.id
    }

    private mutating func closed(_ id: ConnectionID, at now: Int64) {
        guard let connection = open.removeValue(forKey: id) else {
            return fail("connection \(id) closed after its end")
        }
        guard connection.place == .waiting else { return fail("connection \(id) closed while a worker has it") }
        let mayBe =
            !isServing || isHeldDown || connection.isUnsendable || connection.attempts >= PoolLimits.mostAttempts
            || now - connection.since >= limits.deadlines.waiting
        if !mayBe { fail("connection \(id) was lost") }
    }

    private mutating func checkSlots() {
        let count = workers.count { $0.hasSlot && $0.isDraining && !$0.isGone }
        if isServing, count > limits.maxShutdown { fail("\(count) workers drain") }
    }

    // MARK: What holds after every event

    mutating func check(_ pool: ServicePool, afterRound: Bool, at now: Int64) {
        if mustBackOff { fail("a failed start was not counted") }
        if pool.workers.count != workers.count { fail("\(pool.workers.count) workers counted, \(workers.count) there") }
        if pool.connections.count != open.count { fail("\(pool.connections.count) connections, \(open.count) there") }
        for (counted, there) in zip(pool.workers, workers) where counted.id != there.id || counted.load != there.load {
            fail("worker \(counted.id) holds \(counted.load), there are \(there.load) at \(there.id)")
        }
        let usable = workers.count { !$0.isDraining && !$0.isGone }
        let mayStart = isServing && !isHeldDown && workers.count < limits.maxProcs && now >= notBefore
        if usable < limits.minProcs, mayStart, afterRound { fail("only \(usable) workers after a round") }
        if afterRound, !open.isEmpty || !pool.clients.isEmpty {
            let clients = pool.clients.values.reduce(0, +)
            if clients != open.count { fail("\(clients) connections of clients, \(open.count) there") }
        }
    }

    /// Everything is over.
    mutating func checkEnd(_ pool: ServicePool) {
        if !pool.isFinished || !workers.isEmpty { fail("\(workers.count) workers did not end") }
        if !open.isEmpty { fail("\(open.count) connections were lost without a trace") }
        if pool.handoffs != [0, 0] || pool.unconfirmed != [0, 0] { fail("handoffs are left over") }
        let counts = pool.statistics
        if counts.accepted != counts.completed + counts.denied + counts.dropped + counts.lost {
            fail("connections are not accounted for")
        }
    }
}
