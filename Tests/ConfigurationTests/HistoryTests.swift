import Configuration
import Glibc
import SystemCalls
import Testing

/// Former texts of martlet.conf: kept, compared, put back.
@Suite struct HistoryTests {
    private func withInstance(_ body: (InstancePaths) throws -> Void) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { removeTree(root) }
        try Files.createDirectory("\(root)/config")
        try body(InstancePaths(instanceRoot: root, bin: "/opt/x/lib"))
    }

    private func removeTree(_ path: String) {
        for name in (try? Files.list(path)) ?? [] { removeTree("\(path)/\(name)") }
        if unlink(path) != 0 { rmdir(path) }
    }

    @Test func keepsWhatWasThere() throws {
        try withInstance { paths in
            let history = ConfigurationHistory(paths: paths)
            #expect(history.generations.isEmpty)
            #expect(throws: ConfigurationEditor.Refusal.self) { try history.text(of: 1) }
            try history.keep(Array("a = 1\n".utf8), time: "2026-11-22T04:05:40Z", user: "root", change: "set a | b\nc")
            try history.keep([], time: "t", user: "u v", change: "")
            #expect(
                history.generations == [
                    .init(number: 1, time: "2026-11-22T04:05:40Z", user: "root", change: "set a | b c"),
                    .init(number: 2, time: "t", user: "u v", change: ""),
                ])
            #expect(try history.text(of: 1) == Array("a = 1\n".utf8))
            #expect(try history.text(of: 2) == [])
        }
    }

    @Test func keepsNoMoreThanTheLimit() throws {
        try withInstance { paths in
            let history = ConfigurationHistory(paths: paths)
            for _ in 0..<(ConfigurationHistory.limit + 3) { try history.keep([1], time: "t", user: "u", change: "c") }
            #expect(history.generations.map(\.number) == Array(4...(ConfigurationHistory.limit + 3)))
        }
    }

    @Test func anEditKeepsTheFormerTextAndAWrongOneDoesNot() throws {
        try withInstance { paths in
            let text = Samples.defaults.unified
            try Files.replace(paths.configurationFile("martlet.conf"), with: Array(text.utf8))
            let texts = ConfigurationTexts(main: Array(text.utf8))
            var kept: [[UInt8]] = []
            _ = try ConfigurationEditor.edit([.set(name: "mta.block_limit", value: "7")], paths: paths) {
                kept.append($0)
            }
            #expect(kept == [Array(text.utf8)])
            #expect(throws: ConfigurationEditor.Refusal.self) {
                try ConfigurationEditor.replace(
                    with: ConfigurationTexts(main: Array("nonsense [\n".utf8)), paths: paths
                ) { kept.append($0) }
            }
            _ = try ConfigurationEditor.replace(with: texts, paths: paths) { kept.append($0) }
            _ = try ConfigurationEditor.replace(with: texts, paths: paths) { kept.append($0) }
            #expect(kept.count == 2)
        }
    }

    @Test(
        arguments: [
            ("mta.a = 1\nmta.b = 2\n", "mta.b = 2\nmta.a = 1\n", []),
            ("mta.a = 1\n", "mta.a = 2\n", ["- role.mta.a = 1", "+ role.mta.a = 2"]),
            ("", "[channel:x]\n  smtp\n", ["+ role.channel:x.smtp (novalue)"]),
            (
                "[rewrites]\n  a b\n  c d\n", "[rewrites]\n  c d\n  a b\n",
                ["- role.rewrite.rule = a b", "+ role.rewrite.rule = a b"]
            ),
            ("[aliases]\n  a: b\n", "! comment\n[aliases]\n", ["- [aliases] a: b"]),
        ] as [(String, String, [String])])
    func differences(former: String, latter: String, expected: [String]) {
        let lines = ConfigurationDifferences(from: Array(former.utf8), to: Array(latter.utf8)).lines.map(\.description)
        #expect(lines.sorted() == expected.sorted())
    }
}
