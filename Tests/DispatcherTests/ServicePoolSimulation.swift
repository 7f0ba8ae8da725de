import Glibc
import ProcessPool
import SystemCalls
import Testing

@testable import Dispatcher

/// Random pools with random workers and clients, from a seed. After every event the promises of the dispatcher
/// specification, sections 6.1 and 6.2, are checked. `MARTLET_SIMULATION_EVENTS` asks for more events.
@Suite struct ServicePoolSimulation {
    static var eventsPerSeed: Int {
        guard let text = getenv("MARTLET_SIMULATION_EVENTS"), let count = Int(String(cString: text)) else {
            return 10_000
        }
        return max(1000, count / 24)
    }

    @Test(arguments: UInt64(1)...24)
    func promisesHold(seed: UInt64) {
        var world = SimulatedService(seed: seed)
        for step in 0..<Self.eventsPerSeed {
            world.step()
            if let broken = world.broken {
                Issue.record("seed \(seed), event \(step): \(broken)")
                return
            }
        }
        world.finish()
        if let broken = world.broken { Issue.record("seed \(seed), at the end: \(broken)") }
        // The rare ways were taken too.
        let statistics = world.pool.statistics
        #expect(world.served > 0 && statistics.moved > 0 && statistics.lost > 0 && statistics.failedStarts > 0)
    }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// One service with simulated workers that are slow, die, stall, decline and break the protocol.
struct SimulatedService {
    struct Worker {
        var isReady = false
        var isStalled = false
        var mustExit = false
        var isKilled = false
        var pinged = false
        var inbox: [ConnectionID] = []
        var sessions: [ConnectionID] = []
    }

    /// Where a client's connection ended.
    enum Fate { case open, served, lostWithWorker, dropped, denied }

    var random: SeededGenerator
    var pool: ServicePool
    var now: Int64 = seconds(1)
    var nextTick: Int64 = seconds(2)
    var workers: [WorkerID: Worker] = [:]
    var fates: [ConnectionID: Fate] = [:]
    var admissions: [ConnectionID] = []
    var isImageBroken = false
    var missingSince: Int64?
    var broken: String?
    var served: Int { fates.values.count { $0 == .served } }

    init(seed: UInt64) {
        random = SeededGenerator(state: seed)
        var limits = PoolLimits()
        limits.minProcs = Int.random(in: 0...3, using: &random)
        limits.maxProcs = Int.random(in: 1...8, using: &random)
        limits.maxConns = Int.random(in: 1...8, using: &random)
        limits.minConns = Int.random(in: 1...8, using: &random)
        limits.maxShutdown = Int.random(in: 1...3, using: &random)
        limits.maxHandoffs = Int.random(in: 1...5, using: &random)
        limits.maxLifeConns = Int.random(in: 1...60, using: &random)
        limits.maxLifeTime = seconds(Int.random(in: 20...400, using: &random))
        limits.maxIdleTime = seconds(Int.random(in: 1...60, using: &random))
        pool = ServicePool(limits: limits, listeners: 2)
        run(pool.start(at: now))
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func fail(_ text: String) { if broken == nil { broken = text } }

    mutating func step() {
        now += Int64.random(in: 0...120_000_000, using: &random)
        if now >= nextTick {
            nextTick = now + seconds(1)
            run(pool.tick(at: now))
            if chance(1) { isImageBroken.toggle() }
        } else {
            randomEvent()
        }
        check()
    }

    private mutating func randomEvent() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40: connect()
        case 40..<50: decideAdmission()
        case 50..<98: workerMoves()
        case 98: run(pool.restart(at: now))
        default: killOne()
        }
    }

    private mutating func connect() {
        let listener = Int.random(in: 0...1, using: &random)
        guard pool.mayAccept(listener, at: now) else { return }
        let host = "192.0.2.\(Int.random(in: 1...5, using: &random))"
        let client = AdmissionClient(SocketAddress(host: host, port: 4000))
        let id = pool.accepted(listener: listener, client: client, at: now)
        fates[id] = .open
        if chance(30) { return admissions.append(id) }
        let best = pool.waiting.isEmpty ? expectedChoice() : nil
        let actions = pool.admitted(id, at: now)
        if let best, case .handOff(id, let worker, _)? = actions.first, worker != best {
            fail("connection \(id) went to worker \(worker), not to \(best)")
        }
        run(actions)
    }

    /// The even spread of section 6.2, written down a second time: not worn, fewest connections, oldest.
    private func expectedChoice() -> WorkerID? {
        func rank(_ worker: PoolWorker) -> [Int] {
            let isWorn = now - worker.born >= pool.limits.maxLifeTime || worker.total >= pool.limits.maxLifeConns
            return [worker.isObsolete ? 2 : isWorn ? 1 : 0, worker.active + worker.pending, worker.id.number]
        }
        let available = pool.workers.filter { $0.state == .running && $0.active + $0.pending < pool.limits.maxConns }
        return available.min { rank($0).lexicographicallyPrecedes(rank($1)) }?.id
    }

    private mutating func decideAdmission() {
        guard let index = admissions.indices.randomElement(using: &random) else { return }
        let id = admissions.remove(at: index)
        if chance(20) {
            fates[id] = .denied
            run(pool.refused(id, at: now))
        } else {
            run(pool.admitted(id, at: now))
        }
    }

    private mutating func killOne() {
        guard let id = workers.keys.sorted().randomElement(using: &random) else { return }
        workers[id]?.isKilled = true
    }

    /// One worker does one thing that it has to do, or something wrong.
    private mutating func workerMoves() {
        guard let id = workers.keys.sorted().randomElement(using: &random), let worker = workers[id] else { return }
        if worker.isKilled { return end(id, .signalled(9)) }
        if worker.isStalled {
            if chance(3) { workers[id]?.isStalled = false }
            return
        }
        if !worker.isReady { return getReady(id) }
        if chance(1) {
            workers[id]?.isStalled = true
        } else if worker.pinged {
            workers[id]?.pinged = false
            run(pool.answered(id, at: now))
        } else if let next = worker.inbox.first {
            take(next, id)
        } else if !worker.sessions.isEmpty {
            finishSession(id)
        } else if worker.mustExit {
            end(id, .orderly)
        }
    }

    private mutating func getReady(_ id: WorkerID) {
        if isImageBroken {
            end(id, chance(5) ? .configurationError : chance(50) ? .failed(code: 1) : .temporaryFailure)
        } else {
            workers[id]?.isReady = true
            run(pool.ready(id, at: now))
        }
    }

    private mutating func take(_ connection: ConnectionID, _ id: WorkerID) {
        workers[id]?.inbox.removeFirst()
        // A worker never takes a connection after `expires`; the model is the deadline of the pool itself.
        guard let held = pool.connections[connection], held.state == .pending(id),
            now - held.since < pool.limits.deadlines.handoff
        else { return }
        if chance(2) { return run(pool.done(connection, by: id, at: now)) }
        workers[id]?.sessions.append(connection)
        run(pool.confirmed(connection, by: id, at: now))
    }

    private mutating func finishSession(_ id: WorkerID) {
        guard let sessions = workers[id]?.sessions,
            let index = sessions.indices.randomElement(using: &random)
        else { return }
        workers[id]?.sessions.remove(at: index)
        fates[sessions[index]] = .served
        run(pool.done(sessions[index], by: id, at: now))
    }

    private mutating func end(_ id: WorkerID, _ ending: ProcessEnding) {
        for connection in workers[id]?.sessions ?? [] { fates[connection] = .lostWithWorker }
        workers[id] = nil
        run(pool.ended(id, ending, at: now))
    }

    private mutating func run(_ actions: [PoolAction]) {
        for action in actions {
            switch action {
            case .spawn(let id):
                workers[id] = Worker()
                if isImageBroken, chance(30) {
                    workers[id] = nil
                    run(pool.spawnFailed(id, at: now))
                }
            case .handOff(let connection, let id, _): receive(connection, id)
            case .drain(let id): workers[id]?.mustExit = true
            case .ping(let id): workers[id]?.pinged = true
            case .signal(let id, .kill): workers[id]?.isKilled = true
            case .signal: break
            case .close(let connection):
                if fates[connection] != .open { fail("connection \(connection) closed after its end") }
                fates[connection] = .dropped
            case .report: break
            }
        }
    }

    private mutating func receive(_ connection: ConnectionID, _ id: WorkerID) {
        if fates[connection] != .open { fail("connection \(connection) handed off after its end") }
        if workers.values.contains(where: { $0.sessions.contains(connection) }) {
            fail("connection \(connection) handed to a second worker")
        }
        guard let worker = pool.worker(id), workers[id] != nil else { return fail("handed to no worker") }
        if worker.readyAt == nil { fail("handed to worker \(id) before it is ready") }
        if workers[id]?.mustExit == true { fail("handed to the draining worker \(id)") }
        workers[id]?.inbox.append(connection)
    }

    // MARK: Promises

    private mutating func check() {
        if pool.clients.values.reduce(0, +) != pool.connections.count {
            fail("\(pool.clients) is not the sum of \(pool.connections.count) connections")
        }
        let limits = pool.limits
        let draining = pool.workers.count { $0.state == .draining && $0.stalledSince == nil }
        if pool.workers.count > limits.maxProcs { fail("\(pool.workers.count) workers live") }
        if draining > limits.maxShutdown { fail("\(draining) workers drain") }
        for worker in pool.workers {
            if worker.load > limits.maxConns { fail("worker \(worker.id) holds \(worker.load)") }
            if worker.active < 0 || worker.pending < 0 { fail("worker \(worker.id) has negative counts") }
        }
        if pool.connections.count > limits.capacity { fail("\(pool.connections.count) connections") }
        for listener in 0...1 {
            if pool.unconfirmed[listener] > limits.maxHandoffs { fail("\(pool.unconfirmed[listener]) handoffs") }
            if pool.unconfirmed[listener] < 0 { fail("negative handoffs") }
        }
        if pool.connections.count != pool.statistics.accepted - pool.statistics.completed
            - pool.statistics.denied - pool.statistics.dropped - pool.statistics.lost
        {
            fail("connections are not accounted for")
        }
        checkUsable()
    }

    /// MIN_PROCS usable workers within two housekeeping rounds, unless there is no slot, or starts are forbidden.
    private mutating func checkUsable() {
        let isBelow = pool.usableCount < pool.limits.minProcs && pool.maySpawn(at: now)
        if !isBelow {
            missingSince = nil
        } else if let since = missingSince {
            if now - since > seconds(2) { fail("too few workers since \(since)") }
        } else {
            missingSince = now
        }
    }

    /// Everything ends: open sessions finish, and nothing may be left over.
    mutating func finish() {
        for id in admissions { run(pool.admitted(id, at: now)) }
        run(pool.stop(at: now))
        for _ in 0..<20_000 where !pool.isFinished {
            now += 50_000_000
            if now >= nextTick {
                nextTick = now + seconds(1)
                run(pool.tick(at: now))
            }
            for id in workers.keys.sorted() { workers[id]?.isStalled = false }
            workerMoves()
        }
        if !pool.isFinished { fail("\(pool.workers.count) workers did not end") }
        let open = fates.filter { $0.value == .open }
        if !open.isEmpty { fail("\(open.count) connections were lost without a trace") }
        if pool.handoffs != [0, 0] || pool.unconfirmed != [0, 0] { fail("handoffs are left over") }
    }
}
