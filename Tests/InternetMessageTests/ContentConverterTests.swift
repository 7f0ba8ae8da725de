import InternetMessage
import Testing

/// Channels specification, 8.2 and worked examples 40 and 41; RFC 2045 section 6, RFC 6152 section 3.
@Suite struct ContentConverterTests {
    private static let seven = ContentConverter.Wishes(sevenBit: true)
    private static let labels = ContentConverter.Wishes(
        labels: CharacterSetLabels(sevenBit: "US-ASCII", eightBit: "ISO-8859-1", escape: "ISO-2022-JP"))

    private func convert(_ text: String, _ wishes: ContentConverter.Wishes) -> (String, ContentConverter.Findings) {
        let content = raw(text)
        let (whole, findings) = ContentConverter.convert([content], wishes)
        // Whatever the pieces, the result is the same.
        for size in [1, 3, 17] {
            var converter = ContentConverter(wishes)
            var output: [UInt8] = []
            for start in stride(from: 0, to: content.count, by: size) {
                converter.convert(content[start..<min(start + size, content.count)], into: &output)
            }
            converter.finish(into: &output)
            if !findings.hasEightBit { #expect(output == whole) }
        }
        return (shown(whole), findings)
    }

    /// "`sevenbit` channel, text/plain ISO-8859-1 8-bit body": "Content-transfer-encoding QUOTED-PRINTABLE, `=F6` for octet
    /// F6".
    @Test func example41() {
        let head = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n"
        let (text, findings) = convert(
            head + "Content-Transfer-Encoding: 8bit\r\n\r\nSch<F6>n = gut \r\n.\r\n", Self.seven)
        #expect(text == head + "Content-Transfer-Encoding: QUOTED-PRINTABLE\r\n\r\nSch=F6n =3D gut=20\r\n.\r\n")
        #expect(findings.encodedParts == 1 && !findings.hasEightBit)
    }

    /// "text/plain without charset, body 7-bit, `charset7 US-ASCII charset8 ISO-8859-1`": "`charset=US-ASCII` added; with an
    /// 8-bit octet `charset=ISO-8859-1`".
    @Test(arguments: [
        ("Content-Type: text/plain\r\n\r\nx\r\n", "Content-Type: text/plain; charset=US-ASCII\r\n\r\nx\r\n"),
        ("Content-Type: text/plain;\r\n\r\n<F6>\r\n", "Content-Type: text/plain; charset=ISO-8859-1\r\n\r\n<F6>\r\n"),
        (
            "Content-Type: text/html\r\n\r\n\u{1b}$B\r\n",
            "Content-Type: text/html; charset=ISO-2022-JP\r\n\r\n\u{1b}$B\r\n"
        ),
        // "A missing Content-type (and MIME-Version) is added"; a label is never overridden, other types are not touched.
        ("A: b\r\n\r\nx\r\n", "A: b\r\nMIME-version: 1.0\r\nContent-type: text/plain; charset=US-ASCII\r\n\r\nx\r\n"),
        ("Content-Type: text/plain; charset=\"x\"\r\n\r\n<F6>", "Content-Type: text/plain; charset=\"x\"\r\n\r\n<F6>"),
        ("Content-Type: image/png\r\n\r\n<F6>", "Content-Type: image/png\r\n\r\n<F6>"),
    ])
    func example40(_ given: String, _ expected: String) {
        #expect(convert(given, Self.labels).0 == expected)
    }

    @Test func noKeywordNoLabel() {
        let text = "Content-Type: text/plain\r\n\r\n<F6>\r\n"
        #expect(convert(text, ContentConverter.Wishes()).0 == text)
        #expect(convert(text, ContentConverter.Wishes(labels: CharacterSetLabels(sevenBit: "x"))).0 == text)
    }

    /// What needs no change keeps every octet.
    @Test(arguments: [
        "A: b\r\n\r\nplain  \r\n\r\n", "A: b\r\n\r\nwithout end", "A: b\r\n", "",
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=F6=\r\nx\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\none\r\n--b\r\nX: y\r\n\r\n\r\n--b--\r\npost\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n\r\n--b--",
        "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
        "Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\ntext\r\n",
    ])
    func unchanged(_ text: String) {
        let (result, findings) = convert(text, Self.seven)
        #expect(result == text)
        #expect(findings == ContentConverter.Findings())
    }

    /// Signed and encrypted parts are never touched; that 8-bit octets stay in them is told.
    @Test(arguments: ["signed", "encrypted"])
    func sealed(_ subtype: String) {
        let sealed =
            "Content-Type: multipart/\(subtype); boundary=s\r\n\r\n--s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<F6>\r\n"
            + "--s\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--s--\r\n"
        let (alone, findings) = convert(sealed, Self.seven)
        #expect(alone == sealed && findings.hasEightBit && findings.encodedParts == 0)
        let outer = "Content-Type: multipart/mixed; boundary=o\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        let (mixed, mixedFindings) = convert(
            outer + "--o\r\n" + sealed + "--o\r\n\r\n<FC>\r\n--o--\r\n", Self.seven)
        let label = "Content-type: text/plain; charset=UNKNOWN-8BIT\r\nContent-transfer-encoding: QUOTED-PRINTABLE\r\n"
        #expect(mixed.hasPrefix(outer + "--o\r\n" + sealed + "--o\r\n" + label))
        #expect(mixed.hasSuffix("\r\n\r\n=FC\r\n--o--\r\n"))
        #expect(mixedFindings.hasEightBit && mixedFindings.encodedParts == 1)
        let seven = sealed.replacing("<F6>", with: "o")
        #expect(convert(seven, Self.seven).1.hasEightBit == false)
    }

    /// Nested multiparts and messages in messages.
    @Test func nested() {
        let inner =
            "Subject: <F6>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=in\r\n"
            + "Content-Transfer-Encoding: 8bit\r\n\r\n--in\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Transfer-Encoding: 8bit\r\n\r\n<C3><B6>\r\n--in\r\nContent-Type: application/x\r\n"
            + "Content-Transfer-Encoding: 8bit\r\n\r\n<F6>\r\n\r\n--in--\r\n"
        let text =
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"out er\"\r\n"
            + "Content-Transfer-Encoding: 8bit\r\n\r\n<F6>\r\n--out er\r\nContent-Type: message/rfc822\r\n"
            + "Content-Transfer-Encoding: 8bit\r\n\r\n\(inner)\r\n--out er--\r\n"
        let (result, findings) = convert(text, Self.seven)
        #expect(!findings.hasEightBit && findings.encodedParts == 2)
        #expect(
            result
                == "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"out er\"\r\n"
                + "Content-Transfer-Encoding: 7BIT\r\n\r\n?\r\n--out er\r\nContent-Type: message/rfc822\r\n"
                + "Content-Transfer-Encoding: 7BIT\r\n\r\nSubject: =?UNKNOWN?Q?=F6?=\r\nMIME-Version: 1.0\r\n"
                + "Content-Type: multipart/alternative; boundary=in\r\nContent-Transfer-Encoding: 7BIT\r\n\r\n--in\r\n"
                + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: QUOTED-PRINTABLE\r\n\r\n=C3=B6\r\n"
                + "--in\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: BASE64\r\n\r\n9g0K\r\n--in--\r\n\r\n"
                + "--out er--\r\n")
    }

    /// A part of a digest is a message, though it does not say so (RFC 2046 section 5.1.5).
    @Test func digest() {
        let (result, _) = convert(
            "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nA: b\r\n\r\n<F6>\r\n--d--\r\n", Self.seven)
        #expect(
            result
                == "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nA: b\r\nMIME-version: 1.0\r\n"
                + "Content-type: text/plain; charset=UNKNOWN-8BIT\r\nContent-transfer-encoding: QUOTED-PRINTABLE\r\n\r\n"
                + "=F6\r\n--d--\r\n")
    }

    /// Octets that cannot be in an encoded part are put right, and types that allow no encoding are left.
    @Test(arguments: [
        (
            "Content-Transfer-Encoding: base64\r\n\r\nYQ<F6>==\r\n",
            "Content-Transfer-Encoding: base64\r\n\r\nYQ==\r\n", false
        ),
        (
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n<F6>=F6\r\n",
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=F6=F6\r\n", false
        ),
        (
            "Content-Type: multipart/mixed; boundary=<F6>\r\n\r\n--<F6>\r\n\r\n<FC>\r\n--<F6>--\r\n",
            "Content-Type: multipart/mixed; boundary=<F6>\r\n\r\n--<F6>\r\n\r\n<FC>\r\n--<F6>--\r\n", true
        ),
        ("Content-Transfer-Encoding: x-own\r\n\r\n<F6>\r\n", "Content-Transfer-Encoding: x-own\r\n\r\n<F6>\r\n", true),
        (
            "Content-Type: message/partial; id=x\r\n\r\n<F6>\r\n",
            "Content-Type: message/partial; id=x\r\n\r\n<F6>\r\n",
            true
        ),
        (
            "Content-Type: message/delivery-status\r\n\r\n<F6>\r\n",
            "Content-Type: message/delivery-status\r\nMIME-version: 1.0\r\n"
                + "Content-transfer-encoding: QUOTED-PRINTABLE\r\n\r\n=F6\r\n", false
        ),
        (
            "<F6> no header\r\n",
            "MIME-version: 1.0\r\nContent-type: text/plain; charset=UNKNOWN-8BIT\r\n"
                + "Content-transfer-encoding: QUOTED-PRINTABLE\r\n\r\n=F6 no header\r\n", false
        ),
    ])
    func odd(_ given: String, _ expected: String, _ leavesEightBit: Bool) {
        let (result, findings) = convert(given, Self.seven)
        #expect(result == expected)
        #expect(findings.hasEightBit == leavesEightBit)
    }

    /// "`linelength n`: lines longer than n force an encoding; encodings give lines under 80."
    @Test func longLines() {
        let wishes = ContentConverter.Wishes(lineLength: 100)
        let at = "Content-Type: text/plain\r\n\r\n" + String(repeating: "x", count: 100) + "\r\n<F6>\r\n"
        #expect(convert(at, wishes).0 == at)
        let (over, findings) = convert(at.replacing("x\r\n", with: "xx\r\n"), wishes)
        #expect(findings.encodedParts == 1)
        #expect(
            over.contains("QUOTED-PRINTABLE")
                && over.hasSuffix("=\r\n" + String(repeating: "x", count: 26) + "\r\n=F6\r\n"))
        #expect(over.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 76 })
        let image = "Content-Type: image/x\r\n\r\n" + String(repeating: "x", count: 300) + "\r\n"
        let (encoded, _) = convert(image, wishes)
        #expect(encoded.contains("BASE64"))
        #expect(encoded.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 76 })
    }

    /// A part whose 8-bit octets come late: nothing above 127 leaves, whatever the size, in bounded memory.
    @Test(arguments: ["text/plain", "application/x"])
    func late(_ type: String) throws {
        let line = raw("seven bits, and no more than that\r\n")
        var converter = ContentConverter(Self.seven)
        var output: [UInt8] = []
        converter.convert(raw("Content-Type: \(type)\r\n\r\n")[...], into: &output)
        var body: [UInt8] = []
        for number in 0..<5000 {
            let next = number == 4000 ? raw("<F6>\r\n") : line
            body += next
            converter.convert(next[...], into: &output)
            if number == 3000 { #expect(output.count > 30_000) }
        }
        converter.finish(into: &output)
        #expect(!output.contains { $0 > 127 } && !converter.findings.hasEightBit)
        let scan = try HeaderBlock.scan(output).get()
        #expect(decoded(output[scan.bodyStart...], scan.header.text(of: "Content-Transfer-Encoding")) == body)
    }

    /// Encodings decode to what they were made of.
    @Test(arguments: 0..<60)
    func roundTrip(_ seed: Int) throws {
        var random = SystemRandomNumberGenerator()
        let alphabet = raw("<00><F6><FF>a=. \t\u{c}") + Array("\r\n\r\n".utf8)
        var body: [UInt8] = []
        for _ in 0..<Int.random(in: 1...400, using: &random) {
            let octet = alphabet.randomElement(using: &random) ?? 0
            body += octet == 13 ? [13, 10] : seed % 2 == 0 || octet != 10 ? [octet] : []
        }
        body += raw("<F6>")
        let type = seed % 3 == 0 ? "image/x" : "text/plain"
        let (content, findings) = ContentConverter.convert(
            [Array("Content-Type: \(type)\r\n\r\n".utf8) + body], Self.seven)
        #expect(!content.contains { $0 > 127 } && !findings.hasEightBit)
        let scan = try HeaderBlock.scan(content).get()
        let result = decoded(content[scan.bodyStart...], scan.header.text(of: "Content-Transfer-Encoding"))
        #expect(result == body || result == body + [13, 10])
    }

    /// Deep nesting and many parts are looked into as far as allowed, and then left.
    @Test func limits() {
        var wishes = Self.seven
        wishes.levels = 3
        wishes.parts = 5
        let part = "--b\r\n\r\n<F6>\r\n"
        let many =
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + String(repeating: part, count: 10) + "--b--\r\n"
        let (_, findings) = convert(many, wishes)
        #expect(findings.encodedParts == 4 && findings.hasEightBit)
        let deep = String(repeating: "Content-Type: message/rfc822\r\n\r\n", count: 10_000) + "A: b\r\n\r\n<F6>\r\n"
        #expect(convert(deep, wishes).1.hasEightBit)
    }

    private func decoded(_ body: ArraySlice<UInt8>, _ encoding: String?) -> [UInt8] {
        switch encoding?.lowercased() {
        case "quoted-printable":
            var output: [UInt8] = []
            var index = body.startIndex
            while index < body.endIndex {
                guard body[index] == UInt8(ascii: "="), index + 2 < body.endIndex else {
                    output.append(body[index])
                    index += 1
                    continue
                }
                let digits = String(decoding: body[(index + 1)...(index + 2)], as: UTF8.self)
                if let octet = UInt8(digits, radix: 16) { output.append(octet) }
                index += 3
            }
            return output
        case "base64":
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
            var output: [UInt8] = []
            var bits = 0
            var count = 0
            for octet in body {
                guard let value = alphabet.firstIndex(of: octet) else { continue }
                bits = (bits << 6 | value) & 0xFF_FFFF
                count += 6
                if count >= 8 {
                    count -= 8
                    output.append(UInt8(bits >> count & 255))
                }
            }
            return output
        default: return Array(body)
        }
    }
}
