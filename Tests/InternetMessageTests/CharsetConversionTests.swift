import Testing

@testable import InternetMessage

/// CHARSET-CONVERSION of text parts (access-and-filtering specification, 22; mappings specification, 6).
@Suite struct CharsetConversionTests {
    private static let choice: ContentConverter.CharsetChoice = { charset in
        switch charset.lowercased() {
        case "iso-8859-1", "iso-2022-jp", "utf-16be": .init(name: "UTF-8")
        case "utf-8": .init(name: "ISO-8859-1")
        case "us-ascii": .init(name: "UTF-8", isRelabelOnly: true)
        case "ascii": .init(name: "UTF-8")
        case "x-nobody-knows", "utf-8//ignore": .init(name: "UTF-8")
        default: nil
        }
    }

    private func convert(_ text: String, _ wishes: ContentConverter.Wishes = .init()) -> String {
        let content = raw(text)
        let whole = ContentConverter.convert([content], wishes, charsets: Self.choice).content
        for size in [1, 3, 17] {
            var converter = ContentConverter(wishes, charsets: Self.choice)
            var output: [UInt8] = []
            for start in stride(from: 0, to: content.count, by: size) {
                converter.convert(content[start..<min(start + size, content.count)], into: &output)
            }
            converter.finish(into: &output)
            #expect(output == whole, "pieces of \(size)")
        }
        return shown(whole)
    }

    private func part(_ charset: String, _ encoding: String, _ body: String) -> String {
        "Content-Type: text/plain; charset=\(charset); format=flowed\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n"
            + body
    }

    @Test(arguments: [
        // Octets as they are, quoted-printable with a soft line end in the middle, base64.
        ("iso-8859-1", "8bit", "gr<FC>n\r\n", "UTF-8", "8bit", "gr<C3><BC>n\r\n"),
        (
            "\"ISO-8859-1\"", "quoted-printable", "gr=FC=\r\nn =E9\r\n", "UTF-8", "quoted-printable",
            "gr=C3=BCn =C3=A9\r\n"
        ),
        ("ISO-8859-1", "base64", "Z3L8bg==\r\n", "UTF-8", "base64", "Z3LDvG4=\r\n"),
        // Not in the other set.
        ("utf-8", "8bit", "<E2><98><83>x\r\n", "ISO-8859-1", "8bit", "?x\r\n"),
        // Not in the set it names: an octet, and an end in the middle of a character.
        ("utf-8", "8bit", "gr<C3><BC>n <C3>\r\n", "utf-8", "8bit", "gr<C3><BC>n <C3>\r\n"),
        ("utf-8", "base64", "eOI=\r\n", "utf-8", "base64", "eOI=\r\n"),
        ("ascii", "8bit", "caf<E9>\r\n", "ascii", "8bit", "caf<E9>\r\n"),
        ("us-ascii", "7bit", "x=\r\n", "UTF-8", "7bit", "x=\r\n"),
        ("utf-16be", "base64", "AGcA/A==\r\n", "UTF-8", "base64", "Z8O8\r\n"),
    ])
    func text(_ a: String, _ b: String, _ c: String, _ d: String, _ e: String, _ f: String) {
        #expect(convert(part(a, b, c)) == part(d, e, f))
    }

    /// Text of 7 bits that gets 8-bit octets keeps to 7 bits.
    @Test func sevenBitTextIsEncoded() {
        #expect(
            convert(part("iso-2022-jp", "7bit", "\u{1b}$B$\"\u{1b}(Bx\r\n"))
                == part("UTF-8", "QUOTED-PRINTABLE", "=E3=81=82x\r\n"))
    }

    /// Unknown sets, other types, and what is signed.
    @Test(arguments: [
        "Content-Type: text/plain; charset=x-nobody-knows\r\n\r\n<FC>\r\n",
        "Content-Type: text/plain; charset=\"utf-8//IGNORE\"\r\n\r\n<FC>\r\n",
        "Content-Type: text/plain; charset=koi8-r\r\n\r\n<FC>\r\n",
        "Content-Type: image/x; charset=iso-8859-1\r\n\r\n<FC>\r\n",
        "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n"
            + "<FC>\r\n--b--\r\n",
    ])
    func untouched(_ content: String) {
        #expect(convert(content) == content)
    }

    /// A missing label is US-ASCII; with `sevenbit` the result is encoded; each part by itself.
    @Test func parts() {
        let given =
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n--b\r\n"
            + "Content-Type: text/html; charset=iso-8859-1\r\n\r\n<FC>\r\n--b--\r\n"
        let expected =
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-type: text/plain; charset=UTF-8\r\n\r\n"
            + "plain\r\n--b\r\nContent-Type: text/html; charset=UTF-8\r\n"
            + "Content-transfer-encoding: QUOTED-PRINTABLE\r\n\r\n=C3=BC\r\n--b--\r\n"
        #expect(convert(given, .init(sevenBit: true)) == expected)
    }
}

/// RFC 2045 sections 6.7 and 6.8.
@Suite struct TransferDecoderTests {
    @Test(arguments: [
        ("quoted-printable", "a=3Db=\r\nc=\r\n", "a=bc"), ("quoted-printable", "=zz=4", "=zz=4"),
        ("quoted-printable", "==41", "=A"), ("quoted-printable", "x=", "x"),
        ("base64", "QUJD\r\nREU=", "ABCDE"), ("base64", "Q U-J*D", "ABC"), ("base64", "Q", ""),
    ])
    func decoded(_ encoding: String, _ text: String, _ expected: String) throws {
        for size in [1, 2, 100] {
            var decoder = try #require(TransferDecoder(encoding))
            var output: [UInt8] = []
            let octets = Array(text.utf8)
            for start in stride(from: 0, to: octets.count, by: size) {
                decoder.decode(octets[start..<min(start + size, octets.count)], into: &output)
            }
            decoder.finish(into: &output)
            #expect(String(decoding: output, as: UTF8.self) == expected)
        }
    }
}
