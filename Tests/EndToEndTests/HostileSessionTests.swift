import Glibc
import SystemCalls
import Testing

/// Clients that go away, stop half way or send what nobody should: neighbours go on, and the next valid message arrives
/// whole.
@Suite(.serialized) struct HostileSessionTests {
    private static let envelope = ["EHLO x", "MAIL FROM:<a@example.com>", "RCPT TO:<anna@example.test>"]

    /// Lines that are answered each, and octets behind them that are not.
    private static let states: [(lines: [String], tail: String)] = [
        ([], ""), ([], "EHL"), (["EHLO x"], ""), (["EHLO x"], "MAIL FROM:<a@exa"), (Array(envelope.prefix(2)), ""),
        (envelope, ""), (envelope + ["DATA"], ""), (envelope + ["DATA"], "Subject: half\r\n\r\nno end"),
        (envelope + ["DATA"], "Subject: half\r\n\r\nno end\r\n."), (envelope, "BDAT 1000 LAST\r\nSubject: half"),
        (envelope, "BDAT 15\r\nSubject: half\r\n"), (["EHLO x", "STARTTLS"], ""),
        (["EHLO x", "STARTTLS"], "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}"), (["EHLO x"], "NOOP\r\nNOOP\r\nMAI"),
    ]

    private func instance(_ settings: [(String, String)] = []) throws -> TestInstance {
        let instance = try TestInstance(settings: settings)
        try instance.addUser("anna")
        try instance.start()
        return instance
    }

    private func reach(_ state: (lines: [String], tail: String), _ instance: TestInstance) throws -> SMTPPeer {
        let peer = try SMTPPeer(port: instance.port)
        #expect(try peer.reply().code == 220)
        for line in state.lines { #expect(try peer.command(line).code < 400, "\(line)") }
        try peer.send(state.tail)
        return peer
    }

    /// A neighbour in the middle of a transaction ends it, and a new session delivers; nothing else arrived.
    private func expectHealthy(_ instance: TestInstance, _ neighbour: SMTPPeer, _ workers: [Int32]) throws {
        #expect(try neighbour.command("DATA").code == 354)
        #expect(try neighbour.command("Subject: neighbour\r\n\r\nx\r\n.").code == 250)
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let content = "Subject: valid\r\n\r\n..fine\r\nlast line"
        #expect(try peer.deliver(from: "a@example.com", to: "anna@example.test", content).code == 250)
        let messages = instance.arrivals("anna", count: 2)
        #expect(messages.count == 2)
        #expect(messages.contains { $0.contains("Subject: neighbour\n") })
        #expect(messages.contains { $0.hasSuffix("\nSubject: valid\n\n.fine\nlast line\n") }, "\(messages)")
        // Load may have started more.
        #expect(Set(workers).isSubset(of: instance.processes("tcp_smtp_server")))
    }

    private func neighbour(_ instance: TestInstance) throws -> SMTPPeer {
        try reach((Self.envelope, ""), instance)
    }

    @Test func resetAtEachState() throws {
        let instance = try instance()
        let workers = instance.processes("tcp_smtp_server")
        let neighbour = try neighbour(instance)
        for _ in 0..<3 {
            for state in Self.states { try reach(state, instance).resetAtEnd() }
        }
        try expectHealthy(instance, neighbour, workers)
    }

    /// What came before the end of the input is answered, then the server closes too.
    @Test func halfClosedAtEachState() throws {
        let instance = try instance()
        let workers = instance.processes("tcp_smtp_server")
        let neighbour = try neighbour(instance)
        for state in Self.states {
            let peer = try reach(state, instance)
            peer.finishSending()
            #expect(peer.isClosedAtLast(), "\(state)")
        }
        let answered = try reach((Self.envelope, "DATA\r\nSubject: neighbour\r\n\r\nx\r\n.\r\nNOOP\r\n"), instance)
        answered.finishSending()
        #expect(try (0..<3).map { _ in try answered.reply().code } == [354, 250, 250])
        #expect(answered.isClosed())
        #expect(instance.arrivals("anna").count == 1)
        #expect(try neighbour.command("RSET").code == 250)
        #expect(try neighbour.command("MAIL FROM:<a@example.com>").code == 250)
        #expect(try neighbour.command("RCPT TO:<anna@example.test>").code == 250)
        for message in try Files.list("\(instance.root)/data/store/anna/new") {
            unlink("\(instance.root)/data/store/anna/new/\(message)")
        }
        try expectHealthy(instance, neighbour, workers)
    }

    /// A hundred handshakes stopped half way take no place from others, and end when their time is over.
    @Test func handshakesStoppedHalfWay() throws {
        let instance = try instance([("base.tls_handshake_time", "8")])
        let workers = instance.processes("tcp_smtp_server")
        let neighbour = try neighbour(instance)
        var stopped: [SMTPPeer] = []
        for number in 0..<100 {
            // The header of a ClientHello of 512 octets, and some of it.
            let hello = Array<UInt8>([0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]) + Array(repeating: 7, count: number)
            let peer = try reach((["EHLO x", "STARTTLS"], ""), instance)
            try peer.send(Array(hello.prefix(number)))
            stopped.append(peer)
        }
        try expectHealthy(instance, neighbour, workers)
        #expect(stopped.allSatisfy { $0.isClosedAtLast(seconds: 20) })
        let secure = try instance.python("c = client(); c.starttls(context=context); print(c.noop())")
        #expect(secure.output.contains("(250, "), "\(secure.output)")
    }

    /// MIME nested far deeper than anybody reads, on the way to a channel that wants 7 bits; more fields than a header
    /// may have.
    @Test func contentBeyondReason() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.martlet("config", "set", "channel:ims-ms.sevenbit")
        try instance.start()
        let workers = instance.processes("tcp_smtp_server")
        let neighbour = try neighbour(instance)
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        func nested(_ depth: Int) -> String {
            "MIME-Version: 1.0\r\n"
                + (0..<depth).map {
                    "Content-Type: multipart/mixed; boundary=b\($0)\r\n\r\n--b\($0)\r\n"
                }.joined() + "Content-Type: text/plain; charset=utf-8\r\n\r\n\u{e4}"
        }
        for (depth, isEncoded) in [(50, true), (10_000, false)] {
            let reply = try peer.deliver(from: "a@example.com", to: "anna@example.test", nested(depth))
            #expect(reply.code == 250, "\(reply)")
            let message = try #require(instance.arrivals("anna").first)
            #expect(message.contains("--b\(depth - 1)\n"))
            #expect(message.contains("\n=C3=A4") == isEncoded)
            for name in try Files.list("\(instance.root)/data/store/anna/new") {
                unlink("\(instance.root)/data/store/anna/new/\(name)")
            }
        }
        let fields = String(repeating: "X: y\r\n", count: 100_000)
        let tooMany = try peer.deliver(from: "a@example.com", to: "anna@example.test", fields + "\r\nx")
        #expect(tooMany == .init(code: 552, text: "5.3.4 message header has more than 10000 fields"))
        #expect(try peer.command("NOOP").code == 250)
        try expectHealthy(instance, neighbour, workers)
    }

    /// Messages with each false line end, a transaction behind it.
    private func sendBinary(_ instance: TestInstance) throws {
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let forged = "MAIL FROM:<evil@example.com>\r\nRCPT TO:<v@other.example>\r\nDATA\r\nforged\r\n.\r\n"
        let ends = ["\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r\n.\r\n"]
        for type in ["text/plain", "application/octet-stream"] {
            let header = "Content-Type: \(type)\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            let content = header + ends.map { "x\($0)\(forged)" }.joined() + "no end"
            let taken = try peer.command("MAIL FROM:<anna@example.test> BODY=BINARYMIME")
            try #require(taken.code == 250, "\(taken)")
            #expect(try peer.command("RCPT TO:<v@other.example>").code == 250)
            try peer.send("BDAT \(content.utf8.count) LAST\r\n\(content)")
            #expect(try peer.reply().code == 250)
        }
    }

    /// What was taken as binary goes on to a server without BINARYMIME with no line end but CRLF, dots doubled: one
    /// message, and no command of its making.
    @Test func falseLineEndsLeaveAsNone() throws {
        let sinkPort = try TestInstance.freePort()
        let instance = try TestInstance(
            settings: [
                ("channel:tcp_local.options.BINARYMIME", "1"), ("channel:tcp_local.daemon", "[127.0.0.1]"),
                ("channel:tcp_local.port", String(sinkPort)),
            ])
        try instance.addUser("anna")
        let record = "\(instance.scratch)/record"
        let recorder = try Program(
            "python3", ["-c", Self.recorder, String(sinkPort), record], scratch: instance.scratch)
        defer { recorder.signal(SIGKILL) }
        try instance.start()
        try sendBinary(instance)
        func recorded(_ name: String) -> [UInt8] { (try? Files.read(name)) ?? [] }
        // No command that a message held.
        let transaction = ["MAIL FROM:<anna@example.test>", "RCPT TO:<v@other.example>", "DATA", "."]
        func commands() -> [String] {
            String(decoding: recorded(record + ".commands"), as: UTF8.self).split(separator: "\n").map(String.init)
                .filter { !$0.hasPrefix("EHLO") && !$0.hasPrefix("HELO") && $0 != "RSET" && $0 != "QUIT" }
        }
        #expect(eventually { commands().count >= 8 })
        #expect(commands() == transaction + transaction)
        // Nothing but CRLF.
        let octets = recorded(record)
        for (index, octet) in octets.enumerated() where octet == 13 || octet == 10 {
            let partner = octet == 13 ? index + 1 : index - 1
            #expect(octets.indices.contains(partner) && octets[partner] == 23 - octet, "\(index)")
        }
        #expect(recorder.output.isEmpty, "\(recorder.output)")
    }

    /// A server without extensions that writes every octet it gets, and the commands it sees in them.
    private static let recorder = """
        import socket, sys
        server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        record = open(sys.argv[2], "ab", buffering=0)
        commands = open(sys.argv[2] + ".commands", "ab", buffering=0)
        while True:
            c, _ = server.accept()
            c.sendall(b"220 sink\\r\\n")
            data, held = False, b""
            while True:
                got = c.recv(65536)
                if not got: break
                record.write(got)
                held += got
                while True:
                    line, end, rest = held.partition(b"\\r\\n.\\r\\n" if data else b"\\r\\n")
                    if not end: break
                    held = rest
                    commands.write((b"." if data else line) + b"\\n")
                    if data:
                        data = False
                        c.sendall(b"250 taken\\r\\n")
                    elif line.upper() == b"DATA":
                        data = True
                        c.sendall(b"354 go\\r\\n")
                    elif line.upper() == b"QUIT":
                        c.sendall(b"221 bye\\r\\n")
                    else:
                        c.sendall(b"250 ok\\r\\n")
        """
}
