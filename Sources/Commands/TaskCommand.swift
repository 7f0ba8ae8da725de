import ArgumentParser
import SystemCalls

/// `martlet task`: the tasks of the Scheduler (job-controller specification, section 12).
struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Shows the tasks of the scheduler, or runs one now.",
        subcommands: [List.self, Run.self, Reload.self], defaultSubcommand: List.self)

    /// `martlet task list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The tasks, their latest run and the next one.")

        @OptionGroup var instance: InstanceOptions

        @Flag(help: "One JSON object with the member tasks; times are seconds since 1970.")
        var json = false

        func run() throws {
            let client = DaemonClient(root: try instance.existing(), .jobController)
            if json { return Terminal.line(try client.command("tasks")) }
            var page = StatusPage(isColoured: Terminal.isColoured)
            page.add(try client.ask(TaskList.self, "tasks").tasks, now: Int(SystemClock.wallSeconds))
            Terminal.line(page.lines.isEmpty ? "martlet: there are no tasks" : page.lines.joined(separator: "\n"))
        }
    }

    /// `martlet task run NAME`
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs a task now, besides its times.", discussion: "Its output goes to the log NAME.log-id.")

        @OptionGroup var instance: InstanceOptions

        @Argument(help: "The task.")
        var name: String

        func run() throws {
            _ = try DaemonClient(root: try instance.existing(), .jobController).command("task", name)
            Terminal.line("martlet: task \(name) runs")
        }
    }

    /// `martlet task reload`, `refresh sched`
    struct Reload: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes changed tasks from the configuration, and nothing else.")

        @OptionGroup var instance: InstanceOptions

        func run() throws {
            let root = try instance.existing()
            _ = try RunCommand.checkedConfiguration(root)
            let answer = try DaemonClient(root: root, .jobController).ask(TaskList.self, "reload", "tasks")
            Terminal.line("martlet: the scheduler has \(answer.tasks.count) tasks")
        }
    }
}

/// What the Job Controller answers about tasks.
struct TaskList: Decodable {
    var tasks: [QueueStatus.Task]
}
