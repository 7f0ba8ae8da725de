import Configuration
import Envelope
import MasterKit
import Spool
import Testing

@testable import JobController

/// Ages of messages and the return job: job-controller specification, sections 11.2 and 11.3.
@Suite struct AgeTests {
    /// Schedule and Scheduler under one simulated clock, beginning on Monday, 5 January 2026, 00:00 UTC. Every attempt
    /// fails for now; what is to be returned goes.
    struct Days {
        static let start: Int64 = 1_767_571_200_000
        static let step = 10 * minute

        struct Event: Hashable {
            var time: Int64
            var notice: EntryNotice
        }

        var simulation: Simulation
        var tasks: TaskSchedule
        /// Attempts of each message.
        var events: [Int: [Event]] = [:]
        var returnJobs: [Int64] = []

        init(_ crontab: String = "30 0 * * *", _ change: (inout JobControllerSettings) -> Void) throws {
            var settings = JobControllerSettings(pools: ["DEFAULT": 10])
            var channel = ChannelSettings()
            channel.masterCommand = "/bin/master"
            channel.isHostSorted = true
            settings.channels = ["tcp_local": channel]
            change(&settings)
            simulation = Simulation(settings)
            simulation.threads = 200
            simulation.now = Self.start
            tasks = TaskSchedule(clock: clock(0))
            let task = ScheduledTask(
                name: "return_job", enabled: true, crontab: crontab, timing: try timing(crontab), program: "/bin/r",
                arguments: [], timeLimit: 60)
            tasks.configure([task], now: Self.start / 1000)
        }

        mutating func run(until end: Int64) {
            while simulation.now < end {
                attempt()
                simulation.advance(Self.step)
                tasks.tick(now: simulation.now / 1000)
                for case .start(let task) in tasks.takeActions() {
                    returnJobs.append(simulation.now)
                    simulation.schedule.judgeAges(now: simulation.now)
                    simulation.settle()
                    tasks.ended(task.name, .exit(0), now: simulation.now / 1000)
                }
            }
            attempt()
        }

        private mutating func attempt() {
            while let hand = simulation.hands.first {
                events[Int(hand.key.message.rawValue), default: []].append(
                    Event(time: simulation.now, notice: hand.notice))
                simulation.finish(hand.key, hand.notice == .timedOut ? .failedPermanently : .failedTemporarily)
            }
        }

        /// The first 00:30 at or after a moment.
        static func returnJob(from moment: Int64) -> Int64 {
            (moment - 30 * minute + day - 1) / day * day + 30 * minute
        }
    }

    private func judged(_ simulation: inout Simulation) -> DeliverySchedule.AgeJudgement {
        simulation.schedule.judgeAges(now: simulation.now)
    }

    private static let lists: [Priority: [Int64]] = [.urgent: [1, 2], .normal: [1, 2, 4, 7], .nonurgent: [3, 14]]

    /// A month: hundreds of messages of every priority, to hosts that never answer. Each is tried when its list says, warned
    /// of once at each age, and returned by the first return job after its last age.
    @Test func aMonthOfRetriesAndAgeing() throws {
        func run() throws -> Days {
            var days = try Days { $0.channels["tcp_local"]?.notices = NoticesTable(common: nil, own: Self.lists) }
            for number in 0..<300 {
                days.run(until: Days.start + Int64(number) * 4 * Days.step)
                days.simulation.add(number, host: "h\(number % 40)", [.urgent, .normal, .nonurgent][number % 3])
            }
            days.run(until: Days.start + 31 * day)
            return days
        }
        let days = try run()
        #expect(days.simulation.schedule.count == 0)
        #expect(days.returnJobs == (0..<31).map { Days.start + Int64($0) * day + 30 * minute })
        let backoff = BackoffTable()
        for number in 0..<300 {
            let priority = [Priority.urgent, .normal, .nonurgent][number % 3]
            let arrival = Days.start + Int64(number) * 4 * Days.step
            let ages = Self.lists[priority, default: []]
            let events = days.events[number, default: []]
            let told = events.filter { $0.notice != .none }
            let due = ages.map { Days.returnJob(from: arrival + $0 * day) }
            #expect(told.map(\.time) == due, "message \(number)")
            #expect(told.map(\.notice) == (1..<ages.count).map { .delayWarning($0) } + [.timedOut])
            for (index, pair) in zip(events, events.dropFirst()).enumerated() {
                let next = pair.0.time + backoff.wait(after: index + 1, priority)
                #expect(pair.1.time == next || (pair.1.notice != .none && pair.1.time < next), "message \(number)")
            }
        }
        #expect(try run().events == days.events)
    }

    /// Worked example 12: `notices 1`, queued Monday 10:00, return job 00:30.
    @Test func example12MondayAtTen() throws {
        var days = try Days { $0.channels["tcp_local"]?.notices = NoticesTable(common: [1]) }
        days.run(until: Days.start + 10 * hour)
        days.simulation.add(1)
        days.run(until: Days.start + 5 * day)
        let last = try #require(days.events[1]?.last)
        #expect(last == .init(time: Days.start + 2 * day + 30 * minute, notice: .timedOut))
        #expect(days.events[1]?.filter { $0.notice != .none }.count == 1)
        #expect(days.simulation.schedule.count == 0)
    }

    /// Worked examples 10 and 11: warnings at 1 and 2 days and return at 3; without notices 3, 6, 9 and 12.
    @Test(arguments: [([1, 2, 3], [1, 2, 3]), ([], [3, 6, 9, 12])] as [([Int64], [Int64])])
    func examples10And11(list: [Int64], days expected: [Int64]) throws {
        var days = try Days { $0.channels["tcp_local"]?.notices = NoticesTable(common: list) }
        days.simulation.add(1)
        days.run(until: Days.start + 14 * day)
        #expect(
            days.events[1]?.filter { $0.notice != .none }.map { $0.time - 30 * minute - Days.start }
                == expected.map { $0 * day })
    }

    /// `RETURN_UNITS=1` with a return job in every hour.
    @Test func agesInHours() throws {
        var days = try Days("0 * * * *") {
            $0.channels["tcp_local"]?.notices = NoticesTable(common: [2, 5], unit: 3600)
        }
        days.run(until: Days.start + 20 * minute)
        days.simulation.add(1)
        days.run(until: Days.start + 8 * hour)
        #expect(days.events[1]?.filter { $0.notice != .none }.map { ($0.time - Days.start) / hour } == [3, 6])
    }

    /// `job_controller.notices_check = exact`: to the minute, whatever the return job does.
    @Test func exactAges() throws {
        var days = try Days {
            $0.noticesCheck = .exact
            $0.channels["tcp_local"]?.notices = NoticesTable(common: [1, 2])
        }
        days.run(until: Days.start + 7 * Days.step)
        days.simulation.add(1)
        days.run(until: Days.start + 4 * day)
        let told = days.events[1]?.filter { $0.notice != .none } ?? []
        #expect(told.map { $0.time - Days.start - 7 * Days.step } == [day, 2 * day])
        #expect(told.map(\.notice) == [.delayWarning(1), .timedOut])
        #expect(days.simulation.schedule.count == 0)
    }

    /// A restart under `exact` keeps the time of the next age.
    @Test func exactAgesAfterARestart() throws {
        var simulation = try Days { $0.noticesCheck = .exact }.simulation
        simulation.schedule.known(
            NewEntry(
                key: key(1), channel: "tcp_local", arrival: Days.start - 3 * day + hour, attempts: 9,
                nextAttempt: Days.start + 7 * hour), now: Days.start)
        simulation.advance(hour - minute)
        #expect(simulation.hands.isEmpty)
        simulation.advance(minute)
        #expect(simulation.hands.first?.notice == .delayWarning(1))
    }

    /// Worked example 26: an entry in `hold`, 30 days old, is neither returned nor warned of.
    @Test func example26HeldMessagesDoNotAge() throws {
        var days = try Days {
            $0.channels["hold"] = ChannelSettings()
            $0.channels["hold"]?.notices = NoticesTable(common: [1, 2, 4, 7])
        }
        days.simulation.add(1, "hold", pending: 2, held: true)
        days.run(until: Days.start + 30 * day)
        #expect(judged(&days.simulation) == .init())
        #expect(days.simulation.schedule.count == 1 && days.simulation.records.isEmpty)
    }

    /// "On `filter_discard`: only delete."
    @Test func discardedMessagesAreDeleted() throws {
        var simulation = try Days {
            $0.channels["filter_discard"] = ChannelSettings()
            $0.channels["filter_discard"]?.notices = NoticesTable(common: [1, 2])
        }.simulation
        simulation.add(1, "filter_discard")
        simulation.now += day
        #expect(judged(&simulation) == .init())
        simulation.now += day
        #expect(judged(&simulation) == .init(deleted: 1))
        simulation.settle()
        #expect(simulation.records.map(\.1) == [.delete(by: "return_job")])
        #expect(simulation.schedule.count == 0)
    }

    /// "skips an active entry until its attempt has ended, then judges it by the same run".
    @Test(arguments: [(2, EntryNotice.delayWarning(1)), (8, .timedOut)] as [(Int64, EntryNotice)])
    func activeEntriesAreJudgedAfterTheirAttempt(days: Int64, notice: EntryNotice) throws {
        var simulation = try Days { $0.channels["tcp_local"]?.notices = NoticesTable(common: [1, 7]) }.simulation
        simulation.add(1, host: "a")
        simulation.add(2, host: "b")
        simulation.now += days * day
        #expect(judged(&simulation) == .init(later: 2))
        simulation.settle()
        #expect(simulation.hands.map(\.notice) == [.none, .none])
        simulation.finish(key(1), .failedTemporarily)
        #expect(simulation.hands.last?.key == key(1) && simulation.hands.last?.notice == notice)
        simulation.finish(key(2), .delivered)
        #expect(simulation.schedule.count == 1)
        // What was told once is not told again.
        simulation.finish(key(1), .failedTemporarily)
        #expect(simulation.counts().delayed == 1)
    }

    /// What a job gives back, or dies with, is judged when it is handed out again.
    @Test func activeEntriesThatComeBack() throws {
        var simulation = try Days { $0.channels["tcp_local"]?.notices = NoticesTable(common: [1]) }.simulation
        simulation.add(1)
        simulation.now += 2 * day
        simulation.schedule.judgeAges(now: simulation.now)
        simulation.die(try #require(simulation.hands.first).job)
        #expect(simulation.hands.map(\.notice) == [.timedOut])
    }

    /// Windows are for deliveries: what goes back to its sender waits for none.
    @Test func returnsWaitForNoWindow() throws {
        var simulation = try Days {
            $0.channels["tcp_local"]?.notices = NoticesTable(common: [1])
            $0.channels["tcp_local"]?.windows[.normal] = DeliveryWindow("20:00-06:00")
        }.simulation
        simulation.now += 12 * hour
        simulation.add(1)
        #expect(simulation.hands.isEmpty)
        simulation.now += 2 * day
        #expect(judged(&simulation) == .init(returned: 1))
        simulation.settle()
        #expect(simulation.hands.map(\.notice) == [.timedOut])
    }

    @Test func whenTheNextAgeComes() {
        let table = NoticesTable(common: [1, 3, 9])
        #expect([-1, 0, 1, 2, 3, 99].map { table.nextAge(warned: $0, .normal) / day } == [1, 1, 3, 9, 9, 9])
    }
}
