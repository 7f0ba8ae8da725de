import Envelope
import Glibc
import SystemCalls
import Testing
import TransactionLog

@testable import Commands

/// `trace` and `queue history` read the message log in each of its formats, and rolled over (notifications-logging
/// specification, 2.1, 2.2 and 2.5).
@Suite struct QueueLogFormatsTests {
    private let name = EntryName(message: MessageID(rawValue: 0x1234_5678), entry: 0)

    private func line(_ format: Int, _ sender: String = "\"a b\"@c", hour: Int = 9) -> String {
        var entry = MessageLogEntry(.failedTemporarily)
        entry.modifiers = [.esmtp, .pipelining]
        entry.sourceChannel = "tcp_local"
        entry.blocks = 3
        entry.sender = sender
        entry.originalRecipient = "rfc822;b@far.example"
        entry.currentRecipient = "b@far.example"
        entry.filename = "tcp_local/\(name)"
        entry.messageID = "<x\"y&z@c>"
        entry.diagnostic = "smtp;450 later"
        let options = LogOptions { ["log_format": format, "log_filename": 1, "log_message_id": 1, "log_node": 1][$0] }
        let time = format > 3 ? "2026-11-22T0\(hour):00:00.12" : "22-Nov-2026 0\(hour):00:00.12"
        var output: [UInt8] = []
        LogLayout(options: options, node: "mail.example.com").append(
            entry, time: Array(time.utf8), process: "1a2.3.4", to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: 1...6)
    func linesOfEachFormat(_ format: Int) throws {
        let line = try #require(QueueLogLine(line(format).dropLast()))
        #expect(line.stamp == "22-Nov-2026 09:00:00.12" && line.time > 1_795_000_000 && line.action == "QEP")
        #expect(line.source == "tcp_local" && line.destination.isEmpty && line.blocks == 3)
        #expect(line.sender == "\"a b\"@c" && line.originalRecipient == "rfc822;b@far.example")
        #expect(line.recipient == "b@far.example" && line.entryName == name)
        #expect(line.detail.contains("smtp;450 later") && line.detail.contains("<x\"y&z@c>"), "\(line.detail)")
    }

    @Test(arguments: 2...6)
    func emptySender(_ format: Int) throws {
        #expect(try #require(QueueLogLine(line(format, "").dropLast())).sender.isEmpty)
    }

    @Test(arguments: [
        "<co ts=\"2026-11-22T09:00:00.12\" ac=\"O\"/>", "{\"e\":\"he\",\"ts\":\"2026-11-22T09:00:00.12\",\"va\":\"x\"}",
        "<en ac=\"D\"/>", "{\"en\":{\"ac\":\"D\",\"ts\":\"now\"}}", "<en ts=\"2026-13-22T09:00:00.12\" ac=\"D\"/>",
        "{\"en\":{\"ac\":\"D\",\"ts\":\"99999999999-01-01T0\"}}",
    ])
    func otherLines(_ text: String) { #expect(QueueLogLine(text[...]) == nil) }

    /// The search goes by the text of the line, in which formats 4 to 6 have escapes.
    @Test(arguments: 1...6)
    func foundByMessageID(_ format: Int) throws {
        try withLogs(["mail.log_current": line(format) + line(format, "other@x")]) { directory in
            let log = QueueLog(directory: directory)
            #expect(log.lines(with: ["<x\"y&z@c>"]).count == 2)
            #expect(log.lines(with: ["other@x"]).map(\.sender) == ["other@x"])
            #expect(log.lines(with: [name.message.description]).count == 2)
        }
    }

    /// Oldest first, from files of different formats, also while one is being appended: `mail.log` holds a part of
    /// the piece already.
    @Test func rolledFiles() throws {
        let (old, piece) = (line(1, hour: 1), line(5, hour: 2) + line(5, hour: 3))
        let files = [
            "mail.log": old + line(5, hour: 2), "mail.log_yesterday.\(old.utf8.count)": piece,
            "mail.log_yesterday": line(4, hour: 4), "mail.log_current": line(6, hour: 5),
        ]
        try withLogs(files) { directory in
            let found = QueueLog(directory: directory).lines(with: [name.message.description])
            #expect(found.map { $0.stamp.dropFirst(12).prefix(2) } == ["01", "02", "03", "04", "05"])
        }
    }

    /// A piece that a roll-over has removed since it was listed, for which a link that leads nowhere stands here.
    @Test func pieceThatIsGone() throws {
        try withLogs(["mail.log": line(1, hour: 1) + line(1, hour: 2)]) { directory in
            let piece = "\(directory)/mail.log_yesterday.\(line(1).utf8.count)"
            try #require(symlink("\(directory)/removed", piece) == 0)
            defer { unlink(piece) }
            #expect(QueueLog(directory: directory).lines(with: [name.message.description]).count == 2)
        }
    }

    private func withLogs(_ files: [String: String], _ body: (String) throws -> Void) throws {
        var template = Array("/tmp/martlet-log-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let directory = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        defer {
            for name in files.keys { unlink("\(directory)/\(name)") }
            rmdir(directory)
        }
        for (name, text) in files { try Files.replace("\(directory)/\(name)", with: Array(text.utf8)) }
        try body(directory)
    }
}
