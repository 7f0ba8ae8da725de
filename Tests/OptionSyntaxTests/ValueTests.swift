import OptionSyntax
import Testing

@Suite struct ValueTests {
    @Test(arguments: [
        ("16%1000000", 16_777_216), ("2%101", 5), ("16%FF", 255), ("36%z", 35), (" 42 ", 42), ("-1", -1),
    ])
    func integersInAnyBase(text: String, value: Int) { #expect(IntegerValue.parse(text) == value) }

    @Test(arguments: ["", "x", "1%1", "37%1", "2%2", "16%-1", "+1", "--1", "99999999999999999999", "%1", "10%"])
    func badIntegers(text: String) { #expect(IntegerValue.parse(text) == nil) }

    @Test func minusOneIsAllBits() {
        #expect(IntegerValue.parseMask("-1") == .max)
        #expect(IntegerValue.parseMask("-2") == nil)
    }

    @Test(arguments: [
        ("PT5M", 300), ("pt1h", 3600), ("P1DT2H", 93600), ("P1W", 604_800), ("P1Y", 31_536_000), ("P1M", 2_592_000),
    ])
    func durations(text: String, seconds: Int) { #expect(DurationValue.seconds(text) == seconds) }

    @Test(arguments: ["", "P", "PT", "5M", "PT5", "PT5D", "P5H", "PTT5M", "PT99999999999999999999S"])
    func badDurations(text: String) { #expect(DurationValue.seconds(text) == nil) }

    @Test(arguments: [
        ("IMTA_LOG:foo.log", "/var/opt/m/log/foo.log"), ("IMTA_BIN:tcp_smtp_server", "/opt/m/lib/tcp_smtp_server"),
        ("imta_bin:/x", "/opt/m/lib/x"), ("PMDF_LOG:x", "/var/opt/m/log/x"), ("IMTA_LOG:", "/var/opt/m/log/"),
        ("NONE:x", "NONE:x"), ("/a/b", "/a/b"),
    ])
    func symbolicPaths(text: String, path: String) {
        let symbols = SymbolTable(["IMTA_LOG": "/var/opt/m/log/", "IMTA_BIN": "/opt/m/lib"])
        #expect(symbols.expandingPath(text) == path)
    }

    @Test(arguments: [
        ("$U%$D@&/IMTA_HOST/", "$U%$D@mail.example.com"), ("&/X/&/IMTA_HOST/", "&/X/mail.example.com"),
        ("&/IMTA_HOST", "&/IMTA_HOST"), ("a&b", "a&b"),
    ])
    func symbolsInText(text: String, result: String) {
        #expect(SymbolTable(["IMTA_HOST": "mail.example.com"]).expandingText(text) == result)
    }

    @Test(arguments: [("maxjob", "maxjobs"), ("saslswitchchanel", "saslswitchchannel"), ("xyzzy", nil)])
    func nearestName(word: String, nearest: String?) {
        #expect(Spelling.nearest(to: word, among: ["maxjobs", "saslswitchchannel", "mx"]) == nearest)
    }

    @Test(arguments: [
        (#""a b""#, "a b"), (#""a\"b\\""#, #"a"b\"#), (#""a"#, #""a"#), (#"a"b""#, #"a"b""#), (#""\x""#, #"\x"#),
    ])
    func quotes(text: String, value: String) { #expect(Quoting.unquoted(text) == value) }

    @Test(arguments: ["a", " a", "", #""a""#, #"a"b"#, #"\"#, #""\"#])
    func whatIsQuotedReadsBackTheSame(value: String) {
        #expect(Quoting.unquoted(Quoting.quotedWhenNeeded(value)) == value)
    }

    @Test func jsonIsOneLine() {
        let value: JSONValue = ["a": 1, "b": [true, .null, "x\"\\\n\u{1}é"], "c": [:]]
        #expect(value.text == "{\"a\":1,\"b\":[true,null,\"x\\\"\\\\\\n\\u0001é\"],\"c\":{}}")
    }
}
