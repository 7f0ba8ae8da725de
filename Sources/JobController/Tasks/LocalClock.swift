package import Configuration
import InternetMessage

/// The clock on the wall: how far local time is ahead of UTC at any moment.
package struct LocalClock: Sendable {
    /// Seconds ahead of UTC at a moment, in seconds since 1970.
    package var offset: @Sendable (Int64) -> Int64

    package init(offset: @escaping @Sendable (Int64) -> Int64) { self.offset = offset }

    /// That of this system.
    package static let system = LocalClock { Int64(ZoneOffset.local(at: $0).seconds) }

    /// The moments at which the clock shows these minutes of a day (counted since 1970), in order. Minutes that the clock
    /// jumps over happen when it jumps, and minutes that it shows twice happen once; `isHourly`: not at all, and twice.
    func moments(day: Int64, minutes: [Int], isHourly: Bool) -> [Int64] {
        let start = day * 86_400
        let (before, after) = (offset(start - 86_400), offset(start + 2 * 86_400))
        if before == after { return minutes.map { start + Int64($0) * 60 - before } }
        var found: Set<Int64> = []
        for minute in minutes {
            let shown = start + Int64(minute) * 60
            let times = [shown - before, shown - after].filter { $0 + offset($0) == shown }.sorted()
            switch times.count {
            case 0:
                if !isHourly { found.insert(jump(from: shown - max(before, after), to: shown - min(before, after))) }
            case 2 where isHourly: found.formUnion(times)
            default: found.insert(times[0])
            }
        }
        return found.sorted()
    }

    /// The first moment with the offset that holds at `to`.
    private func jump(from: Int64, to: Int64) -> Int64 {
        var (low, high) = (from, to)
        let last = offset(to)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if offset(middle) == last { high = middle } else { low = middle }
        }
        return high
    }
}

extension TaskTiming {
    /// Days in which a task of 29 February on a Monday comes round, and leap years that are left out.
    private static var longestWait: Int64 { 41 * 366 }

    /// The first run after a moment, in seconds since 1970; nil when there is none.
    package func next(after moment: Int64, on clock: LocalClock) -> Int64? {
        switch self {
        case .interval(let minutes, nil): return moment + Int64(minutes) * 60
        case .interval(let minutes, let start?):
            let times = Array(stride(from: start, to: 1440, by: minutes))
            return Self.next(after: moment, times, isHourly: false, on: clock) { _ in true }
        case .crontab(let fields):
            return Self.next(after: moment, fields.minutesOfDay, isHourly: fields.isHourly, on: clock) {
                fields.fits(day: $0.day, month: $0.month, weekday: $0.weekday)
            }
        }
    }

    private static func next(
        after moment: Int64, _ minutes: [Int], isHourly: Bool, on clock: LocalClock, fits: (CivilTime) -> Bool
    ) -> Int64? {
        // The day before may go on when the clock is set back at midnight.
        let today = (moment + clock.offset(moment)) / 86_400
        for day in (today - 1)...(today + longestWait) where fits(CivilTime(seconds: day * 86_400)) {
            let times = clock.moments(day: day, minutes: minutes, isHourly: isHourly)
            if let found = times.first(where: { $0 > moment }) { return found }
        }
        return nil
    }
}
