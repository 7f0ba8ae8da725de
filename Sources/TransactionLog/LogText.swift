/// Text that clients chose, put into a line so that it stays one line and one field: control characters, those of C1 and
/// the line separators of Unicode among them, are replaced or escaped, and so is what has a meaning in the format.
enum LogText {
    enum Form { case columns, xml, json }

    /// Octets of one field that are written at most.
    static let longest = 4096

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let blank = UInt8(ascii: " ")

    static func append(_ value: String, as form: Form, to line: inout [UInt8]) {
        var value = value
        value.withUTF8 { append(written($0), as: form, to: &line) }
    }

    /// A field that is one word: what has blanks outside of quotes, or quotes that do not end, becomes a quoted string,
    /// so that no field can look like two.
    static func appendWord(_ value: String, to line: inout [UInt8]) {
        var value = value
        value.withUTF8 { bytes in
            let bytes = written(bytes)
            guard !isWord(bytes) else { return append(bytes, as: .columns, to: &line) }
            line.append(quote)
            var start = 0
            for (index, byte) in bytes.enumerated() where byte == quote || byte == backslash {
                append(UnsafeBufferPointer(rebasing: bytes[start..<index]), as: .columns, to: &line)
                line.append(backslash)
                start = index
            }
            append(UnsafeBufferPointer(rebasing: bytes[start...]), as: .columns, to: &line)
            line.append(quote)
        }
    }

    /// The octets that are written; of a longer field the rest is cut, between characters.
    private static func written(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        guard bytes.count > longest else { return bytes }
        var end = longest
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return UnsafeBufferPointer(rebasing: bytes[..<end])
    }

    private static func isWord(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var isQuoted = false
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                isEscaped = false
            } else if byte == quote {
                isQuoted.toggle()
            } else if isQuoted {
                isEscaped = byte == backslash
            } else if byte == blank {
                return false
            }
        }
        return !isQuoted
    }

    private static func append(_ bytes: UnsafeBufferPointer<UInt8>, as form: Form, to line: inout [UInt8]) {
        var start = 0
        var index = 0
        while index < bytes.count {
            let width = special(bytes, index, form)
            guard width > 0 else {
                index += 1
                continue
            }
            line.append(contentsOf: bytes[start..<index])
            replace(bytes, index, width, form, &line)
            index += width
            start = index
        }
        line.append(contentsOf: bytes[start...])
    }

    /// Octets of the character at `index` when it is not written as it is, else 0.
    @inline(__always)
    private static func special(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ form: Form) -> Int {
        let byte = bytes[index]
        if byte < 0x20 || byte == 0x7F { return 1 }
        if byte < 0x80 {
            switch (form, byte) {
            case (.xml, UInt8(ascii: "&")), (.xml, UInt8(ascii: "<")), (.xml, UInt8(ascii: ">")), (.xml, quote),
                (.json, quote), (.json, backslash):
                return 1
            default: return 0
            }
        }
        func follows(_ offset: Int, _ range: ClosedRange<UInt8>) -> Bool {
            index + offset < bytes.count && range.contains(bytes[index + offset])
        }
        return switch byte {
        // C1
        case 0xC2: follows(1, 0x80...0x9F) ? 2 : 0
        // U+2028 and U+2029
        case 0xE2: follows(1, 0x80...0x80) && follows(2, 0xA8...0xA9) ? 3 : 0
        // U+FFFE and U+FFFF, which XML forbids
        case 0xEF: follows(1, 0xBF...0xBF) && follows(2, 0xBE...0xBF) ? 3 : 0
        default: 0
        }
    }

    private static func replace(
        _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ width: Int, _ form: Form, _ line: inout [UInt8]
    ) {
        let byte = bytes[index]
        switch (form, byte) {
        case (.columns, _): line.append(UInt8(ascii: "?"))
        case (.xml, UInt8(ascii: "&")): line += "&amp;".utf8
        case (.xml, UInt8(ascii: "<")): line += "&lt;".utf8
        case (.xml, UInt8(ascii: ">")): line += "&gt;".utf8
        case (.xml, quote): line += "&quot;".utf8
        case (.xml, _): line += "&#xFFFD;".utf8
        case (.json, quote), (.json, backslash): line += [backslash, byte]
        case (.json, _):
            let scalar =
                switch width {
                case 1: UInt16(byte)
                case 2: UInt16(byte & 0x1F) << 6 | UInt16(bytes[index + 1] & 0x3F)
                default:
                    UInt16(byte & 0x0F) << 12 | UInt16(bytes[index + 1] & 0x3F) << 6 | UInt16(bytes[index + 2] & 0x3F)
                }
            line += "\\u".utf8
            for shift in [12, 8, 4, 0] as [UInt16] {
                let digit = UInt8(scalar >> shift & 0xF)
                line.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}
