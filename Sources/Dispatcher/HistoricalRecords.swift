/// The last of what has ended, for HISTORICAL_TIME: at most `capacity` records, the oldest overwritten first.
/// Memory is taken as records come and never grows past the capacity. Dispatcher specification, section 11.
package struct HistoricalRecords<Record: Sendable>: Sendable {
    private struct Slot {
        var record: Record
        var ended: Int64
    }

    /// Most records kept.
    package let capacity: Int
    /// How long a record is kept, nanoseconds; 0: records are dropped at once.
    package let lifetime: Int64
    /// Records that left because there was no room, before their time.
    package private(set) var overwritten = 0
    private var slots: [Slot] = []
    /// Place of the oldest record.
    private var first = 0
    private var count = 0

    package init(capacity: Int, lifetime: Int64) {
        self.capacity = max(1, capacity)
        self.lifetime = max(0, lifetime)
    }

    /// `now` is monotonic nanoseconds and does not go back from call to call.
    package mutating func add(_ record: Record, at now: Int64) {
        guard lifetime > 0 else { return }
        expire(at: now)
        let slot = Slot(record: record, ended: now)
        if count == capacity {
            slots[first] = slot
            first = (first + 1) % capacity
            overwritten += 1
            return
        }
        let place = (first + count) % capacity
        if place < slots.count { slots[place] = slot } else { slots.append(slot) }
        count += 1
    }

    /// Forgets what is older than the lifetime; an empty ring gives its memory back.
    package mutating func expire(at now: Int64) {
        while count > 0, now - slots[first].ended >= lifetime {
            first = (first + 1) % capacity
            count -= 1
        }
        if count == 0, !slots.isEmpty {
            slots = []
            first = 0
        }
    }

    /// How many are kept at `now`.
    package func count(at now: Int64) -> Int {
        let old = (0..<count).first { now - slots[(first + $0) % capacity].ended < lifetime } ?? count
        return count - old
    }

    /// Those that are kept at `now`, oldest first; with `most` the newest of them.
    package func all(at now: Int64, most: Int = .max) -> [Record] {
        (count - min(count, most)..<count).lazy.map { slots[(first + $0) % capacity] }.filter {
            now - $0.ended < lifetime
        }.map(\.record)
    }
}
