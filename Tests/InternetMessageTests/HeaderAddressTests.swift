import InternetMessage
import Testing

@Suite struct HeaderAddressTests {
    @Test(
        arguments: [
            ("joe@example.com", ["joe@example.com"]),
            ("Joe Smith <joe@example.com>, sue@example.com", ["joe@example.com", "sue@example.com"]),
            ("\"Smith, Joe\" <joe@example.com>", ["joe@example.com"]),
            ("joe@example.com (Joe, the one)", ["joe@example.com"]),
            ("A Group:joe@x.example,sue@y.example;, z@z.example", ["joe@x.example", "sue@y.example", "z@z.example"]),
            ("undisclosed-recipients:;", []),
            ("fred", ["fred"]),
            ("fred, barney", ["fred", "barney"]),
            ("<@a,@b:joe@c>", ["@a,@b:joe@c"]),
            (", joe@x.example,,", ["joe@x.example"]),
            ("joe @ example . com", ["joe@example.com"]),
            ("\"joe\" . smith @ x", ["joe.smith@x"]),
            ("J. Random User <j@x>", ["j@x"]),
            ("joe@example.com,\r\n sue@example.com", ["joe@example.com", "sue@example.com"]),
            ("x@[127.0.0.1]", ["x@[127.0.0.1]"]),
            ("((((nested)))) a@b", ["a@b"]),
        ] as [(String, [String])])
    func lists(_ value: String, _ expected: [String]) {
        let list = HeaderAddressList.parse(bytes(value))
        #expect(list.addresses.map(\.mailbox.description) == expected)
        #expect(list.firstError == nil, "\(value)")
    }

    @Test(
        arguments: [
            ("a@b@c, good@x", ["good@x"], AddressError.Code.trailingText),
            ("hello world@x, good@x", ["good@x"], .badLocalPart),
            ("bad@, good@x", ["good@x"], .missingDomain),
            ("a:b:c@d;, good@x", ["good@x"], .nestedGroup),
            ("good@x, a@b (open", ["good@x"], .unterminatedComment),
            ("\"open a@b", [], .unterminatedQuote),
            ("a@b\r\nc@d", [], .badFolding),
            ("Dörte@sörensen.example", [], .eightBitDomain),
        ] as [(String, [String], AddressError.Code)])
    func errorsAreSurvived(_ value: String, _ expected: [String], _ code: AddressError.Code) {
        let list = HeaderAddressList.parse(bytes(value))
        #expect(list.firstError?.code == code, "\(value)")
        for address in expected { #expect(list.addresses.map(\.mailbox.description).contains(address)) }
    }

    @Test func rangesCoverTheAddressOnly() throws {
        let value = Array("Joe <joe@old.example> (c), \"S\" < sue @ old.example >, plain@old.example (x)".utf8)
        let list = HeaderAddressList.parse(value[...])
        let texts = list.addresses.map { String(decoding: value[$0.range], as: UTF8.self) }
        #expect(texts == ["joe@old.example", "sue @ old.example", "plain@old.example"])
        let name = try #require(list.addresses.first?.displayName)
        #expect(String(decoding: value[name], as: UTF8.self) == "Joe")
    }

    @Test func hugeAndDeepInputs() {
        let many = Array(String(repeating: "user@example.com, ", count: 100_000).utf8)
        #expect(HeaderAddressList.parse(many[...]).addresses.count == 100_000)
        #expect(HeaderAddressList.parse(many[...], limit: 10).addresses.count == 10)
        #expect(HeaderAddressList.parse(many[...], limit: 10).firstError?.code == .tooManyAddresses)
        let deep = Array((String(repeating: "(", count: 100_000) + "x").utf8)
        #expect(HeaderAddressList.parse(deep[...]).firstError?.code == .unterminatedComment)
        let groups = Array(String(repeating: "g:", count: 10_000).utf8)
        #expect(HeaderAddressList.parse(groups[...]).firstError?.code == .nestedGroup)
        let broken = Array(String(repeating: "(\",", count: 50_000).utf8)
        #expect(HeaderAddressList.parse(broken[...]).addresses.isEmpty)
    }
}
