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
        let access = ConnectionAccess(result)
        guard access.isRefused else {
            return .admit(text: access.text, logText: access.logText, notes: access.notes)
        }
        let bytes = access.lines.flatMap { (line: Substring) -> [UInt8] in Array(line.utf8) + [13, 10] }
        return .refuse(bytes: bytes, reason: access.text, notes: access.notes, isRecorded: access.isRecorded)
    }
}
