import DNS
import Testing

@testable import SPF

/// RFC 7208, with the zone and the records of its appendix A.
@Suite struct SPFCheckTests {
    private static let hosts: [String: [[String]]] = [
        "example.com": [
            ["MX", "10", "mail-a.example.com"], ["MX", "20", "mail-b.example.com"], ["A", "192.0.2.10"],
            ["A", "192.0.2.11"],
        ],
        "amy.example.com": [["A", "192.0.2.65"]],
        "bob.example.com": [["A", "192.0.2.66"]],
        "mail-a.example.com": [["A", "192.0.2.129"]],
        "mail-b.example.com": [["A", "192.0.2.130"], ["AAAA", "2001:db8::25"]],
        "www.example.com": [["CNAME", "example.com"]],
        "example.org": [["MX", "10", "mail-c.example.org"]],
        "mail-c.example.org": [["A", "192.0.2.140"]],
        "10.2.0.192.in-addr.arpa": [["PTR", "example.com"]],
        "65.2.0.192.in-addr.arpa": [["PTR", "amy.example.com"]],
        "129.2.0.192.in-addr.arpa": [["PTR", "mail-a.example.com"]],
        "140.2.0.192.in-addr.arpa": [["PTR", "mail-c.example.org"]],
        "4.0.0.10.in-addr.arpa": [["PTR", "bob.example.com"]],
        "2.0.0.127.test.list": [["A", "127.0.0.2"]],
        "slow.example": [["TIMEOUT"]],
        "pass.example": [["TXT", "v=spf1 +all"]], "fail.example": [["TXT", "v=spf1 -all"]],
        "two.example": [["TXT", "v=spf1 a"], ["TXT", "v=spf1 mx"]],
        "text.example": [["TXT", "v=spf10 -all"], ["TXT", "hello"]],
        "why.example": [["TXT", "See http://%{d}/why.html?s=%{S}&i=%{I}&c=%{c}&r=%{r}"]],
        "mobile-users._spf.example.com": [["TXT", "v=spf1 exists:%{l1r+}.%{d}"]],
        "strong-bad.mobile-users._spf.example.com": [["A", "127.0.0.2"]],
        "1.2.0.192.ip.example": [["A", "127.0.0.2"]],
        "loop.example": [["TXT", "v=spf1 redirect=loop.example"]],
    ]

    private func check(
        _ record: String, client: String, sender: String = "user@example.com", helo: String = "client.example.net",
        limits: SPFLimits = SPFLimits()
    ) throws -> SPFOutcome {
        var zone = FakeZone(names: Self.hosts)
        zone.names["example.com", default: []].append(["TXT", record])
        return zone.check(try #require(SPFSubject(client: client, sender: sender, helo: helo)), limits: limits)
    }

    /// Appendix A.1 and A.2: who may send.
    @Test(arguments: [
        ("v=spf1 +all", "203.0.113.9", SPFResult.pass),
        ("v=spf1 a -all", "192.0.2.10", .pass), ("v=spf1 a -all", "192.0.2.11", .pass),
        ("v=spf1 a -all", "192.0.2.129", .fail),
        ("v=spf1 a:example.org -all", "192.0.2.10", .fail),
        ("v=spf1 mx -all", "192.0.2.129", .pass), ("v=spf1 mx -all", "192.0.2.130", .pass),
        ("v=spf1 mx -all", "192.0.2.10", .fail),
        ("v=spf1 mx:example.org -all", "192.0.2.140", .pass),
        ("v=spf1 mx mx:example.org -all", "192.0.2.129", .pass),
        ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.131", .pass),
        ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.143", .pass),
        ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.144", .fail),
        ("v=spf1 ptr -all", "192.0.2.65", .pass), ("v=spf1 ptr -all", "192.0.2.140", .fail),
        ("v=spf1 ptr -all", "10.0.0.4", .fail),
        ("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.129", .pass),
        ("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.65", .fail),
        ("v=spf1 mx -all", "2001:db8::25", .pass), ("v=spf1 mx//64 -all", "2001:db8::26", .pass),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8:1::1", .pass),
        ("v=spf1 ip4:192.0.2.10 -all", "::ffff:192.0.2.10", .pass),
        ("v=spf1 a:www.example.com -all", "192.0.2.10", .pass),
    ])
    func mechanisms(_ record: String, _ client: String, _ result: SPFResult) throws {
        #expect(try check(record, client: client).result == result, "\(record) \(client)")
    }

    @Test(arguments: [
        ("v=spf1", SPFResult.neutral), ("v=spf1 ?all", .neutral), ("v=spf1 ~all", .softfail), ("V=SPF1 -ALL", .fail),
        ("v=spf1 a:slow.example -all", .temperror), ("v=spf1 include:slow.example -all", .temperror),
        ("v=spf1 include:pass.example -all", .pass), ("v=spf1 include:fail.example ~all", .softfail),
        ("v=spf1 include:nowhere.example -all", .permerror), ("v=spf1 redirect=fail.example", .fail),
        ("v=spf1 redirect=nowhere.example", .permerror), ("v=spf1 redirect=loop.example", .permerror),
        ("v=spf1 include:two.example -all", .permerror), ("v=spf1 include:text.example -all", .permerror),
        ("v=spf1 redirect=fail.example ?all", .neutral), ("v=spf1 unknown=%{d} -all", .fail),
        ("v=spf1 exists:%{ir}.ip.example -all", .pass),
        ("v=spf1 a:a.none.example a:b.none.example -all", .fail),
        ("v=spf1 a:a.none.example a:b.none.example a:c.none.example -all", .permerror),
        ("v=spf1 " + String(repeating: "a ", count: 10) + "-all", .fail),
        ("v=spf1 " + String(repeating: "a ", count: 11) + "-all", .permerror),
    ])
    func results(_ record: String, _ result: SPFResult) throws {
        #expect(try check(record, client: "192.0.2.1").result == result, "\(record)")
    }

    /// A record with a wrong term is wrong as a whole, even where another term matches first.
    @Test(arguments: [
        "all:x", "-all:x", "include", "include:", "exists", "a:", "a/33", "a//129", "a/032", "a/", "mx:/24",
        "ip4:", "ip4:1.2.3", "ip4:1.2.3.4/33", "ip4:::1", "ip6:1.2.3.4", "ip6:::/129", "foo", "a:example", "a:%{x}",
        "a:%{d0}.example.com", "a:%{c}.example.com", "a:%", "a:%(d)", "a:%{d", "a:example.-com", "a:example.123",
        "redirect=a.example redirect=b.example", "exp=a.example exp=b.example", "redirect=", "exp=", "bad=%{z}",
        "exists:", "ptr:", "++all", "\u{E4}", "a:exa\u{7}mple.com", "include:example.com/24",
    ])
    func syntax(_ term: String) throws {
        #expect(try check("v=spf1 +all \(term)", client: "192.0.2.1").result == .permerror, "\(term)")
    }

    /// Section 7.4: the examples of macros.
    @Test(arguments: [
        ("%{s}", "strong-bad@email.example.com"), ("%{o}", "email.example.com"), ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"), ("%{d3}", "email.example.com"), ("%{d2}", "example.com"), ("%{d1}", "com"),
        ("%{dr}", "com.example.email"), ("%{d2r}", "example.email"), ("%{l}", "strong-bad"), ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"), ("%{lr-}", "bad.strong"), ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("a%%b%_c%-d", "a%b c%20d"), ("%{L}", "strong-bad"), ("%{S}", "strong-bad%40email.example.com"),
        ("%{h}", "client.example.net"), ("%{c}/%{r}/%{t}", "192.0.2.3/mx.example.org/1700000000"),
        ("%{p}", "unknown"),
    ])
    func macros(_ text: String, _ expected: String) throws {
        let zone = FakeZone(names: [
            "email.example.com": [["TXT", "v=spf1 exp=why.example.com -all"]], "why.example.com": [["TXT", text]],
        ])
        let subject = try #require(
            SPFSubject(
                client: "192.0.2.3", sender: "strong-bad@email.example.com", helo: "client.example.net"))
        #expect(zone.check(subject).explanation == expected)
    }

    @Test func addressOfSixteenOctetsInMacros() {
        #expect(
            SPFAddress("2001:db8::cb01")?.dotted == "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1")
    }

    @Test func explanation() throws {
        let outcome = try check("v=spf1 -all exp=why.example", client: "192.0.2.3", sender: "a+b@example.com")
        #expect(
            outcome.explanation
                == "See http://example.com/why.html?s=a%2Bb%40example.com&i=192.0.2.3&c=192.0.2.3&r=mx.example.org")
        #expect(outcome.mechanism == "-all" && outcome.isByAll)
        #expect(try check("v=spf1 -all exp=nowhere.example", client: "192.0.2.3").explanation == nil)
        #expect(try check("v=spf1 -a:amy.example.com", client: "192.0.2.65").isByAll == false)
    }

    /// An empty reverse path is checked as the postmaster of the HELO name; a name of one label has no record.
    @Test func otherIdentities() throws {
        let empty = try #require(SPFSubject(client: "192.0.2.3", sender: "", helo: "fail.example"))
        #expect(empty.localPart == "postmaster" && empty.domain == "fail.example")
        #expect(FakeZone(names: Self.hosts).check(empty).result == .fail)
        for domain in [
            "localhost", "[192.0.2.3]", "a..b", "bad name.example", String(repeating: "a", count: 64) + ".b",
        ] {
            let subject = try #require(SPFSubject(client: "192.0.2.3", sender: "a@" + domain, helo: "x"))
            #expect(FakeZone(names: [:]).check(subject).result == .none, "\(domain)")
        }
    }

    /// SPF_LOCAL: the record is given, what it refers to comes from the DNS.
    @Test func localRecord() throws {
        var subject = try #require(SPFSubject(client: "192.0.2.3", sender: "a@pass.example", helo: "x.example"))
        subject.localRecord = "v=spf1 redirect=fail.example"
        #expect(FakeZone(names: Self.hosts).check(subject).result == .fail)
    }

    @Test func limitsOfTheSite() throws {
        var limits = SPFLimits()
        limits.queries = 1
        #expect(try check("v=spf1 a a -all", client: "192.0.2.1", limits: limits).result == .permerror)
        limits = SPFLimits()
        limits.recursion = 0
        #expect(try check("v=spf1 include:pass.example", client: "192.0.2.1", limits: limits).result == .permerror)
    }

    /// What a client says cannot leave its quoted string.
    @Test func receivedField() throws {
        let subject = try #require(
            SPFSubject(client: "192.0.2.3", sender: "a\"b\r\nX: y\u{E4}@example.com", helo: "h\\o"))
        let field = String(
            decoding: ReceivedSPF.field(
                SPFOutcome(.softfail, mechanism: "~all"), subject, identity: .mailFrom), as: UTF8.self)
        #expect(
            field == """
                Received-SPF: softfail\r
                 client-ip=192.0.2.3;\r
                 envelope-from="a\\"b??X: y?@example.com";\r
                 helo="h\\\\o";\r
                 receiver=mx.example.org;\r
                 identity=mailfrom;\r
                 mechanism="~all"\r

                """)
    }
}
