import Glibc

/// Octets received and not yet used: appended at one end, taken from the other.
struct InputBuffer: Sendable {
    private var bytes: [UInt8] = []
    private var head = 0

    var count: Int { bytes.count - head }
    var isEmpty: Bool { head == bytes.count }

    /// An emptied buffer with more room than this gives its memory back: most connections are idle most of the time.
    private static let keptCapacity = 16_384

    mutating func append(_ octets: UnsafeRawBufferPointer) {
        if head > 0, head >= count {
            bytes.removeSubrange(..<head)
            head = 0
        }
        bytes.append(contentsOf: octets)
    }

    mutating func removeAll() {
        bytes = []
        head = 0
    }

    /// Shows the octets to `body`, which says how many it has used.
    mutating func consume<Value>(_ body: (UnsafeRawBufferPointer) -> (consumed: Int, value: Value)) -> Value {
        let (consumed, value) = bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[head...])) }
        head = min(head + max(consumed, 0), bytes.count)
        if isEmpty, head > 0 {
            if bytes.capacity > Self.keptCapacity { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
            head = 0
        }
        return value
    }
}

extension UnsafeRawBufferPointer {
    /// Index of the first `octet` in `range`.
    func firstIndex(of octet: UInt8, in range: Range<Int>) -> Int? {
        guard let base = baseAddress, !range.isEmpty,
            let found = memchr(base + range.lowerBound, Int32(octet), range.count)
        else { return nil }
        return base.distance(to: UnsafeRawPointer(found))
    }

    /// Whether an octet in `range` is above 127.
    func hasEightBit(in range: Range<Int>) -> Bool {
        var index = range.lowerBound
        var collected: UInt64 = 0
        while index + 8 <= range.upperBound {
            collected |= loadUnaligned(fromByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < range.upperBound {
            collected |= UInt64(self[index])
            index += 1
        }
        return collected & 0x8080_8080_8080_8080 != 0
    }
}
