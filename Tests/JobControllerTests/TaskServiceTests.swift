import Configuration
import Glibc
import ProcessPool
import SystemCalls
import Testing

@testable import JobController

/// The Scheduler's part of the Job Controller on the command socket: job-controller specification, sections 11.3 and 12.
@Suite struct TaskServiceTests {
    private func running(
        _ change: @escaping @Sendable (inout JobControllerSettings) -> Void = { _ in }
    ) throws -> RunningController {
        let controller = try RunningController(
            [],
            reloaded: {
                var settings = $0
                change(&settings)
                return .success(settings)
            })
        while (try? controller.ask("reload")) == nil { sched_yield() }
        return controller
    }

    /// What the roll-over came to, once it has.
    private func rollover(_ controller: RunningController) throws -> String {
        while true {
            let answer = try controller.ask("rollover")
            if !answer.contains(#""running":true"#) { return answer }
            usleep(10_000)
        }
    }

    private func write(_ controller: RunningController, _ name: String) throws {
        try Files.replace("\(controller.options.logDirectory)/\(name)", with: Array("line\n".utf8))
    }

    /// The command `return_job` waits for the end of the roll-over, and learns of its failure.
    @Test func rolloverTellsWhenItIsDone() throws {
        let controller = try running()
        defer { RunningController.remove(controller.directory) }
        let directory = controller.options.logDirectory
        #expect(try rollover(controller) == #"{"ok":true,"running":false,"failure":null}"#)
        try write(controller, "mail.log_current")
        #expect(try controller.ask("return_job").contains(#""ok":true"#))
        #expect(try rollover(controller) == #"{"ok":true,"running":false,"failure":null}"#)
        #expect(Files.exists("\(directory)/mail.log_yesterday") && !Files.exists("\(directory)/mail.log_current"))
        try Files.createDirectory("\(directory)/mail.log")
        _ = try controller.ask("return_job")
        #expect(try rollover(controller).contains("mail.log"))
        _ = try controller.ask("shutdown")
    }

    /// RETURN_SPLIT_PERIOD counts the runs that the Job Controller counts.
    @Test func splitPeriod() throws {
        let controller = try running { $0.logRolloverPeriod = 2 }
        defer { RunningController.remove(controller.directory) }
        let yesterday = "\(controller.options.logDirectory)/connection.log_yesterday"
        try write(controller, "connection.log_current")
        #expect(try controller.ask("return_job").contains(#""run":1"#))
        _ = try rollover(controller)
        #expect(!Files.exists(yesterday))
        #expect(try controller.ask("return_job").contains(#""run":2"#))
        _ = try rollover(controller)
        #expect(Files.exists(yesterday))
        _ = try controller.ask("shutdown")
    }

    @Test(arguments: ["=", "=1", "== x", "job_limit", "thread_depth="])
    func changesThatAreNone(_ word: String) throws {
        let controller = try running()
        defer { RunningController.remove(controller.directory) }
        #expect(try controller.ask("change tcp_local \(word)").contains(#""ok":false"#))
        _ = try controller.ask("shutdown")
    }

    /// No task begins while the Job Controller stops, and what began before is on the disk at its end.
    @Test(arguments: [("task a\nshutdown", true), ("shutdown\ntask a", false)])
    func tasksAndTheStop(_ commands: String, _ isRun: Bool) async throws {
        let controller = try running { settings in
            settings.tasks = [
                ScheduledTask(
                    name: "a", enabled: false, crontab: "", timing: .interval(minutes: 60, from: nil),
                    program: "/bin/true", arguments: [], timeLimit: 60)
            ]
        }
        defer { RunningController.remove(controller.directory) }
        _ = try controller.ask(commands)
        for await _ in controller.records {}
        let file = (try? Files.read(controller.options.tasksPath)) ?? []
        #expect(String(decoding: file, as: UTF8.self).contains(" a\n") == isRun)
    }

    @Test func theNewestStateOfTasksIsKept() throws {
        let directory = try RunningController.temporaryDirectory()
        defer { RunningController.remove(directory) }
        let file = TaskFile("\(directory)/tasks", log: JobControllerLog(directory: directory))
        for number in 1...50 { file.keep("\(number)") }
        file.write()
        #expect(try Files.read("\(directory)/tasks") == Array("50".utf8))
    }

    /// Old versions of a task's log are removed: they must not be those of a daemon.
    @Test(arguments: [
        ("return_job", "return_job"), ("a/b%c", "a_b_c"), (".hidden", "_.hidden"), ("dispatcher", "task_dispatcher"),
        ("job_controller", "task_job_controller"), ("tcp_smtp_server", "task_tcp_smtp_server"),
    ])
    func logNames(_ task: String, _ expected: String) { #expect(JobControllerLoop.fileName(task) == expected) }
}
