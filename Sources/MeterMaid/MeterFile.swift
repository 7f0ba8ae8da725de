import Glibc
import SystemCalls

/// The counts of a table in a file that all processes of the instance share, locked while one of them looks at it.
///
/// The file has a head (secret and number of buckets) and buckets of eight places. A key has its place in one bucket; when
/// that is full, the count that was changed longest ago is forgotten.
struct MeterFile: Sendable {
    private static let slotSize = 24
    private static let slotsInBucket = 8
    private static let headSize = 32
    private static let magic: UInt64 = 0x4d41_5254_4d45_5431
    /// Attempts at the lock: a process that keeps it must not stop the mail.
    private static let lockAttempts = 50

    let path: String
    let buckets: UInt64

    init(path: String, mostEntries: Int) {
        self.path = path
        // Twice the room, so that few buckets are full before the table is.
        buckets = UInt64(max(1, mostEntries * 2 / Self.slotsInBucket))
    }

    /// Lets `change` have the count of a key, and keeps what it makes of it.
    func update<Result>(
        _ key: String, _ change: (inout MeterCount?) -> Result
    ) throws(SystemCallError) -> Result {
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT)
        var attempts = 0
        while !Files.lockExclusively(file.number) {
            attempts += 1
            guard attempts < Self.lockAttempts else {
                throw SystemCallError(call: "flock", code: EWOULDBLOCK, object: path)
            }
            usleep(200)
        }
        let secret = try secret(file.number)
        let hash = max(1, SipHash.hash(key.utf8, secret: secret))
        let place = off_t(Self.headSize) + off_t(hash % buckets) * off_t(Self.slotSize * Self.slotsInBucket)
        var words = try read(file.number, Self.slotsInBucket * 3, at: place)
        let slot = Self.slot(of: hash, in: words)
        var count: MeterCount?
        if words[slot * 3] == hash {
            count = MeterCount(
                value: Double(bitPattern: words[slot * 3 + 1]), time: Double(bitPattern: words[slot * 3 + 2]))
        }
        let before = count
        let result = change(&count)
        guard let count, count != before else { return result }
        words = [hash, count.value.bitPattern, count.time.bitPattern]
        try write(file.number, words, at: place + off_t(slot * Self.slotSize))
        return result
    }

    /// Where the key is, else a free place, else that of the oldest.
    private static func slot(of hash: UInt64, in words: [UInt64]) -> Int {
        let slots = 0..<slotsInBucket
        if let known = slots.first(where: { words[$0 * 3] == hash }) { return known }
        if let free = slots.first(where: { words[$0 * 3] == 0 }) { return free }
        return slots.min {
            Double(bitPattern: words[$0 * 3 + 2]) < Double(bitPattern: words[$1 * 3 + 2])
        } ?? 0
    }

    /// Of the file; a file of another shape begins anew.
    private func secret(_ file: Int32) throws(SystemCallError) -> (UInt64, UInt64) {
        let head = try read(file, 4, at: 0)
        if head[0] == Self.magic, head[1] == buckets { return (head[2], head[3]) }
        let made = [Self.magic, buckets, UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max)]
        try checked("ftruncate", path) { ftruncate(file, 0) }
        try write(file, made, at: 0)
        return (made[2], made[3])
    }

    /// What is behind the end of the file counts as zero.
    private func read(_ file: Int32, _ count: Int, at place: off_t) throws(SystemCallError) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: count)
        try checked("pread", path) { pread(file, &words, count * 8, place) }
        return words
    }

    private func write(_ file: Int32, _ words: [UInt64], at place: off_t) throws(SystemCallError) {
        try checked("pwrite", path) { pwrite(file, words, words.count * 8, place) }
    }
}
