import ProcessPool
import SystemCalls

@testable import Dispatcher

/// One service with simulated workers that are slow, die, stall, decline, lose their socket and break the protocol, and
/// a system that runs short of things. Every event of the pool happens.
struct SimulatedService {
    struct Worker {
        let id: WorkerID
        let born: Int64
        var isReady = false
        var isStalled = false
        var mustExit = false
        var isKilled = false
        /// The pool was told that it broke the protocol, or lost its socket: that counted already, or is about to end.
        var isCutOff = false
        var hasLostControl = false
        var isPinged = false
        var hasGivenNotice = false
        var inbox: [ConnectionID] = []
        var sessions: [ConnectionID] = []
    }

    /// What happens in the order in which the pool decided it.
    private enum Step {
        case act(PoolAction)
        case note((inout PoolPromises) -> Void)
    }

    private var random: SeededGenerator
    private(set) var pool: ServicePool
    private(set) var promises: PoolPromises
    private var now: Int64 = seconds(1)
    private var nextTick: Int64 = seconds(2)
    private var workers: [Worker] = []
    private var admissions: [ConnectionID] = []
    private var isImageBroken = false
    private var isShort = false
    private let clients: [AdmissionClient?]

    init(seed: UInt64) {
        random = SeededGenerator(state: seed)
        var limits = PoolLimits()
        limits.minProcs = random.below(4)
        limits.maxProcs = 1 + random.below(8)
        limits.maxConns = 1 + random.below(8)
        limits.minConns = 1 + random.below(8)
        limits.maxShutdown = 1 + random.below(3)
        limits.maxHandoffs = 1 + random.below(5)
        limits.maxLifeConns = 1 + random.below(60)
        limits.maxLifeTime = seconds(20 + random.below(380))
        limits.maxIdleTime = seconds(1 + random.below(60))
        clients = (1...5).map { AdmissionClient(SocketAddress(host: "192.0.2.\($0)", port: 4000)) }
        pool = ServicePool(limits: limits, listeners: 2)
        promises = PoolPromises(pool.limits)
        run(pool.start(at: now))
    }

    mutating func step() {
        now += Int64(random.below(120_000_000))
        let isRound = now >= nextTick
        if isRound {
            nextTick = now + seconds(1)
            run(pool.tick(at: now))
            if random.chance(1) { isImageBroken.toggle() }
            isShort = random.chance(2)
        } else {
            randomEvent()
        }
        promises.check(pool, afterRound: isRound, at: now)
    }

    private mutating func randomEvent() {
        switch random.below(1000) {
        case 0..<400: connect()
        case 400..<500: decideAdmission()
        case 500..<980: workerMoves()
        case 980..<984: restart()
        default: if !workers.isEmpty { workers[random.below(workers.count)].isKilled = true }
        }
    }

    // MARK: Clients

    private mutating func connect() {
        let listener = random.below(2)
        guard pool.mayAccept(listener, at: now) else {
            if pool.turnsAway(at: now, busyAfter: seconds(3)) {
                promises.turnedAway()
                pool.turnedAway()
            }
            return
        }
        let id = pool.accepted(listener: listener, client: clients[random.below(clients.count)], at: now)
        promises.accepted(id, listener, at: now)
        if random.chance(30) { return admissions.append(id) }
        promises.admitted(id, at: now)
        run(pool.admitted(id, at: now))
    }

    private mutating func decideAdmission() {
        if random.chance(5), let id = pool.waiting.first {
            // It ended while it waited for a worker.
            promises.refused(id)
            return run(pool.refused(id, .spokeFirst, at: now))
        }
        guard !admissions.isEmpty else { return }
        let id = admissions.remove(at: random.below(admissions.count))
        if random.chance(20) {
            promises.refused(id)
            run(pool.refused(id, at: now))
        } else {
            promises.admitted(id, at: now)
            run(pool.admitted(id, at: now))
        }
    }

    private mutating func restart() {
        promises.restarted()
        run(pool.restart(at: now))
    }

    // MARK: Workers

    /// One worker does one thing that it has to do, or something wrong.
    private mutating func workerMoves() {
        guard !workers.isEmpty else { return }
        let index = random.below(workers.count)
        let worker = workers[index]
        if worker.isKilled || worker.hasLostControl { return end(index, .signalled(9)) }
        if worker.isStalled {
            if random.chance(3) { workers[index].isStalled = false }
            return
        }
        if !worker.isReady { return getReady(index) }
        if random.below(1000) < 15 { return misbehave(index) }
        if worker.isPinged {
            workers[index].isPinged = false
            run(pool.answered(worker.id, at: now))
        } else if !worker.inbox.isEmpty {
            take(index)
        } else if !worker.sessions.isEmpty {
            let session = workers[index].sessions.remove(at: random.below(worker.sessions.count))
            promises.finished(session, by: worker.id)
            run(pool.done(session, by: worker.id, at: now))
        } else if worker.mustExit {
            end(index, .orderly)
        }
    }

    private mutating func misbehave(_ index: Int) {
        let id = workers[index].id
        switch random.below(10) {
        case 0..<6: workers[index].isStalled = true
        case 6:
            // SIGTERM; now and then it says so twice, which is a breach.
            let isBreach = workers[index].hasGivenNotice
            workers[index].hasGivenNotice = true
            workers[index].mustExit = true
            if isBreach { workers[index].isCutOff = true } else { promises.gaveNotice(id) }
            run(pool.wishesToDrain(id, at: now))
        case 7:
            workers[index].isCutOff = true
            promises.isGone(id)
            run(pool.cutOff(id, "garbage", at: now))
        case 8:
            workers[index].isCutOff = true
            promises.isGone(id)
            run(pool.confirmed(ConnectionID(Int.max), by: id, at: now))
        default: loseControl(index)
        }
    }

    private mutating func loseControl(_ index: Int) {
        let id = workers[index].id
        workers[index].hasLostControl = true
        if pool.worker(id)?.state != .draining { promises.isGone(id) }
        run(pool.controlLost(id, at: now))
    }

    private mutating func getReady(_ index: Int) {
        if isImageBroken {
            end(
                index, random.chance(5) ? .configurationError : random.chance(50) ? .failed(code: 1) : .temporaryFailure
            )
        } else {
            workers[index].isReady = true
            promises.isReady(workers[index].id)
            run(pool.ready(workers[index].id, at: now))
        }
    }

    private mutating func take(_ index: Int) {
        let id = workers[index].id
        let connection = workers[index].inbox.removeFirst()
        // A worker never takes a connection after `expires`; the model is the deadline of the pool itself.
        guard let held = pool.connections[connection], held.state == .pending(id), !workers[index].hasGivenNotice,
            now - held.since < pool.limits.deadlines.handoff
        else { return }
        if random.chance(3) {
            promises.declined(connection, by: id)
            return run(pool.done(connection, by: id, at: now))
        }
        workers[index].sessions.append(connection)
        promises.confirmed(connection, by: id)
        run(pool.confirmed(connection, by: id, at: now))
    }

    private mutating func end(_ index: Int, _ ending: ProcessEnding) {
        let worker = workers.remove(at: index)
        let isOrderly = ending == .orderly && pool.worker(worker.id)?.state == .draining
        let isEarly = !worker.isReady || now - worker.born < seconds(2)
        let counts = !worker.isCutOff && !isOrderly && ending != .configurationError && isEarly
        promises.ended(worker.id, counts: counts)
        run(pool.ended(worker.id, ending, at: now))
    }

    // MARK: The shell

    /// As the shell does it: what an action brings about comes after the actions that were decided before.
    private mutating func run(_ actions: [PoolAction]) {
        var queue = actions.map(Step.act)
        var next = 0
        while next < queue.count {
            let step = queue[next]
            next += 1
            switch step {
            case .note(let body): body(&promises)
            case .act(let action):
                promises.did(action, at: now)
                queue.append(contentsOf: perform(action))
            }
        }
    }

    private mutating func perform(_ action: PoolAction) -> [Step] {
        switch action {
        case .spawn(let id):
            guard isImageBroken, random.chance(30) else {
                workers.append(Worker(id: id, born: now))
                return []
            }
            let actions = pool.spawnFailed(id, at: now)
            return [.note { $0.ended(id, counts: true) }] + actions.map(Step.act)
        case .handOff(let connection, let id, _): return send(connection, id)
        case .drain(let id): change(id) { $0.mustExit = true }
        case .ping(let id): change(id) { $0.isPinged = true }
        case .signal(let id, .kill):
            change(id) {
                $0.isKilled = true
                $0.isCutOff = true
            }
        case .signal(let id, _): change(id) { $0.mustExit = true }
        case .close, .report: break
        }
        return []
    }

    /// `CONN`, which may fail on either side.
    private mutating func send(_ connection: ConnectionID, _ id: WorkerID) -> [Step] {
        guard let index = workers.firstIndex(where: { $0.id == id }) else {
            return failed(connection, id, .workerGone) { $0.isGone(id) }
        }
        if workers[index].hasLostControl { return failed(connection, id, .workerGone) { $0.isGone(id) } }
        if isShort { return failed(connection, id, .shortage("no descriptor is left")) { _ in } }
        switch random.below(2000) {
        case 0:
            workers[index].hasLostControl = true
            return failed(connection, id, .workerGone) { $0.isGone(id) }
        case 1: return failed(connection, id, .workerStuck("it does not read")) { $0.isGone(id) }
        case 2: return failed(connection, id, .unsendable("too long")) { $0.isUnsendable(connection) }
        default:
            workers[index].inbox.append(connection)
            return []
        }
    }

    private mutating func failed(
        _ connection: ConnectionID, _ id: WorkerID, _ failure: HandoffFailure,
        _ note: @escaping (inout PoolPromises) -> Void
    ) -> [Step] {
        [.note(note)] + pool.handoffFailed(connection, to: id, failure, at: now).map(Step.act)
    }

    private mutating func change(_ id: WorkerID, _ body: (inout Worker) -> Void) {
        if let index = workers.firstIndex(where: { $0.id == id }) { body(&workers[index]) }
    }

    // MARK: The end

    /// The service stops or is aborted; open sessions finish, and nothing may be left over.
    mutating func finish() {
        for id in admissions {
            promises.admitted(id, at: now)
            run(pool.admitted(id, at: now))
        }
        admissions = []
        promises.stopped()
        run(random.chance(50) ? pool.stop(at: now) : pool.abort(at: now))
        for _ in 0..<50_000 where !pool.isFinished {
            now += 50_000_000
            if now >= nextTick {
                nextTick = now + seconds(1)
                run(pool.tick(at: now))
            }
            for index in workers.indices { workers[index].isStalled = false }
            workerMoves()
        }
        promises.checkEnd(pool)
    }
}
