package import OptionSyntax

/// One entry of a mapping table as the administrator wrote it: both columns raw, `$` quoting unresolved.
package struct MappingEntrySource: Hashable, Sendable {
    /// The first column.
    package private(set) var pattern: String
    /// The second column, possibly empty.
    package private(set) var template: String
    /// Where the entry begins.
    package let location: SourceLocation
    /// Where the bytes of the two columns stand.
    private(set) var patternPlace: TextPlace
    private(set) var templatePlace: TextPlace

    /// Splits a line `PATTERN TEMPLATE` at unquoted white space; the template may be missing (empty output). Nil for a
    /// blank line. Text after the template is reported: a blank inside a column must be written `$ `
    /// (mappings specification, section 1.1).
    /// `location`: where the pattern begins. `place`: where the bytes from there on stand; nil for a line as the file has
    /// it.
    package init?(
        rule: String, at location: SourceLocation, place: TextPlace? = nil, diagnostics: inout Diagnostics
    ) {
        var columns = ColumnSplitter(rule)
        pattern = columns.next()
        guard !pattern.isEmpty else { return nil }
        let start = columns.offset - pattern.utf8.count
        template = columns.next()
        self.location = location
        patternPlace = place ?? TextPlace(location)
        templatePlace = patternPlace.dropping(columns.offset - template.utf8.count - start)
        let surplus = columns.next()
        if !surplus.isEmpty {
            diagnostics.warning(
                "text after the template is ignored, from '\(surplus)' on",
                at: patternPlace.location(at: columns.offset - surplus.utf8.count - start),
                advice: "write blanks inside a column as '$ '")
        }
    }

    /// Replaces symbols in both columns.
    fileprivate mutating func replaceSymbols(_ symbols: SymbolTable) {
        let (pattern, template) = (symbols.replacingSymbols(pattern), symbols.replacingSymbols(template))
        self.pattern = pattern.text
        self.template = template.text
        patternPlace = patternPlace.replacing(pattern.replacements)
        templatePlace = templatePlace.replacing(template.replacements)
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

    /// Replaces symbols in all entries.
    package mutating func replaceSymbols(_ symbols: SymbolTable) {
        for index in entries.indices { entries[index].replaceSymbols(symbols) }
    }
}

/// Cuts a line into columns at white space that no `$` quotes.
struct ColumnSplitter {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8)[...] }

    /// Where the column that was read last ends.
    var offset: Int { rest.startIndex }

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
