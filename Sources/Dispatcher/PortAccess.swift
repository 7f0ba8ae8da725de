import Configuration
import Mappings

/// The PORT_ACCESS table as the Dispatcher probes it (dispatcher specification, 9.1 to 9.3).
struct PortAccess: Sendable {
    private static let table = "PORT_ACCESS"

    let mappings: MappingTables

    /// Nil when the table does not exist: then it is not consulted until the Dispatcher is started again.
    init?(_ mappings: MappingTables) {
        guard mappings.contains(Self.table) else { return nil }
        self.mappings = mappings
    }

    /// Input flag A says that the Dispatcher asks. No entry applied, or none that refuses: admitted.
    func decide(_ probe: String) -> ConnectionAdmission.Decision {
        guard let result = mappings.probe(Self.table, probe, flags: "A") else { return .admit(text: "", logText: "") }
        var text = result.output[...]
        var logText = ""
        if text.utf8.contains(0x7C), let bars = text.firstRange(of: "||") {
            logText = String(text[bars.upperBound...])
            text = text[..<bars.lowerBound]
        }
        // $U, $<, $> and $D take a piece each, in this order; what is left belongs to $N, or names the rule set.
        for flag in ["U", "<", ">", "D"] as [Character] where result.flags.has(flag) {
            let piece = text.prefix { $0 != "|" }
            text = text.dropFirst(piece.count + 1)
        }
        guard result.flags.has("N") || result.flags.has("F") else {
            return .admit(text: String(text), logText: logText)
        }
        let bytes = text.split(separator: "~").flatMap { (line: Substring) -> [UInt8] in Array(line.utf8) + [13, 10] }
        return .refuse(bytes: bytes, reason: String(text))
    }
}
