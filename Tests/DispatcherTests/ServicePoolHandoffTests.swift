import Glibc
import ProcessPool
import SystemCalls
import Testing

@testable import Dispatcher

/// Handoffs that come to nothing: who gets the connection then, and who is to blame. Dispatcher specification, section
/// 7.2 item 5.
@Suite struct ServicePoolHandoffTests {
    typealias Bench = ServicePoolTests.Bench

    private func bench(_ change: (inout PoolLimits) -> Void = { _ in }) -> Bench {
        let bench = Bench {
            $0.minProcs = 2
            change(&$0)
        }
        bench.readyAll()
        bench.confirms = false
        return bench
    }

    @Test func whoDeclinedAConnectionDoesNotGetItAgain() throws {
        let bench = bench { $0.maxProcs = 2 }
        let declined = try #require(bench.connect())
        bench.run(bench.pool.done(declined, by: WorkerID(1), at: bench.now))
        bench.run(bench.pool.done(declined, by: WorkerID(2), at: bench.now))
        #expect(bench.handed.map(\.worker.number) == [1, 2])
        #expect(bench.pool.connections[declined]?.state == .waiting)
        // It holds up nobody.
        let other = try #require(bench.connect())
        #expect(bench.worker(of: other) == 1)
        bench.run(bench.pool.confirmed(other, by: WorkerID(1), at: bench.now))
        bench.pass(59)
        #expect(bench.closed.isEmpty)
        bench.pass(2)
        #expect(bench.closed.contains(declined))
    }

    @Test func aWorkerIsStartedForWhatTheOthersDeclined() throws {
        let bench = bench { $0.maxProcs = 3 }
        let declined = try #require(bench.connect())
        bench.run(bench.pool.done(declined, by: WorkerID(1), at: bench.now))
        bench.run(bench.pool.done(declined, by: WorkerID(2), at: bench.now))
        #expect(bench.states == [.running, .running, .starting])
        bench.readyAll()
        #expect(bench.worker(of: declined) == 3)
    }

    static let failures: [(ControlSocket.Failure, HandoffFailure)] = [
        (.closed, .workerGone),
        (.overflow(9), .workerStuck("the other side does not read its control socket: 9 messages wait")),
        (
            .system(SystemCallError(call: "sendmsg", code: ETOOMANYREFS)),
            .shortage("sendmsg: Too many references: cannot splice")
        ),
        (.system(SystemCallError(call: "fcntl", code: EMFILE)), .shortage("fcntl: Too many open files")),
        (.malformed(.tooLong(9000)), .unsendable("control message of 9000 bytes, more than 8192")),
    ]

    @Test(arguments: failures)
    func failureOfASendIsJudged(failure: ControlSocket.Failure, judgement: HandoffFailure) {
        #expect(HandoffFailure(failure) == judgement)
    }

    /// What this process lacks is no fault of a worker, whose sessions go on.
    @Test func shortageCostsNoWorker() throws {
        let bench = bench()
        let session = try #require(bench.connect())
        bench.run(bench.pool.confirmed(session, by: WorkerID(1), at: bench.now))
        let unlucky = try #require(bench.connect())
        #expect(bench.worker(of: unlucky) == 2)
        bench.run(bench.pool.handoffFailed(unlucky, to: WorkerID(2), .shortage("full"), at: bench.now))
        #expect(bench.states == [.running, .running] && bench.killed.isEmpty)
        #expect(bench.handed.count == 2)
        bench.pass(1)
        #expect(bench.handed.count == 3)
        #expect(bench.worker(of: unlucky) == 2)
        bench.run(bench.pool.confirmed(unlucky, by: WorkerID(2), at: bench.now))
        #expect(bench.pool.connections[unlucky]?.state == .active(WorkerID(2)))
    }

    @Test func shortageThatStaysEndsTheConnectionAlone() throws {
        let bench = bench()
        let unlucky = try #require(bench.connect())
        var tries: [Int64] = []
        for _ in 0..<40 {
            if case .pending(let worker)? = bench.pool.connections[unlucky]?.state {
                tries.append(bench.now / 1_000_000_000 - 1000)
                bench.run(bench.pool.handoffFailed(unlucky, to: worker, .shortage("full"), at: bench.now))
            }
            bench.pass(1)
        }
        #expect(tries == [0, 1, 3, 7, 15])
        #expect(bench.closed == [unlucky])
        #expect(bench.states == [.running, .running])
    }

    @Test func unsendableConnectionEndsAlone() throws {
        let bench = bench()
        let id = try #require(bench.connect())
        bench.run(bench.pool.handoffFailed(id, to: WorkerID(1), .unsendable("too long"), at: bench.now))
        #expect(bench.closed == [id])
        #expect(bench.states == [.running, .running])
        #expect(bench.pool.handoffs == [0] && bench.pool.unconfirmed == [0])
    }

    @Test(arguments: [HandoffFailure.workerGone, .workerStuck("it does not read")])
    func workerThatCannotBeReachedIsGivenUp(failure: HandoffFailure) throws {
        let bench = bench()
        let id = try #require(bench.connect())
        bench.run(bench.pool.handoffFailed(id, to: WorkerID(1), failure, at: bench.now))
        #expect(bench.states.first == .dying)
        #expect(bench.worker(of: id) == 2)
        bench.pass(2)
        #expect(bench.killed == [WorkerID(1)])
    }
}
