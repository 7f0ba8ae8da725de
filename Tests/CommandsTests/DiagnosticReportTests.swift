import OptionSyntax
import Testing

@testable import Commands

/// Findings with the line and a mark under the column.
@Suite struct DiagnosticReportTests {
    private func lines(_ source: String, line: Int = 1, column: Int, advice: String = "") -> [String] {
        let report = DiagnosticReport { $0 == "imta.cnf" ? source.split(separator: "\n").map(String.init) : nil }
        let place = SourceLocation(file: "imta.cnf", line: line, column: column)
        return report.lines(Diagnostic(.error, "it is wrong", at: place, advice: advice))
    }

    @Test func markUnderTheColumn() {
        #expect(
            lines("l\n  tcp_prots = 25", line: 2, column: 3, advice: "did you mean tcp_ports?") == [
                "imta.cnf:2:3: error: it is wrong", "   2 |   tcp_prots = 25", "     |   ^~~~~~~~~",
                "     = did you mean tcp_ports?",
            ])
    }

    @Test(
        arguments: [
            // Columns count bytes, the mark stands under characters; tabs stay tabs.
            ("é\tword", 4, "     |  \t^~~~"), ("ab", 3, "     |   ^"),
        ])
    func columns(source: String, column: Int, mark: String) {
        #expect(lines(source, column: column).last == mark)
    }

    @Test func wholeLine() {
        #expect(lines("text", column: 0) == ["imta.cnf:1: error: it is wrong", "   1 | text"])
    }

    @Test(arguments: [(0, 1), (9, 1), (1, 400)])
    func placesThatAreNotThere(line: Int, column: Int) {
        #expect(lines("text", line: line, column: column).count <= 2)
    }

    @Test func longLinesAreCutAroundTheColumn() {
        let shown = lines(String(repeating: "x", count: 500) + " here", column: 502)
        #expect(shown[1].hasSuffix(" here"))
        #expect(shown.allSatisfy { $0.count < 180 })
        let end = shown[2].distance(from: shown[2].startIndex, to: shown[2].firstIndex(of: "^") ?? shown[2].endIndex)
        #expect(shown[1].dropFirst(end).hasPrefix("here"))
    }

    @Test func controlCharactersDoNotReachTheTerminal() {
        #expect(lines("a\u{1B}[2Jb", column: 1)[1] == "   1 | a?[2Jb")
    }

    @Test func colours() {
        let report = DiagnosticReport(isColoured: true) { _ in ["x"] }
        let place = SourceLocation(file: "f", line: 1, column: 1)
        let lines = report.lines(Diagnostic(.warning, "w", at: place))
        #expect(lines[0] == "f:1:1: \u{1B}[1;35mwarning\u{1B}[0m: w")
        #expect(lines.last == "     | \u{1B}[1;32m^\u{1B}[0m")
    }

    @Test func withoutPlace() {
        let report = DiagnosticReport { _ in nil }
        #expect(report.lines(Diagnostic(.note, "n", at: nil)) == ["note: n"])
    }
}
