/// Text of others as one line in a charset: whatever it is, it makes no line of its own, and nothing that the charset
/// does not have.
struct PlainLine {
    let isUTF8: Bool

    init(charset: String) { isUTF8 = charset == "utf-8" }

    func line(_ octets: some Sequence<UInt8>) -> [UInt8] {
        let octets = Array(octets)
        guard isUTF8, let text = String(validating: octets, as: UTF8.self) else {
            return octets.map { $0 == 9 ? 32 : $0 < 0x20 || $0 > 0x7E ? 0x3F : $0 }
        }
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let isLineEnd = isControl || scalar.value == 0x2028 || scalar.value == 0x2029
            line.append(scalar == "\t" ? " " : isLineEnd ? "?" : scalar)
        }
        return Array(String(line).utf8)
    }

    /// At most 800 octets.
    func line(_ text: String) -> String { String(decoding: line(cut(Array(text.utf8), to: 800)), as: UTF8.self) }

    /// At most `count` octets, whole characters of UTF-8.
    func cut(_ octets: [UInt8], to count: Int) -> [UInt8] {
        guard octets.count > count else { return octets }
        var short = Array(octets.prefix(count))
        if isUTF8 {
            while let last = short.last, last & 0xC0 == 0x80 { short.removeLast() }
            if let last = short.last, last >= 0xC0 { short.removeLast() }
        }
        return short
    }
}
