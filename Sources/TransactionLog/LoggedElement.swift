/// A line of formats 4 to 6 read again. Fields that are not known and any order of them are taken, as the formats demand
/// of readers (notifications-logging specification, 2.5).
package struct LoggedElement: Hashable, Sendable {
    /// `en`, `co` or `he`.
    package var kind: String
    /// Numbers as digits.
    package var fields: [String: String]

    /// Nil for a line of another format.
    package init?(_ line: [UInt8]) {
        var cursor = Cursor(bytes: line[...])
        let read = line.first == UInt8(ascii: "<") ? cursor.element() : cursor.object()
        guard let read else { return nil }
        self = read
    }

    fileprivate init(kind: String, fields: [String: String]) {
        self.kind = kind
        self.fields = fields
    }

    /// Where reading is in a line.
    fileprivate struct Cursor {
        var bytes: ArraySlice<UInt8>

        mutating func skip(_ text: StaticString) -> Bool {
            let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            guard bytes.starts(with: wanted) else { return false }
            bytes = bytes.dropFirst(wanted.count)
            return true
        }

        mutating func blanks() { bytes = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }

        mutating func word() -> String? {
            let word = bytes.prefix { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) }
            bytes = bytes[word.endIndex...]
            return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
        }

        /// What stands before `end`, which is taken too; nil when there is none.
        mutating func upTo(_ end: UInt8) -> ArraySlice<UInt8>? {
            guard let place = bytes.firstIndex(of: end) else { return nil }
            defer { bytes = bytes[(place + 1)...] }
            return bytes[..<place]
        }
    }
}

// MARK: XML

extension LoggedElement.Cursor {
    /// `<kind key="value" …/>`
    fileprivate mutating func element() -> LoggedElement? {
        guard skip("<"), let kind = word() else { return nil }
        var fields: [String: String] = [:]
        while true {
            blanks()
            if skip("/>") { return LoggedElement(kind: kind, fields: fields) }
            guard let key = word(), skip("=\""), let value = upTo(UInt8(ascii: "\"")) else { return nil }
            fields[key] = Self.unescaped(value)
        }
    }

    private static func unescaped(_ value: ArraySlice<UInt8>) -> String {
        guard value.contains(UInt8(ascii: "&")) else { return String(decoding: value, as: UTF8.self) }
        var cursor = Self(bytes: value)
        var output: [UInt8] = []
        while let before = cursor.upTo(UInt8(ascii: "&")) {
            output += before
            guard let name = cursor.upTo(UInt8(ascii: ";")) else { break }
            switch String(decoding: name, as: UTF8.self) {
            case "amp": output.append(UInt8(ascii: "&"))
            case "lt": output.append(UInt8(ascii: "<"))
            case "gt": output.append(UInt8(ascii: ">"))
            case "quot": output.append(UInt8(ascii: "\""))
            case "apos": output.append(UInt8(ascii: "'"))
            case let other:
                let digits = other.dropFirst(other.hasPrefix("#x") ? 2 : 1)
                let scalar = UInt32(digits, radix: other.hasPrefix("#x") ? 16 : 10).flatMap(Unicode.Scalar.init)
                output += String(Character(scalar ?? "\u{FFFD}")).utf8
            }
        }
        return String(decoding: output + cursor.bytes, as: UTF8.self)
    }
}

// MARK: JSON

extension LoggedElement.Cursor {
    /// `{"kind":{…}}` or `{"e":"kind",…}`
    fileprivate mutating func object() -> LoggedElement? {
        guard skip("{"), let first = string(), skip(":") else { return nil }
        if skip("{") {
            guard let fields = members(), skip("}") else { return nil }
            return LoggedElement(kind: first, fields: fields)
        }
        guard first == "e", let kind = string(), skip(","), let fields = members() else { return nil }
        return LoggedElement(kind: kind, fields: fields)
    }

    /// Members and the end of their object.
    private mutating func members() -> [String: String]? {
        var fields: [String: String] = [:]
        if skip("}") { return fields }
        while true {
            guard let key = string(), skip(":") else { return nil }
            if bytes.first == UInt8(ascii: "\"") {
                guard let value = string() else { return nil }
                fields[key] = value
            } else {
                let digits = bytes.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
                guard !digits.isEmpty else { return nil }
                bytes = bytes[digits.endIndex...]
                fields[key] = String(decoding: digits, as: UTF8.self)
            }
            if skip("}") { return fields }
            guard skip(",") else { return nil }
        }
    }

    private mutating func string() -> String? {
        guard skip("\"") else { return nil }
        var units: [UInt8] = []
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "\"") { return String(decoding: units, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            guard let escape = bytes.popFirst() else { return nil }
            guard escape == UInt8(ascii: "u") else {
                // The short escapes of control characters are none that the log writes.
                units.append(escape)
                continue
            }
            let digits = bytes.prefix(4)
            bytes = bytes.dropFirst(4)
            guard let scalar = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
            units += String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8
        }
        return nil
    }
}
