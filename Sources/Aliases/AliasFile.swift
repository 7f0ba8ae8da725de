import InternetMessage
package import OptionSyntax

/// The alias file (aliases specification, 2), or the `[aliases]` section of the unified file.
package struct AliasFile: Sendable {
    /// Levels an include may be deep, and octets of an alias name (aliases specification, 2.2).
    package static let includeLimit = 3
    package static let nameLimit = 128

    /// Entries by name in lower case, canonical quoting.
    package private(set) var entries: [String: AliasEntry] = [:]
    /// Names in the order of the file.
    package private(set) var order: [String] = []

    /// `or_clauses`: access clauses of lists are ORed until `[AND]` (aliases specification, 5.3).
    private let startsWithOr: Bool

    package init() { startsWithOr = false }

    /// Reads an alias file. `include` gives the lines of the file an include line names (symbolic roots are for it to
    /// resolve), nil when it cannot be opened. Every entry that is in order is taken; errors are in `diagnostics`.
    package init(
        parsing lines: [AliasLine], startsWithOr: Bool = false, diagnostics: inout Diagnostics,
        include: (String) -> [AliasLine]? = { _ in nil }
    ) {
        self.startsWithOr = startsWithOr
        var open: [String] = []
        read(lines, open: &open, include: include, &diagnostics)
    }

    /// The entry of exactly that name; names compare without case.
    package func entry(named name: String) -> AliasEntry? { entries[name.asciiLowercased] }

    private mutating func read(
        _ lines: [AliasLine], open: inout [String], include: (String) -> [AliasLine]?, _ diagnostics: inout Diagnostics
    ) {
        var index = 0
        while index < lines.count {
            let line = lines[index]
            let text = line.text.trimmed
            if text.isEmpty || text.utf8.first == UInt8(ascii: "!") {
                index += 1
            } else if text.utf8.first == UInt8(ascii: "<") {
                index += 1
                readInclude(String(text.dropFirst()).trimmed, line.location, &open, include, &diagnostics)
            } else {
                let logical = Self.logicalLine(lines, &index)
                add(logical, at: line.location, &diagnostics)
            }
        }
    }

    private mutating func readInclude(
        _ file: String, _ location: SourceLocation, _ open: inout [String], _ include: (String) -> [AliasLine]?,
        _ diagnostics: inout Diagnostics
    ) {
        guard open.count < Self.includeLimit, !open.contains(file) else {
            diagnostics.error(
                "alias include file \(file) is nested more than \(Self.includeLimit) deep", at: location,
                advice: "includes may nest \(Self.includeLimit) deep and not include themselves")
            return
        }
        guard let lines = include(file) else {
            diagnostics.error("cannot open alias include file \(file)", at: location)
            return
        }
        open.append(file)
        read(lines, open: &open, include: include, &diagnostics)
        open.removeLast()
    }

    private struct LogicalLine {
        var text: String
        /// Whether every continuation followed a comma.
        var continuesAfterCommas: Bool
    }

    /// Joins a line with those it goes on in; `index` comes to stand after them.
    private static func logicalLine(_ lines: [AliasLine], _ index: inout Int) -> LogicalLine {
        var text = ""
        var afterCommas = true
        while index < lines.count {
            let part = lines[index].text.trimmed
            index += 1
            guard part.hasSuffix("\\"), index < lines.count else {
                return LogicalLine(text: text + part, continuesAfterCommas: afterCommas)
            }
            let content = String(part.dropLast())
            if !content.trimmed.hasSuffix(",") { afterCommas = false }
            text += content
        }
        return LogicalLine(text: text, continuesAfterCommas: afterCommas)
    }

    private mutating func add(_ line: LogicalLine, at location: SourceLocation, _ diagnostics: inout Diagnostics) {
        guard let colon = Self.colon(line.text) else {
            diagnostics.error(
                "bad equivalence for alias \(line.text.prefix(60)): there is no colon", at: location,
                advice: "write name: address")
            return
        }
        let name = String(line.text[..<colon])
        guard let mailbox = Mailbox(name), !name.hasSuffix(" "), !name.hasSuffix("\t"),
            name.utf8.count <= Self.nameLimit
        else {
            diagnostics.error(
                "bad equivalence for alias \(name.trimmed.prefix(60)): the name is not good", at: location,
                advice: "no white space before the colon, at most \(Self.nameLimit) octets, odd names in quotes")
            return
        }
        let value = line.text[line.text.index(after: colon)...].trimmed
        guard line.continuesAfterCommas || value.hasPrefix("<") || value.hasPrefix("[") else {
            diagnostics.error(
                "bad equivalence for alias \(name): a line goes on without a comma before the backslash", at: location)
            return
        }
        var parser = AliasValueParser(name: name, location: location, startsWithOr: startsWithOr)
        guard let entry = parser.parse(value, &diagnostics) else { return }
        insert(entry, mailbox, &diagnostics)
    }

    private mutating func insert(_ entry: AliasEntry, _ mailbox: Mailbox, _ diagnostics: inout Diagnostics) {
        let name = entry.name
        let location = entry.location
        let key = mailbox.description.asciiLowercased
        if let first = entries[key] {
            diagnostics.error(
                "duplicate aliases found: \(name), first at \(first.location)", at: location,
                advice: "put all values into one entry")
            return
        }
        entries[key] = entry
        order.append(key)
    }

    /// Adds the alias of a group `alias:NAME` of a unified configuration (aliases specification, 2.5): `alias_entry`
    /// gives values, `alias_NAME` a named parameter. One `alias_entry` may also be a whole right-hand side, `<` and
    /// all. An alias of that name which is there already gets them too.
    package mutating func add(
        group name: String, options: [(name: String, value: String, location: SourceLocation)],
        at location: SourceLocation,
        diagnostics: inout Diagnostics
    ) {
        guard let mailbox = Mailbox(name), name.utf8.count <= Self.nameLimit else {
            diagnostics.error("bad equivalence for alias \(name.prefix(60)): the name is not good", at: location)
            return
        }
        let key = mailbox.description.asciiLowercased
        let standing = entries[key]
        var parser =
            standing.map(AliasValueParser.init(adding:))
            ?? AliasValueParser(name: name, location: location, startsWithOr: startsWithOr)
        for option in options where option.name.asciiLowercased == "alias_entry" {
            guard !parser.isList else {
                diagnostics.error(
                    "alias \(name) is a mailing list and takes no further value", at: option.location,
                    advice: "put the address into the file of the list")
                return
            }
            guard parser.parse(option.value.trimmed, &diagnostics) != nil else { return }
        }
        for option in options where option.name.asciiLowercased != "alias_entry" {
            let parameter = option.name.asciiLowercased
            guard parameter.hasPrefix("alias_") else {
                diagnostics.error("unknown option \(option.name) of alias \(name)", at: option.location)
                continue
            }
            _ = parser.setOption(String(parameter.dropFirst(6)), option.value, &diagnostics)
        }
        guard let entry = parser.collected else {
            diagnostics.error("no equivalence addresses for alias \(name)", at: location)
            return
        }
        if standing == nil { order.append(key) }
        entries[key] = entry
    }

    /// The first colon outside double quotes.
    private static func colon(_ text: String) -> String.Index? {
        var quoted = false
        for index in text.utf8.indices {
            switch text.utf8[index] {
            case UInt8(ascii: "\""): quoted.toggle()
            case UInt8(ascii: ":") where !quoted: return index
            default: break
            }
        }
        return nil
    }
}
