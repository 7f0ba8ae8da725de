import Configuration
import Glibc
import OptionSyntax
import ProcessPool
import SystemCalls

/// The Scheduler's tasks: children without a shell, whose output is a log of their own.
extension JobControllerLoop {
    static func taskHistory(_ options: JobControllerOptions) -> TaskHistory {
        TaskHistory(String(decoding: (try? Files.read(options.tasksPath, limit: 1 << 20)) ?? [], as: UTF8.self))
    }

    /// To be called once the queue is there.
    func startTasks() {
        tasks.configure(settings.tasks, now: now / 1000)
        runTasks()
    }

    /// What is due by the clock.
    func runTasks() {
        guard !schedule.isDraining else { return }
        tasks.tick(now: now / 1000, uptime: uptime)
        executeTasks()
    }

    private func executeTasks() {
        while true {
            let actions = tasks.takeActions()
            if actions.isEmpty { return }
            for action in actions {
                switch action {
                case .start(let task): start(task)
                case .end(let name, let isForced):
                    taskProcesses.values.first { $0.name == name }?.end(isForced: isForced)
                case .remember: taskFile.keep(tasks.history.text)
                case .report(let line): log.write(line)
                }
            }
        }
    }

    /// Seconds by a clock that nobody sets.
    private var uptime: Int64 { SystemClock.monotonicNanoseconds / 1_000_000_000 }

    private func start(_ task: ScheduledTask) {
        var started: Int32?
        do throws(SystemCallError) {
            let base = "\(options.logDirectory)/\(Self.fileName(task.name)).log"
            let file = try VersionedLogFile(next: base)
            VersionedLogFile.purge(base, keeping: options.logVersions, sparing: [file.path])
            let processID = try Processes.spawn(
                Processes.Request(
                    path: task.program, arguments: task.arguments, environment: taskEnvironment,
                    output: file.descriptor, directory: options.root))
            started = processID
            let process = TaskProcess(
                task.name, processID: processID, logPath: file.path, watch: try Processes.pidDescriptor(processID))
            let number = newNumber()
            try poller.add(process.exitDescriptor, token: Self.token(.task, number))
            taskProcesses[number] = process
        } catch {
            log.write("error: cannot start task \(task.name): \(error)")
            // A run whose end nobody would notice must not go on.
            if let started {
                kill(-started, SIGKILL)
                waitpid(started, nil, 0)
            }
            tasks.ended(task.name, .notStarted, now: now / 1000)
        }
    }

    /// Names of tasks are the administrator's; the file lies in the log directory whatever they are, and is none of those
    /// that a daemon writes: old versions of it are removed.
    static func fileName(_ task: String) -> String {
        let text = String(task.map { $0 == "/" || $0 == "%" ? "_" : $0 })
        if ["job_controller", "dispatcher"].contains(text) || text.hasSuffix("_server") { return "task_\(text)" }
        return text.hasPrefix(".") ? "_\(text)" : text
    }

    private var taskEnvironment: [String] {
        var environment = ["MARTLET_ROOT=\(options.root)", "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C"]
        if let zone = getenv("TZ") { environment.append("TZ=\(String(cString: zone))") }
        return environment + options.environment
    }

    func taskEnded(_ number: UInt32) {
        guard let process = taskProcesses[number], let exit = Processes.reap(process.processID) else { return }
        poller.remove(process.exitDescriptor)
        taskProcesses[number] = nil
        let ending: TaskEnding =
            switch exit {
            case .exited(let code): .exit(code)
            case .signalled(let signal): .signal(signal)
            }
        // A good run that had nothing to say leaves nothing to look at.
        if ending == .exit(0), (try? Files.read(process.logPath, limit: 1))?.isEmpty == true { unlink(process.logPath) }
        tasks.ended(process.name, ending, now: now / 1000)
        executeTasks()
    }

    /// The Job Controller stops: what runs is told to end.
    func endTasks() {
        for process in taskProcesses.values { process.end(isForced: false) }
    }

    // MARK: Commands

    /// Nil: another command. `words`: behind the verb.
    func answerAboutTasks(_ verb: String, _ words: [String]) -> JSONValue? {
        defer { executeTasks() }
        switch (verb, words.count) {
        case ("return_job", 0...1):
            guard let period = Int(words.first ?? "1"), period > 0 else {
                return Self.failure("return_job takes a number: in every how many runs ages are judged")
            }
            return returnJob(every: period)
        case ("rollover", 0): return rolloverWork.answer
        case ("snapshot", 0):
            store.snapshotIfDue(now: now / 1000, force: true)
            return ["ok": true]
        case ("reload", 1) where words[0] == "tasks":
            if let refusal = reloadTasks() { return Self.failure("reload failed: \(refusal)") }
            return ["ok": true, "tasks": taskStatus]
        case ("tasks", 0): return ["ok": true, "tasks": taskStatus]
        case ("task", 1):
            if schedule.isDraining { return Self.failure("the Job Controller stops: no task begins") }
            guard tasks.run(words[0], now: now / 1000, uptime: uptime) else {
                return Self.failure("there is no task \(words[0]), or it runs already")
            }
            return ["ok": true]
        default: return nil
        }
    }

    /// What the Job Controller does of the return job: in every `period`-th one the ages, then the roll-over, which goes on
    /// behind the answer (job-controller specification, 11.3).
    private func returnJob(every period: Int) -> JSONValue {
        let number = tasks.countReturnJob()
        var sums = DeliverySchedule.AgeJudgement()
        if number.isMultiple(of: period) {
            sums = schedule.judgeAges(now: now)
            log.write(
                "return job \(number): \(sums.returned) entries are returned, \(sums.warned) warned of, \(sums.deleted)"
                    + " deleted, \(sums.later) judged after their attempt")
        }
        rollLogs(isTurn: number.isMultiple(of: max(1, settings.logRolloverPeriod)))
        return [
            "ok": true, "run": .integer(number), "count": .integer(sums.returned), "warned": .integer(sums.warned),
            "deleted": .integer(sums.deleted), "later": .integer(sums.later),
        ]
    }

    var taskStatus: JSONValue {
        .array(
            tasks.status.map { state -> JSONValue in
                let last = state.last
                var code: JSONValue = .null
                if case .exit(let number)? = last?.ending { code = .integer(Int(number)) }
                return [
                    "name": .string(state.task.name), "crontab": .string(state.task.crontab),
                    "enabled": .bool(state.task.enabled), "running": .bool(state.isRunning),
                    "next": state.next.map { .integer(Int($0)) } ?? .null,
                    "started": last.map { .integer(Int($0.started)) } ?? .null,
                    "ended": last?.ended.map { .integer(Int($0)) } ?? .null,
                    "ending": last?.ending.map { .string($0.description) } ?? .null, "exit": code,
                ]
            })
    }
}
