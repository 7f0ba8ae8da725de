import Configuration
import InternetMessage
import Testing

@testable import JobController

/// A clock that is `before` seconds ahead of UTC until a moment, and `after` from then on.
func clock(_ before: Int64, until moment: Int64 = .max, then after: Int64 = 0) -> LocalClock {
    LocalClock { $0 < moment ? before : after }
}

func timing(_ text: String) throws -> TaskTiming { try TaskTiming.parse(text + " x").get().timing }

/// When tasks run: the calendar, and clocks that are set forward and back in summer and winter.
@Suite struct TaskTimingTests {
    /// `day hour:minute` of local time, days counted in the month.
    private func shown(_ moment: Int64?, _ clock: LocalClock) -> String {
        guard let moment else { return "never" }
        let time = CivilTime(seconds: moment + clock.offset(moment))
        let minute = time.minute < 10 ? "0\(time.minute)" : "\(time.minute)"
        return "\(time.year)-\(time.month)-\(time.day) \(time.hour):\(minute)"
    }

    private func runs(_ text: String, from start: Int64, _ count: Int, _ clock: LocalClock) throws -> [String] {
        let timing = try timing(text)
        var moment = start
        var found: [String] = []
        for _ in 0..<count {
            let next = timing.next(after: moment, on: clock)
            found.append(shown(next, clock))
            #expect((next ?? .max) > moment)
            moment = next ?? moment
        }
        return found
    }

    /// 1 January 2026, 00:00 UTC: a Thursday.
    private static let newYear: Int64 = 1_767_225_600

    @Test(arguments: [
        ("30 0 * * *", ["2026-1-1 0:30", "2026-1-2 0:30", "2026-1-3 0:30"]),
        ("0 0,12 * * *", ["2026-1-1 12:00", "2026-1-2 0:00", "2026-1-2 12:00"]),
        ("0 0 1 * *", ["2026-2-1 0:00", "2026-3-1 0:00", "2026-4-1 0:00"]),
        ("0 0 13 * 5", ["2026-2-13 0:00", "2026-3-13 0:00", "2026-11-13 0:00"]),
        ("0 0 29 2 *", ["2028-2-29 0:00", "2032-2-29 0:00", "2036-2-29 0:00"]),
        ("0 0 29 2 1", ["2044-2-29 0:00", "2072-2-29 0:00", "2112-2-29 0:00"]),
        ("59 23 31 12 *", ["2026-12-31 23:59", "2027-12-31 23:59", "2028-12-31 23:59"]),
        ("00:30/24:00", ["2026-1-1 0:30", "2026-1-2 0:30", "2026-1-3 0:30"]),
        ("02:00/10:00", ["2026-1-1 2:00", "2026-1-1 12:00", "2026-1-1 22:00"]),
        ("/4:00", ["2026-1-1 4:00", "2026-1-1 8:00", "2026-1-1 12:00"]),
    ])
    func calendar(text: String, expected: [String]) throws {
        #expect(try runs(text, from: Self.newYear, 3, clock(0)) == expected)
    }

    /// Far from UTC local days count, on either side.
    @Test(arguments: [-12, 14] as [Int64])
    func localTimeCounts(hours: Int64) throws {
        let zone = clock(hours * 3600)
        let midnight = Self.newYear - hours * 3600
        #expect(try runs("30 0 * * *", from: midnight, 2, zone) == ["2026-1-1 0:30", "2026-1-2 0:30"])
        #expect(try runs("30 0 * * 4", from: midnight - 1, 2, zone) == ["2026-1-1 0:30", "2026-1-8 0:30"])
    }

    /// 29 March 2026 in central Europe: 02:00 becomes 03:00. What is due in the hour that is not there runs at once, every
    /// other run as usual.
    @Test(arguments: [
        ("30 2 * * *", ["2026-3-28 2:30", "2026-3-29 3:00", "2026-3-30 2:30"]),
        ("0,30 2 * * *", ["2026-3-28 2:00", "2026-3-28 2:30", "2026-3-29 3:00", "2026-3-30 2:00"]),
        ("30 * 29 3 *", ["2026-3-29 0:30", "2026-3-29 1:30", "2026-3-29 3:30", "2026-3-29 4:30"]),
        ("30 0 * * *", ["2026-3-28 0:30", "2026-3-29 0:30", "2026-3-30 0:30"]),
        ("02:30/24:00", ["2026-3-28 2:30", "2026-3-29 3:00", "2026-3-30 2:30"]),
    ])
    func anHourThatIsNotThere(text: String, expected: [String]) throws {
        let zone = clock(3600, until: 1_774_746_000, then: 7200)
        #expect(try runs(text, from: 1_774_746_000 - 26 * 3600, expected.count, zone) == expected)
    }

    /// 25 October 2026: 03:00 becomes 02:00. A run of that hour happens once, one of every hour in both.
    @Test(arguments: [
        ("30 2 * * *", ["2026-10-24 2:30", "2026-10-25 2:30", "2026-10-26 2:30"]),
        (
            "30 * 25 10 *",
            ["2026-10-25 0:30", "2026-10-25 1:30", "2026-10-25 2:30", "2026-10-25 2:30", "2026-10-25 3:30"]
        ),
        ("0 3 * * *", ["2026-10-24 3:00", "2026-10-25 3:00", "2026-10-26 3:00"]),
    ])
    func anHourThatComesTwice(text: String, expected: [String]) throws {
        let zone = clock(7200, until: 1_792_890_000, then: 3600)
        #expect(try runs(text, from: 1_792_890_000 - 30 * 3600, expected.count, zone) == expected)
    }

    /// From every quarter of an hour around a change: the next run is the first of all later ones.
    @Test(arguments: ["30 2 * * *", "*/15 * * * *", "15 1-3 * * *"])
    func noRunIsSkippedOrRepeatedAroundAChange(text: String) throws {
        let timing = try timing(text)
        for zone in [clock(3600, until: 1_774_746_000, then: 7200), clock(7200, until: 1_774_746_000, then: 3600)] {
            let start: Int64 = 1_774_746_000 - 86_400
            var all: [Int64] = []
            var moment = start
            while moment < start + 2 * 86_400 {
                moment = try #require(timing.next(after: moment, on: zone))
                all.append(moment)
            }
            for probe in stride(from: start, to: start + 2 * 86_400, by: 900) {
                #expect(timing.next(after: probe, on: zone) == all.first { $0 > probe })
            }
        }
    }
}
