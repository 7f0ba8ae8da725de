import OptionSyntax

/// An element of an XML document.
struct XMLElement: Hashable {
    var name: String
    var attributes: [String: String] = [:]
    var children: [XMLElement] = []
    /// All text directly in the element.
    var text = ""
    /// From 1.
    var line: Int
}

/// Reads the little of XML 1.0 that a config.xml needs. Document types, entity definitions and external references are
/// refused (unified configuration specification, section 4).
struct XMLReader {
    /// What is wrong with the document, and in which line.
    struct Fault: Error, Hashable {
        var message: String
        var line: Int
    }

    private let bytes: [UInt8]
    private var position = 0
    /// Lines counted so far, and how far.
    private var counted = (line: 1, position: 0)

    private static let depthLimit = 32

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The element around the document.
    mutating func document() throws(Fault) -> XMLElement {
        var open: [XMLElement] = []
        while position < bytes.count {
            if bytes[position] != UInt8(ascii: "<") {
                let raw = take { $0 != UInt8(ascii: "<") }
                let text = try decoded(raw)
                if !open.isEmpty { open[open.count - 1].text += text }
            } else if skips("<?") {
                try skip(to: "?>")
            } else if skips("<!--") {
                try skip(to: "-->")
            } else if starts("<!") {
                throw fault("document types, entity definitions and sections are not read")
            } else if skips("</") {
                if let root = try close(&open) { return root }
            } else {
                let (element, isEmpty) = try startTag()
                guard open.count < Self.depthLimit else { throw fault("elements are nested too deep") }
                open.append(element)
                if isEmpty, let root = leave(&open) { return root }
            }
        }
        throw fault("the document ends inside an element")
    }

    private mutating func close(_ open: inout [XMLElement]) throws(Fault) -> XMLElement? {
        let name = name()
        _ = take(where: Self.isBlank)
        guard skips(">"), let last = open.last, last.name == name else { throw fault("</\(name)> closes nothing") }
        return leave(&open)
    }

    /// The root when it is complete.
    private func leave(_ open: inout [XMLElement]) -> XMLElement? {
        guard let element = open.popLast() else { return nil }
        if open.isEmpty { return element }
        open[open.count - 1].children.append(element)
        return nil
    }

    private mutating func startTag() throws(Fault) -> (XMLElement, isEmpty: Bool) {
        position += 1
        var element = XMLElement(name: name(), line: currentLine())
        guard !element.name.isEmpty else { throw fault("< begins no element; write &lt;") }
        while true {
            _ = take(where: Self.isBlank)
            if skips("/>") { return (element, true) }
            if skips(">") { return (element, false) }
            let attribute = name()
            guard !attribute.isEmpty, skips("="), position < bytes.count else { throw fault("bad attribute") }
            let quote = bytes[position]
            guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw fault("bad attribute") }
            position += 1
            let raw = take { $0 != quote }
            element.attributes[attribute] = try decoded(raw)
            guard position < bytes.count else { throw fault("an attribute does not end") }
            position += 1
        }
    }

    // MARK: Text

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    private mutating func name() -> String {
        String(
            decoding: take { byte in
                (byte | 32) &- 97 < 26 || byte &- 48 < 10 || byte >= 128
                    || [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":")].contains(byte)
            }, as: UTF8.self)
    }

    private mutating func take(where fits: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = bytes[position...].prefix(while: fits)
        position += taken.count
        return taken
    }

    private func starts(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func skips(_ text: String) -> Bool {
        guard starts(text) else { return false }
        position += text.utf8.count
        return true
    }

    private mutating func skip(to end: String) throws(Fault) {
        while position < bytes.count {
            if skips(end) { return }
            position += 1
        }
        throw fault("there is no \(end)")
    }

    /// Text with the five entities of XML and character references replaced.
    private mutating func decoded(_ text: ArraySlice<UInt8>) throws(Fault) -> String {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "&") else {
                result.append(byte)
                continue
            }
            let name = rest.prefix { $0 != UInt8(ascii: ";") }
            guard name.count < rest.count, let character = Self.entity(String(decoding: name, as: UTF8.self)) else {
                throw fault("an entity is not known; only amp, lt, gt, quot, apos and numbers are")
            }
            rest = rest.dropFirst(name.count + 1)
            result += String(character).utf8
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func entity(_ name: String) -> Character? {
        let known: [String: Character] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]
        if let character = known[name] { return character }
        guard name.hasPrefix("#"), name.utf8.count < 10 else { return nil }
        let digits = name.dropFirst()
        let value = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return value.flatMap(Unicode.Scalar.init).map(Character.init)
    }

    private mutating func currentLine() -> Int {
        counted.line += bytes[counted.position..<position].count { $0 == UInt8(ascii: "\n") }
        counted.position = position
        return counted.line
    }

    private mutating func fault(_ message: String) -> Fault { Fault(message: message, line: currentLine()) }
}
