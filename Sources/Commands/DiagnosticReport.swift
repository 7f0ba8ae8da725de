import Configuration
import OptionSyntax

/// Findings with the line they are about and a caret under the column, as a good compiler shows them.
struct DiagnosticReport {
    /// The lines of a file by the name that locations have; nil when it cannot be shown.
    var source: (String) -> [String]?
    var isColoured = false

    /// Columns of a source line that are shown.
    private static let width = 160

    init(isColoured: Bool = false, source: @escaping (String) -> [String]?) {
        self.source = source
        self.isColoured = isColoured
    }

    /// For the files of a configuration directory. Lines of passwords.conf are never shown.
    init(paths: InstancePaths, files: ConfigurationFiles = .disk, isColoured: Bool = false) {
        self.init(isColoured: isColoured) { name in
            guard !name.isEmpty, !name.hasSuffix("passwords.conf"),
                case .success(let content?) = files.read(paths.expand(name))
            else { return nil }
            return content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// `file:line:column: error: what is wrong`, the line, the caret, and what to do.
    func lines(_ diagnostic: Diagnostic) -> [String] {
        let severity = coloured(diagnostic.severity.rawValue, Self.colour(diagnostic.severity))
        let place = diagnostic.location.map { "\($0): " } ?? ""
        let margin = diagnostic.location.map { String(repeating: " ", count: max(4, "\($0.line)".count + 2)) } ?? "    "
        var lines = ["\(place)\(severity): \(diagnostic.message)"]
        if let location = diagnostic.location { lines += excerpt(location, margin) }
        if !diagnostic.advice.isEmpty { lines.append("\(margin) = \(diagnostic.advice)") }
        return lines
    }

    private func excerpt(_ location: SourceLocation, _ margin: String) -> [String] {
        guard let all = source(location.file), location.line >= 1, location.line <= all.count,
            !Self.mayHoldSecret(all[location.line - 1])
        else { return [] }
        let bytes = Array(all[location.line - 1].utf8.filter { $0 != UInt8(ascii: "\r") })
        let number = "\(location.line)"
        let head = String(repeating: " ", count: max(0, margin.count - number.count)) + number
        let start = location.column - 1
        // The part before the column decides how much of a long line is cut off on the left.
        let cut = start > Self.width / 2 ? start - Self.width / 2 : 0
        let shown = Self.printable(bytes.dropFirst(cut))
        var lines = ["\(head) | \(shown.prefix(Self.width))"]
        if start >= 0, start <= bytes.count {
            let before = Self.printable(bytes[cut..<start]).map { $0 == "\t" ? "\t" : " " }.joined()
            let word = Self.printable(bytes[start...].prefix { $0 != 0x20 && $0 != 0x09 }).prefix(Self.width / 2)
            let mark = "^" + String(repeating: "~", count: max(0, word.count - 1))
            lines.append("\(margin) | \(before)" + coloured(mark, "32"))
        }
        return lines
    }

    /// A password may stand in the wrong file.
    private static func mayHoldSecret(_ line: String) -> Bool {
        let line = line.lowercased()
        return ["password", "passwd", "bindcred", "secret"].contains(where: line.contains)
    }

    /// Without control characters, which a file could play tricks on the terminal with; tabs stay.
    private static func printable(_ bytes: some Sequence<UInt8>) -> String {
        let text = String(decoding: Array(bytes), as: UTF8.self)
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    let isControl = scalar.value < 0x20 && scalar != "\t" || (0x7F..<0xA0).contains(scalar.value)
                    return isControl ? "?" : scalar
                }))
    }

    private func coloured(_ text: String, _ colour: String) -> String {
        isColoured ? "\u{1B}[1;\(colour)m\(text)\u{1B}[0m" : text
    }

    private static func colour(_ severity: Diagnostic.Severity) -> String {
        switch severity {
        case .error: "31"
        case .warning: "35"
        case .note: "36"
        }
    }
}
