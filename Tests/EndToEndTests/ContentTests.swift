import Testing

/// What channels want done to header and body, from the socket to the mailbox.
@Suite(.serialized) struct ContentTests {
    /// With these keywords set.
    private func instance(_ keywords: String..., settings: [(String, String)] = []) throws -> TestInstance {
        let instance = try TestInstance(settings: settings)
        for keyword in keywords { try instance.martlet("config", "set", keyword) }
        try instance.addUser("anna")
        try instance.start()
        return instance
    }

    private func peer(_ instance: TestInstance) throws -> SMTPPeer {
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        return peer
    }

    /// Worked examples 38, 41 and 8.2 of the channels specification, small and large: above the threshold content goes by
    /// way of a file.
    @Test(arguments: [10, 20_000])
    func eightBitToSevenBit(_ lines: Int) throws {
        let instance = try instance("channel:ims-ms.sevenbit")
        let body = String(repeating: "Gr\u{fc}\u{df}e aus M\u{fc}nchen = weit\r\n", count: lines)
        let reply = try peer(instance).deliver(
            from: "a@example.com", to: "anna@example.test",
            "Subject: Sch\u{f6}n\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                + "Content-Transfer-Encoding: 8bit\r\n\r\n\(body)")
        #expect(reply.code == 250)
        let message = try #require(instance.arrivals("anna").first)
        #expect(!message.utf8.contains { $0 > 127 })
        #expect(message.contains("\nSubject: =?UTF-8?Q?Sch=C3=B6n?=\n"))
        #expect(message.contains("\nContent-Transfer-Encoding: QUOTED-PRINTABLE\n"))
        let encoded = "Gr=C3=BC=C3=9Fe aus M=C3=BCnchen =3D weit\n"
        #expect(message.split(separator: encoded, omittingEmptySubsequences: false).count == lines + 1)
    }

    /// "`eightstrict`, 8-bit body, MAIL FROM without BODY=": "message rejected".
    @Test func example42() throws {
        let instance = try instance("channel:tcp_intranet.eightstrict")
        let peer = try peer(instance)
        let reply = try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: x\r\n\r\nGr\u{fc}n")
        #expect(reply.code == 550 && reply.text.hasPrefix("5.6.0 "))
        let seven = try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: seven\r\n\r\nbody")
        #expect(seven.code == 250)
        for (line, code) in [
            ("MAIL FROM:<a@example.com> BODY=8BITMIME", 250), ("RCPT TO:<anna@example.test>", 250), ("DATA", 354),
            ("Subject: eight\r\n\r\nGr\u{fc}n\r\n.", 250),
        ] { #expect(try peer.command(line).code == code) }
        #expect(instance.arrivals("anna", count: 2).count == 2)
    }

    /// The warning of smtp specification, 7.3; the field of a refused message, channels specification, 4.9.
    @Test func longLinesAndMissingRecipients() throws {
        let instance = try instance(settings: [("channel:tcp_intranet.missingrecipientpolicy", "6")])
        try instance.martlet("config", "unset", "channel:tcp_local.rejectsmtplonglines")
        try instance.martlet("reload")
        let peer = try peer(instance)
        let refused = try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: x\r\n\r\nx")
        #expect(refused.code == 550 && refused.text == "5.6.0 message has no To, Cc or Bcc header")
        let long = "To: anna@example.test\r\n\r\n" + String(repeating: "x", count: 1200)
        #expect(try peer.deliver(from: "a@example.com", to: "anna@example.test", long).code == 250)
        let message = try #require(instance.arrivals("anna").first)
        #expect(message.contains("\nSun-java-system-smtp-warning:"))
    }

    /// Two channels that want different things: each copy is as its channel wants it.
    @Test func copiesThatDiffer() throws {
        let instance = try TestInstance()
        try instance.martlet("config", "set", "channel:ims-ms.generatemessagehash")
        let sink = try SMTPSink(scratch: instance.scratch)
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.addUser("anna")
        try instance.start()
        let peer = try peer(instance)
        for (line, code) in [
            ("MAIL FROM:<anna@example.test>", 250), ("RCPT TO:<anna@example.test>", 250),
            ("RCPT TO:<friend@far.example>", 250), ("DATA", 354), ("Subject: both\r\n\r\nbody\r\n.", 250),
        ] { #expect(try peer.command(line).code == code) }
        #expect(instance.arrivals("anna").first?.contains("\nMessage-hash: ") == true)
        #expect(sink.arrivals().first?.contains("Message-hash") == false)
    }
}
