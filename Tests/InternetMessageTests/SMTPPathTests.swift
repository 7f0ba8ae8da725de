import InternetMessage
import Testing

@Suite struct SMTPPathTests {
    @Test(arguments: [
        ("<a@b>", "a@b"),
        ("a@b", "a@b"),
        ("  <a@b>  ", "a@b"),
        ("<Joe.Smith@Example.COM>", "Joe.Smith@Example.COM"),
        ("<postmaster>", "postmaster"),
        ("cron", "cron"),
        ("<\"abc\"@x>", "abc@x"),
        ("<\"Fred Bloggs\"@example.com>", "\"Fred Bloggs\"@example.com"),
        ("<\"a\\\"b\\\\c\"@example.com>", "\"a\\\"b\\\\c\"@example.com"),
        ("<\"a@b\"@example.com>", "\"a@b\"@example.com"),
        ("<\"x|l|y\"@other.example>", "x|l|y@other.example"),
        ("<victim%other.example@example.com>", "victim%other.example@example.com"),
        ("<other.example!v@example.com>", "other.example!v@example.com"),
        ("<@example.com:victim@other.example>", "@example.com:victim@other.example"),
        ("<@a,@b.example:u@d>", "@a,@b.example:u@d"),
        ("<u@[198.51.100.20]>", "u@[198.51.100.20]"),
        ("<u@[IPv6:::1]>", "u@[IPv6:::1]"),
        ("<u@[IPv6:2001:db8::192.0.2.1]>", "u@[IPv6:2001:db8::192.0.2.1]"),
        ("<u@[X-tag:anything!]>", "u@[X-tag:anything!]"),
        ("<v@tcp_intranet-daemon>", "v@tcp_intranet-daemon"),
        ("<bc=some+more-and.more@ser-ver.com>", "bc=some+more-and.more@ser-ver.com"),
    ])
    func accepts(_ text: String, _ canonical: String) throws {
        let path = try SMTPPath.parse(bytes(text)).get()
        #expect(path.mailbox?.description == canonical)
    }

    @Test func nullPath() throws {
        #expect(try SMTPPath.parse(bytes("<>")).get().mailbox == nil)
        #expect(try SMTPPath.parse(bytes(" <> ")).get().given == "")
    }

    @Test(arguments: [
        ("", AddressError.Code.empty), ("   ", .empty), ("<", .missingLocalPart), ("<a@b", .missingBracket),
        ("<@b>", .missingLocalPart), ("<a@>", .missingDomain), ("a@", .missingDomain), ("<a@b@c>", .badDomain),
        ("<a@@b>", .badDomain), ("<a..b@c>", .badLocalPart), ("<.a@c>", .badLocalPart), ("<a.@c>", .badLocalPart),
        ("<a b@c>", .badLocalPart), ("<a@b c>", .badDomain), ("<a@b.>", .badLabel), ("<a@.b>", .badLabel),
        ("<a@b..c>", .badLabel), ("<a@-b>", .badLabel), ("<a@b-.c>", .badLabel), ("<a@b>x", .trailingText),
        ("<\"a@b>", .unterminatedQuote), ("<\"a\"b@c>", .badLocalPart), ("<\"a\rb\"@c>", .badQuotedPair),
        ("<\"a\u{0}b\"@c>", .badQuotedPair), ("<\"a\\\u{1}\"@c>", .badQuotedPair), ("<a\u{0}@c>", .badLocalPart),
        ("<a@[1.2.3]>", .badLiteral), ("<a@[1.2.3.256]>", .badLiteral), ("<a@[fe80::1]>", .badLiteral),
        ("<a@[IPv6:fe80::1%eth0]>", .badLiteral), ("<a@[IPv6:1:2:3:4:5:6:7:8:9]>", .badLiteral),
        ("<a@[1.2.3.4>", .badLiteral), ("<a@[1.2.3.4]x>", .badDomain), ("<@a:>", .missingLocalPart),
        ("<@a u@d>", .missingLocalPart), ("<(c)a@b>", .badLocalPart), ("<a@b(c)>", .badDomain),
    ])
    func refuses(_ text: String, _ code: AddressError.Code) {
        guard case .failure(let error) = SMTPPath.parse(bytes(text)) else {
            Issue.record("accepted \(text)")
            return
        }
        #expect(error.code == code, "\(text): \(error)")
    }

    @Test func limits() {
        func accepted(_ text: String, _ limits: SMTPPath.Limits) -> Bool {
            (try? SMTPPath.parse(bytes(text), limits: limits).get()) != nil
        }
        func path(local: Int, labels: Int, last: Int) -> String {
            let domain =
                Array(repeating: String(repeating: "d", count: 60), count: labels)
                + [String(repeating: "e", count: last)]
            return "<" + String(repeating: "l", count: local) + "@" + domain.joined(separator: ".") + ">"
        }
        #expect(accepted(path(local: 64, labels: 0, last: 10), .strict))
        #expect(!accepted(path(local: 65, labels: 0, last: 10), .strict))
        #expect(accepted(path(local: 65, labels: 0, last: 10), .accepted))
        #expect(!accepted(path(local: 1_000, labels: 0, last: 10), .accepted))
        #expect(accepted(path(local: 1, labels: 4, last: 8), .accepted))
        #expect(path(local: 1, labels: 4, last: 8).utf8.count == 256)
        #expect(!accepted(path(local: 2, labels: 4, last: 8), .accepted))
        #expect(!accepted("<a@" + String(repeating: "b", count: 64) + ".c>", .accepted))
    }

    @Test func parametersAreLeft() throws {
        let line = bytes("<a@b> SIZE=100 BODY=8BITMIME")
        let (path, rest) = try SMTPPath.parsePrefix(line).get()
        #expect(path.given == "a@b")
        #expect(String(decoding: rest, as: UTF8.self) == " SIZE=100 BODY=8BITMIME")
    }

    /// Channels specification, 8.1.
    @Test func asteriskRule() throws {
        let path = try SMTPPath.parse(bytes("<Dörte@example.com>")).get()
        #expect(path.mailbox?.localPart == "D**rte")
        #expect(path.given == "D**rte@example.com")
        guard case .failure(let error) = SMTPPath.parse(bytes("<a@Sörensen.example>")) else {
            Issue.record("8-bit domain accepted")
            return
        }
        #expect(error.code == .eightBitDomain)
        #expect(error.status.description == "5.1.2")
    }

    @Test(arguments: ["<用户@例子.广告>", "<Dörte@Sörensen.example.com>", "<аджай@экзампл.рус>"])
    func internationalWithSMTPUTF8(_ text: String) throws {
        let path = try SMTPPath.parse(bytes(text), allowUTF8: true).get()
        #expect(path.given == String(text.dropFirst().dropLast()))
    }

    @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xC3]] as [[UInt8]])
    func invalidUTF8(_ local: [UInt8]) {
        let path = Array("<".utf8) + local + Array("@example.com>".utf8)
        guard case .failure(let error) = SMTPPath.parse(path[...], allowUTF8: true) else {
            Issue.record("accepted")
            return
        }
        #expect(error.code == .invalidUTF8)
    }

    @Test func mailboxComparison() {
        #expect(Mailbox("A@Example.COM")?.isSameAddress(as: Mailbox(localPart: "a", domain: "example.com")) == true)
        #expect(Mailbox("@h:a@b")?.isSameAddress(as: Mailbox(localPart: "a", domain: "b")) == false)
        #expect(Mailbox(localPart: "", domain: "x").address == "\"\"@x")
    }

    /// Every octet at every place of a path: no trap, and what is accepted prints as something that is accepted.
    @Test func anyOctetAnywhere() throws {
        for template in ["<a@b.c>", "<\"q\\x\"@b>", "<@r:a@b>", "<a@[1.2.3.4]>"] {
            for index in template.utf8.indices {
                for octet in UInt8.min...UInt8.max {
                    var text = Array(template.utf8)
                    text[template.utf8.distance(from: template.utf8.startIndex, to: index)] = octet
                    guard let path = try? SMTPPath.parse(text[...]).get(), let mailbox = path.mailbox else { continue }
                    let again = try SMTPPath.parse(bytes("<\(mailbox)>")).get()
                    #expect(again.mailbox == mailbox)
                }
            }
        }
    }
}
