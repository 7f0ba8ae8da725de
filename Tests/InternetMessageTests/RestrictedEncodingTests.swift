import InternetMessage
import Testing

/// RFC 1137; channels specification, 4.13: "space becomes `_`, comma becomes `#m#`".
@Suite struct RestrictedEncodingTests {
    @Test(arguments: [
        ("\"Ann Lee\"@x.example", "Ann_Lee@x.example"), ("\"Lee, Ann\"@x", "Lee#m#_Ann@x"),
        ("\"a_b c\"@x", "a#u#b_c@x"), ("\"a(b)\"@x", "a#l#b#r#@x"), ("\"a@b\"@x", "a#064#b@x"),
        ("\"a..b\"@x", "a#046##046#b@x"), ("\"a\\\"b\"@x", "a#034#b@x"), ("@r:\"a b\"@x", "@r:a_b@x"),
    ])
    func bothWays(plain: String, encoded: String) {
        #expect(RestrictedEncoding.encoded(plain) == encoded)
        #expect(RestrictedEncoding.decoded(encoded) == plain)
    }

    /// What needs no quotes is not encoded; what is no code is left alone.
    @Test(arguments: ["ann@x", "a_b@x", "no address at all @", "a#zz#b@x", "a#b@x"])
    func leftAlone(address: String) {
        #expect(RestrictedEncoding.encoded(address) == address)
        if !address.contains("_") { #expect(RestrictedEncoding.decoded(address) == address) }
    }

    /// Codes make a local part longer: one that nobody could read back stays quoted.
    @Test func whatWouldBeTooLongStays() throws {
        let address = "\"" + String(repeating: ".", count: 200) + "\"@x.example"
        try #require(Mailbox(address) != nil)
        #expect(RestrictedEncoding.encoded(address) == address)
    }
}
