/// Builds the payload of a record: numbers as LEB128, texts with their length before them.
struct ByteEncoder {
    private(set) var bytes: [UInt8]

    /// `reserving`: bytes left free at the front for a header that is filled in later.
    init(reserving front: Int = 0, capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(front + capacity)
        bytes.append(contentsOf: repeatElement(0, count: front))
    }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A length, count or offset; negative ones do not occur and are written as 0.
    mutating func number(_ value: Int) { number(UInt64(max(0, value))) }

    /// Small magnitudes of either sign take few bytes.
    mutating func signed(_ value: Int64) { number(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            number(utf8.count)
            bytes.append(contentsOf: utf8)
        }
    }

    mutating func text(_ value: String?) {
        flag(value != nil)
        if let value { text(value) }
    }

    mutating func data(_ value: [UInt8]) {
        number(value.count)
        bytes.append(contentsOf: value)
    }

    mutating func fixed<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Reads what ``ByteEncoder`` wrote, from bytes that nobody promises anything about: beyond the end, or after anything
/// that cannot be, every read gives a zero and ``isValid`` is false for good.
struct ByteDecoder {
    private let bytes: ArraySlice<UInt8>
    private(set) var position: Int
    private(set) var isValid = true

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    var remaining: Int { bytes.endIndex - position }

    /// True when everything was read and nothing was wrong.
    var isComplete: Bool { isValid && remaining == 0 }

    mutating func fail() {
        isValid = false
        position = bytes.endIndex
    }

    mutating func byte() -> UInt8 {
        guard remaining > 0 else {
            fail()
            return 0
        }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func flag() -> Bool {
        let value = byte()
        if value > 1 { fail() }
        return value == 1
    }

    mutating func number() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = byte()
            if shift == 63, next > 1 { fail() }
            if !isValid { return 0 }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    /// A number that must fit `Int` and be at most `limit`.
    mutating func integer(limit: Int = Int.max) -> Int {
        let value = number()
        guard value <= UInt64(max(0, limit)) else {
            fail()
            return 0
        }
        return Int(value)
    }

    /// How many elements follow; each takes at least one byte, so a larger number is an error.
    mutating func count() -> Int { integer(limit: remaining) }

    mutating func signed() -> Int64 {
        let value = number()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func data() -> ArraySlice<UInt8> {
        let length = integer(limit: remaining)
        guard isValid, length <= remaining else {
            fail()
            return []
        }
        defer { position += length }
        return bytes[position..<position + length]
    }

    mutating func text() -> String { String(decoding: data(), as: UTF8.self) }

    mutating func optionalText() -> String? { flag() ? text() : nil }

    mutating func fixed<Value: FixedWidthInteger>(_ type: Value.Type) -> Value {
        let width = Value.bitWidth / 8
        guard remaining >= width else {
            fail()
            return 0
        }
        defer { position += width }
        return bytes.littleEndian(type, at: position)
    }

    /// A value of an enumeration by its raw byte.
    mutating func choice<Value: RawRepresentable>(_ fallback: Value) -> Value where Value.RawValue == UInt8 {
        guard let value = Value(rawValue: byte()) else {
            fail()
            return fallback
        }
        return value
    }
}

extension ArraySlice<UInt8> {
    /// The number at `index`, which must have enough bytes behind it.
    func littleEndian<Value: FixedWidthInteger>(_ type: Value.Type, at index: Int) -> Value {
        let start = index - startIndex
        return withUnsafeBytes { bytes in
            precondition(start >= 0 && start + MemoryLayout<Value>.size <= bytes.count, "read outside of the slice")
            return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: type))
        }
    }
}
