package import OptionSyntax

/// A lookup table in a text file: `general.txt`, `reverse.txt`, `forward.txt`, `domain.txt`. One entry a line: left
/// side, blanks or tabs, right side; `!` in column 1 begins a comment (commands specification, section 5.4). Double
/// quotes on the left side protect blanks and stay part of the key.
package struct TextDatabase: Sendable {
    /// One line of the file.
    package struct Entry: Hashable, Sendable {
        package var key: String
        package var value: String
        package var location: SourceLocation
    }

    /// Longest left and right side in octets: the largest record class of the family's databases.
    package static let keyLimit = 252
    package static let valueLimit = 1024

    private let numbers: ByteKeyTable
    private let values: [String]

    /// The entries of a file in its order, several with the same key included; findings go to `diagnostics`.
    package static func entries(of file: LineReader.File, diagnostics: inout Diagnostics) -> [Entry] {
        var entries: [Entry] = []
        for line in LineReader.lines(of: file, syntax: .init(), diagnostics: &diagnostics) where !line.isBlank {
            let text = line.text.trimmingBlanks
            let end = keyEnd(text.utf8)
            let key = String(decoding: text.utf8.prefix(end), as: UTF8.self)
            let value = String(decoding: text.utf8.dropFirst(end), as: UTF8.self).trimmingBlanks
            if value.isEmpty {
                diagnostics.error(
                    "no value for the key \(key.prefix(60))", at: line.location,
                    advice: "write key and value with blanks between them, blanks in the key inside double quotes")
            } else if key.utf8.count > keyLimit || value.utf8.count > valueLimit {
                diagnostics.error(
                    "the key is longer than \(keyLimit) octets or its value longer than \(valueLimit)",
                    at: line.location)
            } else {
                entries.append(Entry(key: key, value: value, location: line.location))
            }
        }
        return entries
    }

    /// A table of `entries`. Of several with the same key the first counts; the others are reported.
    package init(_ entries: [Entry], diagnostics: inout Diagnostics) {
        var keys: [[UInt8]] = []
        var values: [String] = []
        var first: [[UInt8]: SourceLocation] = [:]
        for entry in entries {
            let key = Self.foldedBytes(entry.key.utf8)
            if let other = first[key] {
                diagnostics.warning(
                    "the key \(entry.key) is there twice, first at \(other), and that one counts", at: entry.location,
                    advice: "take one of the two away")
                continue
            }
            first[key] = entry.location
            keys.append(key)
            values.append(entry.value)
        }
        numbers = ByteKeyTable(keys)
        self.values = values
    }

    /// The number of entries.
    package var count: Int { values.count }

    /// The value of a key; keys compare without regard to case.
    package func value(for key: String) -> String? {
        let bytes = Self.foldedBytes(key.utf8)
        return numbers.number(head: bytes.span, tail: Span()).map { values[$0] }
    }

    /// Index of the first blank outside double quotes.
    private static func keyEnd(_ text: String.UTF8View) -> Int {
        var quoted = false
        var escaped = false
        for (index, byte) in text.enumerated() {
            if byte.isBlank, !quoted { return index }
            if byte == UInt8(ascii: "\""), !escaped { quoted.toggle() }
            escaped = quoted && byte == UInt8(ascii: "\\") && !escaped
        }
        return text.count
    }

    private static func foldedBytes(_ text: String.UTF8View) -> [UInt8] {
        text.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
    }
}
