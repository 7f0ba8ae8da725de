import Mappings
import OptionSyntax
import Testing

/// Random patterns against a matcher that is too simple to be wrong: it tries every extent.
@Suite struct PatternReferenceTests {
    private enum Element {
        case literal(Character)
        case one(String?)
        case many(String?, lazy: Bool, saved: Bool)
    }

    private static let choices: [(text: String, element: Element)] = [
        ("a", .literal("a")), ("1", .literal("1")), ("%", .one(nil)), ("$D%", .one("0123456789")),
        ("$_*", .many(nil, lazy: true, saved: true)), ("$D*", .many("0123456789", lazy: false, saved: true)),
        ("$[ab]*", .many("ab", lazy: false, saved: true)), ("$@*", .many(nil, lazy: false, saved: false)),
        ("*", .many(nil, lazy: false, saved: true)),
    ]

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func agrees(_ seed: UInt64) {
        var generator = Generator(state: seed &* 0x9E37_79B9_7F4A_7C15)
        for _ in 0..<500 {
            let picks = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                Self.choices[Int.random(in: 0..<Self.choices.count, using: &generator)]
            }
            let characters = Array("aab11é")
            let target = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                characters[Int.random(in: 0..<characters.count, using: &generator)]
            }
            let source = picks.map(\.text).joined()
            var diagnostics = Diagnostics()
            let pattern = MappingPattern(compiling: source, diagnostics: &diagnostics)
            let expected = Self.match(picks.map(\.element)[...], target[...])
            #expect(pattern.match(String(target)) == expected, "\(source) against \(String(target))")
        }
    }

    /// The saved fields, nil for no match.
    private static func match(_ elements: ArraySlice<Element>, _ text: ArraySlice<Character>) -> [String]? {
        guard let element = elements.first else { return text.isEmpty ? [] : nil }
        let rest = elements.dropFirst()
        switch element {
        case .literal(let character):
            return text.first == character ? match(rest, text.dropFirst()) : nil
        case .one(let set):
            guard let first = text.first, set?.contains(first) ?? true else { return nil }
            return match(rest, text.dropFirst()).map { [String(first)] + $0 }
        case .many(let set, let lazy, let saved):
            let reach = text.prefix { set?.contains($0) ?? true }.count
            for count in lazy ? Array(0...reach) : (0...reach).reversed() {
                guard let fields = match(rest, text.dropFirst(count)) else { continue }
                return saved ? [String(text.prefix(count))] + fields : fields
            }
            return nil
        }
    }

    /// Xorshift, so that a failure can be repeated.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}
