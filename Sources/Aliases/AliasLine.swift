package import OptionSyntax

/// One line of an alias file with its place, so that errors can name it.
package struct AliasLine: Hashable, Sendable {
    package var text: String
    package var location: SourceLocation

    package init(_ text: String, at location: SourceLocation) {
        self.text = text
        self.location = location
    }

    /// The lines of a file's text; CRLF is taken as LF.
    package static func lines(of text: String, file: String) -> [AliasLine] {
        var lines: [AliasLine] = []
        for (index, line) in text.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            let content = line.last == 13 ? line.dropLast() : line
            lines.append(
                AliasLine(String(decoding: content, as: UTF8.self), at: SourceLocation(file: file, line: index + 1)))
        }
        return lines
    }
}

extension StringProtocol {
    /// Without blanks and tabs at both ends.
    var trimmed: String {
        var octets = Array(utf8)[...]
        while let last = octets.last, last == 32 || last == 9 { octets.removeLast() }
        return String(decoding: octets.drop { $0 == 32 || $0 == 9 }, as: UTF8.self)
    }
}
