import Testing

@testable import SMTP

@Suite struct LineFramerTests {
    /// What comes out: each line as text, the other events by name. Ends at a bare terminator, as the session does.
    private func frame(_ pieces: [[UInt8]], limit: Int) -> [String] {
        var framer = LineFramer(limit: limit)
        var events: [String] = []
        for piece in pieces {
            var rest = piece[...]
            while !rest.isEmpty {
                let (consumed, event) = rest.withUnsafeBytes { framer.receive($0) }
                rest = rest.dropFirst(consumed)
                switch event {
                case .line: events.append(String(decoding: framer.line, as: UTF8.self))
                case .tooLong: events.append("*too long")
                case .bareTerminator: return events + ["*bare"]
                case nil: #expect(rest.isEmpty)
                }
            }
        }
        return events
    }

    static let rows: [(input: String, events: [String])] = [
        ("", []),
        ("NOOP", []),
        ("NOOP\r\n", ["NOOP"]),
        ("\r\n\r\n", ["", ""]),
        ("A\r\nBC\r\nD", ["A", "BC"]),
        ("A\nB\r\n", ["*bare"]),
        ("\nA\r\n", ["*bare"]),
        ("A\rB\r\n", ["*bare"]),
        ("A\r\r\n", ["*bare"]),
        ("A\r\nB\nC\r\n", ["A", "*bare"]),
        ("12345678\r\n", ["12345678"]),
        ("12345678\rX", ["*bare"]),
        ("12345678\nX", ["*bare"]),
        ("123456789\r\nB\r\n", ["*too long", "B"]),
        ("123456789\nMAIL\r\nB\r\n", ["*too long", "B"]),
        ("123456789\rMAIL\r\r\nB\r\n", ["*too long", "B"]),
        ("1234567890123456789012345\r\n\r\n", ["*too long", ""]),
        ("12\n123456789\r\n", ["*bare"]),
    ]

    @Test(arguments: rows)
    func linesHoweverSplit(input: String, events: [String]) {
        for pieces in SplitInput.doubleCuts(Array(input.utf8)) {
            #expect(frame(pieces, limit: 8) == events, "\(pieces.map(\.count))")
        }
    }

    @Test func limitIs4096() {
        let longest = [UInt8](repeating: 65, count: 4096)
        #expect(frame([longest + [13, 10]], limit: LineFramer.longestLine) == [String(repeating: "A", count: 4096)])
        #expect(frame([longest + [65, 13, 10]], limit: LineFramer.longestLine) == ["*too long"])
    }

    @Test func endlessLineKeepsNothing() {
        var framer = LineFramer()
        let piece = [UInt8](repeating: 65, count: 60_000)
        var events = 0
        for _ in 0..<20 {
            let (consumed, event) = piece.withUnsafeBytes { framer.receive($0) }
            events += event == nil ? 0 : 1
            #expect(event == nil ? consumed == piece.count : consumed == 4097)
        }
        #expect(events == 1)
        #expect(framer.line.isEmpty)
    }
}
