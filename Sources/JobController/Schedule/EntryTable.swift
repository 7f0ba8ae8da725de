import Envelope
import Spool

/// All entries of the index: slots of an array, found by key.
struct EntryTable {
    private(set) var slots: [ScheduledEntry] = []
    private var free: [Int32] = []
    private var index = EntryIndex()

    var count: Int { index.count }

    subscript(slot: Int32) -> ScheduledEntry {
        _read { yield slots[Int(slot)] }
        _modify { yield &slots[Int(slot)] }
    }

    func slot(of key: QueueEntryKey) -> Int32? { index.slot(of: key) { slots[Int($0)].key == key } }

    /// True when the heap item speaks of the present stay of the entry in the heap.
    func isCurrent(_ slot: Int32, _ generation: UInt32) -> Bool { slots[Int(slot)].generation == generation }

    /// Takes in an entry whose key is not there.
    mutating func insert(_ entry: ScheduledEntry) -> Int32 {
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            let generation = slots[Int(slot)].generation
            slots[Int(slot)] = entry
            slots[Int(slot)].generation = generation
        } else {
            slot = Int32(slots.count)
            slots.append(entry)
        }
        index.insert(slot, for: entry.key)
        return slot
    }

    mutating func remove(_ slot: Int32) {
        index.remove(slot, for: slots[Int(slot)].key)
        slots[Int(slot)].state = .unused
        slots[Int(slot)].generation &+= 1
        free.append(slot)
    }
}

/// Where the entry of a key is: a hash table with linear probing, eight octets a bucket. With a million entries every event
/// waits for memory, not for the processor: a dictionary would look at three places where this looks at one, and take
/// three times the room. The keys stay with the entries; a bucket has enough of the hash to tell them apart.
struct EntryIndex {
    /// The hash in the lower half, the slot plus one in the upper; 0: empty. Their number is a power of two.
    private var buckets = [UInt64](repeating: 0, count: 64)
    private(set) var count = 0

    /// `isMatch` says whether a slot has the key.
    func slot(of key: QueueEntryKey, _ isMatch: (Int32) -> Bool) -> Int32? {
        let hash = Self.hash(key)
        var place = Int(hash) & (buckets.count - 1)
        while buckets[place] != 0 {
            let bucket = buckets[place]
            if UInt32(truncatingIfNeeded: bucket) == hash, isMatch(Self.slot(bucket)) { return Self.slot(bucket) }
            place = (place + 1) & (buckets.count - 1)
        }
        return nil
    }

    /// Adds a key that is not there.
    mutating func insert(_ slot: Int32, for key: QueueEntryKey) {
        if (count + 1) * 4 > buckets.count * 3 { grow() }
        put(UInt64(UInt32(bitPattern: slot) + 1) << 32 | UInt64(Self.hash(key)))
        count += 1
    }

    private mutating func put(_ bucket: UInt64) {
        var place = Int(UInt32(truncatingIfNeeded: bucket)) & (buckets.count - 1)
        while buckets[place] != 0 { place = (place + 1) & (buckets.count - 1) }
        buckets[place] = bucket
    }

    private mutating func grow() {
        let old = buckets
        buckets = [UInt64](repeating: 0, count: old.count * 2)
        for bucket in old where bucket != 0 { put(bucket) }
    }

    /// Removes the key of a slot. What was put behind it for want of room moves up, so that no search ends too early.
    mutating func remove(_ slot: Int32, for key: QueueEntryKey) {
        let mask = buckets.count - 1
        var hole = Int(Self.hash(key)) & mask
        while Self.slot(buckets[hole]) != slot {
            if buckets[hole] == 0 { return }
            hole = (hole + 1) & mask
        }
        count -= 1
        var next = (hole + 1) & mask
        while buckets[next] != 0 {
            let home = Int(UInt32(truncatingIfNeeded: buckets[next])) & mask
            // It may move when the hole lies between its home and its place.
            if (next - home) & mask >= (next - hole) & mask {
                buckets[hole] = buckets[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        buckets[hole] = 0
    }

    private static func slot(_ bucket: UInt64) -> Int32 { Int32(truncatingIfNeeded: bucket >> 32) - 1 }

    /// The finalizer of MurmurHash3, which makes every bit depend on every bit: ids are made in a row. Nobody outside
    /// chooses them.
    private static func hash(_ key: QueueEntryKey) -> UInt32 {
        var hash = key.message.rawValue ^ UInt64(key.entry) << 40
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return UInt32(truncatingIfNeeded: hash ^ hash >> 33)
    }
}
