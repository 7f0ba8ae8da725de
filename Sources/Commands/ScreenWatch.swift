import Glibc

/// Shows a page again every second, until the process is interrupted.
enum ScreenWatch {
    /// On a terminal each page takes the place of the one before; elsewhere an empty line follows it.
    static func run(_ page: () -> [String]) -> Never {
        let isTerminal = Terminal.isInteractive
        if isTerminal { Terminal.line("\u{1B}[2J") }
        while true {
            let lines = page()
            if isTerminal {
                let size = Terminal.size
                Terminal.line(frame(lines, rows: size.rows, columns: size.columns))
            } else {
                Terminal.line((lines + [""]).joined(separator: "\n"))
            }
            sleep(1)
        }
    }

    /// The page from the top left corner on, cut to the window, with the rest of the window erased. It is drawn over
    /// the old one instead of onto a blank window, which would flicker.
    static func frame(_ lines: [String], rows: Int, columns: Int) -> String {
        let shown = lines.prefix(max(1, rows - 1)).map { cut($0, columns) }
        return "\u{1B}[H" + shown.joined(separator: "\u{1B}[K\n") + "\u{1B}[K\u{1B}[J"
    }

    /// At most `columns` visible characters; colour sequences (ESC `[` … `m`) take no room, and a cut one is ended.
    static func cut(_ line: String, _ columns: Int) -> String {
        var result = ""
        var visible = 0
        var isSequence = false
        for character in line {
            if character == "\u{1B}" { isSequence = true }
            if !isSequence {
                guard visible < columns else { return result + (line.contains("\u{1B}") ? "\u{1B}[0m" : "") }
                visible += 1
            }
            result.append(character)
            if isSequence, character == "m" { isSequence = false }
        }
        return result
    }
}

extension Terminal {
    /// Colours only for a person, and not for one who set NO_COLOR.
    static var isColoured: Bool { isInteractive && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true }

    /// Of the window; 24 lines of 80 characters when it does not say.
    static var size: (rows: Int, columns: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
            return (24, 80)
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}
