import ArgumentParser
import Configuration
import Glibc
import OptionSyntax
import SystemCalls

/// `martlet return_job`, as a task `lib/return_job`: what is to be done once a day (job-controller specification, 11.3).
struct ReturnJobCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "return_job",
        abstract: "Warns of and returns messages that are too old, then does the rest of the daily work.",
        discussion: """
            The Job Controller judges the age of every message by the notices keywords of its channel, and rolls the \
            transaction logs over. When that is done the program \
            bin/daily_cleanup of the instance runs, if there is one, and the state of the queue is written to the disk. \
            The options mta.return_period, return_split_period, return_cleanup_period and return_synch_period let a \
            step be done in every \
            n-th run only.
            """)

    @OptionGroup var instance: InstanceOptions

    func run() throws {
        let root = try instance.existing()
        // A configuration that is being edited must not keep mail from being returned: then the usual periods count.
        let periods = ReturnPeriods(MTAConfiguration.load(instanceRoot: root).configuration?.options)
        let client = DaemonClient(root: root, .jobController)
        let answer: Answer?
        do {
            answer = try client.ask(Answer.self, "return_job", String(periods.notices))
        } catch {
            Terminal.error("%RETURN-E-NOJBC, no message was returned: \(error)")
            answer = nil
        }
        if let answer { Terminal.line(answer.text) }
        var hasFailed = false
        if answer != nil {
            do {
                hasFailed = try Self.waitForRollover(client) == false
            } catch {
                Terminal.error("%RETURN-E-NOJBC, daily_cleanup did not run, the logs may be in use: \(error)")
                throw ExitCode(75)
            }
        }
        if periods.isTurn(of: periods.cleanup, answer?.run), Self.cleanUp(root) == false { hasFailed = true }
        if answer != nil, periods.isTurn(of: periods.snapshot, answer?.run) { _ = try client.command("snapshot") }
        if answer == nil { throw ExitCode(75) }
        if hasFailed { throw ExitCode.failure }
    }

    /// The logs are rolled over before the site's program may move them (job-controller specification, 11.3). False when
    /// that failed. Throws when the Job Controller does not say: then the logs may be in its hands still.
    private static func waitForRollover(_ client: DaemonClient) throws -> Bool {
        while true {
            let rollover = try client.ask(Rollover.self, "rollover")
            if let failure = rollover.failure {
                Terminal.error("%RETURN-E-ROLLOVER, the logs could not be rolled over: \(failure)")
                return false
            }
            if !rollover.running { return true }
            usleep(100_000)
        }
    }

    /// The site's own program, if there is one. False when it failed.
    private static func cleanUp(_ root: String) -> Bool? {
        let program = "\(root)/bin/daily_cleanup"
        guard Files.isExecutable(program) else { return nil }
        do throws(SystemCallError) {
            var request = Processes.Request(
                path: program, arguments: [], environment: RunCommand.environment(root), directory: root)
            // The time limit of the task, and the end of the Job Controller, are for this program too.
            request.keepsGroup = true
            let processID = try Processes.spawn(request)
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0, errno == EINTR {}
            if status == 0 { return true }
            Terminal.error("%RETURN-E-CLEANUP, \(program) failed")
        } catch { Terminal.error("%RETURN-E-CLEANUP, \(error)") }
        return false
    }

    /// What the Job Controller says of the roll-over.
    private struct Rollover: Decodable {
        var running: Bool
        var failure: String?
    }

    /// What the Job Controller answers.
    struct Answer: Decodable {
        /// Number of this return job.
        var run: Int
        var count: Int
        var warned: Int
        var deleted: Int
        var later: Int

        var text: String {
            "martlet: return job \(run): \(count) messages are returned, \(warned) warned of, \(deleted) deleted, "
                + "\(later) judged when their attempt has ended"
        }
    }
}

/// RETURN_PERIOD and its like: the step is done in every n-th return job (job-controller specification, 11.3).
struct ReturnPeriods: Equatable {
    var notices = 1
    var cleanup = 1
    var snapshot = 1

    init(_ options: OptionStore?) {
        func period(_ name: String) -> Int { max(1, options?.integer("mta.\(name)") ?? 1) }
        notices = period("return_period")
        cleanup = period("return_cleanup_period")
        snapshot = period("return_synch_period")
    }

    /// Whether a step is to be done in this run. Without its number, because the Job Controller is down, what belongs to
    /// every run is.
    func isTurn(of period: Int, _ run: Int?) -> Bool { run.map { $0.isMultiple(of: period) } ?? (period == 1) }
}
