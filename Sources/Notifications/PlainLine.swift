import Glibc

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

/// Text in another charset.
enum CharacterConversion {
    /// In UTF-8; nil when the charset is not known or the octets are none of its text.
    static func utf8(_ octets: [UInt8], from charset: String) -> [UInt8]? {
        // The name comes out of a message: nothing that means more than a charset to iconv.
        guard charset.utf8.allSatisfy({ $0 &- 48 < 10 || ($0 | 32) &- 97 < 26 || $0 == 45 || $0 == 95 }),
            let converter = iconv_open("UTF-8", charset), converter != iconv_t(bitPattern: -1)
        else { return nil }
        defer { iconv_close(converter) }
        var input = octets.map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: 6 * octets.count + 16)
        var (inputLeft, outputLeft) = (input.count, output.count)
        let result = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                var (from, to) = (source.baseAddress, target.baseAddress)
                return iconv(converter, &from, &inputLeft, &to, &outputLeft)
            }
        }
        guard result != -1, inputLeft == 0 else { return nil }
        return output.prefix(output.count - outputLeft).map { UInt8(bitPattern: $0) }
    }
}
