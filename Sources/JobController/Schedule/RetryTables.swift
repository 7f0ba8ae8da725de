package import Envelope
package import MasterKit

/// Waits between attempts, a list for each priority (job-controller specification, 11.1).
package struct BackoffTable: Sendable, Equatable {
    /// Seconds, by the raw value of the priority.
    private var waits: [[Int64]]

    /// The default lists, in minutes; second class and lower use the list of nonurgent.
    private static let defaultMinutes: [[Int64]] = [
        [30, 60, 60, 120, 120, 120, 240], [60, 120, 120, 240, 240, 240, 480], [120, 240, 240, 480, 480, 480, 960],
    ]

    package init() {
        waits = Priority.allCases.map { priority in
            Self.defaultMinutes[min(Int(priority.rawValue), 2)].map { $0 * 60 }
        }
    }

    /// `backoff` in `common` serves every priority; a priority's own list in `own` wins. Seconds; an empty list is as
    /// if it were not given.
    package init(common: [Int64]?, own: [Priority: [Int64]] = [:]) {
        self.init()
        for priority in Priority.allCases {
            if let common, !common.isEmpty { waits[Int(priority.rawValue)] = common }
            let key = min(priority, .nonurgent)
            if let list = own[priority] ?? own[key], !list.isEmpty { waits[Int(priority.rawValue)] = list }
        }
    }

    /// Milliseconds to wait after the failed attempt number `failures` (from 1); the last value repeats for ever.
    package func wait(after failures: Int, _ priority: Priority) -> Int64 {
        let list = waits[Int(priority.rawValue)]
        let index = min(max(failures, 1), list.count) - 1
        return min(max(list[index], 1), 10 * 365 * 86_400) * 1000
    }
}

/// Ages at which a delayed warning is sent, and at last the message is returned (job-controller specification, 11.2).
package struct NoticesTable: Sendable, Equatable {
    /// Seconds, strictly increasing, by the raw value of the priority.
    private var ages: [[Int64]]

    /// 3, 6 and 9 days warn; 12 days return.
    package init() {
        ages = Priority.allCases.map { _ in [3, 6, 9, 12].map { $0 * 86_400 } }
    }

    /// Lists in units of `unit` seconds (a day, or an hour with RETURN_UNITS=1); an empty list is as if not given.
    package init(common: [Int64]?, own: [Priority: [Int64]] = [:], unit: Int64 = 86_400) {
        self.init()
        for priority in Priority.allCases {
            let list = own[priority] ?? own[min(priority, .nonurgent)] ?? common ?? []
            if !list.isEmpty { ages[Int(priority.rawValue)] = list.map { min(max($0, 1), 100_000) * unit } }
        }
    }

    /// The age, in milliseconds, at which something is due when the warnings up to number `warned` have been sent.
    package func nextAge(warned: Int, _ priority: Priority) -> Int64 {
        let list = ages[Int(priority.rawValue)]
        return list[min(max(0, warned), list.count - 1)] * 1000
    }

    /// What is due at an age in milliseconds, when the warnings up to number `warned` have been sent.
    package func due(age: Int64, warned: Int, _ priority: Priority) -> EntryNotice {
        let list = ages[Int(priority.rawValue)]
        let reached = list.prefix { $0 * 1000 <= age }.count
        if reached == list.count { return .timedOut }
        return reached > warned ? .delayWarning(reached) : .none
    }
}

/// A daily period in which messages of one priority are run, `HH:MM-HH:MM` in local time (`normal_delivery` and its
/// like, job-controller specification, 3.3). An end before the start means over midnight.
package struct DeliveryWindow: Sendable, Equatable {
    /// Minutes of the day.
    private var start: Int64
    private var end: Int64

    /// Minutes of the day; an end before the start is on the next day.
    package init(startMinute: Int64, endMinute: Int64) {
        start = startMinute
        end = endMinute
    }

    /// Nil when `text` is no period.
    package init?(_ text: String) {
        let times = text.split(separator: "-", omittingEmptySubsequences: false).map { Self.minutes($0) }
        guard times.count == 2, let start = times[0], let end = times[1] else { return nil }
        self.start = start
        self.end = end
    }

    private static func minutes(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hour = Int64(parts[0]), let minute = Int64(parts[1]),
            (0...23).contains(hour), (0...59).contains(minute)
        else { return nil }
        return hour * 60 + minute
    }

    /// Milliseconds until the window is open, 0 inside it. `now` in milliseconds since 1970 in local time.
    package func wait(now: Int64) -> Int64 {
        let day: Int64 = 86_400_000
        let time = ((now % day) + day) % day
        let (from, to) = (start * 60_000, end * 60_000)
        let isOpen = from <= to ? (from <= time && time < to) : (time >= from || time < to)
        if isOpen || from == to { return 0 }
        return (from - time + day) % day
    }
}
