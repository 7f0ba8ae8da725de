import Glibc
import Testing

@testable import Commands

/// Keys on a terminal, and lines without one.
@Suite struct LineEditorTests {
    /// What is typed at the other end of a terminal, and the lines that come of it.
    private func typed(_ keys: String, complete: @escaping (String) -> [String] = { _ in [] }) throws -> [String?] {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(master >= 0)
        defer { close(master) }
        // TIOCSPTLCK and TIOCGPTN, which are unlockpt(3) and ptsname(3).
        var isLocked: Int32 = 0
        var number: Int32 = 0
        try #require(ioctl(master, 0x4004_5431, &isLocked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(slave >= 0)
        defer { close(slave) }
        // Until it asks, the terminal would take some of the keys for itself.
        var settings = termios()
        tcgetattr(slave, &settings)
        cfmakeraw(&settings)
        tcsetattr(slave, TCSANOW, &settings)
        let bytes = Array(keys.utf8)
        #expect(write(master, bytes, bytes.count) == bytes.count)
        let editor = LineEditor(input: slave, output: slave)
        #expect(editor.isTerminal)
        editor.complete = complete
        var lines: [String?] = []
        while lines.last != .some(nil), lines.count < 10 { lines.append(editor.line("> ")) }
        return lines
    }

    @Test(arguments: [
        ("abc\r", "abc"), ("abd\u{8}c\r", "abc"), ("bc\u{1}a\r", "abc"), ("xabc\u{1B}[H\u{1B}[3~\r", "abc"),
        ("abc def\u{17}\u{8}\r", "abc"), ("ac\u{1B}[Db\r", "abc"), ("abcd\u{2}\u{B}\r", "abc"), ("x\u{15}abc\r", "abc"),
        ("über\r", "über"), ("ab\u{1B}[D\u{1B}[C\u{5}c\r", "abc"), ("abc\u{3}", ""),
    ])
    func keys(keys: String, line: String) throws {
        #expect(try typed(keys + "\u{4}") == [line, nil])
    }

    @Test func formerLines() throws {
        #expect(
            try typed("one\rtwo\r\u{1B}[A\u{1B}[A!\r\u{1B}[A\u{1B}[B\u{10}\r\u{4}") == [
                "one", "two", "one!", "one!", nil,
            ])
    }

    @Test func tabCompletes() throws {
        let words = ["mappings", "mapper"]
        let lines = try typed("edit m\t\tings\rx\t\r\u{4}") { text in
            words.filter { $0.hasPrefix(text.split(separator: " ").last ?? "") }
        }
        #expect(lines == ["edit mappings", "x", nil])
    }

    @Test func linesWithoutATerminal() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let bytes = Array("one\r\ntwo\n\nlast".utf8)
        #expect(write(ends[1], bytes, bytes.count) == bytes.count)
        close(ends[1])
        let editor = LineEditor(input: ends[0])
        #expect((0..<5).map { _ in editor.line("> ") } == ["one", "two", "", "last", nil])
        close(ends[0])
    }
}
