import SystemCalls
import Testing

/// Worked examples 42, 44, 45 and 49 of the channels specification, and limits at the end of the content, against the
/// running system.
@Suite(.serialized) struct EnqueueExamplesTests {
    private func instance(
        _ settings: [(String, String)], keywords: [String] = [], aliases: String = ""
    ) throws -> TestInstance {
        let instance = try TestInstance(settings: settings)
        try instance.addUser("anna")
        try instance.addUser("bert")
        for keyword in keywords { try instance.martlet("config", "set", keyword) }
        if !aliases.isEmpty {
            let path = "\(instance.root)/config/martlet.conf"
            let text = String(decoding: try Files.read(path), as: UTF8.self)
            try Files.replace(path, with: Array("\(text)\n[aliases]\n\(aliases)\n".utf8))
        }
        try instance.start()
        return instance
    }

    private func peer(_ instance: TestInstance) throws -> SMTPPeer {
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        return peer
    }

    /// 8-bit content needs BODY=8BITMIME on an `eightstrict` channel.
    @Test func example42EightStrict() throws {
        let instance = try instance([], keywords: ["channel:tcp_intranet.eightstrict"])
        let peer = try peer(instance)
        let refused = try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: x\r\n\r\nj\u{F6}rg")
        #expect(refused == .init(code: 550, text: "5.6.0 message contains unnegotiated 8bit"))
        #expect(try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: x\r\n\r\nplain").code == 250)
        #expect(try peer.command("MAIL FROM:<a@example.com> BODY=8BITMIME").code == 250)
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: x\r\n\r\nj\u{F6}rg\r\n.").code == 250)
        #expect(instance.arrivals("anna", count: 2).count == 2)
    }

    /// 1: header lines with dequeue records; 3: with enqueue records too.
    @Test func example44LogHeader() throws {
        let instance = try instance([
            ("channel:tcp_intranet.logheader", "3"), ("channel:ims-ms.logheader", "1"),
        ])
        try Files.replace(
            "\(instance.root)/config/log_headers.opt", with: Array("Subject: MAXIMUM=1\nDefaults: MAXIMUM=-1\n".utf8))
        try instance.martlet("reload")
        let peer = try peer(instance)
        #expect(
            try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: logged\r\nX-No: x\r\n\r\nx").code
                == 250)
        #expect(instance.arrivals("anna").count == 1)
        #expect(eventually { instance.mailLog.filter { $0 == " Subject: logged" }.count == 2 }, "\(instance.mailLog)")
        let order = instance.mailLog.map { $0.hasPrefix(" ") ? "header" : $0.contains(" ims-ms       D") ? "D" : "E" }
        #expect(order.filter { $0 == "header" }.count == 2)
        #expect(instance.mailLog.contains { $0.contains("X-No") } == false)
    }

    /// All recipients leave as one copy on reprocess, and arrive.
    @Test func example45ExpandLimit() throws {
        let instance = try instance([("channel:tcp_intranet.expandlimit", "0")])
        let peer = try peer(instance)
        #expect(try peer.command("MAIL FROM:<a@example.com>").code == 250)
        for user in ["anna", "bert"] { #expect(try peer.command("RCPT TO:<\(user)@example.test>").code == 250) }
        #expect(try peer.command("RCPT TO:<nobody@example.test>").code == 550)
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: x\r\n\r\nx\r\n.").code == 250)
        #expect(instance.arrivals("anna").count == 1 && instance.arrivals("bert").count == 1)
        let enqueued = instance.mailLog.filter { $0.contains(" tcp_intranet reprocess    E") }
        #expect(enqueued.count == 2, "\(instance.mailLog)")
    }

    /// The action code of a message that came by BDAT ends in C.
    @Test func example49Chunking() throws {
        let instance = try instance([])
        let peer = try peer(instance)
        #expect(try peer.command("MAIL FROM:<a@example.com>").code == 250)
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        let content = "Subject: x\r\n\r\nx\r\n"
        try peer.send("BDAT \(content.utf8.count) LAST\r\n\(content)")
        #expect(try peer.reply().code == 250)
        #expect(try peer.deliver(from: "a@example.com", to: "anna@example.test", content).code == 250)
        #expect(instance.arrivals("anna", count: 2).count == 2)
        let actions = instance.mailLog.filter { $0.contains(" tcp_intranet ims-ms       E") }.compactMap {
            $0.split(separator: " ").drop { $0 != "ims-ms" }.dropFirst().first.map(String.init)
        }
        #expect(actions == ["EEC", "EE"], "\(instance.mailLog)")
    }

    /// A post that is too large for the only list it is for is refused at its end when nobody declared its size; so is a
    /// message that its channel does not take.
    @Test func sizeLimitsAtTheEnd() throws {
        let instance = try instance(
            [("channel:ims-ms.linelimit", "5")],
            aliases: "  small@example.test: [linelimit] 3, a@other.example, b@other.example")
        let peer = try peer(instance)
        let lines = "Subject: x\r\n\r\n1\r\n2"
        #expect(
            try peer.deliver(from: "a@example.com", to: "small@example.test", lines)
                == .init(code: 550, text: "5.2.3 list limit of 3 lines exceeded"))
        #expect(try peer.deliver(from: "a@example.com", to: "anna@example.test", lines).code == 250)
        #expect(
            try peer.deliver(from: "a@example.com", to: "anna@example.test", lines + "\r\n3\r\n4")
                == .init(code: 552, text: "5.3.4 channel limit of 5 lines on message size exceeded"))
    }
}
