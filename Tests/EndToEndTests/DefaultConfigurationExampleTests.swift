import Glibc
import SystemCalls
import Testing

/// Worked examples of the default configuration specification, section 7, that take running programs.
@Suite(.serialized) struct DefaultConfigurationExampleTests {
    /// M10, the bounce of M4: "log order E (tcp_local process), R, E (process ims-ms), D (process), D (ims-ms)".
    @Test func exampleM10() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        let sink = try SMTPSink(scratch: instance.scratch, options: ["-f", "RCPT"])
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.deliver(
            from: "anna@\(TestInstance.domain)", to: "y@third.example", "Subject: M10\r\n\r\nx")
        #expect(reply.code == 250)
        #expect(!instance.arrivals("anna").isEmpty)
        let wanted = [
            " tcp_local    process      E ", " tcp_local                 R", " process      ims-ms       E ",
            " process                   D", " ims-ms                    D",
        ]
        let isLogged = eventually { wanted.allSatisfy { part in instance.mailLog.contains { $0.contains(part) } } }
        let log = instance.mailLog
        #expect(isLogged, "\(log)")
        let places = wanted.compactMap { part in log.firstIndex { $0.contains(part) } }
        #expect(places == places.sorted(), "\(log)")
        // "first entry process | process-daemon | anna@example.com, then ims-ms | ims-ms-daemon | anna@ims-ms-daemon".
        #expect(log[places[0]].contains(" anna@\(TestInstance.domain) process/"), "\(log)")
        #expect(log[places[2]].contains(" anna@ims-ms-daemon ims-ms/"), "\(log)")
    }

    /// F9: "EHLO on any SMTP port: last line `250 SIZE 52428800`; MAIL with SIZE=52428801 is refused `552 5.3.4`".
    @Test func exampleF9() throws {
        let instance = try TestInstance()
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        #expect(try peer.reply().code == 220)
        let hello = try peer.command("EHLO client.example")
        #expect(hello.code == 250 && hello.text.hasSuffix("SIZE 52428800"), "\(hello)")
        let reply = try peer.command("MAIL FROM:<a@example.com> SIZE=52428801")
        #expect(reply.code == 552 && reply.text.hasPrefix("5.3.4"), "\(reply)")
        #expect(try peer.command("MAIL FROM:<a@example.com> SIZE=52428800").code == 250)
    }

    /// F15: "127.0.0.1 -> 2225, LHLO, RCPT TO:<anna@example.com>, data: local part = uid: mailbox of anna; 250 only after
    /// the store has synced; no spool entry"; F16: "any other host -> 2225: no listener on that address".
    @Test func exampleF15AndF16() throws {
        let port = try TestInstance.freePort()
        let instance = try TestInstance(settings: [
            ("dispatcher.service:LMTPSS.enable", "1"), ("dispatcher.service:LMTPSS.tcp_ports", String(port)),
        ])
        try instance.addUser("anna")
        try instance.start()
        var connected: SMTPPeer?
        _ = eventually {
            connected = try? SMTPPeer(port: port)
            return connected != nil
        }
        let peer = try #require(connected)
        #expect(try peer.reply().code == 220)
        #expect(try peer.command("LHLO relay.example").code == 250)
        #expect(try peer.command("MAIL FROM:<bob@remote.example>").code == 250)
        #expect(try peer.command("RCPT TO:<anna@\(TestInstance.domain)>").code == 250)
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: F15\r\n\r\nx\r\n.").code == 250)
        // The reply comes after the mailbox has it.
        #expect(instance.mailbox("anna").count == 1)
        #expect(try instance.martlet("status").contains("No messages in the queues."))
        #expect(!instance.mailLog.contains { $0.contains(" ims-ms ") }, "\(instance.mailLog)")
        #expect(throws: SystemCallError.self) { try SMTPPeer(port: port, host: "127.0.0.2") }
    }
}
