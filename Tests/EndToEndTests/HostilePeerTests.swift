import Glibc
import SystemCalls
import Testing

/// Hostile input to the LMTP server, and in PROXY headers.
@Suite(.serialized) struct HostilePeerTests {
    private static let stranger = "127.0.0.2"

    private func lmtp() throws -> (instance: TestInstance, port: UInt16) {
        let port = try TestInstance.freePort()
        let instance = try TestInstance(
            settings: [
                ("dispatcher.service:LMTPSS.enable", "1"), ("dispatcher.service:LMTPSS.tcp_ports", String(port)),
            ])
        for user in ["anna", "bert"] { try instance.addUser(user) }
        try instance.start()
        #expect(eventually { (try? SMTPPeer(port: port).reply().code) == 220 })
        return (instance, port)
    }

    private func greet(_ port: UInt16, recipients: [String]) throws -> SMTPPeer {
        let peer = try SMTPPeer(port: port)
        _ = try peer.reply()
        #expect(try peer.command("LHLO x").code == 250)
        if !recipients.isEmpty { #expect(try peer.command("MAIL FROM:<a@example.com>").code == 250) }
        for name in recipients { #expect(try peer.command("RCPT TO:<\(name)@example.test>").code == 250) }
        return peer
    }

    /// The next message is delivered whole and nothing else ever was.
    private func expectHealthy(_ instance: TestInstance, _ port: UInt16, _ workers: [Int32]) throws {
        let peer = try greet(port, recipients: ["anna"])
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: valid\r\n\r\n..fine\r\n.").code == 250)
        let messages = instance.mailbox("anna")
        #expect(messages.count == 1)
        #expect(messages.first?.hasSuffix("\nSubject: valid\n\n.fine\n") == true)
        #expect(instance.mailbox("bert").isEmpty)
        for user in ["anna", "bert"] {
            let left = eventually { (try? Files.list("\(instance.root)/data/store/\(user)/tmp"))?.isEmpty == true }
            #expect(left, "\(user)")
        }
        #expect(instance.processes("tcp_lmtp_server") == workers)
    }

    @Test func commandsToTheLMTPServer() throws {
        let (instance, port) = try lmtp()
        let workers = instance.processes("tcp_lmtp_server")
        let peer = try greet(port, recipients: [])
        let rows: [(String, Int)] = [
            ("EHLO x", 500), ("HELO x", 500), ("GET / HTTP/1.1", 500), ("", 500), ("NOOP \u{0}", 500),
            (String(repeating: "A", count: 100_000), 500), ("DATA", 503), ("RCPT TO:<anna@example.test>", 503),
            ("EXPN anna", 500), ("MAIL FROM:<a@example.com> SIZE=9223372036854775808", 552),
            ("MAIL FROM:<a@example.com> SIZE=-1", 501), ("MAIL FROM:<a\u{0}@example.com>", 500),
            ("MAIL FROM:<a@example.com>", 250), ("MAIL FROM:<a@example.com>", 503), ("DATA", 503),
            ("RCPT TO:<../../etc/passwd@example.test>", 553), ("RCPT TO:</etc/passwd@example.test>", 550),
            ("RCPT TO:<anna/../bert@example.test>", 553), ("RCPT TO:<|sh@example.test>", 550),
            ("RCPT TO:<anna@other.example>", 550), ("RCPT TO:<anna%other.example@example.test>", 550),
            ("RCPT TO:<anna@example.test> ORCPT=rfc822;a+0Ab", 501), ("RSET", 250),
        ]
        for (command, code) in rows { #expect(try peer.command(command).code == code, "\(command.prefix(80))") }
        // Octets of a chunk that nobody wants are no commands.
        try peer.send("BDAT 6\r\nQUIT\r\nNOOP\r\n")
        #expect(try [peer.reply().code, peer.reply().code] == [503, 250])
        for line in ["NOOP\nNOOP\r\n", "NOOP\rNOOP\r\n"] {
            let bare = try greet(port, recipients: ["anna"])
            try bare.send(line)
            #expect(try bare.reply().code == 500)
            #expect(bare.isClosed())
        }
        try expectHealthy(instance, port, workers)
    }

    /// Each recipient is told, and nothing reaches a mailbox.
    @Test func falseEndsOfDataToTheLMTPServer() throws {
        let (instance, port) = try lmtp()
        let workers = instance.processes("tcp_lmtp_server")
        let refusal = SMTPPeer.Reply(code: 550, text: "5.6.0 bare CR or LF encountered; message rejected")
        for end in ["\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\u{0}"] {
            let peer = try greet(port, recipients: ["anna", "bert"])
            #expect(try peer.command("DATA").code == 354)
            try peer.send("Subject: outer\r\n\r\nx\(end)MAIL FROM:<evil@example.com>\r\nDATA\r\nsmuggled\r\n.\r\n")
            for _ in 0..<2 {
                let reply = try peer.reply()
                #expect(end == "\u{0}" ? reply.code == 550 : reply == refusal, "\(end.debugDescription): \(reply)")
            }
            #expect(try peer.command("NOOP").code == 250)
        }
        try expectHealthy(instance, port, workers)
    }

    @Test func clientsThatLeaveTheLMTPServer() throws {
        let (instance, port) = try lmtp()
        let workers = instance.processes("tcp_lmtp_server")
        let large = String(repeating: "0123456789\r\n", count: 100_000)
        for tail in ["", "DATA\r\n", "DATA\r\nSubject: half\r\n\r\nx", "BDAT 9 LAST\r\nhalf", "BDAT 4\r\nhalf", large] {
            for isReset in [true, false] {
                let peer = try greet(port, recipients: ["anna", "bert"])
                if tail == large {
                    #expect(try peer.command("DATA").code == 354)
                }
                try peer.send(tail)
                if isReset {
                    peer.resetAtEnd()
                } else {
                    peer.finishSending()
                    #expect(peer.isClosedAtLast(), "\(tail.prefix(40))")
                }
            }
        }
        try expectHealthy(instance, port, workers)
    }

    private static let line = "PROXY TCP4 203.0.113.9 192.0.2.1 40000 25\r\n"
    private static let block: [UInt8] =
        [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, 0x21, 0x11, 0, 17, 203, 0, 113, 9, 192, 0, 2, 1]
        + [0x9C, 0x40, 0, 25, 4, 0, 2, 1, 2]

    /// Headers in pieces, broken, stopped half way; the client is the one they name, or nobody.
    @Test func fragmentsOfProxyHeaders() throws {
        let instance = try TestInstance(settings: [("channel:tcp_local.options.PROXY_HOSTS", Self.stranger)])
        try instance.addUser("anna")
        try instance.start()
        try instance.martlet("config", "set", "channel:tcp_local.proxyprotocol")
        try instance.martlet("reload")
        // From an address that PROXY_HOSTS does not name nobody gets in.
        #expect(eventually { (try? SMTPPeer(port: instance.port))?.isClosed(seconds: 2) == true })
        let workers = instance.processes("tcp_smtp_server")
        let neighbour = try SMTPPeer(port: instance.port, source: Self.stranger)
        try neighbour.send(Self.line)
        try neighbour.greet()
        #expect(try neighbour.command("MAIL FROM:<a@example.com>").code == 250)
        for header in [Array(Self.line.utf8), Self.block] {
            let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
            for octet in header { try peer.send([octet]) }
            try peer.send("HELO x\r\n")
            #expect(try peer.reply().code == 220)
            #expect(try peer.reply().text.hasSuffix("OK, [203.0.113.9]."))
            // Another header is a command like any other.
            #expect(try peer.command("PROXY TCP4 127.0.0.1 192.0.2.1 40000 25").code == 500)
        }
        for header in Self.broken {
            let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
            try peer.send(header)
            #expect(peer.isClosed(), "\(header)")
        }
        for isReset in [true, false] {
            let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
            try peer.send(Array(Self.block.prefix(20)))
            if isReset {
                peer.resetAtEnd()
            } else {
                peer.finishSending()
                #expect(peer.isClosed(), "half a header, and no more to come")
            }
        }
        #expect(try neighbour.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(try neighbour.command("DATA").code == 354)
        #expect(try neighbour.command("Subject: valid\r\n\r\nx\r\n.").code == 250)
        #expect(instance.arrivals("anna").first?.contains("[203.0.113.9]") == true)
        #expect(instance.processes("tcp_smtp_server") == workers)
    }

    /// Cut short by another version, family, length; a second signature; a line that has no end.
    private static let broken: [[UInt8]] = [
        Array("PROXY TCP4 203.0.113.9\r\n".utf8), Array("EHLO x\r\n".utf8), Array("PROXY \0\r\n".utf8),
        Array("PROXY TCP4 203.0.113.9 192.0.2.1 40000 25\n".utf8) + Array(repeating: 65, count: 80),
        Array("PROXY UNKNOWN ".utf8) + Array(repeating: 65, count: 5000), Array(block.prefix(12)) + block,
        Array(block.prefix(12)) + [0x31, 0x11, 0, 12], Array(block.prefix(12)) + [0x21, 0x41, 0, 0],
        Array(block.prefix(12)) + [0x21, 0x11, 0xFF, 0xFF], Array(block.prefix(14)) + [0, 2, 1, 2],
        Array(block.prefix(14)) + [0, 17] + Array(block[16..<28]) + [4, 0xFF, 0xFF, 1, 2],
    ]
}
