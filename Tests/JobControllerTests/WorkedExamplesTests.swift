import Configuration
import Envelope
import Glibc
import MasterKit
import OptionSyntax
import Spool
import Testing

@testable import JobController

/// Worked examples of the job-controller specification, section 15, that other suites do not have under their number.
@Suite struct WorkedExamplesTests {
    private func name(_ simulation: Simulation, _ number: Int) -> String? {
        simulation.schedule.status(of: key(number))?.name.description
    }

    /// Example 2: "`ZZf0r4i0Wdy51.01` fails once -> `ZYf0r4i0Wdy51.01` (shown so)".
    @Test func example2TheNameCountsDown() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1)
        #expect(name(simulation, 1) == "ZZ00000000001.00")
        for expected in ["ZY", "ZX", "ZW"] {
            simulation.finish(key(1), .failedTemporarily)
            #expect(name(simulation, 1) == "\(expected)00000000001.00")
            simulation.advance(9 * hour)
        }
    }

    /// Section 9.2: "stop counting at `00` (1295 attempts)".
    @Test func theNameStopsAt1295Attempts() {
        var simulation = Simulation(["tcp_local": { $0.backoff = BackoffTable(common: [1]) }])
        simulation.schedule.known(
            NewEntry(key: key(1), channel: "tcp_local", arrival: simulation.now, attempts: 1294), now: simulation.now)
        simulation.settle()
        for _ in 0..<3 {
            simulation.finish(key(1), .failedTemporarily)
            #expect(name(simulation, 1) == "0000000000001.00")
            simulation.advance(2000)
        }
    }

    /// Example 4: "`maxjobs 7`, pool job_limit 10 -> at most 7 processes for the channel", by the keywords.
    @Test func example4ByTheKeywords() throws {
        let text = """
            base.hostname = h.example
            job_controller.job_pool:DEFAULT.job_limit = 10
            job_controller.channel_class:tcp_*.master_command = /bin/master
            [channel:l]
              official_host_name = &/IMTA_HOST/
            [channel:tcp_x]
              smtp
              maxjobs = 7
              threaddepth = 1
              options.MAX_CLIENT_THREADS = 1

            """
        let paths = InstancePaths(instanceRoot: "/i", bin: "/b")
        let load = MTAConfiguration.load(paths: paths, files: .memory(["/i/config/martlet.conf": text]))
        var simulation = Simulation(
            JobControllerSettings(try #require(load.configuration, "\(load.diagnostics.all)")))
        simulation.threads = 1
        for number in 0..<100 { simulation.add(number, "tcp_x") }
        #expect(simulation.started == 7)
    }

    /// Example 17: "a record with a bad checksum is quarantined and reported", and the job asks again.
    @Test func example17UnreadableRecords() {
        var simulation = Simulation(["tcp_local": { $0.clientThreads = 1 }])
        simulation.threads = 1
        simulation.add(1)
        simulation.add(2)
        let hand = simulation.hands[0]
        simulation.hands = []
        simulation.schedule.outcome(
            hand.job, OutcomeReport(key: key(1), results: [], unreadable: "checksum"), now: simulation.now)
        simulation.schedule.workAsked(hand.job, [WorkRequest(thread: hand.thread)], now: simulation.now)
        simulation.settle()
        #expect(simulation.quarantined == [key(1)])
        #expect(simulation.hands.map(\.key) == [key(2)])
        #expect(simulation.schedule.count == 1)
    }

    /// Example 18: "two recipients, one 250, one 451 -> D for the first; second: Z, tried again at once (same entry, shown
    /// `ZZ...`)", also after attempts that settled nobody; arrival time and warned ages are kept.
    @Test func example18SomeSettled() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1, pending: 2)
        let arrival = simulation.now
        simulation.finish(key(1), .failedTemporarily, .failedTemporarily)
        #expect(name(simulation, 1) == "ZY00000000001.00")
        simulation.advance(hour)
        simulation.finish(key(1), .delivered, .failedTemporarily)
        let status = simulation.schedule.status(of: key(1))
        #expect(status?.name.description == "ZZ00000000001.00" && status?.state == "active" && status?.pending == 1)
        #expect(status?.arrival == arrival)
        guard case .attempt(let outcomes, let attempts, let next, _) = simulation.records.last?.1 else {
            Issue.record("\(simulation.records)")
            return
        }
        #expect(outcomes.map(\.result) == [.delivered, .failedTemporarily] && attempts == 0 && next == simulation.now)
    }

    /// Example 19: "two recipients, both 451 -> two Q records, name ZZ -> ZY, next try by backoff". The timer starts at the
    /// end of the failed attempt.
    @Test func example19NobodySettled() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1, pending: 2)
        simulation.advance(10 * minute)
        simulation.finish(key(1), .failedTemporarily, .failedTemporarily)
        let status = simulation.schedule.status(of: key(1))
        #expect(status?.name.description == "ZY00000000001.00" && status?.state == "delayed" && status?.pending == 2)
        #expect(status?.nextAttempt == simulation.now + hour)
    }

    /// Example 25: "`qm release ZYf0r4i0Wdy51.01` while the entry shows `ZXf0r4i0Wdy51.01.HELD` -> found (attempt characters
    /// are ignored), released, shown `ZXf0r4i0Wdy51.01`".
    @Test func example25ReleaseByAnotherName() throws {
        var entries = RunningController.entries(1)
        entries[0].attempts = 2
        entries[0].heldReason = "by joe: qm hold"
        let controller = try RunningController(entries) { $0.masterCommand = nil }
        defer { RunningController.remove(controller.directory) }
        while (try? controller.ask("status")) == nil { sched_yield() }
        #expect(try controller.ask("find ZY00000000000.00").contains(#""name":"ZX00000000000.00.HELD""#))
        #expect(try controller.ask("release ZY00000000000.00 by=joe") == #"{"ok":true}"#)
        #expect(try controller.ask("find ZZ00000000000.00").contains(#""name":"ZX00000000000.00","#))
        _ = try controller.ask("shutdown")
    }
}
