import Enqueue
import InternetMessage
import Synchronization
import Testing

/// Channels specification, 4.14: header option files.
@Suite struct HeaderOptionsTests {
    private func apply(_ file: String, _ text: String) throws -> String {
        var header = try HeaderBlock.scan(Array((text + "\r\n").utf8)).get().header
        HeaderOptions(file) { Issue.record("\($0)") }.apply(to: &header)
        var output: [UInt8] = []
        header.write(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: [
        ("X-Drop: MAXIMUM=-1", "x-drop: 1\r\nA: b\r\nX-DROP: 2\r\n", "A: b\r\n"),
        ("Received: MAXIMUM=1", "Received: 1\r\nReceived: 2\r\n", "Received: 1\r\n"),
        ("! comment\n\nX: MAXLINES=2\n", "X: 1\r\n 1\r\nX: 2\r\n", "X: 1\r\n 1\r\n"),
        ("X: MAXCHARS=4", "X: abcdef\r\n", "X: abcd\r\n"),
        ("X: RELABEL=X-Other", "x: 1\r\n 2\r\n", "X-Other: 1\r\n 2\r\n"),
        ("X-New: ADD=\"a, \\\"b\\\"\", FILL=c", "A: b\r\n", "A: b\r\nX-new: c\r\nX-new: a, \"b\"\r\n"),
        ("X-New: FILL=c", "X-New: b\r\n", "X-New: b\r\n"),
        ("A: PRECEDENCE=1\nOther: MAXIMUM=-1", "A: b\r\nC: d\r\n", "A: b\r\n"),
        ("Defaults: MAXIMUM=1\nA: MAXCHARS=9", "A: 1\r\nA: 2\r\nB: 1\r\nB: 2\r\n", "A: 1\r\nB: 1\r\nB: 2\r\n"),
        ("S: LINELENGTH=20", "S: one two three four five\r\n", "S: one two three\r\n four five\r\n"),
    ])
    func options(_ file: String, _ given: String, _ expected: String) throws {
        #expect(try apply(file, given) == expected)
    }

    @Test func mistakes() {
        let heard = Mutex<[String]>([])
        _ = HeaderOptions("no colon\nX: MAXIMUM=many, SPARKLE=1\n") { problem in
            heard.withLock { $0.append("\(problem.line):\(problem.column): \(problem.message)") }
        }
        #expect(
            heard.withLock { $0 } == [
                "1:1: no field name with a colon; write Name: OPTION=value", "2:4: MAXIMUM takes a number, not many",
                "2:18: SPARKLE is no option of header fields",
            ])
    }

    /// `headerread` before everything else, `headertrim` after it, our Received field included.
    @Test func keywords() throws {
        let site = try ContentSite(
            source: "headerread", destination: "headertrim",
            files: ["from_read_headers.opt": "To: MAXIMUM=-1", "to_headers.opt": "Received: MAXIMUM=-1\nX: ADD=y"])
        #expect(try site.send("To: a@b\r\nCc: c@d\r\n\r\n").content.isEmpty == false)
        let result = try site.send("To: a@b\r\nCc: c@d\r\n\r\nbody").content
        #expect(result.hasSuffix("X: y\r\n\r\nbody") && !result.contains("To:"))
        let without = try ContentSite(destination: "headertrim")
        #expect(without.site.reports.contains { $0.contains("to_headers.opt cannot be read") })
        #expect(try without.send("A: b\r\n\r\n").content == "A: b\r\n\r\n")
    }
}
