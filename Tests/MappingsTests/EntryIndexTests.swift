import Mappings
import OptionSyntax
import Testing

/// Long tables, which have an index, against the same entries tried one after the other.
@Suite struct EntryIndexTests {
    private static let pieces = [
        "a", "b", "ab", "abc", "|", "@", "tcp_", "*", "*", "$_*", "%", "$D*", "$@*", "$[ab]*", "0*$0*", "10.", "é", "A",
        "$(10.0.0.0/8)", "$*",
    ]
    private static let words = ["a", "b", "ab", "ABC", "c", "|", "@", "tcp_", "10.", "10.0.0.1", "1", "é", "*"]

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func agrees(_ seed: UInt64) {
        var generator = Generator(state: seed &* 0x9E37_79B9_7F4A_7C15)
        let entries = (0..<Int.random(in: 32...200, using: &generator)).map { number in
            let pattern = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                Self.pieces.randomElement(using: &generator) ?? ""
            }
            let goesOn = Int.random(in: 0..<4, using: &generator) == 0
            return "\(pattern.joined())  \(goesOn ? "$C$0,b" : "$Y")\(number)"
        }
        let whole = Self.table(entries)
        let single = entries.map { Self.table([$0]) }
        for _ in 0..<200 {
            let probe = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                Self.words.randomElement(using: &generator) ?? ""
            }.joined()
            #expect(whole.probe("T", probe)?.output == Self.naive(entries, single, probe), "\(probe)")
        }
    }

    /// One entry after the other, the output of one that goes on is the input of the next.
    private static func naive(_ entries: [String], _ tables: [MappingTables], _ probe: String) -> String? {
        var found: String?
        for (entry, table) in zip(entries, tables) {
            guard let result = table.probe("T", found ?? probe) else { continue }
            found = result.output
            if !entry.contains("  $C") { break }
        }
        return found
    }

    private static func table(_ entries: [String]) -> MappingTables {
        compileMappings("T\n\n" + entries.map { "  \($0)\n" }.joined()).tables
    }

    /// A pass from the top reaches entries above the one that asked for it, in a long table too.
    @Test func restartsWithNewText() {
        let filler = (0..<100).map { "  filler\($0)|*  $Ywrong\n" }.joined()
        let tables = compileMappings("T\n\n\(filler)  late|*  $Yright$0\n  early|*  $Rlate|$0\n").tables
        #expect(tables.probe("T", "early|x")?.output == "rightx")
        #expect(tables.probe("T", "filler7|x")?.output == "wrong")
        #expect(tables.probe("T", "") == nil)
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
