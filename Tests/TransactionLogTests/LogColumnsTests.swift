import Testing
import TransactionLog

/// Fields of formats 1 to 3 that hold what separates fields (notifications-logging specification, 2.2).
@Suite struct LogColumnsTests {
    private static let time = Array("16-Feb-2007 14:54:13.72".utf8)

    private func line(_ entry: MessageLogEntry, _ format: Int) -> Substring {
        var output: [UInt8] = []
        LogLayout(options: LogOptions { ["log_format": format, "log_username": 1][$0] }, node: "n").append(
            entry, time: Self.time, process: "1", to: &output)
        return Substring(String(decoding: output.dropLast(), as: UTF8.self))
    }

    /// An address that is written as a quoted string in SMTP stays as it is; what would be two fields becomes one.
    @Test(arguments: [
        ("a@b.c", "a@b.c"), ("\"a b\"@c", "\"a b\"@c"), ("\"a\\\" b\"@c", "\"a\\\" b\"@c"), ("a b", "\"a b\""),
        ("x D 1 v@w", "\"x D 1 v@w\""), ("a\"b", "\"a\\\"b\""), ("a \\b", "\"a \\\\b\""), ("\"a b", "\"\\\"a b\""),
        ("a\\b", "a\\b"), ("a\u{85}b\u{2029}", "a?b?"),
    ])
    func words(_ value: String, _ written: String) {
        var entry = MessageLogEntry(.enqueued)
        entry.sender = value
        #expect(line(entry, 1).contains(" E 0 \(written) "))
    }

    @Test(arguments: [1, 2, 3])
    func fieldsAreReadAsTheyWere(_ format: Int) {
        for value in ["a@b.c", "\"a b\"@c", "x D 1 v@w", "a\"b c", "\"", "\\ ", "5:ab", "é ü", ""] {
            var entry = MessageLogEntry(.enqueued)
            entry.sourceChannel = "tcp_local"
            entry.destinationChannel = "twelve_chars"
            entry.sender = value
            entry.originalRecipient = "rfc822;" + value
            entry.currentRecipient = "u@d"
            entry.username = "*" + value
            let fields = LoggedColumns.fields(of: line(entry, format), isCounted: format == 3).texts
            let sender = format == 2 && value.isEmpty ? "<>" : value
            #expect(fields.contains(sender) && fields.contains("rfc822;" + value) && fields.contains("*" + value))
            #expect(fields.firstIndex(of: "u@d").map { fields[$0 - 2] } == sender)
        }
    }

    @Test(arguments: ["", " ", "9:x", "99999:x", "\"", "a \"b c", "5:", ":", "3:a b", "\"\\", "4:äb x"])
    func anyLineIsRead(_ text: String) {
        for isCounted in [false, true] {
            #expect(!LoggedColumns.fields(of: text[...], isCounted: isCounted).texts.isEmpty)
        }
    }

    @Test func lengths() {
        let fields = LoggedColumns.fields(of: "E 1 3:a b 0: 12:short 2:cd"[...], isCounted: true)
        #expect(fields.texts == ["E", "1", "a b", "", "12:short", "cd"] && fields.counted == [2, 3, 5])
        #expect(LoggedColumns.fields(of: "3:a b"[...]).texts == ["3:a", "b"])
    }
}
