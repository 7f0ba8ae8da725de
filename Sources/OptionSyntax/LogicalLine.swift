/// A line of a configuration file after continuation lines have been joined to it.
///
/// It knows where each of its parts stood, so that a finding in the middle of a joined line names the right place.
package struct LogicalLine: Hashable, Sendable {
    /// One physical line's part of the text.
    private struct Piece: Hashable, Sendable {
        /// Where the part begins in `text`, in UTF-8 bytes.
        var offset: Int
        var location: SourceLocation
    }

    package private(set) var text: String
    private var pieces: [Piece]

    /// A line that stands at `location`; the column counts UTF-8 bytes from 1.
    package init(_ text: String, at location: SourceLocation) {
        self.text = text
        self.pieces = [Piece(offset: 0, location: location)]
    }

    /// Where the line begins.
    package var location: SourceLocation { pieces.first?.location ?? SourceLocation(file: "", line: 1, column: 1) }

    /// Number of the last physical line that belongs to it, in the file of `location`.
    package var lastLine: Int { pieces.last?.location.line ?? location.line }

    /// True when continuation lines were joined to it.
    package var isJoined: Bool { pieces.count > 1 }

    /// True when there is nothing but white space.
    package var isBlank: Bool { text.utf8.allSatisfy(\.isBlank) }

    /// True when the line begins with white space.
    package var isIndented: Bool { text.utf8.first.map(\.isBlank) ?? false }

    /// The place in the file of the byte at `offset` of `text`.
    package func location(at offset: Int) -> SourceLocation {
        guard let piece = pieces.last(where: { $0.offset <= offset }) else { return location }
        var place = piece.location
        place.column += offset - piece.offset
        return place
    }

    /// The places of the text from `offset` on.
    package func place(from offset: Int) -> TextPlace {
        let joined = pieces.dropFirst().map { (offset: $0.offset, location: $0.location) }
        return TextPlace(pieces.first?.location, joined: joined).dropping(offset)
    }

    /// The same line with other text, for example after symbols were replaced; all of it counts as standing at the
    /// beginning.
    package func replacingText(_ text: String) -> LogicalLine { LogicalLine(text, at: location) }

    /// The part from `offset` on, as a line of its own.
    package func dropping(_ offset: Int) -> LogicalLine {
        LogicalLine(String(decoding: text.utf8.dropFirst(offset), as: UTF8.self), at: location(at: offset))
    }

    mutating func append(_ part: String, at location: SourceLocation) {
        pieces.append(Piece(offset: text.utf8.count, location: location))
        text += part
    }

    mutating func dropTrailingBlanks() {
        let kept = text.utf8.count - text.utf8.reversed().prefix(while: \.isBlank).count
        text = String(decoding: text.utf8.prefix(kept), as: UTF8.self)
    }
}

extension UInt8 {
    /// Space or tab.
    package var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    package var trimmingBlanks: String {
        let bytes = utf8.drop(while: \.isBlank)
        let tail = bytes.reversed().prefix(while: \.isBlank).count
        return String(decoding: bytes.prefix(bytes.count - tail), as: UTF8.self)
    }
}
