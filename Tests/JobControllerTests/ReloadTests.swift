import Envelope
import Glibc
import MasterKit
import ProcessPool
import Spool
import SystemCalls
import Testing

@testable import JobController

/// A reload: the settings change, the queue stays (unified configuration specification, section 7).
struct ReloadTests {
    private func settings(
        pools: [String: Int] = ["DEFAULT": 10], _ channels: [String: (inout ChannelSettings) -> Void]
    ) -> JobControllerSettings {
        var settings = JobControllerSettings(pools: pools)
        for (name, change) in channels {
            var channel = ChannelSettings()
            channel.masterCommand = "/bin/master"
            change(&channel)
            settings.channels[name] = channel
        }
        return settings
    }

    private func run(_ simulation: Simulation, _ channel: String) -> Int {
        simulation.running.values.filter { $0 == channel }.count
    }

    @Test func aNewChannelIsDelivered() {
        var simulation = Simulation(settings(["tcp_local": { _ in }]))
        simulation.add(1, "tcp_new", host: "h")
        #expect(simulation.hands.isEmpty)
        #expect(simulation.reports.contains { $0.contains("tcp_new is not run") })
        simulation.schedule.configure(settings(["tcp_local": { _ in }, "tcp_new": { _ in }]), now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.map(\.key) == [key(1)])
    }

    @Test func aChannelThatIsGoneKeepsItsEntries() {
        var simulation = Simulation(settings(["tcp_local": { _ in }]))
        simulation.schedule.configure(settings([:]), now: simulation.now)
        simulation.add(1)
        #expect(simulation.hands.isEmpty)
        #expect(simulation.schedule.channelStatus().first { $0.name == "tcp_local" }?.ready == 1)
        simulation.schedule.configure(settings(["tcp_local": { _ in }]), now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.map(\.key) == [key(1)])
    }

    @Test func retryTimesAndHeldEntriesStay() {
        var simulation = Simulation(settings(["tcp_local": { _ in }]))
        simulation.add(1, next: simulation.now + hour)
        simulation.add(2, held: true)
        simulation.schedule.stop(channel: "tcp_local")
        simulation.schedule.configure(settings(["tcp_local": { $0.threadDepth = 3 }]), now: simulation.now)
        simulation.settle()
        let status = simulation.schedule.channelStatus()[0]
        #expect((status.delayed, status.held, status.isStopped) == (1, 1, true))
        #expect(simulation.schedule.entryStatus(channel: "tcp_local", limit: 9)[0].nextAttempt == simulation.now + hour)
    }

    /// A pool that loses its channel to another one, and pools that come and go, keep their counts right.
    @Test func poolsChangeWhileJobsRun() {
        var simulation = Simulation(settings(pools: ["DEFAULT": 10, "A": 2], ["tcp_local": { $0.pool = "A" }]))
        simulation.add(1, host: "h")
        #expect(simulation.schedule.poolStatus().map(\.running) == [1, 0])
        simulation.schedule.configure(
            settings(pools: ["DEFAULT": 10, "B": 1], ["tcp_local": { $0.pool = "B" }]), now: simulation.now)
        simulation.settle()
        // The job of the former pool finishes what it has; the slot is given back to the pool it was taken from.
        #expect(Set(simulation.schedule.poolStatus().map(\.name)) == ["DEFAULT", "A", "B"])
        for job in simulation.running.keys.sorted() { simulation.die(job) }
        let pools = simulation.schedule.poolStatus()
        #expect(Set(pools.map(\.name)) == ["DEFAULT", "B"])
        #expect(pools.first { $0.name == "B" }?.running == 1)
    }

    @Test func aJobThatWasStartingIsReplaced() {
        var schedule = DeliverySchedule(settings: settings(["tcp_local": { _ in }]))
        schedule.known(
            NewEntry(key: key(1), channel: "tcp_local", host: "h", priority: .normal, arrival: 0, pending: 1), now: 0)
        #expect(schedule.takeActions() == [.startJob(1, channel: "tcp_local")])
        schedule.configure(settings(["tcp_local": { _ in }]), now: 1)
        _ = schedule.takeActions()
        schedule.workAsked(1, [WorkRequest(thread: 0, count: 1)], now: 2)
        let actions = schedule.takeActions()
        #expect(actions.contains(.tellExit(1)))
        #expect(actions.contains(.startJob(2, channel: "tcp_local")))
    }

    /// Exit code 78 stops the starts; the corrected configuration allows them again.
    @Test func aProgramThatWasGivenUpIsTriedAgain() {
        var simulation = Simulation(settings(["tcp_local": { _ in }]))
        simulation.add(1)
        for job in simulation.running.keys {
            simulation.schedule.jobExited(job, isConfigurationError: true, now: simulation.now)
        }
        simulation.running = [:]
        simulation.hands = []
        simulation.settle()
        #expect(simulation.hands.isEmpty)
        simulation.schedule.configure(settings(["tcp_local": { _ in }]), now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.map(\.key) == [key(1)])
    }

    /// Numbers at the end of the integers: the schedule calculates with them and goes on.
    @Test(arguments: [Int64.max, Int64.min, 0, -1])
    func hugeNumbersDoNotTrap(_ number: Int64) {
        var wild = settings(
            pools: ["DEFAULT": Int(number)],
            [
                "tcp_local": {
                    $0.maximumLifeAge = number
                    $0.maximumIdleTime = number
                    $0.clientThreads = Int(number)
                    $0.threadDepth = Int(number)
                    $0.maximumJobs = Int(number)
                    $0.maximumLifeConnections = Int(number)
                    $0.isHostSorted = true
                }
            ])
        wild.stress.blackout = number
        wild.stress.recoveryTime = number
        wild.stress.factor = Int(number)
        wild.stress.jobs = Int(number)
        var simulation = Simulation(settings(["tcp_local": { _ in }]))
        simulation.schedule.configure(wild, now: simulation.now)
        for entry in 1...20 { simulation.add(entry, host: "h\(entry % 3)") }
        for _ in 1...10 {
            guard let hand = simulation.hands.first else { break }
            simulation.hands.removeFirst()
            let failed = [RecipientOutcome(recipient: 0, result: .failedTemporarily)]
            simulation.schedule.outcome(
                hand.job, OutcomeReport(key: hand.key, results: failed, isStressed: true), now: simulation.now)
            simulation.settle()
            simulation.now += hour
            simulation.schedule.tick(now: simulation.now)
            _ = simulation.schedule.nextTime(now: simulation.now)
            simulation.settle()
        }
        #expect(simulation.schedule.count == 20)
    }
}

/// The running Job Controller and its command.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Files.isExecutable(RunningController.python), "needs python3"))
struct ReloadServiceTests {
    @Test func aReloadTakesAChannelThatWasNotThere() async throws {
        let entries = RunningController.entries(5).map { entry in
            var entry = entry
            entry.channel = "tcp_new"
            return entry
        }
        let controller = try RunningController(
            entries,
            reloaded: { settings in
                var settings = settings
                settings.channels["tcp_new"] = settings.channels["tcp_local"]
                return .success(settings)
            })
        defer { RunningController.remove(controller.directory) }
        while (try? controller.ask("status")) == nil { sched_yield() }
        #expect(try controller.ask("status").contains("\"ready\":5"))
        #expect(try controller.ask("reload").hasPrefix("{\"ok\":true"))
        var ended = 0
        for await record in controller.records {
            if case .done = record { ended += 1 }
            if ended == 5 { _ = try controller.ask("shutdown") }
        }
        #expect(ended == 5)
    }

    @Test func aReloadWithAnErrorChangesNothing() async throws {
        let controller = try RunningController(
            [], reloaded: { _ in .failure(.init(description: "martlet.conf:3:1: error: no such pool")) })
        defer { RunningController.remove(controller.directory) }
        while (try? controller.ask("status")) == nil { sched_yield() }
        let before = try controller.ask("status")
        let answer = try controller.ask("reload")
        #expect(answer.contains("\"ok\":false") && answer.contains("martlet.conf:3:1: error: no such pool"))
        #expect(try controller.ask("status") == before)
        _ = try controller.ask("shutdown")
        for await _ in controller.records {}
    }
}
