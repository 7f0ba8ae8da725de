/// Counts connections of clients in windows of a minute. A value; memory is bounded.
/// Dispatcher specification, section 9.5, `conn_throttle`.
package struct ThrottleTable: Sendable {
    package enum Form: String, Hashable, Sendable {
        /// At most so many in a window of 60 s from the first one counted; then the count starts at 0.
        case simple = "throttle"
        /// After each minute the rate is taken off the running total; refused attempts count.
        case penalising = "throttle_p"
    }

    private struct Key: Hashable {
        var form: Form
        var client: String
        var rate: Int
    }

    private struct Count {
        var total: Int
        var since: Int64
    }

    /// A client's count, for a successor of this program. `since`: monotonic nanoseconds.
    package struct Entry: Hashable, Sendable {
        package var form: Form
        package var client: String
        package var rate: Int
        package var total: Int
        package var since: Int64
    }

    private static let window = seconds(60)

    private let mostClients: Int
    private var counts: [Key: Count] = [:]
    private var nextSweep = Int64.min

    package init(mostClients: Int = 50_000) {
        self.mostClients = mostClients
    }

    package var clientCount: Int { counts.count }

    package var entries: [Entry] {
        get {
            counts.map { key, count in
                Entry(form: key.form, client: key.client, rate: key.rate, total: count.total, since: count.since)
            }
        }
        set {
            counts = [:]
            for entry in newValue.prefix(mostClients) {
                let key = Key(form: entry.form, client: entry.client, rate: entry.rate)
                counts[key] = Count(total: entry.total, since: entry.since)
            }
        }
    }

    /// Counts one connection; true when the client is over `rate` connections a minute. When the table is full of
    /// clients that still count, a new one is not counted: those that are known stay throttled.
    package mutating func exceeds(_ form: Form, client: String, rate: Int, at now: Int64) -> Bool {
        let key = Key(form: form, client: client, rate: rate)
        guard var count = counts[key] else {
            guard makeRoom(at: now) else { return false }
            counts[key] = Count(total: 1, since: now)
            return 1 > rate
        }
        Self.age(&count, key, at: now)
        count.total += count.total < Int.max ? 1 : 0
        counts[key] = count
        return count.total > rate
    }

    private static func age(_ count: inout Count, _ key: Key, at now: Int64) {
        let windows = (now - count.since) / window
        guard windows > 0 else { return }
        switch key.form {
        case .simple: count = Count(total: 0, since: now)
        case .penalising:
            let (forgiven, overflow) = key.rate.multipliedReportingOverflow(by: Int(windows))
            let left = overflow ? 0 : max(0, count.total - max(0, forgiven))
            count = left == 0 ? Count(total: 0, since: now) : Count(total: left, since: count.since + windows * window)
        }
    }

    /// Drops clients whose count has run out, at most once a second.
    private mutating func makeRoom(at now: Int64) -> Bool {
        if counts.count < mostClients { return true }
        guard now >= nextSweep else { return false }
        nextSweep = now + seconds(1)
        counts = counts.filter { entry in
            var count = entry.value
            Self.age(&count, entry.key, at: now)
            return count.total > 0
        }
        return counts.count < mostClients
    }
}
