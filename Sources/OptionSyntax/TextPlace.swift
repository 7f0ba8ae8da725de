/// Where a text out of a configuration file stands there, so that a finding in the middle of it names the right column.
package struct TextPlace: Hashable, Sendable {
    private let start: SourceLocation?
    private let isVerbatim: Bool

    /// `isVerbatim` is false for a text that the file has otherwise, because symbols were replaced in it or
    /// continuation lines joined: all of it then counts as standing at `start`.
    package init(_ start: SourceLocation?, isVerbatim: Bool = true) {
        self.start = start
        self.isVerbatim = isVerbatim
    }

    /// The place of the byte at `offset`; nil for a text of no file.
    package func location(at offset: Int) -> SourceLocation? {
        guard var place = start, isVerbatim, place.column > 0 else { return start }
        place.column += offset
        return place
    }
}
