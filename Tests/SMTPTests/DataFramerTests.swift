import Testing

@testable import SMTP

@Suite struct DataFramerTests {
    /// Content, flags, and what follows the final dot.
    struct Outcome: Equatable {
        var content: String
        var flags: String
        var rest: String
        var isComplete: Bool
    }

    private func frame(
        _ pieces: [[UInt8]], form: DataFramer.Form = .dotStuffed, longLines: LongLines = .truncate,
        sizeLimit: Int64? = nil
    ) -> (outcome: Outcome, findings: ContentFindings) {
        var framer = DataFramer(form: form, longLines: longLines, sizeLimit: sizeLimit)
        var content: [UInt8] = []
        var rest: [UInt8] = []
        for piece in pieces {
            let used = piece.withUnsafeBytes { framer.receive($0) }
            rest += piece[used...]
            content += framer.takeContent()
        }
        let isComplete = framer.isComplete
        let (last, findings) = framer.finish()
        content += last
        let isRefused =
            findings.isAmbiguous || findings.isOverSizeLimit || (findings.hasLongLine && longLines == .reject)
        let outcome = Outcome(
            content: isRefused ? "" : String(decoding: content, as: UTF8.self), flags: flags(findings),
            rest: String(decoding: rest, as: UTF8.self), isComplete: isComplete)
        return (outcome, findings)
    }

    private func flags(_ findings: ContentFindings) -> String {
        var flags = ""
        if findings.hasBareCarriageReturn { flags += "R" }
        if findings.hasBareLineFeed { flags += "N" }
        if findings.hasNUL { flags += "0" }
        if findings.hasEightBit { flags += "8" }
        if findings.hasLongLine { flags += "L" }
        if findings.isOverSizeLimit { flags += "S" }
        if !findings.endsInLineEnd { flags += "e" }
        return flags
    }

    /// Input; content; flags; octets after the final dot, nil when it has not come; octets counted.
    static let dotStuffed: [(String, String, String, String?, Int64)] = [
        (".\r\n", "", "", "", 0),
        ("a\r\n.\r\n", "a\r\n", "", "", 3),
        ("a\r\n.\r\nQUIT\r\n", "a\r\n", "", "QUIT\r\n", 3),
        ("..\r\n.\r\n", ".\r\n", "", "", 3),
        ("...\r\n.a\r\n\r\n.\r\n", "..\r\na\r\n\r\n", "", "", 9),
        ("a.\r\n.b.\r\n.\r\n", "a.\r\nb.\r\n", "", "", 8),
        ("\r\n\r\n.\r\nx", "\r\n\r\n", "", "x", 4),
        ("a\u{e9}\r\n.\r\n", "a\u{e9}\r\n", "8", "", 5),
        ("a\r\n.\r\n\u{e9}\0", "a\r\n", "", "\u{e9}\0", 3),
        ("a\0b\r\n.\r\n", "", "0", "", 5),
        // Forms that some servers take for the end of data. None is one here, and all are refused.
        ("a\n.\nM\r\n.\r\n", "", "N", "", 7),
        ("a\n.\rM\r\n.\r\n", "", "RN", "", 7),
        ("a\r.\nM\r\n.\r\n", "", "RN", "", 7),
        ("a\r.\rM\r\n.\r\n", "", "R", "", 7),
        ("a\n.\r\nM\r\n.\r\n", "", "N", "", 8),
        ("a\r.\r\nM\r\n.\r\n", "", "R", "", 8),
        ("a\r\n.\nM\r\n.\r\n", "", "N", "", 7),
        ("a\r\n.\rM\r\n.\r\n", "", "R", "", 7),
        ("a\r\n.\r\r\nM\r\n.\r\n", "", "R", "", 9),
        ("a\r\r\n.\r\n", "", "R", "", 4),
        ("\n.\r\nM\r\n.\r\n", "", "N", "", 7),
        (".\nM\r\n.\r\n", "", "N", "", 4),
        (".\rM\r\n.\r\n", "", "R", "", 4),
        ("a\r\n.\r", "", "Re", nil, 4),
        ("a\r\n.", "a\r\n", "e", nil, 3),
        ("a\r\nb", "a\r\nb", "e", nil, 4),
    ]

    @Test(arguments: dotStuffed)
    func dataHoweverSplit(input: String, content: String, flags: String, rest: String?, octets: Int64) {
        for pieces in SplitInput.doubleCuts(Array(input.utf8)) {
            let (outcome, findings) = frame(pieces)
            let expected = Outcome(content: content, flags: flags, rest: rest ?? "", isComplete: rest != nil)
            #expect(outcome == expected, "\(pieces.map(\.count))")
            #expect(findings.octets == octets, "\(pieces.map(\.count))")
        }
    }

    static let verbatim: [(String, String, String)] = [
        ("", "", ""),
        ("a\r\n", "a\r\n", ""),
        ("a", "a", "e"),
        (".\r\n..\r\n.a\r\n", ".\r\n..\r\n.a\r\n", ""),
        ("a\n", "", "Ne"),
        ("a\r", "", "Re"),
        ("a\rb\r\n", "", "R"),
        ("\0", "", "0e"),
    ]

    @Test(arguments: verbatim)
    func chunksHoweverSplit(input: String, content: String, flags: String) {
        for pieces in SplitInput.doubleCuts(Array(input.utf8)) {
            let (outcome, findings) = frame(pieces, form: .verbatim)
            #expect(outcome == Outcome(content: content, flags: flags, rest: "", isComplete: false))
            #expect(findings.octets == Int64(input.utf8.count))
        }
    }

    /// Cuts near the limit and at odd places, for inputs too long for all cuts.
    private func waysOfLongInput(_ bytes: [UInt8]) -> [[[UInt8]]] {
        var ways = [[bytes], bytes.map { [$0] }]
        for cut in stride(from: 1, to: bytes.count, by: 13) {
            ways.append([Array(bytes[..<cut]), Array(bytes[cut...])])
        }
        for cut in max(bytes.count - 40, 1)..<bytes.count { ways.append([Array(bytes[..<cut]), Array(bytes[cut...])]) }
        for cut in 990..<min(1_010, bytes.count) { ways.append([Array(bytes[..<cut]), Array(bytes[cut...])]) }
        return ways
    }

    static func line(_ count: Int) -> String { String(repeating: "x", count: count) }

    /// The longest legal line is 998 octets; a doubled dot does not count (RFC 5321 section 4.5.3.1.6).
    static let longLines: [(LongLines, String, String, String)] = [
        (.truncate, line(998), line(998), ""),
        (.truncate, line(999), line(998), "L"),
        (.truncate, line(1_500), line(998), "L"),
        (.truncate, line(2_048) + "\r\nb", line(998) + "\r\nb", "L"),
        (.truncate, "." + "." + line(997), "." + line(997), ""),
        (.reject, line(998), line(998), ""),
        (.reject, line(999), "", "L"),
        (.wrap, line(998), line(998), ""),
        (.wrap, line(999), line(998) + "\r\nx", "L"),
        (.wrap, line(2_000), line(998) + "\r\n" + line(998) + "\r\n" + line(4), "L"),
        (.wrap, line(990) + " " + line(50), line(990) + "\r\n " + line(50), "L"),
        (.wrap, line(917) + " " + line(90), line(917) + " " + line(80) + "\r\n" + line(10), "L"),
        (.wrap, line(918) + "\t" + line(90), line(918) + "\r\n\t" + line(90), "L"),
        (
            .wrap, line(990) + " " + line(990) + " " + line(20),
            line(990) + "\r\n " + line(990) + "\r\n " + line(20), "L"
        ),
    ]

    @Test(arguments: longLines)
    func longLinesHoweverSplit(mode: LongLines, text: String, content: String, flags: String) {
        let expected = content.isEmpty ? "" : "a\r\n" + content + "\r\nz\r\n"
        for pieces in waysOfLongInput(Array("a\r\n\(text)\r\nz\r\n.\r\n".utf8)) {
            let (outcome, _) = frame(pieces, longLines: mode)
            #expect(outcome == Outcome(content: expected, flags: flags, rest: "", isComplete: true))
        }
    }

    @Test(arguments: [(9, ""), (8, "S"), (0, "S")] as [(Int64, String)])
    func sizeLimit(limit: Int64, flags: String) {
        for pieces in SplitInput.doubleCuts(Array("abc\r\n..x\r\n.\r\n".utf8)) {
            let (outcome, findings) = frame(pieces, sizeLimit: limit)
            #expect(outcome.flags == flags)
            #expect(outcome.content == (flags.isEmpty ? "abc\r\n.x\r\n" : ""))
            #expect(outcome.isComplete)
            #expect(findings.octets == 9)
        }
    }

    /// A megabyte of one line, and a gigabyte-like stream: memory stays bounded.
    @Test(arguments: [LongLines.truncate, .wrap, .reject])
    func endlessContentIsNotKept(mode: LongLines) {
        var framer = DataFramer(form: .dotStuffed, longLines: mode, sizeLimit: 3_000_000)
        let piece = [UInt8](repeating: 120, count: 65_536)
        for _ in 0..<80 {
            #expect(piece.withUnsafeBytes { framer.receive($0) } == piece.count)
            #expect(framer.collected <= 2 * piece.count)
            _ = framer.takeContent()
        }
        #expect(framer.findings.octets == 80 * 65_536)
        #expect(framer.findings.isOverSizeLimit)
        #expect(framer.collected == 0)
    }
}
