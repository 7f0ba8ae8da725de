import Configuration
import Envelope
import MasterKit
import OptionSyntax
import Testing

@testable import JobController

/// Worked examples of the channels specification, section 9, that the Job Controller makes true.
@Suite struct ChannelExamplesTests {
    private func settings(_ line: String, pool: Int = 10) throws -> ChannelSettings {
        let text =
            "base.hostname = h.example\n[channel:l]\n  official_host_name = &/IMTA_HOST/\n[channel:tcp_x]\n  smtp \(line)\n"
        let paths = InstancePaths(instanceRoot: "/i", bin: "/b")
        let load = MTAConfiguration.load(paths: paths, files: .memory(["/i/config/martlet.conf": text]))
        let configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        return try #require(JobControllerSettings(configuration).channels["tcp_x"])
    }

    /// Example 12: `notices 1 2 4 7`, a message of 23 h 59 min at the return job.
    @Test func example12NoWarningBeforeADay() throws {
        let notices = try settings("\n  notices = 1 2 4 7").notices
        #expect(notices.due(age: day - minute, warned: 0, .normal) == .none)
        #expect(notices.due(age: day, warned: 0, .normal) == .delayWarning(1))
        #expect(notices.due(age: 7 * day, warned: 3, .normal) == .timedOut)
    }

    /// Example 18: `maxjobs 7 pool SMTP_POOL` with JOB_LIMIT 10 and 3.
    @Test(arguments: [(10, 7), (3, 3)])
    func example18JobsOfThePool(limit: Int, jobs: Int) throws {
        let configured = try settings("\n  maxjobs = 7\n  pool = SMTP_POOL")
        #expect(configured.pool == "SMTP_POOL" && configured.maximumJobs == 7)
        var all = JobControllerSettings(pools: ["DEFAULT": 1, "SMTP_POOL": limit], channels: ["tcp_x": configured])
        all.channels["tcp_x"]?.clientThreads = 1
        var simulation = Simulation(all)
        simulation.threads = 1
        for number in 1...40 { simulation.add(number, "tcp_x", host: "h\(number)") }
        #expect(simulation.running.count == jobs)
    }

    /// `slave`: enqueueing never starts delivery (section 4.4).
    @Test func slaveChannelsHaveNoProgram() throws {
        #expect(try settings("slave").masterCommand == nil)
        #expect(try settings("bidirectional").masterCommand != nil)
    }
}
