import OptionSyntax
import Testing

@Suite struct OptionFileTests {
    private func read(_ text: String, unquotes: Bool = false) -> (file: OptionFile, diagnostics: Diagnostics) {
        var diagnostics = Diagnostics()
        let lines = LineReader.lines(
            of: .init(name: "f.cnf", content: Array(text.utf8)), syntax: .init(comments: "!"),
            diagnostics: &diagnostics)
        return (OptionFile(lines, file: "f.cnf", unquotes: unquotes, diagnostics: &diagnostics), diagnostics)
    }

    @Test func sectionsAndValues() {
        let (file, diagnostics) = read("a = 1\n[service=SMTP]\n  PORT=25\nPARAMETER=CHANNEL=tcp_submit ! no comment\n")
        #expect(diagnostics.all.isEmpty)
        #expect(file.sections.map(\.type) == ["", "SERVICE"])
        #expect(file.sections[1].name == "SMTP")
        #expect(file.sections[1].entries.map(\.value) == ["25", "CHANNEL=tcp_submit ! no comment"])
        #expect(file.sections[1].entries[0].location == SourceLocation(file: "f.cnf", line: 3, column: 3))
        #expect(file.sections[1].entries[0].valueLocation == SourceLocation(file: "f.cnf", line: 3, column: 8))
    }

    @Test func quotedValues() {
        #expect(read("local.x = \"a b\"\n", unquotes: true).file.sections[0].entries[0].value == "a b")
    }

    @Test func everyBadLineIsReported() {
        let (file, diagnostics) = read("x\n[SERVICE=A\n[SERVICE]\n=1\na b=2\nok=1\n")
        #expect(diagnostics.all.count == 5)
        #expect(file.sections[0].entries.map(\.name) == ["ok"])
    }
}
