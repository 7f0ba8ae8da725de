import Configuration
import Envelope
import MasterKit
import OptionSyntax
import Testing

@testable import JobController

/// Stress: job-controller specification, 3.4 and 6.8.
@Suite struct StressTests {
    private func simulation(_ stress: StressSettings = StressSettings()) -> Simulation {
        var channel = ChannelSettings()
        channel.masterCommand = "/bin/master"
        channel.clientThreads = 1
        channel.threadDepth = 1
        var settings = JobControllerSettings(pools: ["DEFAULT": 10], channels: ["l": channel])
        settings.stress = stress
        var simulation = Simulation(settings)
        simulation.threads = 1
        simulation.schedule.stop(channel: "l")
        for number in 0..<1000 { simulation.add(number, "l") }
        simulation.schedule.start(channel: "l", now: simulation.now)
        simulation.settle()
        return simulation
    }

    /// What a job says of an entry in hand: delivered, but the target is overloaded.
    private func report(_ simulation: inout Simulation) {
        guard let hand = simulation.hands.last else { return }
        simulation.hands.removeLast()
        let outcome = RecipientOutcome(recipient: 0, result: .delivered)
        simulation.schedule.outcome(
            hand.job, OutcomeReport(key: hand.key, results: [outcome], isStressed: true), now: simulation.now)
        simulation.schedule.workAsked(hand.job, [WorkRequest(thread: hand.thread)], now: simulation.now)
        simulation.settle()
    }

    /// "effective maxjobs -= stressjobs (min 1), effective threaddepth *= stressfactor; recovery: inverse steps every
    /// unstresstime seconds down to the configured values". The pool allows 10 of the 100 jobs of `maxjobs`.
    @Test func stepsDownAndUp() {
        var simulation = simulation()
        #expect(simulation.started == 10)
        report(&simulation)
        #expect(simulation.schedule.maximumJobs(0) == 8)
        #expect(simulation.schedule.threadRule(0).depth == 5)
        #expect(simulation.reports.last == "channel l is under stress: 8 of 10 jobs, threaddepth 5")
        // Within stressblackout of the former report.
        simulation.advance(59_000)
        report(&simulation)
        #expect(simulation.schedule.maximumJobs(0) == 8)
        simulation.advance(1_000)
        report(&simulation)
        #expect(simulation.schedule.maximumJobs(0) == 6)
        #expect(simulation.schedule.threadRule(0).depth == 25)
        // Two minutes after the last report that counted, and two minutes after that.
        simulation.advance(119_000)
        #expect(simulation.schedule.maximumJobs(0) == 6)
        simulation.advance(11_000)
        #expect(simulation.schedule.maximumJobs(0) == 8)
        #expect(simulation.schedule.threadRule(0).depth == 5)
        simulation.advance(120_000)
        #expect(simulation.schedule.maximumJobs(0) == 10)
        #expect(simulation.schedule.threadRule(0).depth == 1)
    }

    /// Jobs beyond the lower limit get no more work; when the stress is over there are as many as before.
    @Test func surplusJobsEnd() {
        var simulation = simulation()
        report(&simulation)
        for _ in 0..<10 { if let hand = simulation.hands.first { simulation.finish(hand.key, .delivered) } }
        #expect(simulation.schedule.jobCount == 8)
        simulation.advance(5 * minute)
        #expect(simulation.schedule.jobCount == 10)
    }

    @Test func neverBelowOneJob() {
        var simulation = simulation()
        for _ in 0..<20 {
            report(&simulation)
            simulation.advance(60_000)
        }
        #expect(simulation.schedule.maximumJobs(0) == 1)
        #expect(simulation.schedule.jobCount >= 1)
        // The way back is no longer than the way down: 1, 3, 5, 7, 9, 10 jobs.
        simulation.advance(12 * minute)
        #expect(simulation.schedule.maximumJobs(0) == 10)
    }

    /// unstressjobs and unstressfactor are the steps of the way back; steps of nothing do not keep a channel down.
    @Test(arguments: [(1, 2, 9, 2), (0, 1, 10, 1), (10, 10, 10, 1)])
    func stepsOfRecovery(jobs: Int, factor: Int, limit: Int, depth: Int) {
        var stress = StressSettings()
        (stress.time, stress.recoveryTime, stress.recoveryJobs, stress.recoveryFactor) = (10, 1000, jobs, factor)
        var simulation = simulation(stress)
        report(&simulation)
        simulation.advance(20_000)
        #expect(simulation.schedule.maximumJobs(0) == limit)
        #expect(simulation.schedule.threadRule(0).depth == depth)
    }

    /// One host with many threads: those that the raised threaddepth does not want any more end.
    @Test func threadsOfAHostBecomeFewer() {
        var simulation = Simulation([
            "tcp_lmtp": {
                $0.isHostSorted = true
                $0.threadDepth = 10
                $0.maximumJobs = 1
            }
        ])
        simulation.schedule.stop(channel: "tcp_lmtp")
        for number in 0..<100 { simulation.add(number, "tcp_lmtp", host: "store") }
        simulation.schedule.start(channel: "tcp_lmtp", now: simulation.now)
        simulation.settle()
        simulation.finish(simulation.hands[0].key, .delivered)
        #expect(simulation.hands.count == 10)
        report(&simulation)
        for _ in 0..<9 { simulation.finish(simulation.hands[0].key, .delivered) }
        #expect(simulation.hands.count == 2)
    }

    @Test func optionsAreTaken() throws {
        let text = """
            base.hostname = h.example
            [job_controller]
              stressblackout = 1
              stresstime = 2
              stressfactor = 3
              stressjobs = 4
              unstresstime = 5
              unstressfactor = 6
              unstressjobs = 7
            [channel:l]
              official_host_name = &/IMTA_HOST/

            """
        let paths = InstancePaths(instanceRoot: "/i", bin: "/b")
        let load = MTAConfiguration.load(paths: paths, files: .memory(["/i/config/martlet.conf": text]))
        let stress = JobControllerSettings(try #require(load.configuration, "\(load.diagnostics.all)")).stress
        #expect((stress.blackout, stress.time, stress.factor, stress.jobs) == (1, 2, 3, 4))
        #expect((stress.recoveryTime, stress.recoveryFactor, stress.recoveryJobs) == (5, 6, 7))
    }
}
