import InternetMessage
import OptionSyntax

/// One entry of the directory file before it is understood.
struct DirectoryParagraph {
    var location: SourceLocation
    /// Index of its first and its last line, from 0.
    var lines: ClosedRange<Int>
    var attributes: [String: [String]]

    var isUser: Bool { attributes["uid"] != nil }
    var isGroup: Bool { attributes["uid"] == nil && attributes["group"] != nil }

    /// The paragraphs of a text; a paragraph with a line that cannot be read is left out whole.
    static func paragraphs(
        of text: String, file: String, _ diagnostics: inout Diagnostics
    ) -> [DirectoryParagraph] {
        var result: [DirectoryParagraph] = []
        var current: DirectoryParagraph?
        var isBad = false
        func close() {
            if let paragraph = current, !isBad { result.append(paragraph) }
            current = nil
            isBad = false
        }
        for (index, line) in AliasLine.lines(of: text, file: file).enumerated() {
            if line.text.utf8.first == UInt8(ascii: "!") { continue }
            let content = line.text.trimmed
            guard !content.isEmpty else {
                close()
                continue
            }
            var paragraph =
                current ?? DirectoryParagraph(location: line.location, lines: index...index, attributes: [:])
            paragraph.lines = paragraph.lines.lowerBound...index
            if let colon = content.firstIndex(of: ":"), colon != content.startIndex {
                let value = content[content.index(after: colon)...].trimmed
                paragraph.attributes[content[..<colon].trimmed.asciiLowercased, default: []].append(value)
            } else {
                diagnostics.error(
                    "line is no attribute: \(content.prefix(60))", at: line.location, advice: "write attribute: value")
                isBad = true
            }
            current = paragraph
        }
        close()
        return result
    }
}
