/// Slows down who guesses passwords, by address of the client or by name of the user: the answer to each failed AUTH comes
/// later than the one before. A value without a clock; times are monotonic nanoseconds.
struct AuthenticationThrottle: Sendable {
    private struct Record {
        var failures: Int
        var lastAt: Int64
    }

    private static let second: Int64 = 1_000_000_000
    /// After so long without a failure an address is as good as new.
    private static let forgetsAfter = 600 * second
    private static let longestDelay = 16 * second
    /// Failures that cost nothing: people mistype.
    private let freeFailures: Int
    private static let mostAddresses = 10_000

    private var records: [String: Record] = [:]

    init(freeFailures: Int = 1) { self.freeFailures = freeFailures }

    /// Addresses that are remembered.
    var count: Int { records.count }

    /// AUTH failed: how long to wait before the client is told, in nanoseconds.
    mutating func failed(_ address: String, at now: Int64) -> Int64 {
        if records.count >= Self.mostAddresses { forgetOldest(at: now) }
        var record = records[address] ?? Record(failures: 0, lastAt: now)
        if now - record.lastAt > Self.forgetsAfter { record.failures = 0 }
        record.failures += 1
        record.lastAt = now
        records[address] = record
        let paid = record.failures - freeFailures
        return paid < 1 ? 0 : min(Self.second << Int64(min(paid - 1, 16)), Self.longestDelay)
    }

    /// AUTH succeeded.
    mutating func succeeded(_ address: String) { records[address] = nil }

    private mutating func forgetOldest(at now: Int64) {
        records = records.filter { now - $0.value.lastAt <= Self.forgetsAfter }
        if records.count >= Self.mostAddresses { records.removeAll() }
    }
}
