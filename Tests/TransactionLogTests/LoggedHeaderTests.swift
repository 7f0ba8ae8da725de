import InternetMessage
import Testing
import TransactionLog

/// Header lines in the log: `log_headers.opt`, `logheader` and LOG_HEADER (notifications-logging specification, 2.1 and
/// 2.6; worked example 44 of the channels specification).
@Suite struct LoggedHeaderTests {
    private static let message = Array(
        "To: a@x\r\nTo: b@x\r\nSubject: one\r\n two\r\nX-Other: y\r\n\r\nSubject: body\r\n".utf8)

    @Test(arguments: [
        ("", ["To: a@x", "To: b@x", "Subject: one two", "X-Other: y"]),
        ("! a comment\nTo: MAXIMUM=1\nDefaults: MAXIMUM=-1\n", ["To: a@x"]),
        ("SUBJECT: RELABEL=x, maximum=1\ndefaults: MAXIMUM=0", ["Subject: one two"]),
        ("X-Other: MAXIMUM=-1", ["To: a@x", "To: b@x", "Subject: one two"]),
        ("no field\nTo: MAXIMUM=many", ["To: a@x", "To: b@x", "Subject: one two", "X-Other: y"]),
    ])
    func selection(options: String, lines: [String]) {
        #expect(LoggedHeader(options: options).lines(of: Self.message) == lines)
    }

    @Test func longLinesAreCut() {
        #expect(
            LoggedHeader(options: "Defaults: MAXIMUM=-1\nSubject: MAXIMUM=1", longest: 9).lines(of: Self.message) == [
                "Subject: "
            ])
    }

    /// The lines stand behind their entry, begin with a blank, and cannot look like another entry.
    @Test func layout() {
        var entry = MessageLogEntry(.enqueued)
        entry.sourceChannel = "tcp_local"
        entry.headerLines = ["Subject: a\u{7}b\nc", "To: x@y"]
        var output: [UInt8] = []
        LogLayout(options: LogOptions(), node: "n").append(entry, time: Array("T".utf8), process: "1", to: &output)
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.dropFirst() == [" Subject: a?b?c", " To: x@y"])
    }

    @Test(
        arguments: [
            (nil, 0, false, false), (nil, 1, true, false), (nil, 3, true, true), (0, 3, false, false),
            (1, 0, true, false),
            (3, 0, true, true), (2, 0, false, true),
        ] as [(Int?, Int, Bool, Bool)])
    func example44Occasions(keyword: Int?, option: Int, atDequeue: Bool, atEnqueue: Bool) {
        let options = LogOptions { $0 == "log_header" ? option : nil }
        let log = TransactionLog(directory: "/nowhere", options: options, node: "n", report: { _ in })
        #expect((log.header(at: .dequeue, keyword: keyword) != nil) == atDequeue)
        #expect((log.header(at: .enqueue, keyword: keyword) != nil) == atEnqueue)
    }
}
