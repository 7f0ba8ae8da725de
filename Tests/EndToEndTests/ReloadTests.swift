import Glibc
import SystemCalls
import Testing

/// `martlet reload` on a running instance (unified configuration specification, section 7).
@Suite(.serialized) struct ReloadTests {
    /// A channel that did not exist when the instance started takes mail, and the mail is delivered.
    @Test func aNewChannelIsServed() throws {
        let instance = try TestInstance()
        let sink = try SMTPSink(scratch: instance.scratch)
        try instance.start()
        for (name, value) in [
            ("official_host_name", "sink-daemon"), ("daemon", "[127.0.0.1]"), ("port", String(sink.port)),
            ("pool", "SMTP_POOL"),
        ] {
            try instance.set("channel:tcp_sink.\(name)", value)
        }
        try instance.martlet("config", "set", "channel:tcp_sink.smtp")
        try instance.set("rewrite.rule", "sink.example $U%$D@sink-daemon")
        try instance.martlet("reload")
        let isTaken = eventually {
            guard let peer = try? SMTPPeer(port: instance.port), (try? peer.greet()) != nil else { return false }
            let reply = try? peer.deliver(from: "anna@example.test", to: "a@sink.example", "Subject: new\r\n\r\nx")
            return reply?.code == 250 && !sink.arrivals().isEmpty
        }
        #expect(isTaken, "\(instance.log("job_controller.log"))")
        #expect(instance.mailLog.contains { $0.contains(" tcp_sink ") })
    }

    /// A session keeps its snapshot: limits that are lowered during a transaction do not reach it.
    @Test func aSessionKeepsItsGeneration() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.command("MAIL FROM:<a@example.com>").code == 250)
        try instance.martlet("config", "set", "channel:tcp_intranet.recipientlimit", "1")
        try instance.set("mta.log_username", "0")
        try instance.martlet("reload")
        let isNew = eventually {
            guard let other = try? SMTPPeer(port: instance.port), (try? other.greet()) != nil,
                (try? other.command("MAIL FROM:<a@example.com>"))?.code == 250,
                (try? other.command("RCPT TO:<anna@example.test>"))?.code == 250
            else { return false }
            return (try? other.command("RCPT TO:<postmaster@example.test>"))?.code == 452
        }
        #expect(isNew)
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(try peer.command("RCPT TO:<postmaster@example.test>").code == 250)
    }

    /// What a reload does not bring into force is named.
    @Test func whatNeedsARestartIsNamed() throws {
        let instance = try TestInstance()
        try instance.start()
        let set = try instance.martlet("config", "set", "dispatcher.service:SMTP.max_procs", "7")
        #expect(set.contains("it counts after martlet restart"), "\(set)")
        let reload = try instance.martlet("reload")
        #expect(
            reload.contains("dispatcher.service:SMTP.max_procs has changed and needs martlet restart"), "\(reload)")
        #expect(
            try instance.martlet("config", "set", "mta.block_limit", "7").contains("it counts after martlet reload"))
    }

    /// CHECK_SOURCE=0 of the service's channel: a client of ours stays on `tcp_local` (channels specification, 4.10).
    @Test(arguments: [("0", "tcp_local"), ("1", "tcp_intranet")])
    func checkSource(value: String, channel: String) throws {
        let instance = try TestInstance(settings: [("channel:tcp_local.options.CHECK_SOURCE", value)])
        try instance.addUser("anna")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: x\r\n\r\nx").code == 250)
        #expect(eventually { instance.mailLog.contains { $0.contains(" \(channel) ") && $0.contains(" ims-ms ") } })
    }

    /// Warnings are errors for who asks for it.
    @Test func strictCheck() throws {
        let instance = try TestInstance()
        #expect(try instance.attempt(["config", "check", "--strict"]).exit == .exited(0))
        try instance.martlet("config", "set", "channel:tcp_local.identtcp")
        #expect(try instance.attempt(["config", "check"]).exit == .exited(0))
        let strict = try instance.attempt(["config", "check", "--strict"])
        #expect(strict.exit == .exited(1))
        #expect(strict.output.contains("identtcp is recognised but not yet in effect"), "\(strict.output)")
        #expect(try instance.martlet("config", "check", "--notes").contains("fileinto"))
    }
}
