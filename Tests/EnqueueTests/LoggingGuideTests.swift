import Configuration
import SystemCalls
import Testing
import TransactionLog

/// docs/logging.md says what the code does: its examples are what is written, and its tables are complete.
@Suite struct LoggingGuideTests {
    private let guide: String

    init() throws {
        let root = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))
        guide = String(decoding: try Files.read("\(root)/docs/logging.md"), as: UTF8.self)
    }

    /// The folded lines behind `<!-- example: NAME -->` as one.
    private func example(_ name: String) throws -> String {
        let parts = guide.split(separator: "<!-- example: \(name) -->")
        try #require(parts.count == 2)
        let block = try #require(parts[1].split(separator: "<!-- end -->").first)
        let lines = block.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
        // A line that goes on is indented by two blanks more; XML and columns have a blank there, JSON has none.
        let glue = name == "flatJSON" ? "" : " "
        return lines.map { String($0.drop { $0 == " " }) }.joined(separator: glue)
    }

    private var entry: MessageLogEntry {
        var entry = MessageLogEntry(.enqueued)
        entry.modifiers = [.esmtp, .tls]
        entry.sourceChannel = "tcp_intranet"
        entry.destinationChannel = "ims-ms"
        entry.blocks = 1
        entry.sender = "a@example.com"
        entry.originalRecipient = "rfc822;anna@example.test"
        entry.currentRecipient = "anna@ims-ms-daemon"
        entry.filename = "ims-ms/ZZ1B3mOq0005k.00"
        entry.messageID = "<20261122025944.007489@vm>"
        entry.sourceSystem = "vm ([127.0.0.1])"
        return entry
    }

    private func layout(_ values: [String: Int]) -> LogLayout {
        LogLayout(options: LogOptions { values[$0] }, node: "mail.example.test")
    }

    private func trimmed(_ output: [UInt8]) -> String {
        var text = Substring(String(decoding: output, as: UTF8.self))
        while text.last == " " || text.last == "\n" { text.removeLast() }
        return String(text)
    }

    @Test func columns() throws {
        let configuration = try Site().configuration
        let options = LogOptions { configuration.options.integer("mta.\($0)") }
        var output: [UInt8] = []
        LogLayout(options: options, node: "mail.example.test").append(
            entry, time: Array("22-Nov-2026 02:59:44.64".utf8), process: "1d34.0.2", to: &output)
        #expect(trimmed(output) == (try example("columns")))
    }

    @Test(arguments: [(4, "xml"), (6, "flatJSON")])
    func structured(_ format: Int, _ name: String) throws {
        var output: [UInt8] = []
        layout(["log_format": format]).append(
            entry, time: Array("2026-11-22T02:59:44.64".utf8), process: "1d34.0.2", to: &output)
        #expect(trimmed(output) == (try example(name)))
    }

    @Test func connection() throws {
        var output: [UInt8] = []
        layout(["log_process": 1]).append(
            ConnectionLogEntry(
                .closed, channel: "tcp_local", isInbound: true, transport: "TCP|192.0.2.25|25|192.0.2.1|4000",
                application: "SMTP"),
            time: Array("22-Nov-2026 02:59:44.66".utf8), process: "1d34.0.3", to: &output)
        #expect(trimmed(output) == (try example("connection")))
    }

    @Test func codes() {
        let letters: [String] =
            MessageAction.allCases.map(\.rawValue) + ConnectionLogEntry.Action.allCases.map(\.rawValue)
            + ["E", "L", "P", "S", "A", "C"]
        for letter in letters { #expect(guide.contains("\n| `\(letter)` | "), "\(letter)") }
    }

    /// Every option of the log that the configuration knows has a row, and no other has.
    @Test func options() {
        let known = OptionCatalogue.all.keys.filter {
            $0.hasPrefix("mta.log_")
                || ["mta.separate_connection_log", "mta.return_split_period", "mta.held_sndopr"].contains($0)
        }.map { String($0.dropFirst("mta.".count)) }
        let table = guide.split(separator: "## Options").last ?? ""
        let rows = table.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let listed = rows.flatMap { row in
            (row.dropFirst(2).split(separator: " | ").first ?? "").split(separator: ", ").map {
                String($0.filter { $0 != "`" && $0 != " " })
            }
        }
        #expect(listed.sorted() == known.sorted())
    }
}
