import Glibc

/// Reads lines from a terminal with the keys people expect: arrows, Home and End, the Emacs keys, Tab, and the lines
/// typed before. Without a terminal lines are read as they come.
final class LineEditor {
    /// What the keys do, apart from the terminal.
    struct Buffer: Equatable {
        var text: [Character] = []
        var cursor = 0

        var string: String { String(text) }

        init(_ text: String = "") {
            self.text = Array(text)
            cursor = self.text.count
        }

        mutating func insert(_ string: String) {
            text.insert(contentsOf: string, at: cursor)
            cursor += string.count
        }

        mutating func apply(_ key: Key) {
            switch key {
            case .character(let character): insert(String(character))
            case .left: cursor = max(0, cursor - 1)
            case .right: cursor = min(text.count, cursor + 1)
            case .home: cursor = 0
            case .end: cursor = text.count
            case .backspace where cursor > 0:
                cursor -= 1
                text.remove(at: cursor)
            case .delete where cursor < text.count: text.remove(at: cursor)
            case .killToEnd: text.removeSubrange(cursor...)
            case .killToStart:
                text.removeSubrange(..<cursor)
                cursor = 0
            case .killWord:
                var start = cursor
                while start > 0, text[start - 1] == " " { start -= 1 }
                while start > 0, text[start - 1] != " " { start -= 1 }
                text.removeSubrange(start..<cursor)
                cursor = start
            default: break
            }
        }

        /// Puts in what all candidates have in common behind the word before the cursor; a single one is finished
        /// with a blank, or left open when it is a group. Returns the candidates to list when there are several.
        mutating func complete(_ candidates: [String]) -> [String] {
            let before = text[..<cursor]
            let start = before.lastIndex(of: " ").map { $0 + 1 } ?? 0
            guard let first = candidates.first else { return [] }
            var common = first
            for other in candidates.dropFirst() {
                common = String(zip(common, other).prefix { $0 == $1 }.map(\.0))
            }
            if candidates.count == 1, !first.hasSuffix(".") { common += " " }
            let changes = common.count > cursor - start
            if changes {
                text.replaceSubrange(start..<cursor, with: common)
                cursor = start + common.count
            }
            return changes || candidates.count == 1 ? [] : candidates
        }
    }

    enum Key: Hashable {
        case character(Character)
        case left, right, up, down, home, end, backspace, delete, tab, enter, cancel, endOfInput
        case killToEnd, killToStart, killWord, redraw, other
    }

    /// Candidates for the text before the cursor.
    var complete: (String) -> [String] = { _ in [] }
    /// Lines typed before, oldest first.
    private(set) var history: [String] = []
    private static let historyLimit = 1000

    private let input: Int32
    private let output: Int32
    private var pending: [UInt8] = []

    init(input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO) {
        self.input = input
        self.output = output
    }

    var isTerminal: Bool { isatty(input) == 1 && isatty(output) == 1 }

    /// The next line; nil at the end of the input. On a terminal `prompt` is shown. `remembers`: for the arrow keys.
    func line(_ prompt: String, remembers: (String) -> Bool = { _ in true }) -> String? {
        guard isTerminal else { return plainLine() }
        var former = termios()
        guard tcgetattr(input, &former) == 0 else { return plainLine() }
        var raw = former
        cfmakeraw(&raw)
        raw.c_oflag |= tcflag_t(OPOST)
        guard tcsetattr(input, TCSADRAIN, &raw) == 0 else { return plainLine() }
        defer { tcsetattr(input, TCSADRAIN, &former) }
        let line = edited(prompt)
        if let line, !line.isEmpty, history.last != line, remembers(line) {
            history.append(line)
            if history.count > Self.historyLimit { history.removeFirst() }
        }
        return line
    }

    /// The next line, which a terminal does not show while it is typed.
    func secretLine() -> String? {
        var former = termios()
        guard isatty(input) == 1, tcgetattr(input, &former) == 0 else { return plainLine() }
        var silent = former
        silent.c_lflag &= ~tcflag_t(ECHO)
        guard tcsetattr(input, TCSADRAIN, &silent) == 0 else { return plainLine() }
        defer { tcsetattr(input, TCSADRAIN, &former) }
        return plainLine()
    }

    private func edited(_ prompt: String) -> String? {
        var buffer = Buffer()
        var lines = history + [""]
        var position = lines.count - 1
        draw(prompt, buffer)
        while true {
            let key = nextKey()
            switch key {
            case .enter:
                write("\n")
                return buffer.string
            case .endOfInput where buffer.text.isEmpty:
                write("\n")
                return nil
            case .endOfInput: buffer.apply(.delete)
            case .cancel:
                write("^C\n")
                return ""
            case .up where position > 0, .down where position < lines.count - 1:
                lines[position] = buffer.string
                position += key == .up ? -1 : 1
                buffer = Buffer(lines[position])
            case .tab: list(buffer.complete(complete(String(buffer.text[..<buffer.cursor]))))
            case .redraw: write("\u{1B}[H\u{1B}[2J")
            default: buffer.apply(key)
            }
            draw(prompt, buffer)
        }
    }

    private func list(_ candidates: [String]) {
        guard !candidates.isEmpty else { return }
        let shown = candidates.prefix(60)
        write("\n" + shown.joined(separator: "  ") + (shown.count < candidates.count ? "  …" : "") + "\n")
    }

    /// The line on one row of the terminal; of a long one the part around the cursor.
    private func draw(_ prompt: String, _ buffer: Buffer) {
        var size = winsize()
        let columns = ioctl(output, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : 80
        let room = max(10, columns - prompt.count - 1)
        let start = max(0, buffer.cursor - room)
        let visible = String(buffer.text[start...].prefix(room))
        let column = prompt.count + buffer.cursor - start
        write("\r\(prompt)\(visible)\u{1B}[K\r" + (column > 0 ? "\u{1B}[\(column)C" : ""))
    }

    // MARK: Bytes

    /// Keys by the byte or the end of the escape sequence they send.
    private func nextKey() -> Key {
        guard let byte = nextByte() else { return .endOfInput }
        switch byte {
        case 0x01: return .home
        case 0x02: return .left
        case 0x03: return .cancel
        case 0x04: return .endOfInput
        case 0x05: return .end
        case 0x06: return .right
        case 0x08, 0x7F: return .backspace
        case 0x09: return .tab
        case 0x0A, 0x0D: return .enter
        case 0x0B: return .killToEnd
        case 0x0C: return .redraw
        case 0x0E: return .down
        case 0x10: return .up
        case 0x15: return .killToStart
        case 0x17: return .killWord
        case 0x1B: return escape()
        case 0x20...0x7E: return .character(Character(UnicodeScalar(byte)))
        case 0x80...: return character(startingWith: byte)
        default: return .other
        }
    }

    private func escape() -> Key {
        guard let kind = nextByte(), kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else { return .other }
        var number = 0
        while let byte = nextByte() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = min(number * 10 + Int(byte - 48), 1000)
            case UInt8(ascii: ";"): number = 0
            case UInt8(ascii: "A"): return .up
            case UInt8(ascii: "B"): return .down
            case UInt8(ascii: "C"): return .right
            case UInt8(ascii: "D"): return .left
            case UInt8(ascii: "H"): return .home
            case UInt8(ascii: "F"): return .end
            case UInt8(ascii: "~"): return [1: .home, 3: .delete, 4: .end, 7: .home, 8: .end][number] ?? .other
            default: return .other
            }
        }
        return .endOfInput
    }

    private func character(startingWith first: UInt8) -> Key {
        let count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        var bytes = [first]
        while bytes.count < count, let byte = nextByte() { bytes.append(byte) }
        return String(validating: bytes, as: UTF8.self)?.first.map(Key.character) ?? .other
    }

    private func nextByte() -> UInt8? {
        if pending.isEmpty, !fill() { return nil }
        return pending.removeFirst()
    }

    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var count = read(input, &buffer, buffer.count)
        while count < 0, errno == EINTR { count = read(input, &buffer, buffer.count) }
        guard count > 0 else { return false }
        pending += buffer[..<count]
        return true
    }

    private func plainLine() -> String? {
        while !pending.contains(10), fill() {}
        guard !pending.isEmpty else { return nil }
        let end = pending.firstIndex(of: 10) ?? pending.endIndex
        var line = pending[..<end]
        if line.last == 13 { line.removeLast() }
        let text = String(decoding: line, as: UTF8.self)
        pending = Array(pending[end...].dropFirst())
        return text
    }

    private func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
