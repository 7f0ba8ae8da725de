import OptionSyntax
import Testing

@testable import Mappings

/// Patterns (mappings specification, sections 2, 4.2, 7.2 and 7.3).
@Suite struct MappingPatternTests {
    private func compile(_ pattern: String) -> (MappingPattern, Diagnostics) {
        var diagnostics = Diagnostics()
        let compiled = MappingPattern(compiling: pattern, diagnostics: &diagnostics)
        return (compiled, diagnostics)
    }

    @Test(
        arguments: [
            ("M1", "$[ax1]*@*.example.com", "xx11a@sys1.example.com", ["xx11a", "sys1"]),
            ("M2", "$D%$D*", "7", ["7", ""]),
            ("M3", "$D*x", "12a", nil),
            ("M4", "*.*", "a.b.c", ["a.b", "c"]),
            ("M5", "$_*.*", "a.b.c", ["a", "b.c"]),
            ("M6", "$@*@*", "u@h", ["h"]),
            ("M7", "*@$0*", "abc@abc", ["abc"]),
            ("M8", "*@$0*", "abc@abd", nil),
            ("M9", "a$*b", "a*b", []),
            ("M10", "a$*b", "axb", nil),
            ("M11", "$[a\\-]*", "a-a", ["a-a"]),
            ("M12", "$[ax1]*@*.example.com", "12a@node.example.com", nil),
            ("M13", "$[ax1]*@*.example.com", "1xa@node.example.com", ["1xa", "node"]),
            ("case-blind, fields keep case", "PSI$%*::*", "psi%Ab::C", ["Ab", "C"]),
            ("the whole probe", "abc", "abcd", nil),
            ("empty matches empty", "", "", []),
            ("star matches empty", "*", "", [""]),
            ("percent takes one character", "a%c", "aéc", ["é"]),
            ("star crosses bars", "*|x", "a|b|x", ["a|b"]),
            ("save again", "$@$^*@*", "u@h", ["u", "h"]),
            ("back match is case-blind", "*@$0*", "ABC@abc", ["ABC"]),
            ("back match of nothing saved", "$0**", "abc", nil),
            ("letters", "$A*$D*", "abc123", ["abc", "123"]),
            ("binary, octal, hexadecimal", "$B*-$O*-$H*-$X*", "01-017-fF9-ab", ["01", "017", "fF9", "ab"]),
            ("symbol", "$S*!", "a_9$!", ["a_9$"]),
            ("white space", "a$T*b", "a \tb", [" \t"]),
            ("range", "$[a-c]*$[^x]%", "abc^", ["abc", "^"]),
            ("list outside ASCII", "$[éè]*", "éè", ["éè"]),
            ("quoted blank and dollar", "a$ b$$", "a b$", []),
            ("greedy gives back", "*$D%", "a12", ["a1", "2"]),
        ] as [(String, String, String, [String]?)])
    func match(_ name: String, _ pattern: String, _ target: String, _ fields: [String]?) {
        let (compiled, diagnostics) = compile(pattern)
        #expect(diagnostics.all.isEmpty, "\(name)")
        #expect(compiled.match(target) == fields, "\(name)")
    }

    @Test(arguments: [
        ("I1", "$(123.45.67.0/24)", "123.45.67.200", true),
        ("I2", "$(123.45.67.0/24)", "123.45.68.1", false),
        ("I3", "$<123.45.67.0/8>", "123.45.67.1", true),
        ("I4", "$<123.45.67.4/2>", "123.45.67.4", true),
        ("I5", "$<123.45.67.4/2>", "123.45.67.6", true),
        ("I6", "$<123.45.67.4/2>", "123.45.67.8", false),
        ("I7", "${2001:db8::/32}", "2001:db8::5", true),
        ("I7 with IPv6:", "${2001:db8::/32}", "IPv6:2001:DB8::5", true),
        ("I8", "$(10.0.0.0/8)", "::1", false),
        ("loopback", "${::1/128}", "::1", true),
        ("loopback as literal", "${::1/128}", "IPv6:::1", true),
        ("default 32", "$(10.1.2.3)", "10.1.2.3", true),
        ("default 128", "${::1}", "::2", false),
        ("no bits", "$(0.0.0.0/0)", "203.0.113.9", true),
        ("all bits ignored", "$<0.0.0.0/32>", "203.0.113.9", true),
        ("not an address", "$(0.0.0.0/0)", "203.0.113.256", false),
        ("leading zero", "$(10.0.0.0/8)", "10.0.0.01", false),
        ("not the tail of a number", "*$(10.0.0.0/8)", "110.0.0.1", false),
        ("in a probe", "TCP|*|25|$(10.0.0.0/8)|*", "TCP|192.0.2.1|25|10.9.8.7|4000", true),
        ("mapped", "${::ffff:0:0/96}", "::ffff:10.0.0.1", true),
        ("IPv4 never by IPv6", "${::/0}", "10.0.0.1", false),
        ("two gaps", "${::/0}", "1::2::3", false),
        ("eight groups", "${1:2:3:4:5:6:7:8}", "1:2:3:4:5:6:7:8", true),
        ("nine groups", "${::/0}", "1:2:3:4:5:6:7:8:9", false),
    ])
    func address(_ name: String, _ pattern: String, _ probe: String, _ matches: Bool) {
        let (compiled, diagnostics) = compile(pattern)
        #expect(diagnostics.all.isEmpty, "\(name)")
        #expect((compiled.match(probe) != nil) == matches, "\(name)")
    }

    @Test func addressesAreSaved() {
        let (compiled, _) = compile("*|$(10.0.0.0/8)|*")
        #expect(compiled.match("a|10.0.0.1|b") == ["a", "10.0.0.1", "b"])
    }

    @Test(arguments: ["$Dx", "$[abc", "$(10.0.0/8)", "$(10.0.0.0/33)", "${::1/129}", "$<a>"])
    func errors(_ pattern: String) {
        #expect(compile(pattern).1.hasErrors)
    }

    @Test(arguments: ["a$", "a$Q", "$5"])
    func warnings(_ pattern: String) {
        let (_, diagnostics) = compile(pattern)
        #expect(diagnostics.all.count == 1 && !diagnostics.hasErrors)
    }

    @Test func listing() {
        let (compiled, _) = compile("$[ax1]*@*.e")
        #expect(
            compiled.listing == [
                "[   1S] cglob [1ax]", "[   2] \"@\"", "[   3S] glob", "[   4] \".\"", "[   5] \"e\"",
            ])
    }

    /// The number of steps stays bounded when the pattern invites endless backtracking.
    @Test func hostileProbes() {
        let long = String(repeating: "a", count: 1500)
        let (stars, _) = compile(String(repeating: "*a", count: 60) + "b")
        #expect(stars.match(long) == nil)
        let (globs, _) = compile(String(repeating: "$A*", count: 60) + "!")
        #expect(globs.match(long) == nil)
        #expect(globs.match(long + "!") != nil)
        let (lazy, _) = compile(String(repeating: "$_*a", count: 60) + "b")
        #expect(lazy.match(long) == nil)
        let (back, _) = compile("*a*a*a*a*a*$0*$1*b")
        #expect(back.match(String(repeating: "a", count: 200)) == nil)
    }
}
