import Glibc
import SystemCalls
import Testing

/// The transaction log of the running system (notifications-logging specification, 2).
@Suite(.serialized) struct LogTests {
    /// A line to the Job Controller's command socket; its answer.
    private func ask(_ instance: TestInstance, _ line: String) throws -> String {
        let socket = try UnixSockets.connect("\(instance.root)/run/job_controller-admin.sock", .stream)
        try Array("\(line)\n".utf8).withUnsafeBytes { try Files.writeAll(socket.number, $0) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(socket.number, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Every kind of entry that a session writes; bits 0, 1, 2, 5, 6 and 7 of LOG_CONNECTION; flat JSON.
    @Test func entriesOfASession() throws {
        let instance = try TestInstance(settings: [
            ("mta.log_format", "6"), ("mta.log_connection", "231"), ("channel:tcp_local.options.MAX_B_ENTRIES", "1"),
            ("channel:tcp_intranet.options.MAX_B_ENTRIES", "1"),
        ])
        try instance.addUser("anna")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        _ = try peer.reply()
        _ = try peer.command("EHLO client.example")
        _ = try peer.command("NONSENSE of \"somebody\"")
        _ = try peer.command("AGAIN")
        _ = try peer.command("ETRN nobody.example")
        try peer.send("MAIL FROM:<a@remote.example>\r\nRCPT TO:<anna@example.test>\r\n")
        #expect(try peer.reply().code == 250)
        #expect(try peer.reply().code == 250)
        #expect(try peer.command("DATA").code == 354)
        peer.finishSending()
        func lines(_ kind: String, _ action: String) -> [String] {
            instance.mailLog.filter { $0.hasPrefix("{\"e\":\"\(kind)\"") && $0.contains("\"ac\":\"\(action)\"") }
        }
        // The client itself opened a connection before, to see whether the server is there.
        #expect(eventually { lines("en", "VEP").count == 1 }, "\(instance.mailLog)")
        let aborted = try #require(lines("en", "VEP").first)
        #expect(aborted.contains("\"de\":\"anna@ims-ms-daemon\"") && aborted.contains("\"tr\":\"TCP|127.0.0.1|"))
        #expect(
            aborted.contains("\"ap\":\"SMTP\"") && aborted.contains("\"di\":\"the session ended before the message\""))
        let bad = lines("en", "BE")
        #expect(bad.count == 1 && bad[0].contains("\"de\":\"NONSENSE\"") && !bad[0].contains("somebody"), "\(bad)")
        #expect(lines("co", "I").first?.contains("\"di\":\"ETRN nobody.example\"") == true)
        #expect(eventually { lines("co", "C").contains { $0.hasSuffix(",\"ct\":0}") } }, "\(lines("co", "C"))")
        #expect(!lines("co", "O").isEmpty)
        try instance.stop()
    }

    /// The return job rolls the logs over; `trace` finds what has happened before and after, in two formats.
    @Test func rollOverAndTrace() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        func deliver(_ id: String) throws {
            let peer = try SMTPPeer(port: instance.port)
            try peer.greet()
            let content = "Subject: x\r\nMessage-ID: <\(id)@remote.example>\r\n\r\nx"
            #expect(try peer.deliver(from: "a@remote.example", to: "anna@example.test", content).code == 250)
        }
        try deliver("first")
        #expect(instance.arrivals("anna").count == 1)
        #expect(eventually { instance.mailLog.contains { $0.contains(" D ") } })
        #expect(try ask(instance, "return_job").contains("\"ok\":true"))
        let yesterday = "\(instance.root)/data/log/mail.log_yesterday"
        #expect(eventually { Files.exists(yesterday) })
        let current = "\(instance.root)/data/log/mail.log_current"
        try instance.set("mta.log_format", "4")
        try instance.martlet("reload")
        #expect(
            try eventually {
                try deliver("second")
                return Files.exists(current)
            })
        #expect(eventually { instance.mailLog.contains { $0.hasPrefix("<en ") } })
        for id in ["first", "second"] {
            let trace = try instance.martlet("trace", "<\(id)@remote.example>")
            #expect(trace.contains("taken, tcp_intranet to ims-ms"), "\(trace)")
        }
        #expect(eventually { instance.log("job_controller.log").contains("the logs are rolled over") })
        try instance.stop()
    }
}
