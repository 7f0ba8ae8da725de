import Channels
import Enqueue
import Envelope
import InternetMessage
import Testing

/// Worked examples of the channels specification, section 9, about header and body; access-and-filtering specification, 13.
@Suite struct HeaderExamplesTests {
    /// "`headerlabelalign 10` and header To/From/Subject": "values start in column 10 (`To:      x`, `From:    x`,
    /// `Subject: x`)".
    @Test func example31() throws {
        let site = try ContentSite(destination: "\n  headerlabelalign = 10\n")
        let result = try site.send("To: x\r\nFrom:x\r\nSubject:  x\r\nLong-Name-Of-A-Field: x\r\n y\r\n\r\n").content
        #expect(result == "To:      x\r\nFrom:    x\r\nSubject: x\r\nLong-Name-Of-A-Field: x\r\n y\r\n\r\n")
    }

    /// "`maxheaderaddrs 2`, To with 5 addresses": "three To lines (2, 2, 1)".
    @Test func example32() throws {
        let site = try ContentSite(destination: "\n  maxheaderaddrs = 2\n")
        let text = "To: a@x, \"B, b\" <b@x>,\r\n c@x (c, d), <d@x>, e@x\r\nSubject: a, b, c\r\n\r\n"
        #expect(
            try site.send(text).content
                == "To: a@x, \"B, b\" <b@x>\r\nTo: c@x (c, d), <d@x>\r\nTo: e@x\r\nSubject: a, b, c\r\n\r\n")
        for kept in ["To: team: a@x, b@x, c@x;\r\n\r\n", "From: a@x, b@x, c@x\r\n\r\n", "To: a@x, b@x\r\n\r\n"] {
            #expect(try site.send(kept).content == kept)
        }
    }

    @Test func mostCharactersOfAField() throws {
        let site = try ContentSite(destination: "\n  maxheaderchars = 30\n")
        #expect(
            try site.send("Cc: anna@x.example, bert@x.example, carl@x.example\r\n\r\n").content
                == "Cc: anna@x.example\r\nCc: bert@x.example\r\nCc: carl@x.example\r\n\r\n")
    }

    @Test func lineLength() throws {
        let site = try ContentSite(destination: "\n  headerlinelength = 30\n")
        #expect(
            try site.send(
                "Subject: one two three four five six seven\r\nX: short\r\nY: \(String(repeating: "y", count: 40))\r\n\r\n"
            )
            .content
                == "Subject: one two three four\r\n five six seven\r\nX: short\r\nY: \(String(repeating: "y", count: 40))\r\n\r\n"
        )
    }

    /// "no To, Cc, Bcc in the header", section 4.9; 4 is example 33.
    @Test(
        arguments: [
            (nil, ""), (0, ""), (1, ""), (2, "To: b@y.example, c@y.example\r\n"),
            (3, "Bcc: b@y.example, c@y.example\r\n"),
            (4, "To: Recipients not specified: ;\r\n"), (5, "Bcc:\r\n"),
        ] as [(Int?, String)])
    func example33(_ policy: Int?, _ added: String) throws {
        let keyword = policy.map { "\n  missingrecipientpolicy = \($0)\n" } ?? ""
        let recipients = ["b@y.example", "c@y.example"]
        let site = try ContentSite(source: keyword)
        #expect(try site.send("Subject: x\r\n\r\n", recipients: recipients).content == "Subject: x\r\n\(added)\r\n")
        for field in ["To: x@y\r\n", "Cc: x@y\r\n", "bcc:\r\n"] {
            #expect(try site.send(field + "\r\n").content == field + "\r\n")
        }
        let elsewhere = try ContentSite(destination: keyword)
        #expect(try elsewhere.send("A: b\r\n\r\n", recipients: recipients).content == "A: b\r\n\(added)\r\n")
        let option = try ContentSite(options: policy.map { "mta.missing_recipient_policy = \($0)\n" } ?? "")
        #expect(try option.send("A: b\r\n\r\n", recipients: recipients).content == "A: b\r\n\(added)\r\n")
    }

    @Test func missingRecipientsRefused() throws {
        let site = try ContentSite(source: "\n  missingrecipientpolicy = 6\n")
        #expect(try site.send("A: b\r\n\r\n").facts.refusal?.status == "5.6.0")
        #expect(try site.send("To: b\r\n\r\n").facts.refusal == nil)
    }

    /// "`dropblank`, header `Cc:` empty": "line removed".
    @Test func example34() throws {
        let text = "To: \r\n \r\nCC:\r\nResent-To:\r\nResent-Cc: \r\nBcc:\r\nReply-To:\r\nTo: a@x\r\n\r\n"
        #expect(try ContentSite(source: "dropblank").send(text).content == "Bcc:\r\nReply-To:\r\nTo: a@x\r\n\r\n")
        #expect(try ContentSite().send(text).content == text)
    }

    /// "HELO with octet \xE9 in the name": "our Received shows `*` in its place".
    @Test func example37() {
        var output: [UInt8] = []
        ReceivedField(
            origin: .client(helo: SevenBit.text([0x61, 0xE9]), reverseName: .notLookedUp, address: ""), host: "h",
            product: "p", transmission: .smtp, envelopeID: "e", date: []
        ).append(to: &output)
        #expect(String(decoding: output, as: UTF8.self).hasPrefix("Received: from a* by h (p) with SMTP"))
    }

    /// "Subject with octet \xF6, source channel `charset8 ISO-8859-1`", and "same, no charset8".
    @Test(arguments: [
        ("\n  charset8 = ISO-8859-1\n", "=?ISO-8859-1?Q?Sch=F6n?="), ("", "=?UNKNOWN?Q?Sch=F6n?="),
    ])
    func examples38And39(_ keywords: String, _ subject: String) throws {
        let result = try ContentSite(source: keywords).send("Subject: Sch<F6>n\r\n\r\nbody\r\n").content
        #expect(result.hasPrefix("Subject: \(subject)\r\n"))
    }

    /// SMTPUTF8: 8-bit headers are as they should be.
    @Test func internationalHeaders() throws {
        let text = "Subject: Sch<C3><B6>n\r\n\r\n"
        #expect(try ContentSite().send(text) { work, _ in work.allowsUTF8 = true }.content == text)
    }

    /// "text/plain without charset, body 7-bit, `charset7 US-ASCII charset8 ISO-8859-1`": "`charset=US-ASCII` added; with an
    /// 8-bit octet `charset=ISO-8859-1`".
    @Test(arguments: [("x", "US-ASCII"), ("<F6>", "ISO-8859-1")])
    func example40(_ body: String, _ label: String) throws {
        let site = try ContentSite(source: "\n  charset7 = US-ASCII\n  charset8 = ISO-8859-1\n")
        let result = try site.send("Content-Type: text/plain\r\n\r\n\(body)\r\n")
        #expect(result.content == "Content-Type: text/plain; charset=\(label)\r\n\r\n\(body)\r\n")
        #expect(result.body == (body == "x" ? .sevenBit : .eightBitMIME))
    }

    /// "`sevenbit` channel, text/plain ISO-8859-1 8-bit body": "Content-transfer-encoding QUOTED-PRINTABLE, `=F6` for octet
    /// F6".
    @Test func example41() throws {
        let type = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n"
        let site = try ContentSite(destination: "sevenbit")
        let result = try site.send(type + "\r\nSch<F6>n\r\n")
        #expect(result.content == type + "Content-transfer-encoding: QUOTED-PRINTABLE\r\n\r\nSch=F6n\r\n")
        #expect(result.body == .sevenBit)
        let signed = "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n<F6>\r\n--s--\r\n"
        #expect(try site.send(signed).content == signed)
        #expect(try site.send(signed).body == .eightBitMIME)
        let seven = "Content-Transfer-Encoding: 8bit\r\n\r\nseven\r\n"
        #expect(try site.send(seven).content == seven)
    }

    /// "`generatemessagehash` default options": "`Message-hash:` with MD5 over the default field list".
    @Test(arguments: [
        "", "mta.message_hash_algorithm = sha1\n", "mta.message_hash_algorithm = sha256\n",
        "mta.message_hash_fields = X-Own\n",
    ])
    func example43(_ options: String) throws {
        let site = try ContentSite(destination: "generatemessagehash", options: options)
        func hash(_ text: String) throws -> Substring {
            let lines = try site.send(text + "\r\n").content.split(separator: "\r\n")
            let values = lines.filter { $0.hasPrefix("Message-hash: ") }
            #expect(values.count == 1)
            return values.first?.dropFirst(14) ?? ""
        }
        let first = try hash("Message-ID: <1@x>\r\nX-Own: 1\r\nSubject: a\r\n b\r\n")
        let isOwn = options.contains("X-Own")
        let length = options.contains("256") ? 64 : options.contains("sha1") ? 40 : 32
        #expect(first.count == length)
        // md5 of "message-id:<1@x>", CRLF, "subject:a b", CRLF
        if options.isEmpty { #expect(first == "926a9f0051748e0b197c69aba93ef0aa") }
        #expect(try hash("X-Own: 1\r\nSUBJECT: a b\r\nMessage-ID: <1@x>\r\nMessage-hash: forged\r\n") == first)
        #expect(try (hash("Message-ID: <2@x>\r\nX-Own: 1\r\nSubject: a b\r\n") == first) == isOwn)
        #expect(try (hash("Message-ID: <1@x>\r\nX-Own: 2\r\nSubject: a b\r\n") == first) == !isOwn)
    }

    /// Destinations that want different things get messages of their own, by way of `reprocess`.
    @Test func differingDestinations() throws {
        let site = try ContentSite(destination: "sevenbit", other: "generatemessagehash")
        let text = "Subject: <F6>\r\n\r\n<F6>\r\n"
        let both = try site.send(text, to: ["to", "other"])
        #expect(both.facts.differsByDestination && both.content == "Subject: =?UNKNOWN?Q?=F6?=\r\n\r\n<F6>\r\n")
        #expect(try site.send(text, to: ["to", "reprocess"]).facts.differsByDestination == false)
        #expect(try site.send(text, to: ["to", "to"]).facts.differsByDestination == false)
        for (channel, expected) in [("to", "to"), ("tcp_local", "")] {
            let recipient = RoutedRecipient(
                channel: channel, host: "h", recipient: QueueRecipient(address: "b@y.example", given: ""))
            #expect(site.site.router.headerClass(of: recipient) == expected)
        }
    }

    /// Smtp specification, 7.3.
    @Test func longLineWarning() throws {
        for (repair, word) in [(MessageWork.LongLineRepair.truncated, "truncated"), (.wrapped, "wrapped")] {
            let result = try ContentSite().send("A: b\r\n\r\n") { work, _ in work.longLines = repair }
            #expect(
                result.content.replacing("\r\n ", with: " ")
                    == "A: b\r\nSun-java-system-smtp-warning: Lines longer than SMTP allows found and \(word).\r\n\r\n")
        }
    }
}

/// Channels specification, 4.13 and 4.14: what else destinations want.
@Suite struct DestinationWorkTests {
    private static let forwarded =
        "Subject: outer\r\nContent-Type: message/rfc822\r\n\r\nTo: root\r\nX-Drop: 1\r\nSubject: inner\r\n\r\nTo: root\r\n"

    /// "`inner`: also rewrite headers in embedded message/rfc822."
    @Test func inner() throws {
        for (keywords, line) in [("inner", "To: root@mail.example.com\r\n"), ("", "To: root\r\n")] {
            let site = try ContentSite(destination: keywords)
            let result = try site.send(Self.forwarded, rewrites: true).content
            #expect(result.contains("\r\n\r\n\(line)X-Drop: 1\r\nSubject: inner\r\n\r\nTo: root\r\n"))
        }
    }

    /// "`innertrim` extends the former to embedded messages."
    @Test func innerTrim() throws {
        let files = ["to_headers.opt": "X-Drop: MAXIMUM=-1"]
        let site = try ContentSite(destination: "innertrim", files: files)
        #expect(try site.send(Self.forwarded).content == Self.forwarded.replacing("X-Drop: 1\r\n", with: ""))
        let outer = try ContentSite(destination: "headertrim", files: files)
        #expect(try outer.send("X-Drop: 1\r\n" + Self.forwarded).content == Self.forwarded)
    }

    /// "Add `X-Envelope-to:`; needs `single`."
    @Test func envelopeTo() throws {
        let site = try ContentSite(destination: "single x_env_to")
        #expect(try site.send("A: b\r\n\r\n").content == "A: b\r\nX-envelope-to: b@y.example\r\n\r\n")
        let two = try site.send("A: b\r\n\r\n", recipients: ["b@y.example", "c@y.example"])
        #expect(two.facts.differsByDestination && two.content == "A: b\r\n\r\n")
        let classes = ["b@y.example", "c@y.example"].map {
            site.site.router.headerClass(
                of: RoutedRecipient(channel: "to", host: "h", recipient: QueueRecipient(address: $0, given: $0)))
        }
        #expect(Set(classes).count == 2)
        #expect(try ContentSite(destination: "x_env_to").send("A: b\r\n\r\n").content == "A: b\r\n\r\n")
    }

    /// `deletemessagehash`, the default, and `keepmessagehash`.
    @Test func foreignHash() throws {
        let text = "Message-hash: abc\r\nA: b\r\n\r\n"
        #expect(try ContentSite().send(text).content == "A: b\r\n\r\n")
        #expect(try ContentSite(destination: "keepmessagehash").send(text).content == text)
    }
}
