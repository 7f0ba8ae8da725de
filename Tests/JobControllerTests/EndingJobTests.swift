import Envelope
import MasterKit
import Testing

@testable import JobController

/// Jobs that were told to exit, and what processes of a former Job Controller have in hand.
@Suite struct EndingJobTests {
    /// A thread with a long message keeps the process; the hosts of its other threads get another one at once.
    @Test(arguments: [false, true])
    func hostsOfAnEndingJobAreServedByAnother(isReleased: Bool) {
        var simulation = Simulation([
            "tcp_local": {
                ($0.isHostSorted, $0.clientThreads, $0.maximumJobs) = (true, 3, 2)
                $0.maximumLifeConnections = 3
            }
        ])
        simulation.threads = 3
        for (number, host) in [(1, "a.example"), (2, "b.example"), (3, "long.example")] {
            simulation.add(number, host: host)
        }
        #expect(simulation.hands.count == 3 && simulation.started == 1)
        // This one asks again and is told that it has lived long enough; from here on nobody asks.
        simulation.finish(key(1), .delivered)
        #expect(simulation.told.count == 1)
        if isReleased {
            simulation.hands.removeAll { $0.key == key(2) }
            simulation.schedule.released(1, key(2), now: simulation.now)
            simulation.settle()
        } else {
            simulation.finish(key(2), .delivered)
            simulation.add(4, host: "b.example")
        }
        #expect(simulation.started == 2)
        #expect(simulation.hands.map(\.host).sorted() == ["b.example", "long.example"])
    }

    private static func afterARestart() -> Simulation {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.schedule.pause()
        simulation.add(1)
        return simulation
    }

    /// An entry that is held before its process has said that it has it: what the process reports counts.
    @Test(arguments: [RecipientOutcome.Result.delivered, .failedTemporarily])
    func heldWhileAFormerProcessHasIt(result: RecipientOutcome.Result) {
        var simulation = Self.afterARestart()
        let answer = simulation.schedule.hold(key(1), reason: "test")
        #expect(answer == .done)
        let job = simulation.schedule.adopt(holding: [key(1)], now: simulation.now)
        simulation.schedule.resume(now: simulation.now)
        simulation.schedule.outcome(
            job, OutcomeReport(key: key(1), results: [RecipientOutcome(recipient: 0, result: result)]),
            now: simulation.now)
        simulation.settle()
        #expect(simulation.schedule.count == (result == .delivered ? 0 : 1))
        #expect(simulation.counts().held == (result == .delivered ? 0 : 1))
        #expect(simulation.hands.isEmpty)
    }

    /// The same of a process that never says what it has.
    @Test func heldAndReportedByNobodyKnown() {
        var simulation = Self.afterARestart()
        let answer = simulation.schedule.hold(key(1), reason: "test")
        #expect(answer == .done)
        let results = [RecipientOutcome(recipient: 0, result: .failedTemporarily)]
        simulation.schedule.outcome(nil, OutcomeReport(key: key(1), results: results), now: simulation.now)
        #expect(simulation.counts().held == 1)
        simulation.schedule.outcome(
            nil, OutcomeReport(key: key(1), results: [RecipientOutcome(recipient: 0, result: .delivered)]),
            now: simulation.now)
        #expect(simulation.schedule.count == 0)
    }

    /// Nobody knows yet who has it: a copy in another channel might be the second one.
    @Test func noRequeueBeforeFormerProcessesHaveSpoken() {
        var simulation = Self.afterARestart()
        let answer = simulation.schedule.prepareRequeue(key(1), by: "test")
        #expect(answer == .inDelivery)
        simulation.schedule.resume(now: simulation.now)
        simulation.add(2, held: true)
        let later = simulation.schedule.prepareRequeue(key(2), by: "test")
        #expect(later == .done)
    }

    /// A restart forgets that it was to go back: then it must be held still, and not be delivered.
    @Test func returningAHeldEntryKeepsTheHoldOnTheDisk() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1, held: true)
        let answer = simulation.schedule.returnToSender(key(1), now: simulation.now)
        #expect(answer == .done)
        simulation.settle()
        #expect(simulation.hands.first?.notice == .returned)
        #expect(simulation.records.isEmpty)
        simulation.finish(key(1), .failedPermanently)
        #expect(simulation.records.count == 1 && simulation.schedule.count == 0)
    }

    /// Recovery from stress, and from failed starts, when the clock was set back far behind what they wait for.
    @Test func clockSetBack() {
        var stress = StressState()
        let settings = StressSettings()
        let now: Int64 = 1_700_000_000_000
        _ = stress.reported(now: now, limit: 10, settings)
        let recovered = [now, now - 365 * day].map { stress.recover(now: $0, settings) }
        #expect(recovered == [false, true])
        var starts = StartBudget()
        starts.failed(now: now)
        #expect(!starts.allows(now: now) && starts.allows(now: now + minute) && starts.allows(now: now - day))
        starts.giveUp()
        #expect(!starts.allows(now: now) && !starts.allows(now: now - day))
    }
}
