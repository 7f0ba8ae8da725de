package import Configuration

/// The Scheduler: which task of the configuration runs when (job-controller specification, section 12). A value without
/// clock or process: each event is a call with the time, in seconds since 1970, and what is to be done collects as actions.
/// How long a run takes is measured by `uptime`, seconds of a clock that nobody sets.
///
/// A task runs once at a time; what falls due meanwhile is left out. Runs that were missed while nothing was running, or
/// because the clock was set forward, are made up for by one run. A clock that is set back by a few hours repeats nothing.
package struct TaskSchedule {
    package enum Action: Equatable, Sendable {
        case start(ScheduledTask)
        /// End the run, at first by SIGTERM.
        case end(String, isForced: Bool)
        /// ``history`` has changed and is to be kept.
        case remember
        /// A line for the log.
        case report(String)
    }

    /// What is known of a task.
    struct State: Equatable {
        var task: ScheduledTask
        /// When it runs next.
        var next: Int64?
        var last: TaskRun?
        /// The uptime at its start.
        var startedUp: Int64 = 0
        /// The uptime since which the run is being ended.
        var endingSince: Int64?
        /// False once a reload has taken the task away while it ran.
        var isDefined = true

        var isRunning: Bool { last.map { $0.ended == nil } ?? false }
    }

    private(set) var states: [String: State] = [:]
    package private(set) var history: TaskHistory
    private var actions: [Action] = []
    private var latest = Int64.min
    private let clock: LocalClock

    /// Seconds that a clock may be set back without a run being repeated.
    private static var backwardsTolerance: Int64 { 3 * 3600 }
    /// Seconds between SIGTERM and SIGKILL for a run that takes too long.
    private static var grace: Int64 { 10 }
    /// Seconds after which a run counts as made up for.
    private static var late: Int64 { 120 }

    package init(history: TaskHistory = TaskHistory(), clock: LocalClock = .system) {
        self.history = history
        self.clock = clock
    }

    /// The actions since the last call.
    package mutating func takeActions() -> [Action] {
        defer { actions.removeAll() }
        return actions
    }

    /// The tasks are these from now on. One whose time is the same keeps its next run.
    package mutating func configure(_ tasks: [ScheduledTask], now: Int64) {
        let isStart = latest == .min
        latest = now
        var new = states.filter { $0.value.isRunning }
        for name in new.keys { new[name]?.isDefined = false }
        for task in tasks {
            var state = states[task.name] ?? State(task: task, last: history.runs[task.name])
            let isSame = states[task.name].map { $0.task.timing == task.timing && $0.task.enabled == task.enabled }
            state.task = task
            state.isDefined = true
            if isSame != true {
                // What was missed while nothing was running is due at once; a new time begins to count now.
                let base = isStart ? state.last?.due : nil
                state.next = task.enabled ? task.timing.next(after: self.base(base, now), on: clock) : nil
            }
            new[task.name] = state
        }
        states = new
    }

    /// From where the next run is looked for, when the latest one was due at `due`.
    private func base(_ due: Int64?, _ now: Int64) -> Int64 {
        guard let due else { return now }
        return due - now <= Self.backwardsTolerance ? due : now
    }

    package mutating func tick(now: Int64, uptime: Int64) {
        if now < latest { clockWasSetBack(now) }
        latest = now
        for name in states.keys.sorted() {
            endIfTooLong(name, uptime)
            guard let state = states[name], state.isDefined, let next = state.next, next <= now else { continue }
            states[name]?.next = state.task.timing.next(after: now, on: clock)
            if state.isRunning {
                actions.append(.report("task \(name) still runs; the run that is due now is left out"))
            } else {
                if now - next >= Self.late { actions.append(.report("task \(name): a missed run is made up for")) }
                start(name, due: next, now, uptime)
            }
        }
    }

    private mutating func clockWasSetBack(_ now: Int64) {
        for var state in states.values {
            let due = state.last.flatMap { $0.due > now ? $0.due : nil }
            // A run that is near stays where it is: an interval that begins anew each time would never end.
            if let next = state.next {
                state.next = min(next, state.task.timing.next(after: base(due, now), on: clock) ?? next)
            }
            if state.isRunning, let started = state.last?.started { state.last?.started = min(started, now) }
            states[state.task.name] = state
        }
    }

    private mutating func endIfTooLong(_ name: String, _ uptime: Int64) {
        guard let state = states[name], state.isRunning else { return }
        let time = uptime - state.startedUp
        if let since = state.endingSince {
            guard uptime - since >= Self.grace else { return }
            states[name]?.endingSince = uptime
            actions.append(.end(name, isForced: true))
        } else if state.task.timeLimit > 0, time >= Int64(state.task.timeLimit) {
            states[name]?.endingSince = uptime
            actions.append(.report("task \(name) has run for \(time) seconds, its time limit; it is ended"))
            actions.append(.end(name, isForced: false))
        }
    }

    private mutating func start(_ name: String, due: Int64, _ now: Int64, _ uptime: Int64) {
        guard let task = states[name]?.task else { return }
        states[name]?.last = TaskRun(due: due, started: now)
        states[name]?.startedUp = uptime
        states[name]?.endingSince = nil
        remember(name)
        actions.append(.start(task))
    }

    /// Runs a task now, besides its times. False when there is none of that name, or it runs already.
    package mutating func run(_ name: String, now: Int64, uptime: Int64) -> Bool {
        guard let state = states[name], state.isDefined, !state.isRunning else { return false }
        start(name, due: now, now, uptime)
        return true
    }

    /// The run of a task has ended, or could not be started.
    package mutating func ended(_ name: String, _ ending: TaskEnding, now: Int64) {
        guard let state = states[name], state.isRunning, let run = state.last else { return }
        states[name]?.last?.ended = max(now, run.started)
        // A program that ends by the signal it was sent, or has an orderly way to take it, was ended all the same.
        let ending = state.endingSince == nil ? ending : .timedOut
        states[name]?.last?.ending = ending
        remember(name)
        if ending != .notStarted {
            actions.append(.report("task \(name) ended: \(ending), after \(max(0, now - run.started)) seconds"))
        }
        if !state.isDefined { states[name] = nil }
    }

    private mutating func remember(_ name: String) {
        history.runs[name] = states[name]?.last
        actions.append(.remember)
    }

    /// Counts a return job; gives its number.
    package mutating func countReturnJob() -> Int {
        history.returnJobs = history.returnJobs == .max ? 1 : history.returnJobs + 1
        actions.append(.remember)
        return history.returnJobs
    }

    /// The tasks by name.
    var status: [State] { states.values.sorted { $0.task.name < $1.task.name } }
}
