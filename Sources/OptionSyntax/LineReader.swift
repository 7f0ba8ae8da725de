/// Turns the bytes of a configuration file into logical lines: comments leave, includes are spliced in, continuation
/// lines are joined. Blank lines stay, because some files give them a meaning.
///
/// Default configuration specification, section 1; rewrite rules specification, section 1.3.
package struct LineReader {
    /// What differs between the files.
    package struct Syntax: Sendable {
        /// First bytes of comment lines.
        package var comments: [UInt8]
        /// How deep `<file` lines may nest; 0 when `<` is data.
        package var includeDepth: Int
        /// `\\` at the end of a line is one backslash and no continuation.
        package var doubledBackslash: Bool
        /// Before the first blank line white space in front of a continuation backslash disappears once a second
        /// column has begun: the rewrite rules of imta.cnf.
        package var joinsTemplates: Bool

        package init(
            comments: String = "!", includeDepth: Int = 0, doubledBackslash: Bool = false, joinsTemplates: Bool = false
        ) {
            self.comments = Array(comments.utf8)
            self.includeDepth = includeDepth
            self.doubledBackslash = doubledBackslash
            self.joinsTemplates = joinsTemplates
        }
    }

    /// A file as it was read: the name for diagnostics, and the content.
    package struct File: Sendable {
        package var name: String
        package var content: [UInt8]

        package init(name: String, content: [UInt8]) {
            self.name = name
            self.content = content
        }
    }

    /// Why an included file could not be opened.
    package struct IncludeFailure: Error, Sendable {
        package var reason: String
        package init(_ reason: String) { self.reason = reason }
    }

    /// Opens an included file by the specification that follows `<`.
    package typealias Opener = (String) -> Result<File, IncludeFailure>

    /// Longest physical line in octets (rewrite-rules specification, section 1.3).
    package static let lineLimit = 4096

    private let syntax: Syntax
    private let open: Opener
    private var lines: [LogicalLine] = []
    private var hasSeenBlankLine = false
    private var diagnostics = Diagnostics()

    private init(syntax: Syntax, open: @escaping Opener) {
        self.syntax = syntax
        self.open = open
    }

    /// All logical lines of `file`; what could not be read is in `diagnostics`.
    package static func lines(
        of file: File, syntax: Syntax, diagnostics: inout Diagnostics,
        open: @escaping Opener = { _ in .failure(IncludeFailure("includes are not allowed here")) }
    ) -> [LogicalLine] {
        var reader = LineReader(syntax: syntax, open: open)
        reader.read(file, depth: 0)
        diagnostics.append(contentsOf: reader.diagnostics)
        return reader.lines
    }

    private mutating func read(_ file: File, depth: Int) {
        var continued: LogicalLine?
        var number = 0
        for bytes in file.content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let start = SourceLocation(file: file.name, line: number, column: 1)
            // The piece after the last line end is no line.
            if bytes.isEmpty && bytes.endIndex == file.content.endIndex { break }
            guard var text = checked(bytes, at: start) else { continue }
            if isComment(text) { continue }
            if continued == nil, isInclude(text) {
                include(text.utf8.dropFirst(), from: start, depth: depth)
                continue
            }
            let goesOn = removeContinuation(&text)
            var line = joined(continued, text, at: start)
            if goesOn {
                if syntax.joinsTemplates, !hasSeenBlankLine, line.hasSecondColumn { line.dropTrailingBlanks() }
                continued = line
            } else {
                continued = nil
                hasSeenBlankLine = hasSeenBlankLine || line.isBlank
                lines.append(line)
            }
        }
        if let continued { lines.append(continued) }
    }

    /// The text of a physical line without its carriage return, or nil after an error.
    private mutating func checked(_ bytes: ArraySlice<UInt8>, at start: SourceLocation) -> String? {
        var bytes = bytes
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard bytes.count <= Self.lineLimit else {
            diagnostics.error(
                "the line is longer than \(Self.lineLimit) octets", at: start,
                advice: "continue it on the next line with \\ at its end")
            return nil
        }
        if let position = bytes.firstIndex(of: 0) {
            var place = start
            place.column = position - bytes.startIndex + 1
            diagnostics.error("NUL byte in the file", at: place, advice: "remove it")
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            // A comment may hold anything.
            if let first = bytes.first, syntax.comments.contains(first) { return nil }
            diagnostics.error("the line is not UTF-8", at: start, advice: "save the file as UTF-8")
            return nil
        }
        return text
    }

    private func isComment(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        return syntax.comments.contains(first)
    }

    private func isInclude(_ text: String) -> Bool {
        syntax.includeDepth > 0 && text.utf8.first == UInt8(ascii: "<")
    }

    private func removeContinuation(_ text: inout String) -> Bool {
        guard text.utf8.last == UInt8(ascii: "\\") else { return false }
        text.removeLast()
        return !(syntax.doubledBackslash && text.utf8.last == UInt8(ascii: "\\"))
    }

    private func joined(_ continued: LogicalLine?, _ text: String, at start: SourceLocation) -> LogicalLine {
        guard var line = continued else { return LogicalLine(text, at: start) }
        let blanks = text.utf8.prefix(while: \.isBlank).count
        var place = start
        place.column += blanks
        line.append(String(decoding: text.utf8.dropFirst(blanks), as: UTF8.self), at: place)
        return line
    }

    private mutating func include(_ specification: Substring.UTF8View, from place: SourceLocation, depth: Int) {
        let name = String(decoding: specification, as: UTF8.self).trimmingBlanks
        guard depth < syntax.includeDepth else {
            diagnostics.error(
                "included files nest deeper than \(syntax.includeDepth) levels at \(name)", at: place,
                advice: "move the text into a file further up")
            return
        }
        switch open(name) {
        case .success(let file): read(file, depth: depth + 1)
        case .failure(let failure):
            diagnostics.error(
                "cannot open the included file \(name): \(failure.reason)", at: place,
                advice: "give the full path of a readable file, or take the line away")
        }
    }
}

extension LogicalLine {
    /// True when white space separates two columns in it.
    fileprivate var hasSecondColumn: Bool {
        words().count > 1
    }
}
