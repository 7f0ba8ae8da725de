/// What is logged of a service once a minute. Times are monotonic nanoseconds.
package struct MinuteReport: Hashable, Sendable {
    /// A tenth of the time: less is the nature of bursts.
    private static let worthSaying = seconds(6)

    private var next: Int64 = 0
    private var limited: Int64 = 0

    package init() {}

    package mutating func isDue(at now: Int64) -> Bool {
        guard now >= next else { return false }
        next = now + seconds(60)
        return true
    }

    /// Whole seconds since the last call in which MAX_HANDOFFS was the limit; nil for a few.
    package mutating func limitedSeconds(_ occupancy: Occupancy, at now: Int64) -> Int64? {
        let total = occupancy.total(at: now)
        defer { limited = total }
        return total - limited >= Self.worthSaying ? (total - limited) / 1_000_000_000 : nil
    }
}
