import OptionSyntax
import SystemCalls

/// A task of the Scheduler: a command, and when it runs (job-controller specification, section 12).
package struct ScheduledTask: Hashable, Sendable {
    package var name: String
    package var enabled: Bool
    /// As configured: the time, and the command with its arguments.
    package var crontab: String
    package var timing: TaskTiming
    /// Full path of the program.
    package var program: String
    package var arguments: [String]
    /// Seconds after which a run is ended; 0: never.
    package var timeLimit: Int

    package init(
        name: String, enabled: Bool, crontab: String, timing: TaskTiming, program: String, arguments: [String],
        timeLimit: Int
    ) {
        self.name = name
        self.enabled = enabled
        self.crontab = crontab
        self.timing = timing
        self.program = program
        self.arguments = arguments
        self.timeLimit = timeLimit
    }

    /// Those of the family that this MTA has as second names of its own command.
    private static let ownNames = ["return_job": ["return_job"], "purge": ["imsimta", "purge"]]
    /// Tasks of other servers, which an imported configuration may hold (`lib/msprobe` and programs of the store).
    private static let foreign: Set<String> = ["expire", "msprobe", "snapshot", "snapshotverify"]

    /// The tasks of a configuration; none when the Scheduler is not enabled.
    static func all(
        _ options: OptionStore, paths: InstancePaths, symbols: SymbolTable, diagnostics: inout Diagnostics
    ) -> [ScheduledTask] {
        guard options.boolean("schedule.enable") else { return [] }
        var tasks: [ScheduledTask] = []
        for (name, place) in options.groups("schedule", "task") {
            let group = OptionPath([.init("schedule"), .init("task", name)])
            guard let entry = options[group.appending("crontab").description], let crontab = entry.value else {
                diagnostics.warning(
                    "task \(name) does not run: it has no crontab", at: place,
                    advice: "set schedule.task:\(name).crontab, for example to 30 0 * * * lib/\(name)")
                continue
            }
            switch TaskTiming.parse(crontab) {
            case .failure(let fault): diagnostics.error("task \(name): \(fault)", at: entry.location)
            case .success(let (timing, command)):
                let (program, arguments) = launch(command, paths, symbols)
                var task = ScheduledTask(
                    name: name, enabled: options.integer(group.appending("enable").description) != 0, crontab: crontab,
                    timing: timing, program: program, arguments: arguments,
                    timeLimit: options.integer(group.appending("time_limit").description) ?? 3600)
                task.check(paths, entry.location, &diagnostics)
                tasks.append(task)
            }
        }
        return tasks
    }

    /// Commands are relative to SERVERROOT. `lib/return_job` and `lib/purge` are `martlet`, unless the site has programs
    /// of these names there.
    private static func launch(
        _ command: [String], _ paths: InstancePaths, _ symbols: SymbolTable
    ) -> (program: String, arguments: [String]) {
        let given = symbols.expandingPath(command[0])
        let path = given.hasPrefix("/") ? given : "\(paths.root)/\(given)"
        let arguments = Array(command.dropFirst())
        let name = String(path.split(separator: "/").last ?? "")
        let isOurs = [paths.root + "/lib", paths.bin].contains(Files.parent(of: path))
        guard isOurs, let own = ownNames[name], !Files.isExecutable(path) else { return (path, arguments) }
        return ("\(paths.bin)/martlet", own + arguments)
    }

    private mutating func check(_ paths: InstancePaths, _ place: SourceLocation, _ diagnostics: inout Diagnostics) {
        guard enabled, program != "\(paths.bin)/martlet", !Files.isExecutable(program) else { return }
        if Self.foreign.contains(name.lowercased()) {
            enabled = false
            diagnostics.note("task \(name) belongs to a server that is not here; it does not run", at: place)
        } else {
            diagnostics.warning(
                "task \(name) cannot run: there is no program \(program)", at: place,
                advice: "name a program by its path from \(paths.root) on, or by its full path")
        }
    }
}
