import Testing

@testable import AddressRewriting

/// The first host of an address (rewrite-rules specification, sections 3 and 12.1).
@Suite struct HostExtractionTests {
    @Test(arguments: [
        ("E1", "user@a", "a", HostLocation.at, "user"),
        ("E2", "user@a.b.c", "a.b.c", .at, "user"),
        ("E3", "user@[0.1.2.3]", "[0.1.2.3]", .at, "user"),
        ("E4", "@a:user@b.c.d", "a", .sourceRoute, "user@b.c.d"),
        ("E5", "@a.b.c:user@d.e.f", "a.b.c", .sourceRoute, "user@d.e.f"),
        ("E6", "@a,@b,@c:user@d.e.f", "a", .sourceRoute, "@b,@c:user@d.e.f"),
        ("E7", "user%A@B", "B", .at, "user%A"),
        ("E8", "user%A", "A", .percent, "user"),
        ("E9", "user%A%B", "B", .percent, "user%A"),
        ("E10", "user%%A%B", "B", .percent, "user%%A"),
        ("E11", "@A:user%B@C", "A", .sourceRoute, "user%B@C"),
        ("E12", "A!user", "A", .bang, "user"),
        ("E13", "A!user@B", "B", .at, "A!user"),
        ("E14", "A!user%B", "B", .percent, "A!user"),
        ("no host", "user", "", .none, "user"),
        ("run of percent signs", "user%%A", "", .none, "user%%A"),
        ("first bang", "A!B!user", "A", .bang, "B!user"),
        ("quoted separators", "\"x%y@z!w\"", "", .none, "\"x%y@z!w\""),
        ("quoted local part", "\"a@b\"@c", "c", .at, "\"a@b\""),
        ("backslash", "a\\@b", "", .none, "a\\@b"),
        ("two at signs", "a@b@c", "c", .at, "a@b"),
        ("nothing right of the at sign", "a@", "", .none, "a@"),
        ("nothing right of the percent sign", "a%", "", .none, "a%"),
        ("nothing left of the bang", "!a", "", .none, "!a"),
        ("no separator in DECnet names", "node::user", "", .none, "node::user"),
        ("colon in a route's literal", "@[IPv6:::1]:u@b", "[IPv6:::1]", .sourceRoute, "u@b"),
        ("route without end", "@a", "a", .at, ""),
        ("empty", "", "", .none, ""),
    ])
    func extraction(_ name: String, _ address: String, _ host: String, _ location: HostLocation, _ rest: String) {
        let expected = ExtractedHost(host: host, location: location, remainder: rest)
        #expect(extractHost(address) == expected, "\(name)")
    }

    @Test(arguments: [
        (LocalPartSyntax.bangOverPercent, "A!B%C", "A", HostLocation.bang, "B%C"),
        (.bangOverPercent, "u%C", "C", .percent, "u"),
        (.bangOverPercent, "A!B@C", "C", .at, "A!B"),
        (.percentOnly, "A!B%C", "C", .percent, "A!B"),
        (.percentOnly, "A!B", "", .none, "A!B"),
        (.bangOnly, "A!B%C", "A", .bang, "B%C"),
        (.bangOnly, "B%C", "", .none, "B%C"),
        (.none, "A!B%C", "", .none, "A!B%C"),
    ])
    func keywords(
        _ syntax: LocalPartSyntax, _ address: String, _ host: String, _ location: HostLocation, _ rest: String
    ) {
        let expected = ExtractedHost(host: host, location: location, remainder: rest)
        #expect(extractHost(address, syntax: syntax) == expected)
    }

    @Test(arguments: [
        (
            "P1", "sc.cs.example.com",
            [
                "$*", "sc.cs.example.com", "*.cs.example.com", ".cs.example.com", "*.*.example.com", ".example.com",
                "*.*.*.com", ".com", "*.*.*.*", ".",
            ]
        ),
        (
            "P2", "[198.162.3.40]",
            ["$*", "[198.162.3.40]", "[198.162.3.]", "[198.162.]", "[198.]", "[]", "[*.*.*.*]", "."]
        ),
        ("P3", "a", ["$*", "a", "*", "."]),
        ("IPv6", "[IPv6:::1]", ["$*", "[ipv6:::1]", "[]", "."]),
        (
            "literal before names", "[1.2].com",
            ["$*", "[1.2].com", "[1.].com", "[].com", "[*.*].com", ".com", "[*.*].*", "."]
        ),
        (
            "literal behind a name", "a.[1.2]",
            ["$*", "a.[1.2]", "*.[1.2]", ".[1.2]", "*.[1.]", ".[1.]", "*.[]", ".[]", "*.[*.*]", "."]
        ),
        ("upper case", "A.B", ["$*", "a.b", "*.b", ".b", "*.*", "."]),
    ])
    func probeLists(_ name: String, _ host: String, _ expected: [String]) {
        #expect(probes(host) == expected, "\(name)")
    }

    /// A name longer than any domain name is not generalised, as that would cost its length squared.
    @Test func longHosts() {
        let host = String(repeating: "a.", count: 5000) + "b"
        #expect(probes(host) == ["$*", host, "."])
    }
}
