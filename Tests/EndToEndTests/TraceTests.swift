import Glibc
import SystemCalls
import Testing

/// `martlet trace` of real messages: commands specification, section 9, task 28.
@Suite(.serialized) struct TraceTests {
    /// Two recipients: one is delivered, one fails and is given up by an administrator; then the logs are rolled.
    @Test func fromArrivalToTheEnd() throws {
        let instance = try TestInstance()
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(try TestInstance.freePort()))
        try instance.addUser("anna")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        for line in ["MAIL FROM:<a@x.example>", "RCPT TO:<anna@\(TestInstance.domain)>", "RCPT TO:<b@far.example>"] {
            #expect(try peer.command(line).code == 250)
        }
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Message-ID: <t1@x.example>\r\nSubject: t\r\n\r\nx\r\n.").code == 250)
        let isTried = eventually {
            let text = try? instance.martlet("trace", "<t1@x.example>")
            return text?.contains("1 recipient delivered") == true && text?.contains("waits for attempt 2 to ") == true
        }
        #expect(isTried)
        let text = try instance.martlet("trace", "<t1@x.example>")
        for part in [
            "client [127.0.0.1], HELO client.example", "  from        <a@x.example>",
            "taken, tcp_intranet to ims-ms", "to anna@ims-ms-daemon, given as anna@\(TestInstance.domain)",
            "delivered, ims-ms, attempt 1", "failed, to be tried again, tcp_local, attempt 1", "4.4.1 ",
            "rewrite rule . gives ", "backoff", "notices",
        ] {
            #expect(text.contains(part), "\(part): \(text)")
        }
        // By entry, by the id of the queue, by envelope id.
        let name = try #require(text.split { " \n".contains($0) }.first { $0.hasPrefix("tcp_local/Z") })
        let id = try #require(text.split(separator: "\n").first?.split(separator: " ").last).description
        let envelope = try #require(
            text.split(separator: "\n").first { $0.hasPrefix("  envelope id ") }?.split(separator: " ").last
        ).description
        for other in [String(name), id, envelope] {
            #expect(try instance.martlet("trace", other).hasPrefix("Message \(id)\n"), "\(other)")
        }
        #expect(try instance.martlet("queue", "delete", String(name)).contains("%QM-I-DELETED"))
        let isGone = eventually {
            (try? instance.martlet("trace", id))?.contains("Nothing of it is in the queue any more.") == true
        }
        #expect(isGone)
        try roll(instance)
        let after = try instance.martlet("trace", "b@far.example")
        for part in [
            "an administrator: delete ", "  from        <a@x.example>", "  message id  <t1@x.example>",
            "Which way it would go by the configuration now", "b@far.example goes to channel tcp_local",
            "delivered, ims-ms, attempt 1",
        ] {
            #expect(after.contains(part), "\(part): \(after)")
        }
        let json = try instance.martlet("trace", "--json", id)
        #expect(json.contains(#""ways":[{"about":"way","text":"#) && json.contains(#""acts":[{"time":"#))
    }

    /// What was refused has no message, and is told of all the same.
    @Test func refusedRecipients() throws {
        let instance = try TestInstance()
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.command("MAIL FROM:<a@x.example>").code == 250)
        #expect(try peer.command("RCPT TO:<nobody@\(TestInstance.domain)>").code == 550)
        for id in ["NOBODY@\(TestInstance.domain)", "a@x.example", "127.0.0.1"] {
            let text = try instance.martlet("trace", id)
            #expect(text.contains("to nobody@\(TestInstance.domain), from a@x.example"), "\(id): \(text)")
            #expect(text.contains("550 5.1.1"), "\(text)")
        }
        let json = try instance.martlet("trace", "--json", "a@x.example")
        #expect(json.hasPrefix(#"{"messages":[],"refused":[{"time":"#), "\(json)")
        #expect(try instance.attempt(["trace", "other@x.example"]).exit == .exited(1))
    }

    /// As the return job of the night does (notifications-logging specification, section 2.1), twice.
    private func roll(_ instance: TestInstance) throws {
        let log = instance.root + "/data/log/mail.log"
        let lines = try Files.read(log + "_current")
        let half = try #require(lines.indices.first { lines[$0] == 0x0A })
        try Files.replace(log, with: Array(lines[...half]))
        try Files.replace(log + "_yesterday", with: Array(lines[(half + 1)...]))
        #expect(unlink(log + "_current") == 0)
    }
}
