/// Where a text out of a configuration file stands there, so that a finding in the middle of it names the right line and
/// column: also when continuation lines were joined to it or symbols replaced in it.
package struct TextPlace: Hashable, Sendable {
    /// A part that does not stand right behind what is before it in the text.
    private struct Part: Hashable, Sendable {
        /// Where it begins in the text, in UTF-8 bytes.
        var offset: Int
        var location: SourceLocation
        /// All of it counts as standing at `location`: the value of a symbol.
        var isFixed = false
    }

    private let start: SourceLocation?
    /// In ascending order; a part at the offset of another one takes its place.
    private var parts: [Part] = []

    /// A text as the file has it from `start` on; nil: a text of no file.
    package init(_ start: SourceLocation?) { self.start = start }

    /// A text that the file has in other words: all of it counts as standing at one place.
    package init(fixed location: SourceLocation) {
        start = location
        parts = [Part(offset: 0, location: location, isFixed: true)]
    }

    /// A text joined of parts of several lines: where each begins in the text, and where it stands.
    package init(_ start: SourceLocation?, joined parts: [(offset: Int, location: SourceLocation)]) {
        self.start = start
        self.parts = parts.map { Part(offset: $0.offset, location: $0.location) }
    }

    /// The place of the byte at `offset`; nil for a text of no file.
    package func location(at offset: Int) -> SourceLocation? {
        let part = parts.last { $0.offset <= offset }
        guard var place = part?.location ?? start, place.column > 0, part?.isFixed != true else {
            return part?.location ?? start
        }
        place.column += offset - (part?.offset ?? 0)
        return place
    }

    /// The place of what follows the first `count` bytes.
    package func dropping(_ count: Int) -> TextPlace {
        guard count > 0 else { return self }
        var result = TextPlace(location(at: count))
        if let part = parts.last(where: { $0.offset <= count }), part.isFixed {
            result.parts.append(Part(offset: 0, location: part.location, isFixed: true))
        }
        result.parts += parts.filter { $0.offset > count }.map { part in
            Part(offset: part.offset - count, location: part.location, isFixed: part.isFixed)
        }
        return result
    }

    /// The place of the text after symbols were replaced.
    package func replacing(_ replacements: [SymbolTable.Replacement]) -> TextPlace {
        guard start != nil, !replacements.isEmpty else { return self }
        var result = TextPlace(start)
        var left = parts[...]
        var shift = 0
        for replaced in replacements {
            while let part = left.first, part.offset <= replaced.start {
                result.append(part, shift)
                left.removeFirst()
            }
            if let symbol = location(at: replaced.start) {
                result.parts.append(Part(offset: replaced.start + shift, location: symbol, isFixed: true))
            }
            shift += replaced.newLength - replaced.length
            // Parts that begin inside the symbol have gone with it.
            left = left.drop { $0.offset < replaced.start + replaced.length }
            if let behind = location(at: replaced.start + replaced.length) {
                result.parts.append(Part(offset: replaced.start + replaced.length + shift, location: behind))
            }
        }
        for part in left { result.append(part, shift) }
        return result
    }

    private mutating func append(_ part: Part, _ shift: Int) {
        parts.append(Part(offset: part.offset + shift, location: part.location, isFixed: part.isFixed))
    }
}
