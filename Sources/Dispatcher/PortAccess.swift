import Mappings

/// The PORT_ACCESS table as the Dispatcher probes it (dispatcher specification, 9.1 to 9.3). It never waits.
struct PortAccess: Sendable {
    private static let table = "PORT_ACCESS"

    let mappings: MappingTables
    let context: MappingContext

    /// Nil when the table does not exist: then it is not consulted until the Dispatcher is started again.
    init?(_ mappings: MappingTables, context: MappingContext = MappingContext()) {
        guard mappings.contains(Self.table) else { return nil }
        self.mappings = mappings
        self.context = context
    }

    /// Input flag A says that the Dispatcher asks.
    func decide(_ probe: String) -> ConnectionAdmission.Decision {
        guard let result = mappings.probe(Self.table, probe, flags: "A", context: context) else { return .notMentioned }
        var text = result.output[...]
        var logText = ""
        if text.utf8.contains(0x7C), let bars = text.firstRange(of: "||") {
            logText = String(text[bars.upperBound...])
            text = text[..<bars.lowerBound]
        }
        // $U, $<, $> and $D take a piece each, in this order; what is left belongs to $N, or names the rule set.
        var pieces: [Character: String] = [:]
        for flag in ["U", "<", ">", "D"] as [Character] where result.flags.has(flag) {
            let piece = text.prefix { $0 != "|" }
            text = text.dropFirst(piece.count + 1)
            pieces[flag] = String(piece)
        }
        let notes = [pieces["<"]].compactMap { $0 }.filter { !$0.isEmpty }
        guard result.flags.has("N") || result.flags.has("F") else {
            return .admit(text: String(text), logText: logText, notes: notes)
        }
        let bytes = text.split(separator: "~").flatMap { (line: Substring) -> [UInt8] in Array(line.utf8) + [13, 10] }
        let refusalNotes = notes + [pieces[">"]].compactMap { $0 }.filter { !$0.isEmpty }
        return .refuse(bytes: bytes, reason: String(text), notes: refusalNotes)
    }
}
