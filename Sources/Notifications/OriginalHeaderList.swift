import InternetMessage

/// The fields of the original message that a notification shows (`%H`): Message-id, Date, From, To, Subject, those that
/// are there, in this order (notifications-logging specification, 1.3).
struct OriginalHeaderList {
    private static let wanted = ["message-id", "date", "from", "to", "subject"]
    /// Lines of one field that are shown.
    private static let mostLines = 12
    /// Octets of one line that are shown, so that none is too long for SMTP (RFC 5321 section 4.5.3.1.6).
    private static let longestLine = 900

    /// What becomes of encoded words (NOTARY_DECODE, section 1.4).
    enum Decoding {
        /// Those in the charset of the text are decoded.
        case sameCharset
        case never
        /// All become UTF-8, which the text then is in.
        case toUTF8

        /// -1, 0 and 1. Only a text that is UTF-8 anyway, or might as well be, can hold everything.
        init(option: Int, charset: String) {
            switch option {
            case 0: self = .never
            case 1 where charset == "utf-8" || charset == "us-ascii": self = .toUTF8
            default: self = .sameCharset
            }
        }
    }

    /// In the charset of the text.
    let lines: [[UInt8]]

    init(_ header: [UInt8], charset: String, decoding: Decoding) {
        var fields: [String: [[UInt8]]] = [:]
        var current: String?
        let text = { Self.text($0, charset: charset, decoding) }
        for line in header.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let bytes = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let first = bytes.first else { break }
            if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
                if let current, fields[current, default: []].count < Self.mostLines {
                    // Whatever the line was indented by, it has one blank more than the field.
                    let rest = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                    fields[current, default: []].append([32] + text(rest))
                }
                continue
            }
            current = nil
            guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
            if Self.wanted.contains(name), fields[name] == nil {
                current = name
                fields[name] = [text(bytes)]
            }
        }
        lines = Self.wanted.flatMap { fields[$0] ?? [] }
    }

    private static func text(_ bytes: ArraySlice<UInt8>, charset: String, _ decoding: Decoding) -> [UInt8] {
        let line = PlainLine(charset: decoding == .toUTF8 ? "utf-8" : charset)
        let decoded = EncodedWord.replacing(in: line.line(bytes)[...]) { word, octets in
            let text: [UInt8]? =
                switch decoding {
                case .never: nil
                case .sameCharset: word == charset && (word != "us-ascii" || isASCII(octets)) ? octets : nil
                case .toUTF8: CharsetConverter.utf8(octets, from: word)
                }
            // A line end or an escape sequence in an encoded word is no text of a header.
            return text.flatMap {
                $0.contains { $0 < 32 || $0 == 127 } || line.isUTF8 && line.line($0) != $0 ? nil : $0
            }
        }
        return line.cut(decoded, to: longestLine)
    }

    private static func isASCII(_ octets: [UInt8]) -> Bool { octets.allSatisfy { $0 < 128 } }
}
