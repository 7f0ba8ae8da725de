import AddressRewriting
import OptionSyntax
import Testing

/// The rule that is found, against a walk through all rules for each probe string in turn.
@Suite struct RuleLookupTests {
    private static let labels = ["a", "B", "mail", "*", "com", "[1.2.3.4]", "[1.2.]", "[*.*.*.*]", "[IPv6:::1]", "é"]

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func agrees(_ seed: UInt64) {
        var generator = Generator(state: seed &* 0x9E37_79B9_7F4A_7C15)
        let patterns = (0..<300).map { _ in Self.host(&generator, dot: Bool.random(using: &generator)) } + ["."]
        let rules = patterns.enumerated().map { "\($0.element) $U%r\($0.offset)@tcp" }.joined(separator: "\n")
        let subject = engine(rules, FixtureChannels("l local-host", "tcp_local tcp"))
        for _ in 0..<300 {
            let host = Self.host(&generator, dot: false)
            let outcome = subject.rewrite(RewriteEngine.Query("ann@\(host)", sourceChannel: "l"))
            let keys = probes(host).dropFirst()
            let number = keys.lazy.compactMap { key in
                patterns.firstIndex { $0.lowercased() == key.lowercased() }
            }.first
            #expect(show(outcome) == "ann@r\(number ?? -1) -> tcp (tcp_local)", "\(host)")
        }
    }

    /// A template that repeats the local part in a form that is rewritten again.
    @Test func addressesDoNotGrowWithoutBound() {
        let template = String(repeating: "$U", count: 100)
        let subject = engine("a \(template)%$H", FixtureChannels("l local-host", "tcp_local tcp"))
        let outcome = subject.rewrite(RewriteEngine.Query("ann.somebody@a", sourceChannel: "l"))
        #expect(show(outcome).hasPrefix("5.1.2"))
    }

    private static func host(_ generator: inout Generator, dot: Bool) -> String {
        let labels = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            Self.labels.randomElement(using: &generator) ?? ""
        }
        return (dot ? "." : "") + labels.joined(separator: ".")
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
