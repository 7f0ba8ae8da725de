import Mappings
import OptionSyntax

/// Output flags of access tables that are documented, or seen in the wild, and do nothing here: nobody may believe that
/// they do (access-and-filtering specification, sections 2 and 5).
struct AccessFlagChecks {
    private(set) var diagnostics = Diagnostics()

    private static let recipientTables: Set<String> = [
        "ORIG_SEND_ACCESS", "ORIG_MAIL_ACCESS", "SEND_ACCESS", "MAIL_ACCESS",
    ]
    private static let noDebugging = "asks for debugging output of a session, which this release does not write"
    private static let noDocument = "is a flag that no document explains"

    /// Of PORT_ACCESS.
    private static let connection: [Character: String] = ["U": noDebugging, "A": noDebugging]
    /// Of FROM_ACCESS and the recipient tables.
    private static let message: [Character: String] = [
        "U": noDebugging, "P": noDocument, "O": noDocument,
        ",": "is for filters of unwanted mail, of which this release has none",
        "I": "asks for members of a group, of which this release knows none: the entry counts as no match",
        "!": "keeps vacation replies back, of which this release sends none",
    ]
    /// Of the recipient tables only.
    private static let recipient: [Character: String] = [
        "J": "replaces the sender in FROM_ACCESS only", "K": "replaces the authenticated address in FROM_ACCESS only",
        "S": "lowers limits in FROM_ACCESS only",
    ]

    init(_ tables: [MappingTableSource]) {
        for table in tables {
            let meanings = Self.meanings(table.name.uppercased())
            guard !meanings.isEmpty else { continue }
            for entry in table.entries {
                for flag in entry.flags {
                    guard let meaning = meanings[flag] else { continue }
                    diagnostics.warning(
                        "$\(flag) in \(table.name) \(meaning)", at: entry.location,
                        advice: flag == "I" ? "remove the entry" : "remove the flag and its argument")
                }
            }
        }
    }

    private static func meanings(_ table: String) -> [Character: String] {
        if table == "PORT_ACCESS" { return connection }
        if table == "FROM_ACCESS" { return message }
        return recipientTables.contains(table) ? message.merging(recipient) { first, _ in first } : [:]
    }
}
