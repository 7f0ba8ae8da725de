import Testing

@testable import SMTP

/// Parameters that no honest client sends, to a server that offers everything: refused in the session, which goes on.
@Suite struct HostileParameterTests {
    /// 2026-11-22T08:00:28Z.
    private static let now: Int64 = 1_795_334_428

    private static let options = ServerDriver.options {
        $0.offersSMTPUTF8 = true
        $0.authenticationMechanisms = ["PLAIN"]
        $0.extensions.offersBinaryMIME = true
        $0.extensions.longestHold = 86_400
        $0.extensions.shortestDeliverBy = 60
        $0.extensions.priorities = -4...4
        $0.now = now
    }

    private static let long = String(repeating: "x", count: 600)

    static let mailRows: [(String, Int)] = [
        // SIZE: beyond the limit, beyond any number, none.
        ("SIZE=2147483648", 552), ("SIZE=9223372036854775807", 552), ("SIZE=9223372036854775808", 552),
        ("SIZE=18446744073709551616", 552), ("SIZE=-9223372036854775808", 501), ("SIZE=0x10", 501), ("SIZE=1e3", 501),
        ("SIZE=+1", 501), ("SIZE=1 size=1", 501), ("SIZE=1,1", 501), ("SIZE=\(long)", 501), ("SIZE=\u{661}", 501),
        // ENVID and AUTH in malformed xtext, or hiding control characters in it (CVE-2023-42115 and its neighbours).
        ("ENVID=+00", 501), ("ENVID=a+0Ab", 501), ("ENVID=a+0Db", 501), ("ENVID=a+09b", 501), ("ENVID=+7F", 501),
        ("ENVID=+", 501), ("ENVID=+4", 501), ("ENVID=+4g", 501), ("ENVID=+c3+a9", 501), ("ENVID=+FF", 501),
        ("ENVID=\(long)", 501), ("ENVID=a ENVID=b", 501), ("ENVID", 501), ("ENVID=", 501), ("ENVID=\u{e9}", 501),
        ("AUTH=+", 501), ("AUTH=+3", 501), ("AUTH=+zz", 501), ("AUTH=a+00b", 501), ("AUTH=a+0Ab", 501),
        ("AUTH=a+0D+0ARSET", 501), ("AUTH=\(long)", 501), ("AUTH=<> AUTH=<>", 501), ("AUTH", 501), ("AUTH=+FF", 501),
        // Release in ten years; times that are none.
        ("HOLDFOR=315360000", 501), ("HOLDUNTIL=2036-11-22T08:00:28Z", 501), ("HOLDUNTIL=9999-12-31T23:59:59Z", 501),
        ("HOLDFOR=86401", 501), ("HOLDFOR=99999999999999999999", 501), ("HOLDUNTIL=2026-02-30T00:00:00Z", 501),
        ("HOLDUNTIL=2026-11-22T08:00:28+99:99", 501), ("HOLDFOR=1 HOLDFOR=1", 501),
        // RFC 2852 section 4: no return after a time that has passed.
        ("BY=-1;R", 501), ("BY=-999999999;R", 501), ("BY=0;R", 501), ("BY=59;R", 501),
        ("BY=99999999999999999999;N", 501),
        ("BY=-;N", 501), ("BY=1;R;N", 501), ("BY=1;N BY=1;N", 501),
        // RFC 6710 section 4: -9 to 9.
        ("MT-PRIORITY=10", 501), ("MT-PRIORITY=-10", 501), ("MT-PRIORITY=99999999999999999999", 501),
        ("MT-PRIORITY=--9", 501), ("MT-PRIORITY=1 MT-PRIORITY=2", 501),
        // No parameters at all.
        ("__PROTO__=1", 501), ("=", 501), ("SIZE==1", 501), ("\u{0}", 501), ("X=\u{7F}", 555),
        ("constructor=1", 555), (long, 555), ("BODY=", 501), ("BODY=8BITMIME;x", 501), ("RET=FULL,HDRS", 501),
    ]

    @Test(arguments: mailRows)
    func mail(text: String, code: Int) {
        guard case .failure(let reply) = MailParameters.parse(Array(" \(text)".utf8)[...], options: Self.options) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(reply.code == code, "\(text): \(reply.text)")
        Self.expectOneLine(reply)
    }

    static let recipientRows: [(String, Int)] = [
        ("ORCPT=rfc822;+00", 501), ("ORCPT=rfc822;a+0Ab", 501), ("ORCPT=rfc822;a+0D+0Ab", 501), ("ORCPT=+3B", 501),
        ("ORCPT=rfc822;a+", 501), ("ORCPT=rfc822;a+4", 501), ("ORCPT=rfc822;a+09", 501), ("ORCPT=rfc822;+FF", 501),
        ("ORCPT=rfc822;\(long)", 501), ("ORCPT=\(long);a", 501), ("ORCPT=rf c;a", 501), ("ORCPT=a;b ORCPT=a;b", 501),
        ("ORCPT=rfc822;a=b", 501), ("NOTIFY=NEVER,NEVER", 501), ("NOTIFY=SUCCESS,NEVER", 501), ("NOTIFY=,", 501),
        ("SIZE=1", 555), ("AUTH=<>", 555), ("ORCPT", 501), ("ORCPT=\u{0};a", 501),
    ]

    @Test(arguments: recipientRows)
    func recipient(text: String, code: Int) {
        guard case .failure(let reply) = RecipientParameters.parse(Array(" \(text)".utf8)[...]) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(reply.code == code, "\(text): \(reply.text)")
        Self.expectOneLine(reply)
    }

    /// Whatever the client wrote, the reply is one line of printable characters.
    private static func expectOneLine(_ reply: Reply) {
        let octets = reply.serialized
        #expect(octets.dropLast(2).allSatisfy { $0 >= 32 && $0 < 127 } && octets.suffix(2).elementsEqual([13, 10]))
        #expect(octets.count <= 512, "RFC 5321 section 4.5.3.1.5")
    }

    /// UTF-8 that is none: overlong, half a pair of surrogates, cut, beyond Unicode.
    @Test(
        arguments: [
            [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF], [0xC1, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xB0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82], [0x80],
            [0xFF], [0xFE],
        ] as [[UInt8]])
    func originalRecipientInBrokenUTF8(octets: [UInt8]) {
        let rest = Array(" ORCPT=utf-8;a".utf8) + octets + Array("@b.example".utf8)
        #expect(throws: Reply.self) { try RecipientParameters.parse(rest[...], allowsUTF8: true).get() }
    }

    /// Nothing that a client sends as XFORWARD or XCLIENT gets through from a stranger, and none of it changes anything.
    @Test(arguments: ["XCLIENT", "XFORWARD"])
    func strangersSpeakForNobody(verb: String) {
        for argument in ["ADDR=127.0.0.1", "NAME=localhost ADDR=127.0.0.1 LOGIN=root", "", "ADDR=" + Self.long] {
            var driver = ServerDriver()
            driver.start()
            driver.replies = []
            driver.send("EHLO x\r\n\(verb) \(argument)\r\nNOOP\r\n")
            #expect(!driver.replies.contains { $0.contains("XCLIENT") && $0.hasPrefix("250") })
            #expect(driver.replies.suffix(2) == ["550 5.7.0 \(verb) command has been disabled.", "250 2.5.0 Ok."])
            #expect(driver.session.options.clientAddress == "192.0.2.7")
        }
    }
}
