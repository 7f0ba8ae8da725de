import Testing

@testable import SMTP

@Suite struct ExtensionParameterTests {
    private static let now: Int64 = 1_795_334_428

    private static let options = ServerDriver.options {
        $0.offersSMTPUTF8 = true
        $0.extensions.offersBinaryMIME = true
        $0.extensions.longestHold = 86_400
        $0.extensions.shortestDeliverBy = 60
        $0.extensions.priorities = -4...4
        $0.refusedSolicitations = ["org.example:ADULT"]
        $0.now = now
    }

    private static func parse(_ text: String) -> Result<MailParameters, Reply> {
        MailParameters.parse(Array(" \(text)".utf8)[...], options: options)
    }

    @Test(arguments: [
        ("HOLDFOR=0", now), ("HOLDFOR=86400", now + 86_400), ("holduntil=2026-11-22T08:00:28Z", now),
        ("HOLDUNTIL=2026-11-22T09:00:28.25+00:30", now + 1800), ("HOLDUNTIL=2020-01-01T00:00:00Z", now),
    ])
    func futureRelease(text: String, time: Int64) throws {
        #expect(try Self.parse(text).get().releaseTime == time)
    }

    @Test(
        arguments: [
            ("BY=120;R", 120, DeliverByRequest.Mode.giveBack, false), ("BY=+60;rt", 60, .giveBack, true),
            ("by=-3;N", -3, .notify, false), ("BY=0;NT", 0, .notify, true),
            ("BY=999999999;N", 999_999_999, .notify, false),
        ] as [(String, Int64, DeliverByRequest.Mode, Bool)])
    func deliverBy(text: String, seconds: Int64, mode: DeliverByRequest.Mode, isTraced: Bool) throws {
        let expected = DeliverByRequest(seconds: seconds, mode: mode, isTraced: isTraced)
        #expect(try Self.parse(text).get().deliverBy == expected)
    }

    @Test(arguments: [("0", 0, 0), ("-9", -9, -4), ("4", 4, 4), ("5", 5, 4), ("-0", 0, 0)])
    func priority(text: String, asked: Int, granted: Int) throws {
        let expected = PriorityRequest(asked: asked, granted: granted)
        #expect(try Self.parse("MT-PRIORITY=\(text)").get().priority == expected)
    }

    @Test func solicitationsAndBinaryMIME() throws {
        let parameters = try Self.parse("SOLICIT=net.example:ADV,a BODY=binarymime").get()
        #expect(parameters.solicitations == ["net.example:ADV", "a"])
        #expect(parameters.body == .binaryMIME)
    }

    @Test(arguments: [
        "HOLDFOR=", "HOLDFOR", "HOLDFOR=1234567890", "HOLDFOR=-1", "HOLDUNTIL=now", "HOLDUNTIL=2026-13-01T00:00:00Z",
        "HOLDUNTIL=2026-11-22T08:00:28", "HOLDUNTIL=2026-11-22T08:00:28ZZ", "HOLDUNTIL=2026-11-22T24:00:00Z", "BY=",
        "BY=1",
        "BY=;N", "BY=1;X", "BY=1;NR", "BY=1;T", "BY=1;NTT", "BY=--1;N", "BY=1234567890;N", "BY=0;R", "BY=-1;R",
        "MT-PRIORITY=", "MT-PRIORITY=+1", "MT-PRIORITY=--1", "MT-PRIORITY=-", "MT-PRIORITY=1.0", "SOLICIT=",
        "SOLICIT=a,,b",
        "SOLICIT=,", "SOLICIT=-a", "SOLICIT=a b=", "MT-PRIORITY=1 MT-PRIORITY=1",
        "HOLDFOR=1 HOLDUNTIL=2026-11-22T08:00:28Z",
    ])
    func refused(text: String) {
        guard case .failure(let reply) = Self.parse(text) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(reply.code == 501 || reply.code == 555)
    }

    /// Both ways, over leap years and the ends of months.
    @Test func dates() {
        var seconds: Int64 = 0
        while seconds < 8_000_000_000 {
            let text = UTCDate.text(seconds)
            #expect(UTCDate.seconds(Array(text.utf8)[...]) == seconds, "\(text)")
            seconds += 86_400 * 17 + 12_345
        }
        #expect(UTCDate.text(951_782_400) == "2000-02-29T00:00:00Z")
        #expect(UTCDate.seconds(Array("2100-02-29T00:00:00Z".utf8)[...]) == nil)
    }

    @Test(arguments: [
        ("example.com", RemoteQueueStart.host("example.com")), ("#tcp_local", .channel("tcp_local")),
        (" @example.com ", .channelOf("example.com")),
    ])
    func remoteQueue(text: String, expected: RemoteQueueStart) {
        #expect(RemoteQueueStart(Array(text.utf8)[...]) == expected)
    }

    @Test(arguments: [
        "", "#", "@", "a b", "a\u{e9}", "##x", "-x", ".x", "a;b", "a\nb", String(repeating: "a", count: 256),
    ])
    func noRemoteQueue(text: String) { #expect(RemoteQueueStart(Array(text.utf8)[...]) == nil) }

    @Test func attributesOfXCLIENT() throws {
        let text = "ADDR=IPV6:2001:DB8::1 port=25 HELO=x+2Dy LOGIN=[unavailable] PROTO=esmtp"
        let attributes = try ClientAttributes.parse(Array(text.utf8)[...], for: .xclient).get()
        #expect(attributes.address == "2001:db8::1")
        #expect(attributes.port == 25)
        #expect(attributes["HELO"] == .known("x-y"))
        #expect(attributes["LOGIN"] == .unavailable)
        #expect(attributes["PROTO"]?.text == "ESMTP")
        #expect(attributes["NAME"] == nil)
        var merged = try ClientAttributes.parse(Array("NAME=a PORT=1".utf8)[...], for: .xclient).get()
        merged.merge(attributes)
        #expect(merged.port == 25)
        #expect(merged["NAME"]?.text == "a")
    }

    @Test(arguments: [
        "", "ADDR", "ADDR=", "ADDR=IPV6:192.0.2.1", "ADDR=host.example", "PORT=65536", "PORT=-1", "PROTO=UUCP",
        "HELO=a+20b",
        "HELO=a+0Db", "HELO=\u{e9}", "SOURCE=LOCAL", "IDENT=1", "NAME=" + String(repeating: "x", count: 256),
    ])
    func noAttributes(text: String) {
        guard case .failure(let reply) = ClientAttributes.parse(Array(text.utf8)[...], for: .xclient) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(reply.code == 501)
    }

    /// RFC 6533 section 3: UTF-8 in ORCPT under SMTPUTF8 only.
    @Test func originalRecipientInUTF8() throws {
        let rest = Array(" ORCPT=utf-8;j\u{f6}rg@example.com".utf8)[...]
        #expect(throws: Reply.self) { try RecipientParameters.parse(rest).get() }
        let parameters = try RecipientParameters.parse(rest, allowsUTF8: true).get()
        #expect(parameters.originalRecipient == "utf-8;j\u{f6}rg@example.com")
        let broken = Array(" ORCPT=utf-8;j".utf8) + [0xF6]
        #expect(throws: Reply.self) { try RecipientParameters.parse(broken[...], allowsUTF8: true).get() }
    }

    /// The verb that opened the transaction is what access tables are asked about.
    @Test(arguments: ["MAIL", "SEND", "SAML", "SOML"])
    func submitType(verb: String) {
        var driver = ServerDriver(ServerDriver.options { $0.allowsSend = true })
        driver.start()
        driver.send("SEND FROM:<x@y>\r\nRSET\r\n\(verb) FROM:<a@b>\r\n")
        #expect(driver.session.submitType == verb)
    }

    /// BINARYMIME content comes out as it went in, whatever the network does to it.
    @Test func binaryContent() {
        let content: [UInt8] = [10, 13, 0, 46, 13, 10, 255, 13, 10]
        for way in SplitInput.doubleCuts(content) {
            var framer = DataFramer(form: .binary, longLines: .wrap, sizeLimit: 9)
            var taken: [UInt8] = []
            for piece in way {
                let used = piece.withUnsafeBytes { framer.receive($0) }
                #expect(used == piece.count)
                taken += framer.takeContent()
            }
            let (rest, findings) = framer.finish()
            #expect(taken + rest == content)
            #expect(!findings.isAmbiguous && !findings.hasLongLine && !findings.isOverSizeLimit)
            #expect(findings.hasEightBit && findings.endsInLineEnd && findings.octets == 9)
        }
        var framer = DataFramer(form: .binary, sizeLimit: 2)
        _ = content.withUnsafeBytes { framer.receive($0) }
        #expect(framer.finish().content.isEmpty)
        #expect(framer.findings.isOverSizeLimit)
    }
}
