/// Matches one pattern against one probe, left to right with backtracking (mappings specification, section 2.2).
///
/// Without back matches the starts from which a wildcard has already failed are remembered once the match turns out to
/// be long, so that the cost stays below pattern length times probe length. Back matches make that impossible; they
/// end after a million steps.
struct PatternMatcher {
    private let pattern: MappingPattern
    private let probe: ProbeText
    private let text: [UInt8]
    /// The saved fields as ranges of the probe.
    private(set) var fields: [Range<Int>]
    /// True when the match was given up.
    private(set) var isExhausted = false
    private var steps = 0
    private var failed: [UInt64] = []

    private static let stepLimit = 1_000_000
    private static let stepsBeforeMemory = 256

    init(_ pattern: MappingPattern, _ probe: ProbeText) {
        self.pattern = pattern
        self.probe = probe
        text = probe.folded
        fields = [Range<Int>](repeating: 0..<0, count: pattern.fieldCount)
    }

    mutating func matches() -> Bool {
        text.count >= pattern.minimumRest[0] && match(from: 0, at: 0)
    }

    private mutating func match(from first: Int, at start: Int) -> Bool {
        guard countStep() else { return false }
        var position = start
        for index in first..<pattern.elements.count {
            switch pattern.elements[index] {
            case .literal(let offset, let count):
                guard holds(offset, count, at: position) else { return false }
                position += count
            case .one(let set, let field):
                guard let end = pattern.classes[set].taking(text, at: position) else { return false }
                save(field, position..<end)
                position = end
            case .many(let set, let field, let lazy):
                return matchMany(index, set: set, field: field, lazy: lazy, at: position)
            case .back(let field):
                guard let end = endOfBackMatch(field, at: position) else { return false }
                position = end
            case .ipv4(let test, let field):
                guard let span = probe.ipv4.first(where: { $0.start == position && test.accepts($0.value) })
                else { return false }
                save(field, position..<span.end)
                position = span.end
            case .ipv6(let test, let field):
                guard let span = probe.ipv6.first(where: { $0.start == position && test.accepts($0.value) })
                else { return false }
                save(field, position..<span.end)
                position = span.end
            }
        }
        return position == text.count
    }

    /// Tries the extents of a wildcard, the longest first, or the shortest first when it is lazy.
    private mutating func matchMany(_ index: Int, set: Int, field: Int, lazy: Bool, at start: Int) -> Bool {
        let last = text.count - pattern.minimumRest[index + 1]
        guard start <= last, !hasFailed(index, start) else { return false }
        if index == pattern.elements.count - 1, pattern.classes[set].takesEverything {
            save(field, start..<text.count)
            return true
        }
        var reach = text.count
        var known = text.count + 1
        if !pattern.classes[set].takesEverything || !failed.isEmpty {
            (reach, known) = extent(index, set: set, from: start)
        }
        let limit = min(last, reach, known - 1)
        var end = lazy ? start : limit
        while end >= start, end <= limit {
            if couldContinue(index + 1, at: end) {
                save(field, start..<end)
                if match(from: index + 1, at: end) { return true }
                if isExhausted { return false }
            }
            end += lazy ? 1 : -1
        }
        remember(index, start..<min(reach + 1, known))
        return false
    }

    /// How far the class reaches from `start`, and the first start on the way that is known to fail (past the end of
    /// the text when none is).
    private func extent(_ index: Int, set: Int, from start: Int) -> (reach: Int, known: Int) {
        var position = start
        while let next = pattern.classes[set].taking(text, at: position) {
            position = next
            if hasFailed(index, position) { return (position, position) }
        }
        return (position, text.count + 1)
    }

    /// A cheap look at what follows a wildcard: characters stay whole, and a literal must begin right.
    private func couldContinue(_ index: Int, at position: Int) -> Bool {
        if position < text.count, text[position].isContinuation { return false }
        guard index < pattern.elements.count else { return position == text.count }
        if case .literal(let offset, _) = pattern.elements[index] {
            return position < text.count && text[position] == pattern.literals[offset]
        }
        return true
    }

    private func holds(_ offset: Int, _ count: Int, at position: Int) -> Bool {
        guard text.count - position >= count else { return false }
        for index in 0..<count where text[position + index] != pattern.literals[offset + index] { return false }
        return true
    }

    private func endOfBackMatch(_ field: Int, at position: Int) -> Int? {
        guard field < fields.count else { return nil }
        let saved = text[fields[field]]
        guard text[position...].starts(with: saved) else { return nil }
        return position + saved.count
    }

    private mutating func save(_ field: Int, _ range: Range<Int>) {
        if field >= 0 { fields[field] = range }
    }

    /// False when the match has to be given up.
    private mutating func countStep() -> Bool {
        steps += 1
        if pattern.hasBackMatch {
            if steps > Self.stepLimit { isExhausted = true }
        } else if steps == Self.stepsBeforeMemory {
            let bits = pattern.elements.count * (text.count + 1)
            failed = [UInt64](repeating: 0, count: bits / 64 + 1)
        }
        return !isExhausted
    }

    private func hasFailed(_ index: Int, _ start: Int) -> Bool {
        guard !failed.isEmpty else { return false }
        let bit = index * (text.count + 1) + start
        return failed[bit / 64] >> UInt64(bit % 64) & 1 == 1
    }

    private mutating func remember(_ index: Int, _ starts: Range<Int>) {
        guard !failed.isEmpty else { return }
        for start in starts {
            let bit = index * (text.count + 1) + start
            failed[bit / 64] |= 1 << UInt64(bit % 64)
        }
    }
}
