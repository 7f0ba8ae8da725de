import Mappings
import OptionSyntax
import Testing

/// The `mappings` file (mappings specification, sections 1 and 7.10).
@Suite struct MappingFileTests {
    @Test func tablesEntriesAndComments() {
        var diagnostics = Diagnostics()
        let sources = parseMappings(
            "! head\r\nA\r\n\r\n  x  $Y\r\n!between\r\n\ty\t1$ 2 \r\n\r\nB\r\n\r\nC\r\n\r\n  z\r\n", file: "mappings",
            diagnostics: &diagnostics)
        #expect(diagnostics.all.isEmpty)
        #expect(sources.map(\.name) == ["A", "B", "C"])
        #expect(sources[0].entries.map(\.pattern) == ["x", "y"])
        #expect(sources[0].entries.map(\.template) == ["$Y", "1$ 2"])
        #expect(sources[0].entries[1].location == SourceLocation(file: "mappings", line: 6, column: 2))
        #expect(sources[1].entries.isEmpty)
        #expect(sources[2].entries[0].template.isEmpty)
    }

    @Test(arguments: [
        ("blank before the backslash", "  a  \\\nb\n", "a", "b"),
        ("blank on the next line", "  a\\\n  b\n", "a", "b"),
        ("inside the pattern", "  a\\\nb  c\n", "ab", "c"),
        ("inside the template", "  a  b \\\n  c\n", "a", "bc"),
        ("a quoted blank stays", "  a  b$ \\\n  c\n", "a", "b$ c"),
        ("three lines and a comment", "  a  b\\\n! no\n  c\\\n  d\n", "a", "bcd"),
    ])
    func continuation(_ name: String, _ text: String, _ pattern: String, _ template: String) {
        var diagnostics = Diagnostics()
        let entry = parseMappings("T\n\n" + text, file: "m", diagnostics: &diagnostics).first?.entries.first
        #expect(entry?.pattern == pattern, "\(name)")
        #expect(entry?.template == template, "\(name)")
    }

    @Test func includes() {
        var diagnostics = Diagnostics()
        let sources = parseMappings("T\n\n a 1\n< /etc/more\n c 3\n", file: "m", diagnostics: &diagnostics) {
            $0 == "/etc/more" ? "! comment\n b 2\n" : nil
        }
        #expect(diagnostics.all.isEmpty)
        #expect(sources.first?.entries.map(\.pattern) == ["a", "b", "c"])
        #expect(sources.first?.entries[1].location == SourceLocation(file: "/etc/more", line: 2, column: 2))
    }

    @Test(arguments: [
        ("X1", "FORWARD\n\n a b\n\nforward\n\n c d\n", "m:5:1: error: duplicate mapping name found"),
        ("X2", "T\n\n a b\ntcp|*|c d\n", "m:4:1: error: mapping name 'tcp|*|c d' does not follow a blank line"),
        ("X2 long", "T\n\n a b\n\n\(String(repeating: "x", count: 65))\n", "m:5:1: error: mapping name is too long"),
        ("X2 not a letter", "T\n\n a b\n*  $N\n", "m:4:1: error: the line is neither"),
        ("X3", "T\n\n a b\n\n c d\n", "m:5:1: error: the entry is outside any table"),
        ("no blank line", "T\n a b\n", "m:2:1: error: no blank line"),
        ("surplus text", "T\n\n a b c\n", "m:3:6: warning: text after the template is ignored, from 'c' on"),
        ("missing include", "T\n\n a b\n</none\n", "m:4:1: error: cannot read include file '/none'"),
        ("endless include", "<self\n", "self:1:1: error: include files are nested more than 3 deep"),
        ("line length", "\(String(repeating: "x", count: 4097))\n", "m:1:1: error: the line is longer"),
        ("pattern length", "T\n\n \(String(repeating: "x", count: 257)) b\n", "m:3:2: error: the pattern is longer"),
        ("template length", "T\n\n a \(String(repeating: "x", count: 1025))\n", "m:3:2: error: the template is"),
        ("undefined table", "T\n\n a $|NONE;x|$Y\n", "m:3:4: warning: mapping table 'NONE' is not defined"),
        ("open call", "T\n\n a ${b\n", "m:3:4: error: '}' is missing"),
        ("bad sequence", "T\n\n a $#f|99#\n", "m:3:4: error: the template needs a sequence number"),
        ("bad percentage", "T\n\n a $?x?\n", "m:3:4: error: the template needs a percentage"),
        ("useless number", "T\n\n a $+2C\n", "m:3:4: warning: the number in '$+2C' has no effect"),
        ("behind good ones", "T\n\n a $0x$Y${b$+2C}$?x?\n", "m:3:17: error: the template needs a percentage"),
        ("inside an argument", "T\n\n a $0${b$+2C}\n", "m:3:9: warning: the number in"),
        ("joined line", "T\n\n a $0\\\n $?x?\n", "m:4:2: error: the template needs a percentage"),
        ("odd flag", "T\n\n a $(key)$Y\n", "m:3:4: warning: '$(' sets a flag that no table knows"),
        ("NUL", "T\n\n a b\0\n", "m:3:5: error: NUL byte in the file"),
        ("bad pattern behind", "T\n\n ab$(1.2.3) b\n", "m:3:4: error: '1.2.3' is not an address"),
        ("bad pattern", "T\n\n $(1.2.3) b\n", "m:3:2: error: '1.2.3' is not an address"),
    ])
    func findings(_ name: String, _ text: String, _ expected: String) {
        var diagnostics = Diagnostics()
        let sources = parseMappings(text, file: "m", diagnostics: &diagnostics) { $0 == "self" ? "<self\n" : nil }
        _ = MappingTables(compiling: sources, diagnostics: &diagnostics)
        #expect(diagnostics.all.contains { $0.description.hasPrefix(expected) }, "\(name): \(diagnostics.all)")
    }

    @Test func onlyUTF8() {
        var diagnostics = Diagnostics()
        let content = Array("T\n\n a b\n! comment: ".utf8) + [0xE9, 10] + Array(" c ".utf8) + [0xE9, 10]
        let sources = parseMappings(content: content, file: "m", diagnostics: &diagnostics) { _ in nil }
        #expect(diagnostics.all.map(\.description) == ["m:5:1: error: the line is not UTF-8 (save the file as UTF-8)"])
        #expect(sources.first?.entries.map(\.pattern) == ["a"])
    }

    @Test func pathsOfIncludesMayHoldBlanks() {
        var diagnostics = Diagnostics()
        let sources = parseMappings("T\n\n<  /etc/my tables \n", file: "m", diagnostics: &diagnostics) {
            $0 == "/etc/my tables" ? " b 2\n" : nil
        }
        #expect(diagnostics.all.isEmpty)
        #expect(sources.first?.entries.map(\.pattern) == ["b"])
    }

    @Test func namesAreCaseBlind() {
        let tables = compileMappings("Internal_IP\n\n * $Y\n").tables
        #expect(tables.contains("INTERNAL_ip") && !tables.contains("OTHER"))
        #expect(tables.names == ["Internal_IP"])
        #expect(tables.probe("internal_ip", "x")?.flags.has("Y") == true)
        #expect(tables.probe("OTHER", "x") == nil)
    }

    /// A deeply nested template must not exhaust the stack.
    @Test func nestedTemplate() {
        let deep = String(repeating: "${", count: 200) + "x" + String(repeating: "}", count: 200)
        let (tables, findings) = compileMappings("T\n\n * \(deep)\n")
        #expect(findings.contains { $0.severity == .error })
        #expect(tables.probe("T", "x") == nil)
    }
}
