import ProcessPool
import Testing

@testable import Dispatcher

/// What has to work while sessions come and go without a pause: `busy_reply` (dispatcher specification, section 13) and
/// `restart` (section 8 rule 2).
@Suite struct ServicePoolTurnoverTests {
    /// Clients without end: whenever the pool accepts, one comes; each session lasts two seconds.
    private final class Crowd {
        let bench: ServicePoolTests.Bench
        private var sessions: [(id: ConnectionID, end: Int64)] = []
        private(set) var served = 0
        let most: Int

        init(most: Int, _ change: (inout PoolLimits) -> Void) {
            bench = ServicePoolTests.Bench(listeners: 1, change)
            bench.readyAll()
            self.most = most
        }

        /// `seconds` in steps of 100 ms; `body` after each.
        func pass(_ count: Int, _ body: () -> Void = {}) {
            for step in 1...count * 10 {
                bench.now += 100_000_000
                while let first = sessions.first, first.end <= bench.now {
                    sessions.removeFirst()
                    bench.close(first.id)
                    served += 1
                }
                if step % 10 == 0 { bench.run(bench.pool.tick(at: bench.now)) }
                bench.readyAll()
                for worker in bench.pool.workers where worker.state == .draining && worker.load == 0 {
                    bench.end(worker.id)
                }
                while sessions.count < most, let id = bench.connect() {
                    // Sessions end one after the other.
                    sessions.append((id, bench.now + seconds(2) + Int64(id.number % 7) * 100_000_000))
                    sessions.sort { $0.end < $1.end }
                }
                body()
            }
        }
    }

    @Test func busyReplyComesAlthoughSessionsEnd() {
        let crowd = Crowd(most: 100) {
            $0.maxProcs = 2
            $0.maxConns = 4
        }
        crowd.pass(4)
        #expect(!crowd.bench.pool.turnsAway(at: crowd.bench.now, busyAfter: seconds(5)))
        crowd.pass(4)
        #expect(crowd.served > 8)
        #expect(crowd.bench.pool.turnsAway(at: crowd.bench.now, busyAfter: seconds(5)))
        #expect(!crowd.bench.pool.turnsAway(at: crowd.bench.now, busyAfter: nil))
    }

    @Test func aPlaceThatNobodyTakesEndsTheClock() throws {
        let bench = ServicePoolTests.Bench {
            $0.maxProcs = 1
            $0.maxConns = 2
        }
        bench.readyAll()
        var open = try (0..<2).map { _ in try #require(bench.connect()) }
        bench.pass(10)
        #expect(bench.pool.turnsAway(at: bench.now, busyAfter: seconds(5)))
        bench.close(open.removeLast())
        // There is a place: who comes now gets it.
        #expect(!bench.pool.turnsAway(at: bench.now, busyAfter: seconds(5)))
        bench.pass(2)
        open.append(try #require(bench.connect()))
        #expect(!bench.pool.turnsAway(at: bench.now, busyAfter: seconds(5)))
        bench.pass(5)
        #expect(bench.pool.turnsAway(at: bench.now, busyAfter: seconds(5)))
    }

    /// "new workers with the new configuration take new connections; old workers finish the sessions they have and then
    /// exit", also where MIN_PROCS workers are all there may be.
    @Test(arguments: [(procs: 1, shutdown: 1), (2, 1), (3, 1), (3, 2), (5, 9)])
    func restartEndsUnderLoad(procs: Int, shutdown: Int) {
        let crowd = Crowd(most: procs * 4) {
            $0.minProcs = procs
            $0.maxProcs = procs
            $0.maxShutdown = shutdown
        }
        crowd.pass(5)
        crowd.bench.run(crowd.bench.pool.restart(at: crowd.bench.now))
        var ended: Int64?
        let began = crowd.bench.now
        crowd.pass(90) {
            #expect(crowd.bench.pool.liveCount <= procs)
            #expect(crowd.bench.states.count { $0 == .draining } <= shutdown)
            // Where there are several, one always serves.
            if procs > 1 { #expect(crowd.bench.states.contains(.running)) }
            if ended == nil, !crowd.bench.pool.workers.contains(where: \.isObsolete) { ended = crowd.bench.now }
        }
        // A lone worker has a minute in which it may happen to be idle.
        let most = procs == 1 ? seconds(64) : seconds(5 * procs)
        #expect(ended.map { $0 - began <= most } == true)
        #expect(crowd.bench.closed.isEmpty)
        #expect(crowd.bench.pool.statistics.lost == 0)
    }

    /// A worker that has only served its time goes on when there is no slot for another one (worked example P10).
    @Test func wornWorkersServeOnUnderLoad() {
        let crowd = Crowd(most: 4) {
            $0.maxProcs = 1
            $0.maxLifeConns = 3
        }
        crowd.pass(90)
        #expect(crowd.bench.drained.isEmpty)
        #expect(crowd.bench.states == [.running])
    }
}
