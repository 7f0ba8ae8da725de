import Envelope
import MasterKit
import Testing

@testable import JobController

/// What a return job has found and nobody could act on: job-controller specification, section 11.2.
@Suite struct VerdictTests {
    private static func settings(_ notices: [Int64]) -> JobControllerSettings {
        var channel = ChannelSettings()
        channel.masterCommand = "/bin/master"
        channel.notices = NoticesTable(common: notices)
        channel.windows[.normal] = DeliveryWindow("20:00-06:00")
        return JobControllerSettings(pools: ["DEFAULT": 10], channels: ["tcp_local": channel])
    }

    /// The channel was stopped at the return job; `notices` are raised before it starts.
    @Test(
        arguments: [
            ([1, 2], [1, 2], EntryNotice.timedOut), ([1, 2], [1, 20], .delayWarning(1)), ([1, 2], [10, 20], .none),
            ([1, 20], [10, 20], .none),
        ] as [([Int64], [Int64], EntryNotice)])
    func verdictsAreJudgedAgain(before: [Int64], after: [Int64], expected: EntryNotice) throws {
        var simulation = Simulation(Self.settings(before))
        // 22:00, within the window.
        simulation.now = 1_767_571_200_000 + 22 * hour
        simulation.schedule.stop(channel: "tcp_local")
        simulation.add(1)
        simulation.now += 3 * day
        simulation.schedule.judgeAges(now: simulation.now)
        simulation.settle()
        simulation.schedule.configure(Self.settings(after), now: simulation.now)
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.map(\.notice) == [expected])
    }

    /// What need not go back any more waits for its window again.
    @Test func windowsCountAgain() throws {
        var simulation = Simulation(Self.settings([1]))
        simulation.now = 1_767_571_200_000 + 12 * hour
        simulation.schedule.stop(channel: "tcp_local")
        simulation.add(1)
        simulation.now += 3 * day
        simulation.schedule.judgeAges(now: simulation.now)
        simulation.schedule.configure(Self.settings([10]), now: simulation.now)
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.isEmpty && simulation.counts().delayed == 1)
    }
}
