/// One of the fields of a line that are separated by white space.
package struct Word: Hashable, Sendable {
    /// Without the quotes.
    package var text: String
    /// It stood in double quotes, so it may hold blanks and keeps its case.
    package var isQuoted: Bool
    package var location: SourceLocation

    package init(_ text: String, isQuoted: Bool = false, at location: SourceLocation) {
        self.text = text
        self.isQuoted = isQuoted
        self.location = location
    }
}

extension LogicalLine {
    /// The fields from byte `offset` on. A field that begins with a double quote goes on to the next one; without a
    /// second quote it ends with the line.
    package func words(from offset: Int = 0) -> [Word] {
        let bytes = Array(text.utf8)
        var words: [Word] = []
        var position = offset
        while position < bytes.count {
            if bytes[position].isBlank {
                position += 1
                continue
            }
            let isQuoted = bytes[position] == UInt8(ascii: "\"")
            let start = isQuoted ? position + 1 : position
            let rest = bytes[start...]
            let end =
                rest.firstIndex { isQuoted ? $0 == UInt8(ascii: "\"") : $0.isBlank } ?? bytes.endIndex
            let text = String(decoding: bytes[start..<end], as: UTF8.self)
            words.append(Word(text, isQuoted: isQuoted, at: location(at: position)))
            position = isQuoted ? end + 1 : end
        }
        return words
    }
}
