import Configuration
import Testing

@testable import JobController

extension TaskSchedule {
    mutating func tick(now: Int64) { tick(now: now, uptime: now) }

    mutating func run(_ name: String, now: Int64) -> Bool { run(name, now: now, uptime: now) }
}

/// The Scheduler as a value: what is started when, and what becomes of it.
@Suite struct TaskScheduleTests {
    /// 1 January 2026, 00:00 UTC.
    private static let start: Int64 = 1_767_225_600
    private static let hours: Int64 = 3600

    private func task(_ name: String = "a", _ text: String = "30 0 * * *", enabled: Bool = true, limit: Int = 60) throws
        -> ScheduledTask
    {
        ScheduledTask(
            name: name, enabled: enabled, crontab: text, timing: try timing(text), program: "/bin/\(name)",
            arguments: [],
            timeLimit: limit)
    }

    private func schedule(_ tasks: ScheduledTask..., history: TaskHistory = TaskHistory()) -> TaskSchedule {
        var schedule = TaskSchedule(history: history, clock: clock(0))
        schedule.configure(tasks, now: Self.start)
        return schedule
    }

    /// What is started or ended by the actions, as words.
    private func words(_ schedule: inout TaskSchedule) -> [String] {
        schedule.takeActions().compactMap { action in
            switch action {
            case .start(let task): task.name
            case .end(let name, let isForced): isForced ? "kill \(name)" : "end \(name)"
            case .remember: nil
            case .report(let line): line.contains("left out") ? "left out" : line.contains("missed") ? "missed" : nil
            }
        }
    }

    @Test func aTaskRunsAtItsTimes() throws {
        var schedule = schedule(try task(), try task("b", "0 */6 * * *"))
        var log: [String] = []
        for minute in 0...(24 * 60) as ClosedRange<Int64> {
            schedule.tick(now: Self.start + minute * 60)
            for word in words(&schedule) {
                log.append("\(minute / 60):\(minute % 60) \(word)")
                schedule.ended(word, .exit(0), now: Self.start + minute * 60 + 1)
            }
        }
        #expect(log == ["0:30 a", "6:0 b", "12:0 b", "18:0 b", "24:0 b"])
        #expect(schedule.status.map(\.next) == [Self.start + 24 * 3600 + 1800, Self.start + 30 * 3600])
    }

    @Test func oneRunAtATime() throws {
        var schedule = schedule(try task("a", "* * * * *", limit: 0))
        schedule.tick(now: Self.start + 60)
        #expect(words(&schedule) == ["a"])
        schedule.tick(now: Self.start + 120)
        #expect(words(&schedule) == ["left out"])
        let again = schedule.run("a", now: Self.start + 121)
        #expect(!again)
        schedule.ended("a", .signal(9), now: Self.start + 130)
        #expect(schedule.status[0].last?.ending == .signal(9))
        schedule.tick(now: Self.start + 180)
        #expect(words(&schedule) == ["a"])
    }

    @Test func aRunThatTakesTooLongIsEnded() throws {
        var schedule = schedule(try task())
        schedule.tick(now: Self.start + 1800)
        #expect(words(&schedule) == ["a"])
        schedule.tick(now: Self.start + 1859)
        #expect(words(&schedule) == [])
        schedule.tick(now: Self.start + 1860)
        #expect(words(&schedule) == ["end a"])
        schedule.tick(now: Self.start + 1869)
        #expect(words(&schedule) == [])
        schedule.tick(now: Self.start + 1870)
        #expect(words(&schedule) == ["kill a"])
        schedule.ended("a", .signal(9), now: Self.start + 1871)
        #expect(
            schedule.status[0].last
                == TaskRun(
                    due: Self.start + 1800, started: Self.start + 1800, ended: Self.start + 1871, ending: .timedOut))
    }

    /// A clock that is set forward does not make a run long, and one that is set back does not make it short.
    @Test(arguments: [-7200, 7200] as [Int64])
    func theTimeLimitIsOfNoClockThatIsSet(step: Int64) throws {
        var schedule = schedule(try task())
        schedule.tick(now: Self.start + 1800, uptime: 100)
        #expect(words(&schedule) == ["a"])
        schedule.tick(now: Self.start + 1801 + step, uptime: 101)
        #expect(words(&schedule) == [])
        schedule.tick(now: Self.start + 1860 + step, uptime: 160)
        #expect(words(&schedule) == ["end a"])
        schedule.tick(now: Self.start + 1861 + 2 * step, uptime: 161)
        #expect(words(&schedule) == [])
        schedule.tick(now: Self.start + 1870 + 2 * step, uptime: 170)
        #expect(words(&schedule) == ["kill a"])
    }

    /// An interval that begins anew at every step would never end.
    @Test func aClockThatIsSetBackAgainAndAgain() throws {
        var schedule = schedule(try task("a", "/4:00"))
        var now = Self.start
        var uptime: Int64 = 0
        while uptime < 10 * Self.hours {
            now += Self.hours
            uptime += Self.hours
            schedule.tick(now: now, uptime: uptime)
            for word in words(&schedule) where word == "a" { return schedule.ended("a", .exit(0), now: now) }
            now -= 1800
            schedule.tick(now: now, uptime: uptime)
        }
        Issue.record("the task never ran")
    }

    /// Runs that were missed while nothing was running are made up for by one run.
    @Test(arguments: [(-3, 1), (-24 * 9, 1), (0, 0)] as [(Int64, Int)])
    func missedRuns(hoursSinceTheLast: Int64, count: Int) throws {
        var history = TaskHistory()
        let due = Self.start + hoursSinceTheLast * Self.hours
        history.runs["a"] = TaskRun(due: due, started: due, ended: due + 1, ending: .exit(0))
        var schedule = schedule(try task("a", "0 */2 * * *"), try task("new", "0 */2 * * *"), history: history)
        schedule.tick(now: Self.start)
        #expect(words(&schedule).filter { $0 == "a" }.count == count)
        schedule.ended("a", .exit(0), now: Self.start + 1)
        schedule.tick(now: Self.start + 60)
        #expect(words(&schedule) == [])
        #expect(schedule.status.map(\.next) == [Self.start + 2 * Self.hours, Self.start + 2 * Self.hours])
    }

    /// A clock that is set forward makes up for what it jumped over, once; one that is set back by less than three hours
    /// repeats nothing, and one that is set back by more begins anew.
    @Test func clocksThatAreSet() throws {
        var schedule = schedule(try task())
        schedule.tick(now: Self.start + 5 * 24 * Self.hours)
        #expect(words(&schedule) == ["missed", "a"])
        schedule.ended("a", .exit(0), now: Self.start + 5 * 24 * Self.hours)
        let next = try #require(schedule.status[0].next)
        #expect(next == Self.start + 5 * 24 * Self.hours + 1800)
        schedule.tick(now: next)
        #expect(words(&schedule) == ["a"])
        schedule.ended("a", .exit(0), now: next + 1)
        schedule.tick(now: next - 1200)
        schedule.tick(now: next)
        #expect(words(&schedule) == [])
        #expect(schedule.status[0].next == next + 24 * Self.hours)
        schedule.tick(now: Self.start)
        #expect(schedule.status[0].next == Self.start + 1800)
        schedule.tick(now: Self.start + 1800)
        #expect(words(&schedule) == ["a"])
    }

    /// `refresh sched`: changes count at once, what stays keeps its next run, what goes ends its run.
    @Test func changedTasks() throws {
        var schedule = schedule(try task("a", "/4:00"), try task("b"), try task("c"), try task("d", enabled: false))
        #expect(schedule.status.map { $0.next.map { $0 - Self.start } } == [4 * Self.hours, 1800, 1800, nil])
        schedule.tick(now: Self.start + 1800)
        #expect(words(&schedule) == ["b", "c"])
        let now = Self.start + Self.hours
        schedule.configure(
            [try task("a", "/4:00", limit: 1), try task("b", "0 5 * * *"), try task("d"), try task("e", "* * * * *")],
            now: now)
        #expect(schedule.status.map(\.task.name) == ["a", "b", "c", "d", "e"])
        #expect(
            schedule.status.map { $0.next.map { $0 - Self.start } }
                == [4 * Self.hours, 5 * Self.hours, 24 * Self.hours + 1800, 24 * Self.hours + 1800, Self.hours + 60])
        #expect(schedule.status[0].task.timeLimit == 1)
        let again = schedule.run("c", now: now)
        #expect(!again)
        schedule.ended("c", .exit(3), now: now)
        #expect(schedule.status.map(\.task.name) == ["a", "b", "d", "e"])
        #expect(schedule.history.runs["c"]?.ending == .exit(3))
    }

    @Test func runsByHand() throws {
        var schedule = schedule(try task(enabled: false))
        let (known, unknown) = (schedule.run("a", now: Self.start + 7), schedule.run("none", now: Self.start))
        #expect(known && !unknown)
        #expect(words(&schedule) == ["a"])
        schedule.ended("a", .notStarted, now: Self.start + 7)
        #expect(schedule.status[0].last?.ending == .notStarted)
    }

    @Test func historyOnTheDisk() {
        var history = TaskHistory()
        history.returnJobs = 23
        for (name, ending) in [
            ("a", TaskEnding.exit(3)), ("with blanks in it", .signal(9)), ("t", .timedOut), ("n", .notStarted),
        ] {
            history.runs[name] = TaskRun(due: 1, started: 2, ended: 3, ending: ending)
        }
        #expect(TaskHistory(history.text) == history)
        history.runs["a"] = TaskRun(due: 1, started: 2)
        #expect(TaskHistory(history.text).runs["a"] == TaskRun(due: 1, started: 2, ended: 2, ending: .unknown))
    }

    @Test(arguments: [
        "", "run", "run 1 2 3 exit:0", "run a b c exit:0 x", "return_job -1", "return_job 99999999999999999999", "\n\n",
        "run 1 2 3", "run -9223372036854775808 2 3 exit:0 x", "run 1 9223372036854775807 3 exit:0 x",
        "run 1 2 -1 exit:0 x",
    ])
    func historyThatCannotBeRead(text: String) { #expect(TaskHistory(text) == TaskHistory()) }
}
