import InternetMessage
import Testing

/// Channels specification, 8.1 and 8.2; RFC 2047, RFC 2231.
@Suite struct EncodedHeaderTests {
    private func encoded(_ text: String, _ charset: String?) throws -> String {
        var header = try HeaderBlock.scan(raw(text + "\r\n")).get().header
        header.encodeEightBit(charset: charset)
        var output: [UInt8] = []
        header.write(to: &output)
        return shown(output.dropLast(2))
    }

    /// "Subject with octet \xF6, source channel `charset8 ISO-8859-1`": `=?ISO-8859-1?Q?...=F6...?=`.
    @Test func example38() throws {
        #expect(try encoded("Subject: Sch<F6>n", "ISO-8859-1") == "Subject: =?ISO-8859-1?Q?Sch=F6n?=")
    }

    /// "same, no charset8: charset label `UNKNOWN` (or our UTF-8 rule if valid UTF-8)".
    @Test func example39() throws {
        #expect(try encoded("Subject: Sch<F6>n", nil) == "Subject: =?UNKNOWN?Q?Sch=F6n?=")
        #expect(try encoded("Subject: Sch<C3><B6>n", nil) == "Subject: =?UTF-8?Q?Sch=C3=B6n?=")
    }

    @Test(arguments: [
        ("Subject: plain", "Subject: plain"), ("Subject:  a  <F6> b", "Subject:  a  =?L1?Q?=F6?= b"),
        ("Subject: <F6>  <FC> c", "Subject: =?L1?Q?=F6__=FC?= c"),
        ("Subject: =?x?q?y?= <F6>", "Subject: =?x?q?y?= =?L1?Q?_=F6?="),
        ("Subject: <F6> =?x?q?y?=", "Subject: =?L1?Q?=F6_?= =?x?q?y?="),
        ("Subject: a\r\n <F6>=?_", "Subject: a\r\n =?L1?Q?=F6=3D=3F=5F?="),
        ("X-Other:<F6>", "X-Other:=?L1?Q?=F6?="),
        // Names and comments of addresses.
        ("From: J<F6>rg M<FC>ller <j@x.example>", "From: =?L1?Q?J=F6rg_M=FCller?= <j@x.example>"),
        ("From: \"M<FC>ller, J\" <j@x.example>", "From: =?L1?Q?M=FCller=2C_J?= <j@x.example>"),
        ("From: \"J\\\"<F6>\"<j@x.example>", "From: =?L1?Q?J=22=F6?= <j@x.example>"),
        ("From: J<F6> \"<FC>\" <j@x.example>", "From: =?L1?Q?J=F6?= =?L1?Q?_=FC?= <j@x.example>"),
        ("To: a@x.example (<F6> b), c@y.example", "To: a@x.example (=?L1?Q?=F6?= b), c@y.example"),
        ("To: a@x.example ((<F6>)\\<FC>)", "To: a@x.example ((=?L1?Q?=F6?=)\\*)"),
        ("Cc: Gr<FC>n: a@x.example, b@y.example;", "Cc: =?L1?Q?Gr=FCn?=: a@x.example, b@y.example;"),
        // Octets of addresses: one asterisk each.
        ("To: j<F6>rg@example.com", "To: j*rg@example.com"), ("To: <j<F6>rg@example.com>", "To: <j*rg@example.com>"),
        ("To: \"j<F6>\"@example.com, a@b<FC>.example", "To: \"j*\"@example.com, a@b*.example"),
        ("To: Ann <a@<FC>.example>, <F6>", "To: Ann <a@*.example>, *"), ("To: \"<F6>", "To: =?L1?Q?=F6?="),
        ("To: (<F6>", "To: (=?L1?Q?=F6?="), ("To: <<F6>", "To: <*"),
        // Parameters.
        (
            "Content-Type: text/plain; name=\"<F6> b.txt\"; charset=x",
            "Content-Type: text/plain; name*=L1''%F6%20b.txt; charset=x"
        ),
        ("Content-Disposition: attachment; filename=<F6>", "Content-Disposition: attachment; filename*=L1''%F6"),
        ("Content-Type: te<F6>xt/plain", "Content-Type: te*xt/plain"),
        ("Content-Type: multipart/mixed; boundary=<F6>", "Content-Type: multipart/mixed; boundary=<F6>"),
    ])
    func forms(_ given: String, _ expected: String) throws {
        #expect(try encoded(given, "L1") == expected)
        #expect(try encoded(expected, "L1") == expected)
    }

    /// No encoded word above 75 octets, no character in two of them.
    @Test(arguments: ["UTF-8", "ISO-8859-1"])
    func longText(_ charset: String) throws {
        var header = HeaderBlock()
        header.add("Subject", String(repeating: "\u{e4}\u{20ac}b", count: 80))
        header.encodeEightBit(charset: charset)
        var output: [UInt8] = []
        header.write(to: &output)
        let words = String(decoding: output, as: UTF8.self).split(whereSeparator: { $0.isWhitespace }).dropFirst()
        #expect(words.count > 5)
        for word in words {
            #expect(word.utf8.count <= 75 && word.hasPrefix("=?\(charset)?Q?") && word.hasSuffix("?="))
            if charset == "UTF-8" {
                #expect(!word.dropFirst(10).hasPrefix("=8") && !word.dropFirst(10).hasPrefix("=A"))
            }
        }
    }

    @Test func longParameter() throws {
        let name = String(repeating: "<FC>", count: 60)
        let result = try encoded("Content-Disposition: attachment; filename=\"\(name)\"", nil)
        #expect(result.hasPrefix("Content-Disposition: attachment; filename*0*=''%FC"))
        #expect(result.contains(";\r\n filename*1*=%FC"))
        #expect(result.contains(";\r\n filename*2*=%FC"))
        #expect(result.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 110 })
    }
}
