import OptionSyntax
import Testing

@Suite struct LineReaderTests {
    private func read(
        _ text: String, _ syntax: LineReader.Syntax = .init(), files: [String: String] = [:]
    ) -> (lines: [LogicalLine], diagnostics: Diagnostics) {
        var diagnostics = Diagnostics()
        let file = LineReader.File(name: "main", content: Array(text.utf8))
        let lines = LineReader.lines(of: file, syntax: syntax, diagnostics: &diagnostics) { name in
            files[name].map { .success(.init(name: name, content: Array($0.utf8))) }
                ?? .failure(.init("no such file"))
        }
        return (lines, diagnostics)
    }

    @Test func commentsLeaveAndBlankLinesStay() {
        let (lines, diagnostics) = read("! x\na\n\n  ! data\r\nb")
        #expect(lines.map(\.text) == ["a", "", "  ! data", "b"])
        #expect(diagnostics.all.isEmpty)
    }

    @Test func optionFileCommentsMayStandBetweenContinuationLines() {
        let (lines, _) = read("! x\n# x\n; x\n\nA=1\\\n! between\n  2\n", .init(comments: "!#;"))
        #expect(lines.map(\.text) == ["", "A=12"])
    }

    @Test func placesAreThoseOfThePhysicalLine() {
        let (lines, _) = read("abc\\\n   def\n")
        #expect(lines[0].text == "abcdef")
        #expect(lines[0].location(at: 1) == SourceLocation(file: "main", line: 1, column: 2))
        #expect(lines[0].location(at: 4) == SourceLocation(file: "main", line: 2, column: 5))
        #expect(lines[0].lastLine == 2)
    }

    @Test func doubledBackslashAtTheEndIsData() {
        #expect(read("a\\\\\nb\n", .init(doubledBackslash: true)).lines.map(\.text) == ["a\\", "b"])
    }

    @Test(arguments: [("p \\\n  t", "p t"), ("p t \\\n  u", "p tu"), ("p t\\\n u", "p tu")])
    func templatesAreJoinedWithoutWhiteSpace(text: String, joined: String) {
        #expect(read(text, .init(joinsTemplates: true)).lines.map(\.text) == [joined])
    }

    @Test func behindTheFirstBlankLineWhiteSpaceStays() {
        #expect(read("\na b \\\n c\n", .init(joinsTemplates: true)).lines.map(\.text) == ["", "a b c"])
    }

    @Test func aNULIsAnErrorWithItsColumn() {
        let (lines, diagnostics) = read("ok\na\0b\nok\n")
        #expect(lines.count == 2)
        #expect(diagnostics.all.map(\.location) == [SourceLocation(file: "main", line: 2, column: 2)])
    }

    @Test func includesNestToTheLimitOnly() {
        let files = ["1": "<2\none", "2": "<3\ntwo", "3": "<4\nthree", "4": "four"]
        let (lines, diagnostics) = read("<1\n", .init(includeDepth: 3), files: files)
        #expect(lines.map(\.text) == ["three", "two", "one"])
        #expect(diagnostics.all.map(\.location) == [SourceLocation(file: "3", line: 1, column: 1)])
        #expect(read("<1\n", .init(includeDepth: 10), files: files).lines.count == 4)
    }

    @Test func aMissingIncludeIsAnError() {
        let (lines, diagnostics) = read("a\n<x\nb\n", .init(includeDepth: 3))
        #expect(lines.count == 2)
        #expect(diagnostics.hasErrors)
    }
}
