/// An input string made ready for matching: folded once, with a digest that lets most entries of a long table be
/// passed over after a few instructions.
struct ProbeText {
    let original: [UInt8]
    let folded: [UInt8]
    /// Which of 256 hashed triples of neighbouring bytes occur.
    let triples: SIMD4<UInt64>
    let ipv4: [(start: Int, end: Int, value: UInt32)]
    let ipv6: [(start: Int, end: Int, value: IPv6Value)]

    /// `findsAddresses`: whether any pattern that will be tried has an address element.
    init(_ original: [UInt8], findsAddresses: Bool) {
        self.original = original
        folded = original.map(\.lowered)
        triples = digest(folded[...])
        ipv4 = findsAddresses ? Self.ipv4Addresses(folded) : []
        ipv6 = findsAddresses ? Self.ipv6Addresses(folded) : []
    }

    /// Whole textual addresses: not the tail of `110.0.0.1` for `10.0.0.1`, nor a part of five numbers with dots.
    private static func ipv4Addresses(_ text: [UInt8]) -> [(start: Int, end: Int, value: UInt32)] {
        var result: [(start: Int, end: Int, value: UInt32)] = []
        let dot = UInt8(ascii: ".")
        for start in text.indices where text[start].isDigit {
            if start > 0, text[start - 1].isDigit { continue }
            if start > 1, text[start - 1] == dot, text[start - 2].isDigit { continue }
            guard let (value, end) = readIPv4(text, from: start, to: text.count) else { continue }
            if end < text.count, text[end].isDigit { continue }
            if end + 1 < text.count, text[end] == dot, text[end + 1].isDigit { continue }
            result.append((start, end, value))
        }
        return result
    }

    /// Longest runs of hexadecimal digits, colons and dots that are an address, each with and without `IPv6:`.
    private static func ipv6Addresses(_ text: [UInt8]) -> [(start: Int, end: Int, value: IPv6Value)] {
        let colon = UInt8(ascii: ":")
        guard text.contains(colon) else { return [] }
        let mark = Array("ipv6:".utf8)
        func isPart(_ byte: UInt8) -> Bool {
            byte.hexadecimalValue != nil || byte == colon || byte == UInt8(ascii: ".")
        }
        var result: [(start: Int, end: Int, value: IPv6Value)] = []
        var position = 0
        while position < text.count {
            let marked = text[position...].starts(with: mark)
            let start = marked ? position + mark.count : position
            var end = start
            while end < text.count, isPart(text[end]) { end += 1 }
            if end > start, text[start..<end].contains(colon),
                let value = readIPv6(text, from: start, to: end)
            {
                result.append((start, end, value))
                if marked { result.append((position, end, value)) }
            }
            position = max(end, position + 1)
        }
        return result
    }
}

/// The hashed triples of neighbouring bytes in `bytes`.
func digest(_ bytes: ArraySlice<UInt8>) -> SIMD4<UInt64> {
    var result = SIMD4<UInt64>(repeating: 0)
    guard bytes.count >= 3 else { return result }
    var window = UInt32(bytes[bytes.startIndex]) << 8 | UInt32(bytes[bytes.startIndex + 1])
    for byte in bytes.dropFirst(2) {
        window = (window << 8 | UInt32(byte)) & 0xFF_FFFF
        let hash = (window &* 0x9E37_79B1) >> 24
        result[Int(hash >> 6)] |= 1 << UInt64(hash & 63)
    }
    return result
}
