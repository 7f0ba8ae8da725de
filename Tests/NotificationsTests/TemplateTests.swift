import Envelope
import Testing

@testable import Notifications

private func expand(
    _ template: String, header: [String] = [], recipients: [[String]] = [], queued: Int = 3, allowed: Int = 12,
    hours: Bool = false, unit: String? = nil
) -> String {
    let expansion = TemplateExpansion(
        header: header.map { Array($0.utf8) }, recipients: recipients.map { $0.map { Array($0.utf8) } },
        time: WaitingTime(queued: queued, allowed: allowed, countsHours: hours), unit: unit.map { Array($0.utf8) })
    return String(decoding: expansion.expand(Array(template.utf8)), as: UTF8.self)
}

/// Notifications-logging specification, 1.4: substitutions.
@Suite struct TemplateTests {
    @Test func example19Units() {
        #expect(expand("%U %u") == "Day day\r\n")
        #expect(expand("%U %u", hours: true) == "Hour hour\r\n")
    }

    @Test func example20PercentSign() {
        #expect(expand("100%%") == "100%\r\n")
    }

    @Test(arguments: [
        ("%C of %F, %L left", "3 of 12, 9 left"), ("%C %u%s", "3 days"), ("%L %u%s", "9 days"),
        // `DAY` and `HOUR` of the options know no case.
        ("%q %", "%q %"), ("%", "%"), ("100%\nx", "100%\r\nx"), ("a\r\nb\n", "a\r\nb"), ("", ""),
    ])
    func substitutions(_ template: String, _ text: String) {
        #expect(expand(template) == (text.isEmpty ? "" : text + "\r\n"))
    }

    /// `%S` and `%s`: unless the last expanded number was 1.
    @Test func plurals() {
        #expect(expand("%C %u%s, %L DAY%S, %F %u%s", queued: 1, allowed: 2) == "1 day, 1 DAY, 2 days\r\n")
        #expect(expand("day%s") == "days\r\n")
        #expect(expand("%L", queued: 20, allowed: 12) == "0\r\n")
    }

    @Test func ownWordsForUnits() {
        #expect(expand("%U %u", unit: "jour") == "jour jour\r\n")
    }

    /// An empty line, the list by two blanks, an empty line; a blank before the letter goes.
    @Test(arguments: ["fields: %H\nnext", "fields:%Hnext", "fields:\n%H\nnext", "fields:\r\n%H\r\nnext\r\n"])
    func headerList(_ template: String) {
        #expect(
            expand(template, header: ["Date: x", "Subject: y", " z"])
                == "fields:\r\n\r\n  Date: x\r\n  Subject: y\r\n   z\r\n\r\nnext\r\n")
    }

    @Test(arguments: ["to:%R", "to:%R\n"])
    func recipientList(_ template: String) {
        #expect(
            expand(template, recipients: [["Recipient address: a", "Reason: b"], ["Recipient address: c"]])
                == "to:\r\n\r\n  Recipient address: a\r\n  Reason: b\r\n\r\n  Recipient address: c\r\n\r\n")
    }

    /// The scan is by octets: what a charset has between them stays.
    @Test func octetsOfAnyCharset() {
        let expansion = TemplateExpansion(
            header: [], recipients: [], time: WaitingTime(queued: 0, allowed: 0, countsHours: false))
        #expect(expansion.expand([0xA4, 0xA4, 0xFF, 0x00]) == [0xA4, 0xA4, 0xFF, 0x00, 13, 10])
    }

    /// Programs that read notifications look for these; lines of 78 characters at most.
    @Test func shippedTexts() {
        let first = "This report relates to a message you sent with the following header fields: %H"
        #expect(ShippedTexts.prefix.split(separator: "\n").contains(first[...]))
        #expect(
            ShippedTexts.text(.failed) == "Your message cannot be delivered to the following recipients:%R\n")
        for (name, text) in ShippedTexts.files where name != "return_prefix.txt" {
            #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 78 }, "\(name)")
        }
        #expect(Set(ShippedTexts.files.map(\.name)).count == ShippedTexts.files.count)
        let wanted =
            "bounced capture deferred delayed delivered error expanded failed forwarded journal read relayed timedout "
            + "prefix suffix"
        for type in wanted.split(separator: " ") {
            #expect(ShippedTexts.files.contains { $0.name == "return_\(type).txt" })
        }
    }

    @Test func options() {
        let options = NotificationOptions(
            Array("! comment\n DAY = Tag \r\nhour=Stunde\nREASON=\n5.1.1=weg=fort\n# x\nnonsense\n".utf8))
        #expect(options.unit(countsHours: false) == Array("Tag".utf8))
        #expect(options.unit(countsHours: true) == Array("Stunde".utf8))
        #expect(options.label("REASON") == [])
        #expect(options.label("RECIPIENT_ADDRESS") == nil)
        #expect(options.text(forStatus: "5.1.1") == Array("weg=fort".utf8))
        #expect(options.text(forStatus: "") == nil)
        #expect(options.problems == ["line 7 is no NAME=value"])
    }

    /// Header lines of a prefix; what it says of encoding is not its business.
    @Test(arguments: [
        ("Content-type: text/plain; charset=Big5\nContent-language: zh\n\nx", "big5", "x"),
        (
            "Content-Type: text/plain;\n charset=\"iso-8859-1\"\nContent-transfer-encoding: base64\n\nx", "iso-8859-1",
            "x"
        ),
        ("no header\n\nx", "us-ascii", "no header\n\nx"), ("Content-type: text/plain\n\n", "us-ascii", ""),
        ("Dear user: read this\n\nx", "us-ascii", "Dear user: read this\n\nx"),
    ])
    func prefixHeader(_ prefix: String, _ charset: String, _ text: String) {
        let texts = NotificationTexts(prefix: Array(prefix.utf8), suffix: [], kinds: [:])
        #expect(texts.charset == charset)
        #expect(String(decoding: texts.prefix, as: UTF8.self) == text)
        let header = String(decoding: texts.partHeader, as: UTF8.self)
        #expect(header.hasSuffix("\r\n") && !header.contains("\r\n\r\n") && !header.contains("base64"))
    }
}

/// `%H` and encoded words (section 1.4).
@Suite struct HeaderListTests {
    private func subject(_ value: String, _ charset: String, _ option: Int = -1) -> [UInt8] {
        let list = OriginalHeaderList(
            Array("Subject: \(value)\r\n\r\n".utf8), charset: charset, decoding: .init(option: option, charset: charset)
        )
        return Array((list.lines.first ?? []).dropFirst("Subject: ".utf8.count))
    }

    @Test func example23Decoding() {
        let word = "=?big5?Q?=A4=A4=A4=E5?="
        #expect(subject(word, "big5") == [0xA4, 0xA4, 0xA4, 0xE5])
        #expect(subject(word, "us-ascii") == Array(word.utf8))
    }

    /// NOTARY_DECODE: -1 those of the charset, 0 never, 1 always to UTF-8.
    @Test(arguments: [
        ("=?iso-8859-1?Q?caf=E9?=", "us-ascii", -1, "=?iso-8859-1?Q?caf=E9?="),
        ("=?iso-8859-1?Q?caf=E9?=", "us-ascii", 1, "caf\u{E9}"),
        ("=?iso-8859-1?Q?caf=E9?=", "utf-8", 0, "=?iso-8859-1?Q?caf=E9?="),
        ("=?UTF-8*de?b?w6TDtg==?= a", "utf-8", -1, "\u{E4}\u{F6} a"),
        // Blanks between two decoded words belong to neither.
        ("=?utf-8?q?a?=  =?utf-8?q?_b?= c", "utf-8", -1, "a b c"),
        ("(=?utf-8?q?a?=)", "utf-8", -1, "(=?utf-8?q?a?=)"), ("=?utf-8?q?a?=, x", "utf-8", -1, "a, x"),
        ("=?utf-8?q?a=0D=0AX?=", "utf-8", -1, "=?utf-8?q?a=0D=0AX?="), ("=?utf-8?x?a?=", "utf-8", -1, "=?utf-8?x?a?="),
        ("=?utf-8?q?a=?=", "utf-8", -1, "=?utf-8?q?a=?="), ("=?utf-8?b?*?=", "utf-8", -1, "=?utf-8?b?*?="),
        ("=?../../x?Q?a?=", "utf-8", 1, "=?../../x?Q?a?="),
        ("=?us-ascii?Q?=E9?=", "us-ascii", -1, "=?us-ascii?Q?=E9?="),
        ("=?", "utf-8", -1, "=?"), ("=?a?", "utf-8", -1, "=?a?"), ("", "utf-8", -1, ""),
    ])
    func decoding(_ value: String, _ charset: String, _ option: Int, _ shown: String) {
        #expect(String(decoding: subject(value, charset, option), as: UTF8.self) == shown)
    }

    /// Raw 8-bit text stays where the text is UTF-8.
    @Test func eightBitFields() {
        #expect(subject("\u{E4}\u{85}", "utf-8") == Array("\u{E4}?".utf8))
        #expect(subject("\u{E4}", "us-ascii") == Array("??".utf8))
    }
}
