import Glibc

/// What commands write: lines for people on standard output, findings on standard error.
enum Terminal {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Text that has its line ends.
    static func text(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Shows how far a long command is, where a person looks on; an empty text takes it away.
    static func progress(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        write("\r\u{1B}[K" + text, to: STDERR_FILENO)
    }

    /// Lines of the screen; nil without a person at both ends.
    static var height: Int? {
        var size = winsize()
        guard isInteractive, isatty(STDIN_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0,
            size.ws_row > 0
        else { return nil }
        return Int(size.ws_row)
    }

    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether findings go to a person, and may be coloured.
    static var errorsAreColoured: Bool { isatty(STDERR_FILENO) == 1 && getenv("NO_COLOR") == nil }

    /// Asks for a line; nil at the end of the input. `apart`: on standard error, so that standard output holds the
    /// answers of the command alone.
    static func ask(_ prompt: String, apart: Bool = false) -> String? {
        let descriptor = apart ? STDERR_FILENO : STDOUT_FILENO
        write(prompt, to: descriptor)
        let answer = readLine()
        // Answers from a file are not echoed: the next line begins where a person would be.
        if answer == nil || isatty(STDIN_FILENO) == 0 { write("\n", to: descriptor) }
        return answer
    }

    /// Puts a file in the place of standard input; false when it cannot be opened.
    static func readInput(from path: String) -> Bool { replace(STDIN_FILENO, with: open(path, O_RDONLY | O_CLOEXEC)) }

    /// Puts a file in the place of standard output; false when it cannot be opened.
    static func writeOutput(to path: String) -> Bool {
        replace(STDOUT_FILENO, with: open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640))
    }

    private static func replace(_ descriptor: Int32, with opened: Int32) -> Bool {
        guard opened >= 0 else { return false }
        defer { close(opened) }
        return dup2(opened, descriptor) >= 0
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Columns that align: numbers to the right, the rest to the left.
    static func table(_ header: [String], _ rows: [[String]], rightAligned: Set<Int> = []) {
        var widths = header.map(\.count)
        for row in rows { for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) } }
        for row in [header] + rows {
            let cells = row.enumerated().map { index, cell in
                let padding = String(repeating: " ", count: widths[index] - cell.count)
                return rightAligned.contains(index) ? padding + cell : cell + padding
            }
            var text = cells.joined(separator: "  ")
            while text.hasSuffix(" ") { text.removeLast() }
            line(text)
        }
    }
}
