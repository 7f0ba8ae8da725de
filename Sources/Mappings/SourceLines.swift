import OptionSyntax

/// A line of a configuration file with the place it came from.
struct SourceLine: Hashable, Sendable {
    var text: String
    var location: SourceLocation
    /// Where its bytes stand.
    var place: TextPlace

    init(_ text: String, at location: SourceLocation, joined: [(offset: Int, location: SourceLocation)] = []) {
        self.text = text
        self.location = location
        place = TextPlace(location, joined: joined)
    }

    var isBlank: Bool { text.utf8.allSatisfy(\.isBlank) }

    /// Whether the line begins with a space or tab.
    var isIndented: Bool { text.utf8.first?.isBlank ?? false }
}

/// Reads the physical lines of a `mappings` file: comments (`!` in column 1) are removed and includes (`<` in column 1)
/// spliced in (mappings specification, section 1.1). Lines are not joined here as in other files, as a mapping's
/// columns decide what becomes of the white space around a break, and `$` may quote it.
struct SourceLineReader {
    /// Longest physical and logical line in octets.
    static let lineLimit = 4096

    private let load: (String) -> [UInt8]?
    private let includeLimit: Int
    private var lines: [SourceLine] = []

    /// `load` returns the content of an included file, nil when it cannot be read. `includeLimit`: levels of nesting.
    init(includeLimit: Int = 3, load: @escaping (String) -> [UInt8]?) {
        self.load = load
        self.includeLimit = includeLimit
    }

    /// All lines of `content` and of what it includes.
    mutating func read(_ content: [UInt8], file: String, diagnostics: inout Diagnostics) -> [SourceLine] {
        lines = []
        read(content, file: file, level: 0, diagnostics: &diagnostics)
        return lines
    }

    private mutating func read(_ content: [UInt8], file: String, level: Int, diagnostics: inout Diagnostics) {
        var number = 0
        var parts = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        for part in parts {
            number += 1
            let bytes = part.last == UInt8(ascii: "\r") ? part.dropLast() : part
            let location = SourceLocation(file: file, line: number, column: 1)
            guard bytes.count <= Self.lineLimit else {
                diagnostics.error("the line is longer than \(Self.lineLimit) octets", at: location)
                continue
            }
            if bytes.first == UInt8(ascii: "!") { continue }
            guard let text = checked(bytes, at: location, &diagnostics) else { continue }
            if bytes.first == UInt8(ascii: "<") {
                include(String(text.dropFirst()), at: location, level: level, diagnostics: &diagnostics)
            } else {
                lines.append(SourceLine(text, at: location))
            }
        }
    }

    /// The text of a line; nil when it is none, so that nothing matches other than what was written.
    private func checked(
        _ bytes: ArraySlice<UInt8>, at location: SourceLocation, _ diagnostics: inout Diagnostics
    ) -> String? {
        if let nul = bytes.firstIndex(of: 0) {
            var place = location
            place.column = nul - bytes.startIndex + 1
            diagnostics.error("NUL byte in the file", at: place, advice: "remove it")
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            diagnostics.error("the line is not UTF-8", at: location, advice: "save the file as UTF-8")
            return nil
        }
        return text
    }

    private mutating func include(
        _ written: String, at location: SourceLocation, level: Int, diagnostics: inout Diagnostics
    ) {
        let name = written.trimmingBlanks
        guard level < includeLimit else {
            return diagnostics.error(
                "include files are nested more than \(includeLimit) deep", at: location,
                advice: "move the text of '\(name)' into the including file")
        }
        guard let content = load(name) else {
            return diagnostics.error(
                "cannot read include file '\(name)'", at: location,
                advice: "give the full path of a file that the MTA account can read")
        }
        read(content, file: name, level: level + 1, diagnostics: &diagnostics)
    }
}

/// Joins lines that end in a backslash with the next one. White space around the break goes away; one blank is kept
/// when it separates the two columns, that is, as long as the second column has not begun (section 1.2).
func joiningContinuations(_ lines: [SourceLine], diagnostics: inout Diagnostics) -> [SourceLine] {
    var result: [SourceLine] = []
    var open: (line: SourceLine, columns: LineColumns)?
    var joined: [(offset: Int, location: SourceLocation)] = []
    for line in lines {
        var bytes = Array(line.text.utf8)[...]
        let continues = bytes.last == UInt8(ascii: "\\")
        if continues { bytes = bytes.dropLast() }
        var text = bytes.text
        var location = line.location
        if let (start, columns) = open {
            let trimmed = bytes.drop { $0.isBlank }
            let separates = columns == .first && trimmed.startIndex > bytes.startIndex
            text = start.text + (separates ? " " : "") + trimmed.text
            location = start.location
            var place = line.location
            place.column += trimmed.startIndex - bytes.startIndex
            joined.append((start.text.utf8.count + (separates ? 1 : 0), place))
        } else {
            joined = []
        }
        if text.utf8.count > SourceLineReader.lineLimit {
            diagnostics.error("the joined line is longer than \(SourceLineReader.lineLimit) octets", at: location)
            open = nil
            continue
        }
        if continues {
            let columns = LineColumns(text)
            let kept = columns == .between ? columns.trimmed(text) + " " : columns.trimmed(text)
            open = (SourceLine(kept, at: location, joined: joined), columns)
        } else {
            result.append(SourceLine(text, at: location, joined: joined))
            open = nil
        }
    }
    if let open { result.append(open.line) }
    return result
}

/// How far the columns of a line have come.
private enum LineColumns {
    case first, between, second

    init(_ text: String) {
        var columns = ColumnSplitter(text)
        if columns.next().isEmpty {
            self = .first
        } else if !columns.next().isEmpty {
            self = .second
        } else {
            self = text.utf8.last?.isBlank == true ? .between : .first
        }
    }

    /// `text` without trailing white space that no `$` quotes.
    func trimmed(_ text: String) -> String {
        var bytes = Array(text.utf8)[...]
        while let last = bytes.last, last.isBlank, !endsInQuotedByte(bytes) { bytes = bytes.dropLast() }
        return bytes.text
    }

    private func endsInQuotedByte(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.dropLast().reversed().prefix { $0 == UInt8(ascii: "$") }.count % 2 == 1
    }
}
