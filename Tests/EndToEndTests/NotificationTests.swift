import SystemCalls
import Testing

/// Notifications from real processes: texts in files, an operator's word, senders that are refused.
@Suite(.serialized) struct NotificationTests {
    /// An instance whose mail goes to `port` of this host.
    private func instance(port: UInt16) throws -> TestInstance {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(port))
        return instance
    }

    /// `martlet init` wrote the texts; what a site makes of them is what is sent. Who wants no word gets none: the log has
    /// K (notifications-logging specification, 6.2).
    @Test func example15NeverAndOwnTexts() throws {
        let instance = try instance(port: 1)
        let sink = try SMTPSink(scratch: instance.scratch, options: ["-f", "RCPT"])
        try instance.set("channel:tcp_local.port", String(sink.port))
        let file = "\(instance.root)/config/locale/C/return_failed.txt"
        #expect(String(decoding: try Files.read(file), as: UTF8.self).contains("cannot be delivered"))
        try Files.replace(file, with: Array("Nothing came of it after %C %u%s:%R\n".utf8))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.command("MAIL FROM:<anna@\(TestInstance.domain)>").code == 250)
        #expect(try peer.command("RCPT TO:<silent@third.example> NOTIFY=NEVER").code == 250)
        #expect(try peer.command("RCPT TO:<told@third.example>").code == 250)
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: lost\r\n\r\nx\r\n.").code == 250)
        let report = try #require(instance.arrivals("anna").first)
        #expect(report.contains("\nNothing came of it after 0 days:\n\n  Recipient address: told@third.example\n"))
        #expect(report.contains("\n  Reason: Remote SMTP server has rejected address\n"))
        #expect(!report.contains("silent@third.example"))
        #expect(
            eventually {
                instance.mailLog.contains { $0.contains(" K") && $0.contains("silent@third.example") }
                    && instance.mailLog.contains { $0.contains(" R") && $0.contains("told@third.example") }
            }, "\(instance.mailLog)")
    }

    /// What the operator says, and what was tried before, are in the notification.
    @Test func returnedWithAReason() throws {
        let instance = try instance(port: try TestInstance.freePort())
        try instance.set("channel:tcp_local.backoff", "PT1H")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.deliver(
            from: "anna@\(TestInstance.domain)", to: "b@far.example", "Subject: back\r\n\r\nx")
        #expect(reply.code == 250)
        #expect(eventually { instance.mailLog.contains { $0.contains("tcp_local                 Q") } })
        let list = try instance.martlet("queue", "directory")
        let name = try #require(list.split { $0 == " " || $0 == "\n" }.first { $0.hasPrefix("ZY") }.map(String.init))
        let answer = try instance.martlet("queue", "return", "--reason", "not wanted here", name)
        #expect(answer.contains("I-RETURNED"), "\(answer) \(list)")
        let report = try #require(instance.arrivals("anna").first)
        #expect(report.contains("\nSubject: Delivery Notification: Delivery has been manually aborted\n"))
        #expect(report.contains("\n  Reason: not wanted here\n"), "\(report)")
        #expect(report.contains("\nStatus: 5.0.0 (not wanted here)\n"))
        #expect(report.contains("\nAttempts so far:\n\n  "), "\(report)")
        #expect(report.contains("\n    b@far.example: 4.4.1 "), "\(report)")
    }

    /// `return_envelope` 16: a local sender is somebody; the empty one always may (example 18a has the other bit).
    @Test func localSenderMustBeSomebody() throws {
        let instance = try instance(port: 1)
        try instance.set("role.mta.return_envelope", "20")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let refused = try peer.command("MAIL FROM:<nobody@\(TestInstance.domain)>")
        #expect(refused.code == 550)
        #expect(refused.text.contains("5.1.8 no such user in return address: nobody@\(TestInstance.domain)"))
        for sender in ["anna@\(TestInstance.domain)", "who@far.example", ""] {
            #expect(try peer.command("MAIL FROM:<\(sender)>").code == 250)
            #expect(try peer.command("RSET").code == 250)
        }
    }
}
