import ProcessPool
import Testing

@testable import Dispatcher

/// The worked examples P1 to P10 of the dispatcher specification, section 15, and rules of section 6.2.
@Suite struct ServicePoolTests {
    /// Runs a pool with workers that get ready when told so, and remembers what was handed where.
    final class Bench {
        var pool: ServicePool
        var now: Int64 = seconds(1000)
        var starting: [WorkerID] = []
        var drained: [WorkerID] = []
        var killed: [WorkerID] = []
        var closed: [ConnectionID] = []
        var facts: [PoolFact] = []
        var handed: [(connection: ConnectionID, worker: WorkerID)] = []
        /// Confirm handoffs at once.
        var confirms = true

        init(listeners: Int = 1, _ change: (inout PoolLimits) -> Void = { _ in }) {
            var limits = PoolLimits()
            limits.minProcs = 1
            limits.maxProcs = 3
            limits.minConns = 2
            limits.maxConns = 4
            change(&limits)
            pool = ServicePool(limits: limits, listeners: listeners)
            run(pool.start(at: now))
        }

        func run(_ actions: [PoolAction]) {
            for action in actions {
                switch action {
                case .spawn(let id): starting.append(id)
                case .handOff(let connection, let worker, _):
                    handed.append((connection, worker))
                    if confirms { run(pool.confirmed(connection, by: worker, at: now)) }
                case .drain(let id): drained.append(id)
                case .ping(let id): run(pool.answered(id, at: now))
                case .signal(let id, .kill): killed.append(id)
                case .signal: break
                case .close(let id): closed.append(id)
                case .report(let fact): facts.append(fact)
                }
            }
        }

        func readyAll() {
            let ids = starting
            starting = []
            for id in ids { run(pool.ready(id, at: now)) }
        }

        /// Accepts and admits one connection; nil when the pool does not accept.
        @discardableResult
        func connect(listener: Int = 0) -> ConnectionID? {
            guard pool.mayAccept(listener, at: now) else { return nil }
            let id = pool.accepted(listener: listener, at: now)
            run(pool.admitted(id, at: now))
            return id
        }

        func close(_ id: ConnectionID) {
            guard case .active(let worker)? = pool.connections[id]?.state else { return }
            run(pool.done(id, by: worker, at: now))
        }

        func end(_ id: WorkerID, _ ending: ProcessEnding = .orderly) {
            run(pool.ended(id, ending, at: now))
        }

        /// Lets time pass in steps of a second; workers that were told to drain and are empty exit.
        func pass(_ count: Int, readying: Bool = true) {
            for _ in 0..<count {
                now += seconds(1)
                run(pool.tick(at: now))
                if readying { readyAll() }
                for worker in pool.workers where worker.state == .draining && worker.load == 0 { end(worker.id) }
            }
        }

        func worker(of id: ConnectionID?) -> Int? { handed.last { $0.connection == id }?.worker.number }
        var states: [PoolWorker.State] { pool.workers.map(\.state) }
        var loads: [Int] { pool.workers.map(\.load) }
    }

    @Test func p1StartsMinProcs() {
        let bench = Bench()
        #expect(bench.starting == [WorkerID(1)])
    }

    @Test func p2StartsAnotherWhenAllAreBusy() {
        let bench = Bench()
        bench.readyAll()
        bench.connect()
        #expect(bench.starting.isEmpty)
        bench.connect()
        #expect(bench.loads == [2, 0])
        #expect(bench.starting == [WorkerID(2)])
    }

    @Test func p3TakesTheOneWithTheFewest() {
        let bench = Bench()
        bench.readyAll()
        bench.connect()
        bench.connect()
        bench.readyAll()
        #expect(bench.worker(of: bench.connect()) == 2)
    }

    @Test func p4And5FillsEvenlyAndThenWaits() throws {
        let bench = Bench()
        bench.readyAll()
        var open: [ConnectionID] = []
        for _ in 0..<12 {
            open.append(try #require(bench.connect()))
            bench.readyAll()
        }
        #expect(bench.loads == [4, 4, 4])
        #expect(bench.connect() == nil)
        #expect(bench.pool.liveCount == 3)
        #expect(bench.facts.contains(.capacityReached(12)))
        bench.close(open[5])
        #expect(bench.facts.contains(.capacityLeft))
        #expect(bench.connect() != nil)
        #expect(bench.connect() == nil)
    }

    @Test func p6KeepsMinProcsWhenIdle() {
        let bench = Bench()
        bench.pass(2000)
        #expect(bench.drained.isEmpty)
        #expect(bench.states == [.running])
    }

    @Test func p7DrainsIdleOnesOneAfterTheOther() throws {
        let bench = Bench { $0.maxShutdown = 1 }
        bench.readyAll()
        var open: [ConnectionID] = []
        for _ in 0..<12 {
            open.append(try #require(bench.connect()))
            bench.readyAll()
        }
        for id in open { bench.close(id) }
        bench.now += seconds(600)
        bench.run(bench.pool.tick(at: bench.now))
        #expect(bench.states == [.draining, .running, .running])
        bench.end(WorkerID(1))
        #expect(bench.states == [.draining, .running])
        bench.end(WorkerID(2))
        bench.pass(1000)
        #expect(bench.states == [.running])
    }

    @Test func p8ReplacesAnOldWorkerBeforeItDrains() throws {
        let bench = Bench()
        bench.readyAll()
        let session = try #require(bench.connect())
        bench.now += seconds(86_400)
        bench.run(bench.pool.tick(at: bench.now))
        #expect(bench.states == [.running, .starting])
        #expect(bench.drained.isEmpty)
        bench.readyAll()
        #expect(bench.states == [.draining, .running])
        #expect(bench.worker(of: bench.connect()) == 2)
        bench.close(session)
        bench.end(WorkerID(1))
        #expect(bench.states == [.running])
    }

    @Test(arguments: [false, true])
    func p9ReplacesAWorkerThatServedMaxLifeConns(comesEarly: Bool) throws {
        let bench = Bench {
            $0.maxLifeConns = 3
            $0.minConns = 3
        }
        bench.readyAll()
        for _ in 0..<3 { _ = try #require(bench.connect()) }
        #expect(bench.states == [.running, .starting])
        if comesEarly { #expect(bench.worker(of: bench.connect()) == 1) }
        bench.readyAll()
        #expect(bench.states == [.draining, .running])
        #expect(bench.worker(of: bench.connect()) == 2)
    }

    @Test func p10WithoutASlotTheOldWorkerServesOn() throws {
        let bench = Bench {
            $0.maxLifeConns = 3
            $0.minConns = 3
            $0.maxProcs = 1
        }
        bench.readyAll()
        var open: [ConnectionID] = []
        for _ in 0..<3 { open.append(try #require(bench.connect())) }
        open.append(try #require(bench.connect()))
        #expect(bench.worker(of: open[3]) == 1)
        #expect(bench.states == [.running])
        for id in open { bench.close(id) }
        #expect(bench.states == [.draining])
        bench.end(WorkerID(1))
        #expect(bench.states == [.starting])
        #expect(bench.starting == [WorkerID(2)])
    }

    @Test func poolOfZeroStartsForAConnection() throws {
        let bench = Bench { $0.minProcs = 0 }
        #expect(bench.starting.isEmpty)
        let first = try #require(bench.connect())
        #expect(bench.starting == [WorkerID(1)])
        #expect(bench.handed.isEmpty)
        bench.readyAll()
        #expect(bench.worker(of: first) == 1)
        bench.close(first)
        bench.pass(700)
        #expect(bench.pool.workers.isEmpty)
    }

    @Test func maxHandoffsCountsPerPort() {
        let bench = Bench(listeners: 2) { $0.maxConns = 50 }
        bench.confirms = false
        bench.readyAll()
        for _ in 0..<5 { #expect(bench.connect(listener: 0) != nil) }
        #expect(bench.connect(listener: 0) == nil)
        #expect(bench.connect(listener: 1) != nil)
        bench.run(bench.pool.confirmed(ConnectionID(1), by: WorkerID(1), at: bench.now))
        #expect(bench.connect(listener: 0) != nil)
    }

    @Test func deadWorkersUnconfirmedConnectionsMove() throws {
        let bench = Bench { $0.minProcs = 2 }
        bench.readyAll()
        bench.confirms = false
        let first = try #require(bench.connect())
        #expect(bench.worker(of: first) == 1)
        bench.pass(5)
        bench.end(WorkerID(1), .signalled(9))
        #expect(bench.worker(of: first) == 2)
        #expect(bench.starting == [WorkerID(3)])
        #expect(bench.pool.statistics.moved == 1)
    }

    @Test func stalledWorkerDrainsAndIsKilledWhenItStaysSilent() throws {
        let bench = Bench { $0.minProcs = 2 }
        bench.readyAll()
        bench.confirms = false
        let first = try #require(bench.connect())
        bench.now += seconds(10)
        bench.run(bench.pool.tick(at: bench.now))
        #expect(bench.drained == [WorkerID(1)])
        #expect(bench.worker(of: first) == 2)
        bench.now += seconds(60)
        bench.run(bench.pool.tick(at: bench.now))
        #expect(bench.killed.contains(WorkerID(1)))
    }

    @Test func lateConfirmationEndsTheWorker() throws {
        let bench = Bench { $0.minProcs = 2 }
        bench.readyAll()
        bench.confirms = false
        let first = try #require(bench.connect())
        bench.now += seconds(10)
        bench.run(bench.pool.tick(at: bench.now))
        bench.run(bench.pool.confirmed(first, by: WorkerID(1), at: bench.now))
        #expect(bench.killed == [WorkerID(1)])
        bench.run(bench.pool.confirmed(first, by: WorkerID(2), at: bench.now))
        #expect(bench.pool.connections[first]?.state == .active(WorkerID(2)))
    }

    @Test func quickExitsBackOff() {
        let bench = Bench()
        var starts: [Int64] = []
        for _ in 0..<200 {
            for id in bench.starting {
                starts.append(bench.now / 1_000_000_000 - 1000)
                bench.run(bench.pool.ended(id, .failed(code: 1), at: bench.now))
            }
            bench.starting = []
            bench.now += seconds(1)
            bench.run(bench.pool.tick(at: bench.now))
        }
        #expect(starts == [0, 1, 3, 7, 15, 31, 63, 123, 183])
    }

    @Test func notReadyInTimeIsKilledAndCountsAsFailure() {
        let bench = Bench()
        bench.pass(30, readying: false)
        #expect(bench.killed == [WorkerID(1)])
        #expect(!bench.pool.mayAccept(0, at: bench.now))
        bench.end(WorkerID(1), .signalled(9))
        #expect(bench.pool.workers.isEmpty)
        bench.pass(1, readying: false)
        #expect(bench.states == [.starting])
    }

    @Test func configurationErrorHoldsTheServiceDownUntilRestart() {
        let bench = Bench()
        bench.end(WorkerID(1), .configurationError)
        bench.pass(500)
        #expect(bench.pool.workers.isEmpty)
        #expect(!bench.pool.mayAccept(0, at: bench.now))
        bench.run(bench.pool.restart(at: bench.now))
        bench.readyAll()
        #expect(bench.states == [.running])
    }

    @Test func configurationErrorAfterRestartLeavesTheOldWorkers() {
        let bench = Bench()
        bench.readyAll()
        bench.run(bench.pool.restart(at: bench.now))
        #expect(bench.states == [.running, .starting])
        bench.end(WorkerID(2), .configurationError)
        bench.pass(5)
        #expect(bench.states == [.running])
        #expect(bench.worker(of: bench.connect()) == 1)
    }

    @Test func l4RestartServesNewConnectionsByNewWorkers() throws {
        let bench = Bench()
        bench.readyAll()
        let session = try #require(bench.connect())
        bench.run(bench.pool.restart(at: bench.now))
        let waiting = try #require(bench.connect())
        #expect(bench.worker(of: waiting) == nil)
        bench.readyAll()
        #expect(bench.worker(of: waiting) == 2)
        #expect(bench.states == [.draining, .running])
        bench.close(session)
        bench.end(WorkerID(1))
        #expect(bench.states == [.running])
    }

    @Test func stopEscalates() throws {
        let bench = Bench()
        bench.readyAll()
        _ = try #require(bench.connect())
        bench.run(bench.pool.stop(at: bench.now))
        #expect(bench.states == [.draining])
        #expect(bench.connect() == nil)
        var signals: [WorkerSignal] = []
        for _ in 0..<320 {
            bench.now += seconds(1)
            for case .signal(_, let signal) in bench.pool.tick(at: bench.now) { signals.append(signal) }
            for worker in bench.pool.workers where worker.pingSince != nil {
                bench.run(bench.pool.answered(worker.id, at: bench.now))
            }
        }
        #expect(signals == [.terminate, .abort, .kill])
        bench.end(WorkerID(1), .signalled(9))
        #expect(bench.pool.isFinished)
    }

    @Test func abortClosesSessionsNowAndKillsSoonAfter() throws {
        let bench = Bench()
        bench.readyAll()
        _ = try #require(bench.connect())
        let first = bench.pool.abort(at: bench.now)
        #expect(first.contains(.signal(WorkerID(1), .abort)))
        bench.now += seconds(10)
        #expect(bench.pool.tick(at: bench.now).contains(.signal(WorkerID(1), .kill)))
    }

    /// More workers than MAX_SHUTDOWN: a restart needs no more than that many slots at a time, and new connections
    /// do not wait for the last of the old ones.
    @Test func restartOfAFullPoolRespectsMaxShutdown() throws {
        let bench = Bench {
            $0.minProcs = 3
            $0.maxShutdown = 1
        }
        bench.readyAll()
        let sessions = try (0..<3).map { _ in try #require(bench.connect()) }
        bench.run(bench.pool.restart(at: bench.now))
        for _ in 0..<20 {
            bench.pass(1)
            #expect(bench.states.count { $0 == .draining } <= 1)
            #expect(bench.pool.liveCount <= 3)
        }
        for id in sessions { bench.close(id) }
        bench.pass(20)
        #expect(bench.pool.workers.map(\.isObsolete) == [false, false, false])
    }

    enum Breach: CaseIterable { case pong, confirmation, end, readyTwice, drainTwice }

    @Test(arguments: Breach.allCases)
    func breachOfProtocolCutsTheWorkerOff(breach: Breach) {
        let bench = Bench { $0.minProcs = 2 }
        bench.readyAll()
        let unknown = ConnectionID(99)
        let id = WorkerID(1)
        switch breach {
        case .pong: bench.run(bench.pool.answered(id, at: bench.now))
        case .confirmation: bench.run(bench.pool.confirmed(unknown, by: id, at: bench.now))
        case .end: bench.run(bench.pool.done(unknown, by: id, at: bench.now))
        case .readyTwice: bench.run(bench.pool.ready(id, at: bench.now))
        case .drainTwice:
            for _ in 0..<2 { bench.run(bench.pool.wishesToDrain(id, at: bench.now)) }
        }
        #expect(bench.killed == [id])
        #expect(bench.states.prefix(2) == [.dying, .running])
        #expect(bench.worker(of: bench.connect()) == 2)
    }

    /// "`DONE` *instead of* `ACPT` declines the connection: another worker gets it" (docs/worker-protocol.md, rule 3).
    @Test func connectionThatNobodyTakesIsGivenUp() throws {
        let bench = Bench {
            $0.minProcs = 6
            $0.maxProcs = 6
        }
        bench.readyAll()
        bench.confirms = false
        let id = try #require(bench.connect())
        while case .pending(let worker)? = bench.pool.connections[id]?.state {
            bench.run(bench.pool.done(id, by: worker, at: bench.now))
        }
        #expect(bench.closed == [id])
        #expect(bench.handed.map(\.worker.number) == [1, 2, 3, 4, 5])
        #expect(PoolLimits.mostAttempts == 5)
        #expect(bench.pool.connections.isEmpty)
        #expect(bench.pool.handoffs == [0] && bench.pool.unconfirmed == [0])
    }
}
