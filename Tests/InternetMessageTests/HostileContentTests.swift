import Testing

@testable import InternetMessage

/// Content made to break a reader of MIME: whatever it is, the converter ends in linear time, in bounded depth, with the
/// same octets where nothing needs a change.
@Suite struct HostileContentTests {
    private static let seven = ContentConverter.Wishes(sevenBit: true)

    private static func multipart(_ boundary: String, _ body: String) -> String {
        "Content-Type: multipart/mixed; boundary=\"\(boundary)\"\r\n\r\n\(body)"
    }

    private static func nested(_ depth: Int, _ leaf: String) -> String {
        (0..<depth).map { multipart("b\($0)", "--b\($0)\r\n") }.joined() + leaf
            + (0..<depth).reversed().map { "\r\n--b\($0)--" }.joined()
    }

    private static func many(_ count: Int, _ text: String) -> String { String(repeating: text, count: count) }

    static let odd: [(name: String, text: String)] = [
        ("10 000 levels", nested(10_000, "\r\nx")),
        ("10 000 levels that never end", (0..<10_000).map { multipart("b\($0)", "--b\($0)\r\n") }.joined()),
        ("100 000 empty parts", multipart("b", many(100_000, "--b\r\n") + "--b--\r\n")),
        ("100 000 parts without a header", multipart("b", many(100_000, "--b\r\n\r\n"))),
        ("messages in messages", many(10_000, "Content-Type: message/rfc822\r\n\r\n")),
        ("a multipart in itself", many(2_000, multipart("b", "--b\r\n"))),
        ("empty boundary", multipart("", "--\r\n\r\nx\r\n----\r\n")),
        ("boundary of 1000 characters", multipart(long, "--\(long)\r\n\r\nx\r\n--\(long)--\r\n")),
        (
            "boundaries that begin with each other",
            multipart("b", "--b\r\n" + multipart("bb", "--bb\r\n\r\nx\r\n--b--\r\n"))
        ),
        ("no last boundary", multipart("b", "--b\r\n\r\nx")), ("no boundary at all", multipart("b", "x\r\n")),
        ("no empty line", "Content-Type: text/plain\r\nno field\r\n"), ("only a header", "A: b\r\nC: d\r\n"),
        ("boundary and blanks", multipart("b", "--b" + many(9000, " ") + "\r\n\r\nx\r\n--b--")),
        ("parameters without end", "Content-Type: multipart/mixed" + parameters + "\r\n\r\nx\r\n"),
        ("comment without end", "Content-Type: text/plain" + many(100_000, "(") + "\r\n\r\nx\r\n"),
        ("quotes without end", "Content-Type: a/b; c=\"" + many(100_001, "\\") + "\r\n\r\nx\r\n"),
        ("names of other languages", "__proto__: x\r\nconstructor: y\r\nContent-Type: __proto__\r\n\r\nx\r\n"),
        ("an endless field", "A: " + many(1_000_000, "x")),
        ("encoding unknown", "Content-Transfer-Encoding: x-yenc\r\n\r\n=ybegin line=128\r\n"),
        ("base64 that is none", "Content-Transfer-Encoding: base64\r\n\r\n====!!\r\n\u{0}\r\n"),
        ("quoted-printable that is none", "Content-Transfer-Encoding: quoted-printable\r\n\r\n==G=\r\n=\r\n"),
        ("uuencode", "A: b\r\n\r\nbegin 644 ../../etc/passwd\r\n`\r\nend\r\n"),
        ("encoded words without end", "Subject: =?utf-8?Q?" + many(10_000, "=?=?") + "\r\n\r\n"),
    ]

    /// Content in 7 bits is not changed, however odd it is.
    @Test(arguments: odd.map(\.name))
    func unchanged(name: String) throws {
        let content = Array(try #require(Self.odd.first { $0.name == name }).text.utf8)
        let (result, findings) = ContentConverter.convert([content], Self.seven)
        // Compared outside, or a failure would print it all.
        let isUnchanged = result == content
        #expect(isUnchanged)
        #expect(findings.encodedParts == 0)
        // In pieces, cut at odd places.
        var converter = ContentConverter(Self.seven)
        var output: [UInt8] = []
        for start in stride(from: 0, to: content.count, by: 1021) {
            converter.convert(content[start..<min(start + 1021, content.count)], into: &output)
        }
        converter.finish(into: &output)
        let isUnchangedInPieces = output == content
        #expect(isUnchangedInPieces)
    }

    /// Lines beyond 998 octets cannot go on as they are (RFC 5321 section 4.5.3.1.6).
    @Test func endlessLine() {
        let (result, findings) = ContentConverter.convert([raw("A: b\r\n\r\n" + Self.many(1_000_000, "x"))], Self.seven)
        #expect(findings.encodedParts == 1)
        #expect(result.split(separator: 10).allSatisfy { $0.count <= 78 })
    }

    /// What looks like a boundary, or like a header, and goes on: nothing of it gets lost, however it is cut.
    @Test(arguments: [
        multipart("b", "--b\r\n\r\nx\r\n--b" + many(5_000, " ") + "and more\r\n--b--\r\n"),
        multipart("b", "--b\r\n\r\nx\r\n--b--" + many(5_000, " ") + "and more\r\n"),
        multipart("b", "--b\r\nA: b\nno field of it\r\nC: d\r\n\r\nx\r\n--b--\r\n"),
        multipart("b", "--b\r\nA: b\n\nC: d\r\n\r\nx\r\n--b--\r\n"),
        "Content-Type: message/rfc822\r\n\r\nA: b\n\nbody in LF\n\r\n\r\n", "A: b\r\n\nC: d\r\n\r\nx\r\n",
    ])
    func nothingIsLost(text: String) {
        let content = Array(text.utf8)
        for size in [1, 7, 4095, 4096, 4097, content.count] {
            var converter = ContentConverter(ContentConverter.Wishes())
            var output: [UInt8] = []
            for start in stride(from: 0, to: content.count, by: size) {
                converter.convert(content[start..<min(start + size, content.count)], into: &output)
            }
            converter.finish(into: &output)
            #expect(output == content, "in pieces of \(size)")
        }
    }

    private static let long = String(repeating: "b", count: 1000)
    private static let parameters = (0..<20_000).map { "; boundary*\($0)*=x" }.joined()

    /// Within the limits a leaf is found however deep it is; beyond them it is left, and said so.
    @Test(arguments: [(1, true), (50, true), (99, true), (101, false), (10_000, false)])
    func leaf(depth: Int, isFound: Bool) {
        let (result, findings) = ContentConverter.convert([raw(Self.nested(depth, "\r\n<F6>"))], Self.seven)
        #expect(findings.hasEightBit == !isFound)
        #expect(findings.encodedParts == (isFound ? 1 : 0))
        #expect(result[...].hasEightBit == !isFound)
    }

    /// A header of 8-bit octets alone, as large as a header may be: each field is encoded, in linear time.
    @Test(arguments: ["Subject", "To", "Content-Type", "Content-Disposition", "X"])
    func eightBitHeaders(name: String) {
        let texts = [
            String(repeating: "\(name): <F6>\r\n", count: 3_000),
            "\(name): " + String(repeating: "<F6> ", count: 10_000),
            "\(name): " + String(repeating: "<F6>,", count: 10_000),
            "\(name): " + String(repeating: "(<F6>", count: 10_000),
            "\(name): " + String(repeating: "\"<F6>", count: 10_001),
            "\(name): " + String(repeating: "a<<F6>", count: 10_000),
            "\(name): x" + String(repeating: ";<F6>=<F6>", count: 6_000),
            "\(name): x; y=\"" + String(repeating: "<F6>", count: 20_000),
        ]
        for text in texts {
            let (result, findings) = ContentConverter.convert([raw(text + "\r\n\r\nbody\r\n")], Self.seven)
            #expect(!result[...].hasEightBit || findings.hasEightBit, "\(text.prefix(40))")
            #expect(result.suffix(8).elementsEqual("\r\nbody\r\n".utf8), "\(text.prefix(40))")
        }
    }
}
