import Glibc
import SystemCalls
import Testing

/// `tcp_lmtp_server`: straight into the mailboxes (channel-programs specification, 3; smtp specification, 13).
@Suite(.serialized) struct LMTPServerTests {
    private func start(_ settings: [(String, String)] = []) throws -> (instance: TestInstance, port: UInt16) {
        let port = try TestInstance.freePort()
        let instance = try TestInstance(
            settings: [
                ("dispatcher.service:LMTPSS.enable", "1"), ("dispatcher.service:LMTPSS.tcp_ports", String(port)),
            ] + settings)
        for user in ["anna", "bert"] { try instance.addUser(user) }
        try instance.start()
        return (instance, port)
    }

    private func greet(_ port: UInt16) throws -> SMTPPeer {
        var peer: SMTPPeer?
        _ = eventually {
            peer = try? SMTPPeer(port: port)
            return peer != nil
        }
        let connected = try #require(peer)
        let banner = try connected.reply()
        #expect(banner.code == 220 && banner.text.contains(" -- Server LMTP ("), "\(banner)")
        return connected
    }

    @Test func eachRecipientHasItsReply() throws {
        let (instance, port) = try start()
        let peer = try greet(port)
        #expect(try peer.command("EHLO relay.example").code == 500)
        let offer = try peer.command("LHLO relay.example")
        #expect(offer.code == 250 && offer.text.contains("PIPELINING") && !offer.text.contains("\nDSN"))
        #expect(try peer.command("MAIL FROM:<sender@remote.example>").code == 250)
        #expect(try peer.command("RCPT TO:<anna@\(TestInstance.domain)>").code == 250)
        let unknown = try peer.command("RCPT TO:<nobody@\(TestInstance.domain)>")
        #expect(
            unknown
                == SMTPPeer.Reply(
                    code: 550, text: "5.1.1 unknown or illegal user: nobody@\(TestInstance.domain)"))
        // Never relayed.
        #expect(try peer.command("RCPT TO:<friend@far.example>").code == 550)
        #expect(try peer.command("RCPT TO:<bert+work@ims-ms-daemon>").code == 250)
        #expect(try peer.command("DATA").code == 354)
        try peer.send("Subject: two\r\n\r\n..a dot\r\n.\r\n")
        for _ in 0..<2 {
            let reply = try peer.reply()
            #expect(reply.code == 250 && reply.text.hasPrefix("2.5.0 Ok, envelope id "), "\(reply)")
        }
        // It is there when the reply is.
        for user in ["anna", "bert"] {
            let message = try #require(instance.mailbox(user).first)
            #expect(message.hasPrefix("Return-path: <sender@remote.example>\nReceived: from relay.example"))
            #expect(message.contains(" with LMTP") && message.hasSuffix("\nSubject: two\n\n.a dot\n"))
        }
        #expect(try peer.command("QUIT").code == 221)
        #expect(try instance.martlet("status").contains("No messages in the queues."))
        let log = instance.mailLog
        #expect(log.contains { $0.contains("tcp_lmtpss") && $0.contains(" DL ") }, "\(log)")
        #expect(!log.contains { $0.contains("tcp_lmtpss") && $0.contains(" E") && $0.contains("ims-ms") }, "\(log)")
    }

    @Test func chunksAndLargeMessages() throws {
        let (instance, port) = try start()
        let peer = try greet(port)
        _ = try peer.command("LHLO relay.example")
        let line = String(repeating: "x", count: 76) + "\r\n"
        let body = "Subject: large\r\n\r\n" + String(repeating: line, count: 20_000)
        _ = try peer.command("MAIL FROM:<>")
        for user in ["anna", "bert"] { _ = try peer.command("RCPT TO:<\(user)@\(TestInstance.domain)>") }
        try peer.send("BDAT \(body.utf8.count)\r\n" + body)
        #expect(try peer.reply().code == 250)
        try peer.send("BDAT 6 LAST\r\nend.\r\n")
        #expect(try [peer.reply().code, peer.reply().code] == [250, 250])
        for user in ["anna", "bert"] {
            let message = try #require(instance.mailbox(user).first)
            #expect(message.hasPrefix("Return-path: <>\n") && message.hasSuffix("xxx\nend.\n"))
            #expect(message.utf8.count > 77 * 20_000)
        }
        // Nothing is left of what was set aside, and the session goes on.
        #expect(try Files.list("\(instance.root)/data/store").allSatisfy { !$0.hasPrefix(".") })
        #expect(try Files.list("\(instance.root)/data/queue/large").isEmpty)
        #expect(
            try peer.command("MAIL FROM:<>").code == 250
                && peer.command("RCPT TO:<anna@\(TestInstance.domain)>").code == 250
                && peer.command("DATA").code == 354 && peer.command("Subject: next\r\n\r\nx\r\n.").code == 250)
        #expect(instance.mailbox("anna").count == 2)
    }

    /// One mailbox cannot be written: its recipient alone is told.
    @Test func brokenMailbox() throws {
        let (instance, port) = try start()
        let peer = try greet(port)
        _ = try peer.command("LHLO relay.example")
        let tmp = "\(instance.root)/data/store/\(TestInstance.domain)/bert/tmp"
        rmdir(tmp)
        try Files.replace(tmp, with: [])
        _ = try peer.command("MAIL FROM:<>")
        for user in ["bert", "anna"] { _ = try peer.command("RCPT TO:<\(user)@\(TestInstance.domain)>") }
        _ = try peer.command("DATA")
        try peer.send("Subject: x\r\n\r\nx\r\n.\r\n")
        #expect(
            try peer.reply()
                == SMTPPeer.Reply(code: 451, text: "4.3.0 Mailbox cannot be written, try again later"))
        #expect(try peer.reply().code == 250)
        #expect(instance.mailbox("anna").count == 1)
    }

    /// `ims-ms` with STORE=lmtp: `ims_master` hands over by LMTP, here to the store of the same instance.
    @Test func storeByLMTP() throws {
        let (instance, port) = try start([("channel:ims-ms.options.STORE", "lmtp")])
        try instance.set("channel:ims-ms.port", String(port))
        try instance.martlet("reload")
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let domain = TestInstance.domain
        #expect(try peer.command("MAIL FROM:<bert@\(domain)> RET=HDRS").code == 250)
        #expect(try peer.command("RCPT TO:<anna+list@\(domain)> NOTIFY=SUCCESS").code == 250)
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: by LMTP\r\n\r\n..dot\r\n.").code == 250)
        let message = try #require(instance.arrivals("anna").first)
        #expect(message.hasPrefix("Return-path: <bert@\(domain)>\n") && message.contains(" with LMTP"), "\(message)")
        #expect(message.hasSuffix("\nSubject: by LMTP\n\n.dot\n"))
        // The store is the end of the way: the receipt says delivered.
        let receipt = try #require(instance.arrivals("bert").first)
        #expect(receipt.contains("Action: delivered"), "\(receipt)")
        #expect(eventually { instance.mailLog.contains { $0.contains(" ims-ms ") && $0.contains(" DL") } })
    }
}
