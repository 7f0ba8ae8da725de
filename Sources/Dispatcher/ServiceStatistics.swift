/// Counts of one service since the Dispatcher started; bounded memory. Dispatcher specification, section 11.
package struct ServiceStatistics: Hashable, Sendable {
    package var accepted = 0
    /// Turned away by access control.
    package var denied = 0
    /// `denied` by cause.
    package var refusals: [AdmissionRefusal: Int] = [:]
    /// Told that the service is at capacity; not counted in `accepted`.
    package var turnedAway = 0
    /// Times that accept(2) failed and a port rested, for example because no descriptor was left.
    package var acceptFailures = 0
    package var handedOff = 0
    /// Taken back from a worker before it confirmed.
    package var moved = 0
    package var completed = 0
    /// Ended with a worker that died.
    package var lost = 0
    /// Closed without a worker.
    package var dropped = 0
    package var workersStarted = 0
    package var failedStarts = 0
    package var crashes = 0
    package private(set) var peak = 0
    /// Concurrent connections, sampled every second.
    package private(set) var concurrent = Summary()
    /// Connections received in each full hour.
    package private(set) var perHour = Summary()
    /// From accept to end, nanoseconds.
    package var duration = Summary()
    /// From `CONN` to `ACPT`.
    package var handoffLatency = LatencyHistogram()
    /// MAX_PROCS × MAX_CONNS connections are there: clients wait without a banner.
    package private(set) var saturation = Occupancy()
    /// MAX_HANDOFFS is the limit on a listening port.
    package private(set) var handoffLimit = Occupancy()

    private var hourBegan: Int64?
    private var acceptedAtHour = 0

    package init() {}

    /// The counts of the program before, in the order of ``TakeOverState/counters``. Connections of the hour that has
    /// begun are counted from here on: how many of them came before is not known.
    init(inheriting counts: [Int]) {
        for (path, count) in zip(TakeOverState.counters, counts) where count > 0 { self[keyPath: path] = count }
        acceptedAtHour = accepted
    }

    /// `refusals` for one cause; 0 when there was none.
    subscript(refusals cause: AdmissionRefusal) -> Int {
        get { refusals[cause] ?? 0 }
        set { refusals[cause] = newValue }
    }

    mutating func notePeak(_ count: Int) { peak = max(peak, count) }

    /// Connections received in the hour that has begun.
    package var thisHour: Int { accepted - acceptedAtHour }

    /// To be called whenever the number of connections or handoffs may have changed.
    mutating func noteLimits(isSaturated: Bool, isHandoffLimited: Bool, at now: Int64) {
        saturation.note(isSaturated, at: now)
        handoffLimit.note(isHandoffLimited, at: now)
    }

    mutating func sample(connections: Int, at now: Int64) {
        concurrent.add(Int64(connections))
        guard let began = hourBegan else {
            hourBegan = now
            return
        }
        if now - began >= seconds(3600) {
            perHour.add(Int64(accepted - acceptedAtHour))
            acceptedAtHour = accepted
            hourBegan = now
        }
    }
}

/// How often and how long something was the case. Times are monotonic nanoseconds.
package struct Occupancy: Hashable, Sendable {
    /// How often it began.
    package private(set) var count = 0
    /// When it began; nil while it is not the case.
    package private(set) var since: Int64?
    private var ended: Int64 = 0

    package init() {}

    package mutating func note(_ isTrue: Bool, at now: Int64) {
        guard isTrue != (since != nil) else { return }
        if let since {
            ended += max(0, now - since)
            self.since = nil
        } else {
            since = now
            count += 1
        }
    }

    /// Nanoseconds in all, with the time that still runs.
    package func total(at now: Int64) -> Int64 { ended + (since.map { max(0, now - $0) } ?? 0) }
}

/// Running minimum, mean and maximum.
package struct Summary: Hashable, Sendable {
    package private(set) var count = 0
    package private(set) var minimum: Int64 = 0
    package private(set) var maximum: Int64 = 0
    /// Of all values; a whole number of nanoseconds would overflow within months on a busy host.
    package private(set) var sum: Double = 0

    package var mean: Double { count == 0 ? 0 : sum / Double(count) }

    package init() {}

    package mutating func add(_ value: Int64) {
        minimum = count == 0 ? value : min(minimum, value)
        maximum = count == 0 ? value : max(maximum, value)
        count += 1
        sum += Double(value)
    }
}

/// Times in powers of two of microseconds: bucket `n` holds those below 2ⁿ µs and not below 2ⁿ⁻¹ µs.
package struct LatencyHistogram: Hashable, Sendable {
    /// The last bucket takes everything from 2³⁰ µs (18 minutes) on.
    package private(set) var buckets = [Int](repeating: 0, count: 32)
    /// Nanoseconds of all times together.
    package private(set) var sum: Double = 0

    package init() {}

    /// Nanoseconds.
    package mutating func add(_ nanoseconds: Int64) {
        let microseconds = UInt64(max(0, nanoseconds) / 1000)
        buckets[min(buckets.count - 1, UInt64.bitWidth - microseconds.leadingZeroBitCount)] += 1
        sum += Double(max(0, nanoseconds))
    }

    package var count: Int { buckets.reduce(0, +) }

    /// Microseconds below which at least `fraction` of all times lie; 0 without any.
    package func bound(_ fraction: Double) -> Int {
        let wanted = Double(count) * fraction
        var seen = 0
        for (index, bucket) in buckets.enumerated() where bucket > 0 {
            seen += bucket
            if Double(seen) >= wanted { return 1 << index }
        }
        return 0
    }
}
