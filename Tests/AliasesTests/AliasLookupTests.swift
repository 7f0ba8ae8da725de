import Aliases
import InternetMessage
import Testing

@Suite struct AliasLookupTests {
    private func channel(_ local: Bool, _ mode: SubaddressMatching) -> AliasChannel {
        AliasChannel(name: local ? "l" : "other", isLocal: local, subaddress: mode)
    }

    /// O1, O2, O11 of the aliases specification, 10.2.
    @Test(
        arguments: [
            (98_764_321, [1, 2, 3, 4, 6, 7, 8, 9]), (987_643, [3, 4, 6, 7, 8, 9]), (8_764, [4, 6, 7, 8]), (0, []),
            (-3, []), (6_040, [4, 6]),
        ] as [(Int, [Int])])
    func magic(_ value: Int, _ digits: [Int]) { #expect(AliasProbes.sources(magic: value) == digits) }

    /// O3 to O10.
    @Test(
        arguments: [
            (6, true, SubaddressMatching.relaxed, "u@d", ["u@d", "*@d", "u"]),
            (1, false, .relaxed, "u@d", ["u"]),
            (2, false, .relaxed, "u@d", ["u@d"]),
            (2, true, .relaxed, "u@d", ["u@d", "u"]),
            (4, false, .relaxed, "u@d", []),
            (1, false, .wild, "n+s@d", ["n+s", "n+*"]),
            (1, false, .exact, "n+s@d", ["n+s"]),
            (6, true, .relaxed, "n+s@d", ["n+s@d", "n+*@d", "n@d", "*+*@d", "*@d", "n+s", "n+*", "n"]),
            (6, true, .relaxed, "+s@d", ["+s@d", "*@d", "+s"]),
        ] as [(Int, Bool, SubaddressMatching, String, [String])])
    func probes(_ domains: Int, _ local: Bool, _ mode: SubaddressMatching, _ address: String, _ expected: [String]) {
        #expect(AliasProbes.names(for: mailbox(address), on: channel(local, mode), domains: domains) == expected)
    }

    /// Channels specification, 9, examples 28 to 30.
    @Test(arguments: [
        (SubaddressMatching.exact, "name@example.com: x@y.example", false),
        (.relaxed, "name@example.com: x@y.example", true),
        (.wild, "name+*@example.com: x@y.example", true),
        (.wild, "name@example.com: x@y.example", false),
    ])
    func subaddresses(_ mode: SubaddressMatching, _ alias: String, _ found: Bool) {
        var site = Site(aliases: aliasFile(alias))
        site.subaddress = mode
        #expect(site.expand("name+sub@example.com").isGood == found)
    }

    @Test func subaddressIsPassedOn() {
        let site = Site(aliases: aliasFile("name@example.com: newname+*@y.example"))
        #expect(site.expand("name@example.com").routes == ["tcp_local newname@y.example"])
        #expect(site.expand("name+sub@example.com").routes == ["tcp_local newname+sub@y.example"])
    }

    @Test func fileWinsOverDirectory() {
        let both = Site(
            aliases: aliasFile("anna@example.com: x@y.example"),
            directory: directory("domain: example.com\n\nuid: anna\ndomain: example.com\n"))
        #expect(both.expand("anna@example.com").routes == ["tcp_local x@y.example"])
    }

    @Test func catchAllComesAfterUsers() {
        let site = Site(
            directory: directory(
                "domain: example.com\n\nuid: anna\ndomain: example.com\nmailAlternateAddress: @example.com\n\n"
                    + "uid: bert\ndomain: example.com\n"))
        #expect(site.expand("bert@example.com").routes == ["ims-ms bert@ims-ms-daemon"])
        #expect(site.expand("whoever@example.com").routes == ["ims-ms anna@ims-ms-daemon"])
    }

    @Test func bareValueIsAliasFirstThenUser() {
        let site = Site(
            aliases: aliasFile("root@mail.example.com: anna\nhelp@example.com: desk\ndesk: bert@example.com"),
            directory: directory(
                "domain: example.com\n\nuid: anna\ndomain: example.com\n\nuid: bert\ndomain: example.com\n"))
        #expect(site.expand("root@mail.example.com").routes == ["ims-ms anna@ims-ms-daemon"])
        #expect(site.expand("help@example.com").routes == ["ims-ms bert@ims-ms-daemon"])
    }
}
