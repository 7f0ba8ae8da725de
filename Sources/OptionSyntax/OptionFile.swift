/// A file of `NAME=value` lines with sections such as `[SERVICE=SMTP]`: dispatcher.cnf, job_controller.cnf,
/// option.dat, `CHANNEL_option`, msg.conf.
package struct OptionFile: Sendable {
    /// One `NAME=value` line.
    package struct Entry: Hashable, Sendable {
        /// As written; names compare without case.
        package var name: String
        package var value: String
        package var location: SourceLocation
        /// Where the value begins.
        package var valueLocation: SourceLocation
    }

    /// Entries under one header; the first section of a file has no header.
    package struct Section: Hashable, Sendable {
        /// The word before `=` in upper case, for example `SERVICE`; empty for the lines before the first header.
        package var type: String
        /// The word after `=`, for example `SMTP`.
        package var name: String
        package var location: SourceLocation
        package var entries: [Entry] = []
    }

    package private(set) var sections: [Section]

    /// Reads `lines`; lines that are neither option nor header are errors. White space around names, values and the
    /// equals sign is dropped; with `unquotes` a value in double quotes loses them.
    package init(_ lines: [LogicalLine], file: String, unquotes: Bool = false, diagnostics: inout Diagnostics) {
        sections = [Section(type: "", name: "", location: SourceLocation(file: file, line: 1))]
        for line in lines where !line.isBlank {
            let text = line.text.trimmingBlanks
            if text.utf8.first == UInt8(ascii: "[") {
                openSection(text, line, &diagnostics)
            } else if let entry = Self.entry(line, unquotes: unquotes) {
                sections[sections.count - 1].entries.append(entry)
            } else {
                diagnostics.error(
                    "neither NAME=value nor a section header: \(text)", at: line.location,
                    advice: "write NAME=value, or begin a comment with ! in column 1")
            }
        }
    }

    private mutating func openSection(_ text: String, _ line: LogicalLine, _ diagnostics: inout Diagnostics) {
        guard text.utf8.last == UInt8(ascii: "]"), let equals = text.firstIndex(of: "=") else {
            diagnostics.error(
                "bad section header \(text)", at: line.location, advice: "write it as [TYPE=name] with nothing after it"
            )
            return
        }
        let type = text[text.index(after: text.startIndex)..<equals].trimmingBlanks.uppercased()
        let name = text[text.index(after: equals)..<text.index(before: text.endIndex)].trimmingBlanks
        sections.append(Section(type: type, name: name, location: line.location))
    }

    private static func entry(_ line: LogicalLine, unquotes: Bool) -> Entry? {
        let bytes = Array(line.text.utf8)
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let indent = bytes.prefix(while: \.isBlank).count
        let name = String(decoding: bytes[..<equals], as: UTF8.self).trimmingBlanks
        if name.isEmpty || name.utf8.contains(where: \.isBlank) { return nil }
        let after = bytes[(equals + 1)...]
        let blanks = after.prefix(while: \.isBlank).count
        var value = String(decoding: after, as: UTF8.self).trimmingBlanks
        if unquotes { value = Quoting.unquoted(value) }
        return Entry(
            name: name, value: value, location: line.location(at: indent),
            valueLocation: line.location(at: equals + 1 + blanks))
    }
}

/// Values in double quotes, with `\"` and `\\` inside.
package enum Quoting {
    /// Without the quotes when `text` both begins and ends with one; else unchanged.
    package static func unquoted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let quote = UInt8(ascii: "\"")
        guard bytes.count >= 2, bytes.first == quote, bytes.last == quote else { return text }
        var result: [UInt8] = []
        var escaped = false
        for byte in bytes[1..<(bytes.count - 1)] {
            if !escaped, byte == UInt8(ascii: "\\") {
                escaped = true
                continue
            }
            if escaped, byte != quote, byte != UInt8(ascii: "\\") { result.append(UInt8(ascii: "\\")) }
            result.append(byte)
            escaped = false
        }
        if escaped { result.append(UInt8(ascii: "\\")) }
        return String(decoding: result, as: UTF8.self)
    }

    /// In quotes when it would not be read back as it is: outer blanks, empty, or quotes at both ends.
    package static func quotedWhenNeeded(_ text: String) -> String {
        let needsQuotes = text.isEmpty || text.trimmingBlanks != text || unquoted(text) != text
        guard needsQuotes else { return text }
        var result = "\""
        for character in text {
            if character == "\"" || character == "\\" { result.append("\\") }
            result.append(character)
        }
        return result + "\""
    }
}
