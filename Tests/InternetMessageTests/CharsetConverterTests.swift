import Testing

@testable import InternetMessage

/// iconv(3) on text that is not all right, and text whose character set is not said (mappings specification, 6).
@Suite struct CharsetConverterTests {
    private func converted(_ text: String, _ source: String, _ target: String, by size: Int) throws -> String {
        let converter = try #require(CharsetConverter(from: source, to: target))
        let octets = raw(text)
        var output: [UInt8] = []
        for start in stride(from: 0, to: octets.count, by: size) {
            converter.convert(octets[start..<min(start + size, octets.count)], into: &output)
        }
        converter.finish(into: &output)
        return shown(output)
    }

    /// The question mark is one of the target: behind its shift sequence, of its width; the next character is not lost.
    @Test(arguments: [
        // Japanese, a snowman that the set has not, Japanese again.
        (
            "<E3><81><82><F0><9F><98><80><E3><81><82>", "UTF-8", "ISO-2022-JP",
            "<1B>$B$\"<1B>(B?<1B>$B$\"<1B>(B"
        ),
        ("a<C3>b", "UTF-8", "UTF-16BE", "<00>a<00>?<00>b"), ("a<E2><98>", "UTF-8", "UTF-16LE", "a<00>?<00>"),
        // Half a surrogate pair.
        ("<00>a<DC><00><00>b", "UTF-16BE", "UTF-8", "a?b"), ("<00>a<00>", "UTF-16BE", "UTF-8", "a?"),
        ("<FF><FF>a", "US-ASCII", "ISO-8859-1", "??a"), ("gr<C3><BC>n", "utf8", "utf-8", "gr<C3><BC>n"),
    ])
    func replacement(_ text: String, _ source: String, _ target: String, _ expected: String) throws {
        for size in [1, 2, 100] {
            #expect(try shown(raw(expected)) == converted(text, source, target, by: size), "pieces of \(size)")
        }
    }

    private func convert(
        _ content: [UInt8], labels: CharacterSetLabels? = nil
    ) -> (content: [UInt8], findings: ContentConverter.Findings) {
        ContentConverter.convert(
            [content], .init(labels: labels), charsets: { .init(name: $0 == "UTF-8" ? $0 : "UTF-8") })
    }

    /// Text without a label is in the set that `charset8` names, and stays what it is without one.
    @Test func unlabelledText() {
        let given = raw("Subject: x\r\n\r\ncaf<E9>\r\n")
        #expect(convert(given).content == given)
        #expect(
            shown(convert(given, labels: .init(eightBit: "ISO-8859-1")).content)
                == "Subject: x\r\nMIME-version: 1.0\r\nContent-type: text/plain; charset=UTF-8\r\n"
                + "Content-transfer-encoding: QUOTED-PRINTABLE\r\n\r\ncaf=C3=A9\r\n")
    }

    /// Of long US-ASCII text the end is not seen.
    @Test(arguments: ["", "; charset=us-ascii"])
    func longUnlabelledText(_ label: String) {
        let given = raw("Content-Type: text/plain\(label)\r\n\r\n" + String(repeating: "0123456789\r\n", count: 6000))
        #expect(convert(given + raw("caf<E9>\r\n")).content == given + raw("caf<E9>\r\n"))
    }

    /// Text that grows beyond the lines of SMTP is encoded (RFC 5321 section 4.5.3.1.6).
    @Test(arguments: [(499, false), (500, true)])
    func longLines(_ count: Int, _ isEncoded: Bool) {
        let start = "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        let (content, findings) = convert(raw(start + String(repeating: "<E9>", count: count) + "\r\n"))
        #expect(findings.encodedParts == (isEncoded ? 1 : 0) && findings.recodedParts == 1)
        #expect(content.split(separator: 10).allSatisfy { $0.count < 1000 })
        #expect(findings.hasEightBit == !isEncoded)
    }
}
