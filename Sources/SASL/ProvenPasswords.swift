import Crypto

/// Passwords that were compared with their hash a moment ago and were right. A password hash costs tens of milliseconds
/// on purpose; a client that opens a connection for each message would pay it each time and keep a core busy.
///
/// A password is not kept: only an HMAC under a key that this process drew and never shows. The stored hash is part of
/// what is authenticated, so that a changed password or a changed user counts at once.
package struct ProvenPasswords {
    /// Seconds after which a password is compared with its hash again.
    package static let lifetime: Int64 = 600
    /// More are not remembered: the table is emptied, and everybody pays the hash once more.
    package static let limit = 10_000

    private let key = SymmetricKey(size: .bits256)
    private var proven: [Digest: Int64] = [:]

    /// HMAC-SHA-256 of login name, stored hash and password.
    package struct Digest: Hashable, Sendable {
        fileprivate var code: SIMD32<UInt8>
    }

    package init() {}

    package func digest(name: String, storedHash: String, password: String) -> Digest {
        var authentication = HMAC<SHA256>(key: key)
        for part in [name, storedHash, password] {
            // The length before each part: no two triples give the same octets.
            withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { authentication.update(data: $0) }
            authentication.update(data: Array(part.utf8))
        }
        var code = SIMD32<UInt8>()
        for (index, byte) in authentication.finalize().enumerated() { code[index] = byte }
        return Digest(code: code)
    }

    /// Whether this password was right less than `lifetime` ago.
    /// - Parameter now: monotonic seconds.
    package func contains(_ digest: Digest, at now: Int64) -> Bool {
        proven[digest].map { now - $0 < Self.lifetime } ?? false
    }

    /// Remembers a password that was right.
    package mutating func insert(_ digest: Digest, at now: Int64) {
        if proven.count >= Self.limit { proven.removeAll(keepingCapacity: true) }
        proven[digest] = now
    }
}
