import Mappings
import OptionSyntax
import Testing

/// Commands specification, section 5.4: the text form of a database.
@Suite struct TextDatabaseTests {
    private func read(_ text: String) -> (entries: [TextDatabase.Entry], table: TextDatabase, findings: [String]) {
        var diagnostics = Diagnostics()
        let file = LineReader.File(name: "general.txt", content: Array(text.utf8))
        let entries = TextDatabase.entries(of: file, diagnostics: &diagnostics)
        let table = TextDatabase(entries, diagnostics: &diagnostics)
        return (entries, table, diagnostics.all.map(\.description))
    }

    @Test(arguments: [
        ("user1@domain1    changed1@changeddomain1", "user1@domain1", "changed1@changeddomain1"),
        ("example\t$u%examplevax.example.com@decnet", "example", "$u%examplevax.example.com@decnet"),
        (
            "tcp_limited|bob@blue.com|helen@red.com   \"helen of troy\"@siroe.com",
            "tcp_limited|bob@blue.com|helen@red.com", "\"helen of troy\"@siroe.com"
        ),
        ("\"Smith, John\"@x  john@x", "\"Smith, John\"@x", "john@x"),
        ("\"a\\\" b\"@x  john@x  ", "\"a\\\" b\"@x", "john@x"),
        ("  key  two words", "key", "two words"),
    ])
    func lines(_ line: String, _ key: String, _ value: String) {
        let result = read("! comment\n\n\(line)\n")
        #expect(result.findings.isEmpty)
        #expect(result.entries.map(\.key) == [key])
        #expect(result.entries.map(\.value) == [value])
        #expect(result.entries.first?.location.line == 3)
        #expect(result.table.value(for: key.uppercased()) == value)
        #expect(result.table.value(for: key + "x") == nil)
    }

    @Test(arguments: [
        ("key\n", "general.txt:1:1: error: no value for the key key"),
        ("\"open value\n", "general.txt:1:1: error: no value for the key \"open value"),
        ("a 1\nA 2\n", "general.txt:2:1: warning: the key A is there twice, first at general.txt:1:1"),
        (String(repeating: "k", count: 253) + " v\n", "general.txt:1:1: error: the key is longer than 252 octets"),
        ("k " + String(repeating: "v", count: 1025) + "\n", "general.txt:1:1: error: the key is longer than"),
    ])
    func findings(_ text: String, _ finding: String) {
        let result = read(text)
        #expect(result.findings.count == 1 && result.findings[0].hasPrefix(finding), "\(result.findings)")
    }

    @Test func firstCounts() {
        let result = read("a 1\nb 2\nA 3\n")
        #expect(result.entries.count == 3)
        #expect(result.table.count == 2)
        #expect(result.table.value(for: "a") == "1")
    }

    @Test func many() {
        let table = read((0..<5000).map { "key\($0) value\($0)" }.joined(separator: "\n")).table
        #expect((0..<5000).allSatisfy { table.value(for: "KEY\($0)") == "value\($0)" })
    }
}
