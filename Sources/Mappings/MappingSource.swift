package import OptionSyntax

/// One entry of a mapping table as the administrator wrote it: both columns raw, `$` quoting unresolved.
package struct MappingEntrySource: Hashable, Sendable {
    /// The first column.
    package var pattern: String
    /// The second column, possibly empty.
    package var template: String
    /// Where the entry begins.
    package var location: SourceLocation

    package init(pattern: String, template: String, location: SourceLocation) {
        self.pattern = pattern
        self.template = template
        self.location = location
    }

    /// Splits a line `PATTERN TEMPLATE` at unquoted white space; the template may be missing (empty output). Nil for a
    /// blank line. Text after the template is reported: a blank inside a column must be written `$ `
    /// (mappings specification, section 1.1).
    package init?(rule: String, at location: SourceLocation, diagnostics: inout Diagnostics) {
        var columns = ColumnSplitter(rule)
        let pattern = columns.next()
        guard !pattern.isEmpty else { return nil }
        let template = columns.next()
        let surplus = columns.next()
        if !surplus.isEmpty {
            diagnostics.warning(
                "text after the template is ignored, from '\(surplus)' on", at: location,
                advice: "write blanks inside a column as '$ '")
        }
        self.init(pattern: pattern, template: template, location: location)
    }
}

/// One mapping table as written.
package struct MappingTableSource: Hashable, Sendable {
    /// As written; names compare without regard to case.
    package var name: String
    /// In the order in which they are tried.
    package var entries: [MappingEntrySource]
    /// Where the name stands.
    package var location: SourceLocation

    package init(name: String, entries: [MappingEntrySource], location: SourceLocation) {
        self.name = name
        self.entries = entries
        self.location = location
    }
}

/// Cuts a line into columns at white space that no `$` quotes.
struct ColumnSplitter {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8)[...] }

    /// The next column; empty at the end of the line.
    mutating func next() -> String {
        rest = rest.drop { $0.isBlank }
        var end = rest.startIndex
        while end < rest.endIndex, !rest[end].isBlank {
            end += rest[end] == UInt8(ascii: "$") && end + 1 < rest.endIndex ? 2 : 1
        }
        defer { rest = rest[end...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
