package import OptionSyntax

/// Reads the legacy `mappings` file (mappings specification, section 1). `load` supplies included files.
package func parseMappings(
    _ text: String, file: String, diagnostics: inout Diagnostics, load: @escaping (String) -> String? = { _ in nil }
) -> [MappingTableSource] {
    parseMappings(content: Array(text.utf8), file: file, diagnostics: &diagnostics) { load($0).map { Array($0.utf8) } }
}

/// Reads the octets of a `mappings` file; lines that are not UTF-8 are errors.
package func parseMappings(
    content: [UInt8], file: String, diagnostics: inout Diagnostics, load: @escaping (String) -> [UInt8]?
) -> [MappingTableSource] {
    var reader = SourceLineReader(load: load)
    let lines = reader.read(content, file: file, diagnostics: &diagnostics)
    var parser = MappingFileParser()
    for line in joiningContinuations(lines, diagnostics: &diagnostics) {
        parser.take(line, diagnostics: &diagnostics)
    }
    return parser.finish()
}

private struct MappingFileParser {
    private enum Place {
        /// Before the first name, or after the blank line that ended a table.
        case outside
        /// The line before was a table name.
        case afterName
        case inside
    }

    private var tables: [MappingTableSource] = []
    private var current: MappingTableSource?
    private var place = Place.outside

    mutating func take(_ line: SourceLine, diagnostics: inout Diagnostics) {
        if line.isBlank {
            takeBlank()
        } else if line.isIndented {
            takeEntry(line, diagnostics: &diagnostics)
        } else if line.text.utf8.first?.isLetter == true {
            takeName(line, diagnostics: &diagnostics)
        } else {
            diagnostics.error(
                "the line is neither a table name nor an entry", at: line.location,
                advice: "indent entries by a space or tab; a table name begins with a letter")
        }
    }

    mutating func finish() -> [MappingTableSource] {
        close()
        return tables
    }

    private mutating func close() {
        if let current { tables.append(current) }
        current = nil
    }

    /// Further blank lines before the first entry are harmless; after an entry a blank line ends the table.
    private mutating func takeBlank() {
        guard let table = current else { return }
        if table.entries.isEmpty {
            place = .inside
        } else {
            close()
            place = .outside
        }
    }

    private mutating func takeName(_ line: SourceLine, diagnostics: inout Diagnostics) {
        if current != nil, place == .afterName || current?.entries.isEmpty == false {
            diagnostics.error(
                "mapping name '\(line.text)' does not follow a blank line", at: line.location,
                advice: "put a blank line before a table name; indent the line if it is an entry")
        }
        close()
        let name = line.text.utf8.reversed().drop { $0.isBlank }.reversed().text
        current = MappingTableSource(name: name, entries: [], location: line.location)
        place = .afterName
    }

    private mutating func takeEntry(_ line: SourceLine, diagnostics: inout Diagnostics) {
        guard current != nil else {
            return diagnostics.error(
                "the entry is outside any table", at: line.location,
                advice: "remove the blank line before it, or put a table name above it")
        }
        if place == .afterName {
            diagnostics.error(
                "no blank line between the mapping name and its first entry", at: line.location,
                advice: "insert a blank line above")
            place = .inside
        }
        var location = line.location
        location.column = line.text.utf8.prefix { $0.isBlank }.count + 1
        let entry = MappingEntrySource(
            rule: line.text, at: location, place: line.place.dropping(location.column - 1), diagnostics: &diagnostics)
        if let entry {
            current?.entries.append(entry)
        }
    }
}
