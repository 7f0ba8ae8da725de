import Configuration
import Envelope
import MasterKit
import OptionSyntax
import Testing

@testable import JobController

/// Worked examples 7 to 11, 13, 51 and 53 of the channels specification: retries and notices as the keyword lists say.
@Suite struct QueueingExamplesTests {
    /// Keywords in the order of one channel line.
    private func settings(_ keywords: String...) throws -> ChannelSettings {
        let lines = keywords.map { "\n  \($0)" }.joined()
        let text =
            "base.hostname = h.example\n[channel:l]\n  official_host_name = &/IMTA_HOST/\n[channel:tcp_x]\n  smtp\(lines)\n"
        let paths = InstancePaths(instanceRoot: "/i", bin: "/b")
        let load = MTAConfiguration.load(paths: paths, files: .memory(["/i/config/martlet.conf": text]))
        let configuration = try #require(load.configuration, "\(load.diagnostics.all)")
        return try #require(JobControllerSettings(configuration).channels["tcp_x"])
    }

    private func minutes(_ settings: ChannelSettings, _ priority: Priority, _ count: Int) -> [Int64] {
        (1...count).map { settings.backoff.wait(after: $0, priority) / minute }
    }

    /// Example 7: attempts after 5, 15, 45, 105, 225, 465 min, then every 240.
    @Test func example7Backoff() throws {
        let waits = minutes(try settings("backoff = PT5M PT10M PT30M PT1H PT2H PT4H"), .normal, 8)
        var time: Int64 = 0
        let attempts = waits.map { wait in
            time += wait
            return time
        }
        #expect(attempts == [5, 15, 45, 105, 225, 465, 705, 945])
    }

    /// Example 8: normal message, no keyword: 60, 180, 300, 540, 780, 1020, 1500 min, then every 480.
    @Test func example8NormalMessage() throws {
        var time: Int64 = 0
        let attempts = minutes(try settings(), .normal, 9).map { wait in
            time += wait
            return time
        }
        #expect(attempts == [60, 180, 300, 540, 780, 1020, 1500, 1980, 2460])
    }

    /// Example 9: urgent message, no keyword.
    @Test func example9UrgentMessage() throws {
        #expect(minutes(try settings(), .urgent, 8) == [30, 60, 60, 120, 120, 120, 240, 240])
    }

    /// Example 10: eight gaps as listed, then 16 h repeating; lower case is accepted.
    @Test func example10EightGaps() throws {
        let waits = minutes(
            try settings("urgentbackoff = pt30m pt1h pt2h pt3h pt4h pt5h pt8h pt16h"), .urgent, 10)
        #expect(waits == [30, 60, 120, 180, 240, 300, 480, 960, 960, 960])
    }

    /// Example 11: warnings at 1, 7, 14, 21 full days, return at 28.
    @Test func example11Notices() throws {
        let notices = try settings("notices = 1 7 14 21 28").notices
        for (number, days) in [1, 7, 14, 21].enumerated() {
            #expect(notices.due(age: Int64(days) * day - 1, warned: number, .normal) == .none)
            #expect(notices.due(age: Int64(days) * day, warned: number, .normal) == .delayWarning(number + 1))
        }
        #expect(notices.due(age: 28 * day - 1, warned: 4, .normal) == .none)
        #expect(notices.due(age: 28 * day, warned: 4, .normal) == .timedOut)
    }

    /// Examples 13 and 53: `notices` resets all three lists, so that what stands before it does not count.
    @Test(arguments: [
        ("urgentnotices = 1 2", "notices = 3 6", [3, 6]), ("urgentnotices = 5", "notices = 1 2", [1, 2]),
    ])
    func examples13And53NoticesResetTheOthers(first: String, second: String, days: [Int64]) throws {
        let notices = try settings(first, second).notices
        #expect(notices.due(age: days[0] * day - 1, warned: 0, .urgent) == .none)
        #expect(notices.due(age: days[0] * day, warned: 0, .urgent) == .delayWarning(1))
        #expect(notices.due(age: days[1] * day, warned: 1, .urgent) == .timedOut)
    }

    /// Example 51: the order of `urgentbackoff` and `backoff` does not matter.
    @Test(arguments: [["urgentbackoff = PT10M", "backoff = PT1H"], ["backoff = PT1H", "urgentbackoff = PT10M"]])
    func example51OwnListWins(lines: [String]) throws {
        let settings = try settings(lines[0], lines[1])
        #expect(minutes(settings, .urgent, 1) == [10] && minutes(settings, .normal, 1) == [60])
    }
}
