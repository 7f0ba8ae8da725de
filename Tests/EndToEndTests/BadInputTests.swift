import Glibc
import SystemCalls
import Testing

/// What a hostile or broken client may send: the right reply, the process lives, its neighbours go on, and the next valid
/// message arrives whole.
@Suite(.serialized) struct BadInputTests {
    private func instance() throws -> TestInstance {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        return instance
    }

    /// A new session delivers, and the worker is the one that was there before.
    private func expectHealthy(_ instance: TestInstance, _ workers: [Int32], count: Int) throws {
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: valid\r\n\r\nfine")
        #expect(reply.code == 250)
        #expect(instance.arrivals("anna", count: count).count == count)
        #expect(instance.processes("tcp_smtp_server") == workers)
    }

    @Test func commandsThatAreNone() throws {
        let instance = try instance()
        let workers = instance.processes("tcp_smtp_server")
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(
            try peer.command("FROBNICATE now")
                == .init(code: 500, text: "5.5.1 Unknown command \"FROBNICATE\" specified"))
        #expect(try peer.command("") == .init(code: 500, text: "5.5.1 Unknown command \"\" specified"))
        #expect(try peer.command("NOOP \u{0}") == .init(code: 500, text: "5.5.2 Invalid character in command"))
        #expect(
            try peer.command(String(repeating: "A", count: 100_000))
                == .init(code: 500, text: "5.5.2 Command line too long"))
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 503)
        #expect(try peer.command("DATA").code == 503)
        #expect(try peer.command("MAIL FROM:<a@example.com> FOO=1").code == 555)
        #expect(try peer.command("MAIL FROM:<a@example.com> SIZE=99999999999").code == 552)
        #expect(try peer.command("MAIL FROM:<a@example.com>").code == 250)
        #expect(try peer.command("MAIL FROM:<a@example.com>").code == 503)
        #expect(try peer.command("DATA").code == 503)
        #expect(try peer.command("RCPT TO:<anna@example.test").code == 553)
        #expect(try peer.command("RSET").code == 250)
        #expect(try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: same\r\n\r\nx").code == 250)
        try expectHealthy(instance, workers, count: 2)
    }

    /// Bare CR or LF in a command line ends the session: nothing behind it is read as a command.
    @Test(arguments: ["NOOP\nNOOP\r\n", "NOOP\rNOOP\r\n", "NOOP\n"])
    func bareLineEndsInCommands(bytes: String) throws {
        let instance = try instance()
        let workers = instance.processes("tcp_smtp_server")
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        try peer.send(bytes)
        #expect(try peer.reply() == .init(code: 500, text: "5.5.2 Command lines must end in CRLF"))
        #expect(peer.isClosed())
        try expectHealthy(instance, workers, count: 1)
    }

    /// SMTP smuggling: none of these ends the data, and the message is refused.
    @Test func falseEndsOfData() throws {
        let instance = try instance()
        let workers = instance.processes("tcp_smtp_server")
        for end in ["\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r"] {
            let peer = try SMTPPeer(port: instance.port)
            try peer.greet()
            #expect(try peer.command("MAIL FROM:<a@example.com>").code == 250)
            #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
            #expect(try peer.command("DATA").code == 354)
            try peer.send(
                "Subject: outer\r\n\r\nx\(end)MAIL FROM:<evil@example.com>\r\nRCPT TO:<anna@example.test>\r\nDATA\r\n"
                    + "Subject: smuggled\r\n\r\nx\r\n.\r\n")
            #expect(
                try peer.reply() == .init(code: 550, text: "5.6.0 bare CR or LF encountered; message rejected"),
                "\(end.debugDescription)")
            #expect(try peer.command("NOOP").code == 250)
        }
        try expectHealthy(instance, workers, count: 1)
        #expect(!instance.mailbox("anna").contains { $0.contains("smuggled") })
    }

    @Test func nulInContentIsRefused() throws {
        let instance = try instance()
        let workers = instance.processes("tcp_smtp_server")
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(
            try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: x\r\n\r\na\u{0}b").code == 550)
        try expectHealthy(instance, workers, count: 1)
    }

    @Test func clientThatStopsInData() throws {
        let instance = try instance()
        let workers = instance.processes("tcp_smtp_server")
        do {
            let peer = try SMTPPeer(port: instance.port)
            try peer.greet()
            _ = try peer.command("MAIL FROM:<a@example.com>")
            _ = try peer.command("RCPT TO:<anna@example.test>")
            _ = try peer.command("DATA")
            try peer.send("Subject: half\r\n\r\nno end")
        }
        try expectHealthy(instance, workers, count: 1)
        #expect(!instance.mailbox("anna").contains { $0.contains("half") })
    }

    @Test func pipelinedGarbageIsAnsweredLineByLine() throws {
        let instance = try instance()
        let workers = instance.processes("tcp_smtp_server")
        let peer = try SMTPPeer(port: instance.port)
        _ = try peer.reply()
        try peer.send("EHLO x\r\nA\r\nB\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@example.test>\r\nDATA\r\nQUIT\r\n")
        #expect(try (0..<7).map { _ in try peer.reply().code } == [250, 500, 500, 250, 550, 503, 221])
        #expect(peer.isClosed())
        try expectHealthy(instance, workers, count: 1)
    }

    @Test func neighboursAreUndisturbed() throws {
        let instance = try instance()
        let neighbour = try SMTPPeer(port: instance.port)
        try neighbour.greet()
        #expect(try neighbour.command("MAIL FROM:<a@example.com>").code == 250)
        let noisy = try SMTPPeer(port: instance.port)
        _ = try noisy.reply()
        try noisy.send((0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        noisy.finishSending()
        while (try? noisy.reply(seconds: 5)) != nil {}
        #expect(try neighbour.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(try neighbour.command("DATA").code == 354)
        #expect(try neighbour.command("Subject: quiet\r\n\r\nx\r\n.").code == 250)
        #expect(instance.arrivals("anna").first?.contains("Subject: quiet") == true)
    }

    /// Less room than `queue_min_free` asks for: refused before anything is accepted.
    @Test func fullDiskRefusesBeforeAccepting() throws {
        let instance = try TestInstance(settings: [("mta.queue_min_free", "1000000000000000")])
        try instance.addUser("anna")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.command("MAIL FROM:<a@example.com>")
        #expect(reply.code == 452)
        #expect(reply.text.hasPrefix("4.3.1 "))
        #expect(try peer.command("NOOP").code == 250)
    }
}
