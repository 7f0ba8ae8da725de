import OptionSyntax

/// When a task of the Scheduler runs (job-controller specification, sections 3.5 and 12; commands specification, 8.3).
package enum TaskTiming: Hashable, Sendable {
    /// `minute hour day month weekday`.
    case crontab(CrontabFields)
    /// `[HH:MM]/hh:mm`: every so many minutes, counted from a minute of each day, or else from the run before.
    case interval(minutes: Int, from: Int?)

    /// What is wrong with the text of a task.
    package struct Fault: Error, Hashable, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// The timing at the beginning of `text`, and the words of the command behind it.
    package static func parse(_ text: String) -> Result<(timing: TaskTiming, command: [String]), Fault> {
        let words = LogicalLine(text, at: SourceLocation(file: "", line: 1)).words().map(\.text)
        do throws(Fault) {
            guard let first = words.first else { throw Fault("a task needs a time and a command") }
            let isInterval = first.contains(":")
            let timing = isInterval ? try interval(first) : try .crontab(CrontabFields(words.prefix(5).map(\.self)))
            let command = Array(words.dropFirst(isInterval ? 1 : 5))
            if command.isEmpty { throw Fault("there is no command behind the time in \(text)") }
            return .success((timing, command))
        } catch { return .failure(error) }
    }

    private static func interval(_ text: String) throws(Fault) -> TaskTiming {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let minutes = TimeSpecification.minutes(parts[1]), minutes > 0 else {
            throw Fault("\(text) is neither five crontab fields nor an interval such as 00:30/24:00 or /4:00")
        }
        if parts[0].isEmpty { return .interval(minutes: minutes, from: nil) }
        guard let start = TimeSpecification.minutes(parts[0]), start < 1440 else {
            throw Fault("\(parts[0]) in \(text) is no time of the day")
        }
        guard minutes <= 1440 else {
            throw Fault("\(text) begins anew every day: behind a time of the day stands an interval up to 24:00")
        }
        return .interval(minutes: minutes, from: start)
    }
}

/// The five fields of a crontab line as sets of numbers. All of them must fit: day of the month and weekday too, unlike
/// with cron (commands specification, section 8.3).
package struct CrontabFields: Hashable, Sendable {
    private var minutes: UInt64
    private var hours: UInt64
    private var days: UInt64
    private var months: UInt64
    private var weekdays: UInt64

    private struct Kind {
        var name: String
        var range: ClosedRange<Int>
        var names: [String] = []
    }

    private static let monthNames = "jan feb mar apr may jun jul aug sep oct nov dec".split(separator: " ").map(
        String.init)
    private static let weekdayNames = "sun mon tue wed thu fri sat".split(separator: " ").map(String.init)

    private static let kinds = [
        Kind(name: "minute", range: 0...59), Kind(name: "hour", range: 0...23), Kind(name: "day", range: 1...31),
        Kind(name: "month", range: 1...12, names: monthNames), Kind(name: "weekday", range: 0...7, names: weekdayNames),
    ]

    /// `fields`: numbers, names of months and weekdays, ranges `a-b`, `*`, steps `/n` behind these, lists of all that.
    package init(_ fields: [String]) throws(TaskTiming.Fault) {
        guard fields.count == Self.kinds.count else {
            throw TaskTiming.Fault("a task needs five fields, minute hour day month weekday, and a command")
        }
        var sets: [UInt64] = []
        for (field, kind) in zip(fields, Self.kinds) { sets.append(try Self.set(field, kind)) }
        (minutes, hours, days, months, weekdays) = (sets[0], sets[1], sets[2], sets[3], sets[4])
        // 7 is Sunday as well.
        if weekdays >> 7 & 1 == 1 { weekdays |= 1 }
        let isPossible = (1...12).contains { month in
            Self.holds(months, month) && (1...Self.mostDays(month)).contains { Self.holds(days, $0) }
        }
        if !isPossible { throw TaskTiming.Fault("no month has a day \(fields[2]) in \(fields[3])") }
    }

    private static func mostDays(_ month: Int) -> Int {
        switch month {
        case 2: 29
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func set(_ field: String, _ kind: Kind) throws(TaskTiming.Fault) -> UInt64 {
        var set: UInt64 = 0
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let step = pieces.count == 2 ? Int(pieces[1]) ?? 0 : 1
            guard let range = range(pieces[0], kind), step > 0, pieces.count == 1 || range.count > 1 else {
                throw TaskTiming.Fault(
                    "\(part) is no \(kind.name): numbers \(kind.range.lowerBound) to \(kind.range.upperBound), a-b, *, "
                        + "a-b/n and lists of them with commas")
            }
            for value in stride(from: range.lowerBound, through: range.upperBound, by: step) {
                set |= 1 << UInt64(value)
            }
        }
        return set
    }

    private static func range(_ text: Substring, _ kind: Kind) -> ClosedRange<Int>? {
        if text == "*" { return kind.range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { number($0, kind) }
        guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last else { return nil }
        return first...last
    }

    private static func number(_ text: Substring, _ kind: Kind) -> Int? {
        if let index = kind.names.firstIndex(of: text.lowercased()) { return index + (kind.range.lowerBound) }
        guard !text.isEmpty, text.utf8.count < 4, text.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int(text)
        else { return nil }
        return kind.range.contains(number) ? number : nil
    }

    private static func holds(_ set: UInt64, _ value: Int) -> Bool { set >> UInt64(value) & 1 == 1 }

    /// The task runs in every hour of its days: such a one runs in an hour that the clock repeats, too.
    package var isHourly: Bool { (0...23).allSatisfy { Self.holds(hours, $0) } }

    /// `weekday`: 0 is Sunday.
    package func fits(day: Int, month: Int, weekday: Int) -> Bool {
        Self.holds(days, day) && Self.holds(months, month) && Self.holds(weekdays, weekday)
    }

    /// The minutes of a day on which it runs, in order.
    package var minutesOfDay: [Int] {
        (0...23).filter { Self.holds(hours, $0) }.flatMap { hour in
            (0...59).filter { Self.holds(minutes, $0) }.map { hour * 60 + $0 }
        }
    }
}
