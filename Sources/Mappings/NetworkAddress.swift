/// An IPv6 address as two halves, most significant first.
struct IPv6Value: Hashable, Sendable {
    var high: UInt64
    var low: UInt64
}

/// Reads `a.b.c.d` at `start`; the digits of the last part are taken as far as they go. Leading zeros are not
/// taken, as some readers take them for octal.
func readIPv4(_ text: [UInt8], from start: Int, to limit: Int) -> (value: UInt32, end: Int)? {
    var value: UInt32 = 0
    var position = start
    for part in 0..<4 {
        if part > 0 {
            guard position < limit, text[position] == UInt8(ascii: ".") else { return nil }
            position += 1
        }
        let first = position
        var number: UInt32 = 0
        while position < limit, text[position].isDigit, position - first < 4 {
            number = number * 10 + UInt32(text[position] - UInt8(ascii: "0"))
            position += 1
        }
        let digits = position - first
        guard digits > 0, number <= 255, digits == 1 || text[first] != UInt8(ascii: "0") else { return nil }
        value = value << 8 | number
    }
    return (value, position)
}

/// Reads the whole of `text[start..<limit]` as an IPv6 address (RFC 4291 section 2.2).
func readIPv6(_ text: [UInt8], from start: Int, to limit: Int) -> IPv6Value? {
    var groups: [UInt16] = []
    var gap: Int?
    var position = start
    if limit - start >= 2, text[start] == UInt8(ascii: ":"), text[start + 1] == UInt8(ascii: ":") {
        gap = 0
        position += 2
    }
    while position < limit {
        let first = position
        var group: UInt16 = 0
        while position < limit, position - first < 4, let digit = text[position].hexadecimalValue {
            group = group << 4 | UInt16(digit)
            position += 1
        }
        guard position > first, groups.count < 8 else { return nil }
        if position < limit, text[position] == UInt8(ascii: ".") {
            guard let tail = readIPv4(text, from: first, to: limit), tail.end == limit else { return nil }
            groups += [UInt16(tail.value >> 16), UInt16(truncatingIfNeeded: tail.value)]
            break
        }
        groups.append(group)
        if position == limit { break }
        guard text[position] == UInt8(ascii: ":"), position + 1 < limit else { return nil }
        position += 1
        if text[position] == UInt8(ascii: ":") {
            guard gap == nil else { return nil }
            gap = groups.count
            position += 1
        }
    }
    return assembleIPv6(groups, gap: gap)
}

private func assembleIPv6(_ groups: [UInt16], gap: Int?) -> IPv6Value? {
    guard gap == nil ? groups.count == 8 : groups.count < 8 else { return nil }
    let filled =
        groups[..<(gap ?? groups.count)] + [UInt16](repeating: 0, count: 8 - groups.count)
        + groups[(gap ?? groups.count)...]
    let halves = filled.enumerated().reduce(into: (high: UInt64(0), low: UInt64(0))) { result, group in
        if group.offset < 4 {
            result.high = result.high << 16 | UInt64(group.element)
        } else {
            result.low = result.low << 16 | UInt64(group.element)
        }
    }
    return IPv6Value(high: halves.high, low: halves.low)
}

/// The test of `$(addr/bits)` and `$<addr/bits>`.
struct IPv4Test: Hashable, Sendable {
    var value: UInt32
    var mask: UInt32

    /// `addr/bits`: equal in the first `bits` bits, default 32.
    init?(prefix text: [UInt8]) {
        guard let (value, bits) = Self.read(text, default: 32) else { return nil }
        self.init(value, mask: bits == 0 ? 0 : UInt32.max << UInt32(32 - bits))
    }

    /// `addr/bits`: equal when the low `bits` bits are ignored, default 0.
    init?(ignoring text: [UInt8]) {
        guard let (value, bits) = Self.read(text, default: 0) else { return nil }
        self.init(value, mask: bits == 32 ? 0 : UInt32.max << UInt32(bits))
    }

    private init(_ value: UInt32, mask: UInt32) {
        self.value = value & mask
        self.mask = mask
    }

    func accepts(_ address: UInt32) -> Bool { address & mask == value }

    private static func read(_ text: [UInt8], default bits: Int) -> (UInt32, Int)? {
        guard let (address, end) = readIPv4(text, from: 0, to: text.count),
            let bits = readBits(text[end...], default: bits, limit: 32)
        else { return nil }
        return (address, bits)
    }
}

/// The test of `${addr/bits}`: equal in the first `bits` bits, default 128.
struct IPv6Test: Hashable, Sendable {
    var value: IPv6Value
    var mask: IPv6Value

    init?(prefix text: [UInt8]) {
        let end = text.firstIndex(of: UInt8(ascii: "/")) ?? text.count
        guard let address = readIPv6(text, from: 0, to: end),
            let bits = readBits(text[end...], default: 128, limit: 128)
        else { return nil }
        let mask = IPv6Value(high: Self.ones(min(bits, 64)), low: Self.ones(max(bits - 64, 0)))
        self.mask = mask
        self.value = IPv6Value(high: address.high & mask.high, low: address.low & mask.low)
    }

    private static func ones(_ count: Int) -> UInt64 { count == 0 ? 0 : UInt64.max << UInt64(64 - count) }

    func accepts(_ address: IPv6Value) -> Bool {
        address.high & mask.high == value.high && address.low & mask.low == value.low
    }
}

/// `/n` with n from 0 to `limit`; nothing gives `bits`.
private func readBits(_ text: ArraySlice<UInt8>, default bits: Int, limit: Int) -> Int? {
    if text.isEmpty { return bits }
    guard text.first == UInt8(ascii: "/"), (2...4).contains(text.count),
        text.dropFirst().allSatisfy(\.isDigit), let number = Int(text.dropFirst().text), number <= limit
    else { return nil }
    return number
}
