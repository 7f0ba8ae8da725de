import Aliases
import InternetMessage
import OptionSyntax
import Testing

private let sample = """
    ! a comment
    inetmail@siroe.com:    inetmail@native-daemon
    ms_testuser@siroe.com: mstestuser@ims-ms-daemon
    JD:      JOHND
    JohnD:   JD573@VAXC.EXAMPLE.COM

    staff:   BOB@EXAMPLE.COM,SUE@EXAMPLE.COM
    list:    staff,\\
             al@example.com
    """

@Suite struct AliasFileTests {
    private let site = Site(host: "mail.siroe.com", defaultDomain: "siroe.com", aliases: aliasFile(sample))

    private func values(_ name: String) -> [String]? {
        site.aliases.entry(named: name)?.members.map(\.address.description)
    }

    /// A1, A2, A4, A5 of the aliases specification, 10.1.
    @Test func lookups() {
        #expect(values("inetmail@siroe.com") == ["inetmail@native-daemon"])
        for name in ["jd", "Jd", "JD"] { #expect(values(name) == ["JOHND"]) }
        #expect(values("staff") == ["BOB@EXAMPLE.COM", "SUE@EXAMPLE.COM"])
        #expect(values("list") == ["staff", "al@example.com"])
        #expect(site.expand("list@mail.siroe.com").recipients.count == 3)
    }

    /// A3.
    @Test func chain() {
        #expect(site.expand("JD@mail.siroe.com").routes == ["tcp_local JD573@VAXC.EXAMPLE.COM"])
    }

    /// A6 to A9, and other errors.
    @Test(arguments: [
        (sample + "\nStaff: x@y", "duplicate aliases found", 10),
        ("foo : bar@x", "bad equivalence for alias", 1),
        ("</no/such/file", "cannot open alias include file", 1),
        ("<1", "nested", 1),
        ("foo:", "no equivalence addresses for alias", 1),
        ("foo", "bad equivalence for alias", 1),
        ("foo: a@b c@d", "bad equivalence for alias", 1),
        ("foo: a@b,,c@d", "bad equivalence for alias", 1),
        ("foo: a@b\\\n,c@d", "bad equivalence for alias", 1),
        ("foo: [no_such] 1, a@b", "unknown named parameter", 1),
        ("foo: [blocklimit] -1, a@b", "bad value of named parameter", 1),
        (": a@b", "bad equivalence for alias", 1),
        (String(repeating: "x", count: 129) + ": a@b", "bad equivalence for alias", 1),
    ])
    func errors(_ text: String, _ message: String, _ line: Int) throws {
        var diagnostics = Diagnostics()
        let includes = ["1": "<2", "2": "<3", "3": "<4", "4": "a: b@c"]
        _ = aliasFile(text, includes: includes, &diagnostics)
        let error = try #require(diagnostics.all.first { $0.severity == .error })
        #expect(error.message.contains(message), "\(error)")
        if error.location?.file == "aliases" { #expect(error.location?.line == line) }
    }

    /// A9: three includes deep are good, four are not.
    @Test func includes() {
        var diagnostics = Diagnostics()
        let file = aliasFile("<2", includes: ["2": "<3", "3": "<4", "4": "a: b@c"], &diagnostics)
        #expect(file.entry(named: "a") != nil)
        #expect(!diagnostics.hasErrors)
        _ = aliasFile("<1", includes: ["1": "<1"], &diagnostics)
        #expect(diagnostics.hasErrors)
    }

    @Test func oddNamesAndColons() {
        var diagnostics = Diagnostics()
        let file = aliasFile(
            "\"Fred: B\"@x: fred@y\r\n\"plain\"@x: :hidden@y\n*@dom: all@y\nname+*: a@y\n#hash: b@y\n", &diagnostics)
        #expect(diagnostics.all == [])
        #expect(file.entry(named: "\"fred: b\"@x")?.members.first?.address.address == "fred@y")
        #expect(file.entry(named: "plain@x")?.members.first?.hidesBehindAlias == true)
        #expect(file.order.count == 5)
    }

    /// Aliases specification, 2.5.
    @Test func unifiedGroups() {
        var diagnostics = Diagnostics()
        var file = AliasFile()
        let place = SourceLocation(file: "martlet.conf", line: 1)
        file.add(
            group: "first.last@dom.com",
            options: [("alias_entry", "user@other.dom", place), ("alias_blocklimit", "200", place)], at: place,
            diagnostics: &diagnostics)
        file.add(
            group: "l", options: [("alias_entry", "</l/foo.dis, sue@x", place)], at: place, diagnostics: &diagnostics)
        #expect(diagnostics.all == [])
        #expect(file.entry(named: "First.Last@dom.com")?.parameters?.blockLimit == 200)
        #expect(file.entry(named: "l")?.list == .file("/l/foo.dis"))
        file.add(group: "L", options: [("alias_entry", "a@b", place)], at: place, diagnostics: &diagnostics)
        file.add(group: "m", options: [("alias_blocklimit", "1", place)], at: place, diagnostics: &diagnostics)
        file.add(
            group: "n", options: [("other", "1", place), ("alias_entry", "a@b", place)], at: place,
            diagnostics: &diagnostics)
        #expect(diagnostics.all.count == 3)
    }

    @Test func hiddenValueIsNotNamed() {
        let hiding = Site(aliases: aliasFile("sales@example.com: :secret@other.example"))
        #expect(
            hiding.expand("sales@example.com").recipients.first?.notificationAddress == mailbox("sales@example.com"))
    }
}
