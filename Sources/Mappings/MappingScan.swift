import OptionSyntax

/// One probe of a table, with the probes of other tables that its templates make (mappings specification, section 3.7).
struct MappingScan {
    let tables: MappingTables
    let flags: MappingFlags
    let context: MappingContext
    /// How many tables deep this scan is; a table that calls itself fails at the limit.
    private var depth = 0

    /// Counts for the outermost probe and all below it: ten restarts in each of ten tables would never end.
    private let totals = Totals()

    final class Totals {
        var calls = 0
        var restarts = 0
        /// A directory that an entry asked did not answer, so that the result may be wrong.
        var directoryWasUnavailable = false
    }

    private static let depthLimit = 10
    private static let callLimit = 1000
    private static let restartLimit = 10
    /// Inputs that become shorter and longer by turns reset the counter of section 3.3 for ever; this ends them.
    private static let totalRestartLimit = 1000

    init(tables: MappingTables, flags: MappingFlags, context: MappingContext) {
        self.tables = tables
        self.flags = flags
        self.context = context
    }

    /// `$|table;argument|`: the output of another table, nil unless it sets `$Y`.
    func call(_ table: Int?, _ argument: String) -> String? {
        guard let table, depth < Self.depthLimit, totals.calls < Self.callLimit else { return nil }
        totals.calls += 1
        var inner = self
        inner.depth += 1
        guard let result = inner.run(table, argument), result.flags.has("Y") else { return nil }
        return result.output
    }

    var directoryWasUnavailable: Bool { totals.directoryWasUnavailable }

    /// Asks the directory, and remembers when it could not be asked.
    func directory(_ url: String) -> String? {
        switch context.directory(url) {
        case .value(let found): return found
        case .missing: return nil
        case .unavailable:
            totals.directoryWasUnavailable = true
            return nil
        }
    }

    func run(_ number: Int, _ text: String) -> MappingResult? {
        guard text.utf8.count <= MappingTables.probeLimit else { return nil }
        let table = tables.tables[number]
        var state = State(Array(text.utf8), table, totals)
        while true {
            guard let index = state.nextCandidate(table.entries.count) else {
                guard state.makesExtraPass, state.restart(with: state.probe.original) else { break }
                continue
            }
            guard table.filters[index].admits(state.probe) else {
                state.position += 1
                continue
            }
            if !apply(table.entries[index], to: &state) { break }
        }
        return state.result
    }

    /// Tries one entry; false when the scan is over.
    private func apply(_ entry: CompiledMappingTable.Entry, to state: inout State) -> Bool {
        var matcher = PatternMatcher(entry.pattern, state.probe)
        guard matcher.matches() else {
            if matcher.isExhausted { context.matchGivenUp(entry.location) }
            state.position += 1
            return true
        }
        var expansion = MappingExpansion(probe: state.probe, fields: matcher.fields, scan: self)
        var output = state.probe.original
        switch expansion.expand(entry.template.elements) {
        case .conditionNotMet:
            state.position += 1
            return true
        case .failed: break
        case .expanded:
            output = expansion.output
            state.flags.formUnion(expansion.flags)
            state.applied = entry.location
        }
        return state.proceed(expansion.control, with: output)
    }

    /// Where the scan stands.
    private struct State {
        var probe: ProbeText
        var position = 0
        var flags = MappingFlags()
        var applied: SourceLocation?
        var makesExtraPass = false
        private var restarts = 0
        private var lastLength: Int
        private let findsAddresses: Bool
        private let index: EntryIndex?
        private let totals: Totals
        /// The entries that the index leaves, as bits.
        private var candidates: [UInt64]

        init(_ input: [UInt8], _ table: CompiledMappingTable, _ totals: Totals) {
            self.totals = totals
            probe = ProbeText(input, findsAddresses: table.hasAddresses)
            lastLength = input.count
            findsAddresses = table.hasAddresses
            index = table.index
            candidates = index?.candidates(probe.folded) ?? []
        }

        /// Moves on to the next entry that may match; nil behind the last one.
        mutating func nextCandidate(_ count: Int) -> Int? {
            if index != nil { position = EntryIndex.next(candidates, from: position) ?? count }
            return position < count ? position : nil
        }

        var result: MappingResult? {
            applied.map { MappingResult(output: probe.original.text, flags: flags, matchedEntry: $0) }
        }

        private mutating func replace(_ output: [UInt8]) {
            guard output != probe.original else { return }
            probe = ProbeText(output, findsAddresses: findsAddresses)
            if let index { candidates = index.candidates(probe.folded) }
        }

        /// Goes on as the template asked; false when the scan is over.
        mutating func proceed(_ control: MappingControl?, with output: [UInt8]) -> Bool {
            switch control {
            case nil, .end:
                replace(output)
                return false
            case .next, .nextAndAgain:
                replace(output)
                position += 1
                makesExtraPass = control == .nextAndAgain
                return true
            case .restart:
                return restart(with: output)
            }
        }

        /// Begins again at the top, unless ten restarts in a row did not make the input shorter (section 3.3), or the
        /// whole probe had its share.
        mutating func restart(with output: [UInt8]) -> Bool {
            makesExtraPass = false
            restarts = output.count >= lastLength ? restarts + 1 : 0
            lastLength = output.count
            replace(output)
            position = 0
            totals.restarts += 1
            return restarts <= MappingScan.restartLimit && totals.restarts <= MappingScan.totalRestartLimit
        }
    }
}
