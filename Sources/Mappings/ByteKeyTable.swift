/// A hash of bytes that grows with each byte, so that one walk over a text gives the hash of each of its beginnings.
/// Not keyed: what is in a table comes from the administrator, and a table does not grow by what is looked up in it.
package struct ByteKeyHash: Sendable {
    /// FNV-1a with 64 bits.
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    package init() {}

    package mutating func combine(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }

    package mutating func combine(_ bytes: Span<UInt8>) { for index in bytes.indices { combine(bytes[index]) } }

    /// The upper half decides the slot, all of it is compared.
    fileprivate var value: UInt64 { state ^ state >> 32 }

    /// From bits that do not decide the slot; never 0.
    fileprivate var tag: UInt8 { UInt8(truncatingIfNeeded: state >> 56) | 1 }
}

/// Finds the number of a byte string among many without making a `String` of it: open addressing with linear probing,
/// at most half full. A class, so that handing it on costs one reference count.
package final class ByteKeyTable: Sendable {
    private struct Slot {
        var hash: UInt64 = 0
        var number: UInt32 = 0
        var length: UInt32 = 0
        var offset = 0
    }

    private let slots: [Slot]
    /// One byte of the hash for each slot, 0 for an empty one: most keys that are not in the table are refused here, in
    /// an array that stays in the processor's cache.
    private let tags: [UInt8]
    /// The keys one after the other.
    private let bytes: [UInt8]

    /// Numbers `keys`, which are all different, from 0 on.
    package init(_ keys: [[UInt8]]) {
        var size = 8
        while size < keys.count * 2 { size *= 2 }
        var slots = [Slot](repeating: Slot(), count: size)
        var tags = [UInt8](repeating: 0, count: size)
        var bytes: [UInt8] = []
        for (number, key) in keys.enumerated() {
            var hash = ByteKeyHash()
            hash.combine(key.span)
            var index = Int(truncatingIfNeeded: hash.value) & (size - 1)
            while tags[index] > 0 { index = (index + 1) & (size - 1) }
            tags[index] = hash.tag
            slots[index] = Slot(
                hash: hash.value, number: UInt32(number), length: UInt32(key.count), offset: bytes.count)
            bytes += key
        }
        self.slots = slots
        self.tags = tags
        self.bytes = bytes
    }

    /// The number of the key `head` + `tail`.
    package func number(head: Span<UInt8>, tail: Span<UInt8>) -> Int? {
        var hash = ByteKeyHash()
        hash.combine(head)
        hash.combine(tail)
        return number(hash, head: head, tail: tail)
    }

    /// The number of the key `head` + `tail`, whose hash is known.
    package func number(_ hash: ByteKeyHash, head: Span<UInt8>, tail: Span<UInt8>) -> Int? {
        let value = hash.value
        var index = Int(truncatingIfNeeded: value) & (slots.count - 1)
        let tag = hash.tag
        while tags[index] > 0 {
            if tags[index] == tag, slots[index].hash == value, holds(slots[index], head, tail) {
                return Int(slots[index].number)
            }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
    }

    private func holds(_ slot: Slot, _ head: Span<UInt8>, _ tail: Span<UInt8>) -> Bool {
        guard Int(slot.length) == head.count + tail.count else { return false }
        for index in head.indices where bytes[slot.offset + index] != head[index] { return false }
        let rest = slot.offset + head.count
        for index in tail.indices where bytes[rest + index] != tail[index] { return false }
        return true
    }
}
