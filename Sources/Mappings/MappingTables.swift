package import OptionSyntax

/// What a probe of a mapping table gave. It exists only when at least one entry was applied.
package struct MappingResult: Hashable, Sendable {
    /// The output string: what the last applied entry made.
    package var output: String
    /// The flags of all applied entries.
    package var flags: MappingFlags
    /// Where the last applied entry stands.
    package var matchedEntry: SourceLocation

    package init(output: String, flags: MappingFlags, matchedEntry: SourceLocation) {
        self.output = output
        self.flags = flags
        self.matchedEntry = matchedEntry
    }
}

/// All mapping tables of a configuration, compiled once and immutable (mappings specification).
package struct MappingTables: Sendable {
    /// Longest table name in octets (section 1.2).
    package static let nameLimit = 64
    /// Longest pattern in octets.
    package static let patternLimit = 256
    /// Longest template in octets.
    package static let templateLimit = 1024
    /// Longest probe in octets. A longer one matches nothing, so that a table that permits what it does not mention
    /// needs a caller that refuses such a probe.
    package static let probeLimit = 4096

    private(set) var tables: [CompiledMappingTable] = []
    private var index: [String: Int] = [:]
    /// By name as written.
    private var spellings: [String: Int] = [:]

    /// No tables.
    package init() {}

    /// Compiles `sources`; every finding goes to `diagnostics`. Of two tables with one name the first is kept.
    package init(compiling sources: [MappingTableSource], diagnostics: inout Diagnostics) {
        var kept: [MappingTableSource] = []
        for source in sources {
            if source.name.utf8.count > Self.nameLimit {
                diagnostics.error(
                    "mapping name is too long: '\(source.name)'", at: source.location,
                    advice: "use at most \(Self.nameLimit) characters; entries must be indented")
            }
            if let first = index[tableKey(source.name)] {
                diagnostics.error(
                    "duplicate mapping name found: '\(source.name)', first at \(kept[first].location)",
                    at: source.location, advice: "rename one of the tables; entries must be indented")
                continue
            }
            index[tableKey(source.name)] = kept.count
            spellings[source.name] = kept.count
            kept.append(source)
        }
        tables = kept.map { CompiledMappingTable($0, tables: index, diagnostics: &diagnostics) }
    }

    /// Whether the table exists; names compare without regard to case.
    package func contains(_ table: String) -> Bool { number(of: table) != nil }

    /// Callers name a table as it is written mostly, in upper case; then no other spelling has to be made.
    private func number(of table: String) -> Int? { spellings[table] ?? index[tableKey(table)] }

    /// Where each table stands, by name as written, in the order of the configuration.
    package var locations: [(name: String, location: SourceLocation)] { tables.map { ($0.name, $0.location) } }

    /// The names of all tables, in the order of the configuration.
    package var names: [String] { tables.map(\.name) }

    /// Maps `text` through a table. Nil: no entry was applied, or there is no such table; the caller then does nothing.
    /// `flags`: the input flags that `$:x` and `$;x` test.
    package func probe(
        _ table: String, _ text: String, flags: MappingFlags = "", context: MappingContext = MappingContext()
    ) -> MappingResult? {
        guard let number = number(of: table) else { return nil }
        return MappingScan(tables: self, flags: flags, context: context).run(number, text)
    }

    /// What came of a probe whose caller tells a temporary failure from no match.
    package enum Answer: Hashable, Sendable {
        case result(MappingResult)
        case noMatch
        /// A directory that an entry asked could not be asked: whatever the table gave may be wrong.
        case directoryUnavailable
    }

    /// As ``probe(_:_:flags:context:)``, with temporary failures told apart.
    package func answer(_ table: String, _ text: String, context: MappingContext) -> Answer {
        guard let number = number(of: table) else { return .noMatch }
        let scan = MappingScan(tables: self, flags: "", context: context)
        let result = scan.run(number, text)
        if scan.directoryWasUnavailable { return .directoryUnavailable }
        return result.map(Answer.result) ?? .noMatch
    }
}

/// A table ready for scanning. `filters` stands apart from the entries to keep the scan's memory small.
struct CompiledMappingTable: Sendable {
    struct Entry: Sendable {
        var pattern: MappingPattern
        var template: MappingTemplate
        var location: SourceLocation
    }

    let name: String
    let location: SourceLocation
    let entries: [Entry]
    let filters: [EntryFilter]
    let hasAddresses: Bool
    /// Nil for a short table.
    let index: EntryIndex?

    init(_ source: MappingTableSource, tables: [String: Int], diagnostics: inout Diagnostics) {
        name = source.name
        location = source.location
        entries = source.entries.map { entry in
            Self.checkLengths(entry, diagnostics: &diagnostics)
            return Entry(
                pattern: MappingPattern(
                    compiling: entry.pattern, at: entry.patternPlace, diagnostics: &diagnostics),
                template: MappingTemplate(
                    compiling: entry.template, tables: tables, at: entry.templatePlace, diagnostics: &diagnostics),
                location: entry.location)
        }
        filters = entries.map { EntryFilter($0.pattern) }
        hasAddresses = entries.contains { $0.pattern.hasAddress }
        index = entries.count < EntryIndex.leastEntries ? nil : EntryIndex(entries.map(\.pattern))
    }

    private static func checkLengths(_ entry: MappingEntrySource, diagnostics: inout Diagnostics) {
        if entry.pattern.utf8.count > MappingTables.patternLimit {
            diagnostics.error(
                "the pattern is longer than \(MappingTables.patternLimit) octets", at: entry.location)
        }
        if entry.template.utf8.count > MappingTables.templateLimit {
            diagnostics.error(
                "the template is longer than \(MappingTables.templateLimit) octets", at: entry.location)
        }
    }
}

/// What a probe must have for a pattern to have a chance: a cheap test before the real match.
struct EntryFilter: Sendable {
    private var triples = SIMD4<UInt64>(repeating: 0)
    private var minimumLength: Int
    private var ipv4: IPv4Test?
    private var needsIPv6 = false

    init(_ pattern: MappingPattern) {
        minimumLength = pattern.minimumRest[0]
        for element in pattern.elements {
            switch element {
            case .literal(let offset, let count): triples |= digest(pattern.literals[offset..<offset + count])
            case .ipv4(let test, _): ipv4 = ipv4 ?? test
            case .ipv6: needsIPv6 = true
            default: break
            }
        }
    }

    func admits(_ probe: ProbeText) -> Bool {
        if probe.folded.count < minimumLength || triples & ~probe.triples != .zero { return false }
        if needsIPv6, probe.ipv6.isEmpty { return false }
        if let ipv4 { return probe.ipv4.contains { ipv4.accepts($0.value) } }
        return true
    }
}
