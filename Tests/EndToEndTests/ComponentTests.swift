import Glibc
import SystemCalls
import Testing

/// Commands about components, services, processes and logs: dispatcher specification, sections 5.3, 8 and 15.
@Suite(.serialized) struct ComponentTests {
    private func serves(_ instance: TestInstance) -> Bool {
        guard let peer = try? SMTPPeer(port: instance.port) else { return false }
        return (try? peer.reply().code) == 220
    }

    @Test func componentsStopAndStartByThemselves() throws {
        let instance = try TestInstance()
        try instance.martlet("start")
        defer { _ = try? instance.attempt(["stop"]) }
        for name in ["dispatcher", "job_controller"] {
            try instance.martlet("stop", name)
            #expect(instance.processes(name).isEmpty)
            #expect(!eventually(seconds: 2) { !instance.processes(name).isEmpty }, "it stays stopped")
            #expect(try instance.attempt(["stop", name]).output.contains("is not running"))
            try instance.martlet("start", name)
            #expect(instance.processes(name).count == 1)
        }
        #expect(serves(instance))
        for name in ["dispatcher", "job_controller"] {
            let old = instance.processes(name)
            try instance.martlet("restart", name)
            #expect(instance.processes(name).count == 1 && instance.processes(name) != old)
        }
        #expect(serves(instance))
    }

    /// Section 8: "not possible: a Dispatcher service cannot be started individually".
    @Test func aServiceIsNotStartedByItself() throws {
        let instance = try TestInstance()
        let answer = try instance.attempt(["start", "smtp"])
        #expect(answer.exit != .exited(0))
        #expect(
            answer.output == "imsimta: smtp is handled by the dispatcher; use \"imsimta start dispatcher\"\n")
    }

    @Test func whatIsSwitchedOffIsNotStarted() throws {
        let instance = try TestInstance(settings: [("dispatcher.enable", "0")])
        try instance.martlet("start")
        defer { _ = try? instance.attempt(["stop"]) }
        #expect(instance.processes("job_controller").count == 1)
        #expect(instance.processes("dispatcher").isEmpty)
        #expect(try instance.attempt(["start", "dispatcher"]).output.contains("dispatcher.enable is 0"))
    }

    /// L4 of section 15: `imsimta restart smtp` with a session in DATA: listener never closed; session completes on the
    /// old worker; new connections reach a worker with a new pid. The same for a restart of the Dispatcher, rule 4.
    @Test(arguments: ["smtp", "dispatcher"])
    func sessionInDATAOutlivesARestart(component: String) throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.martlet("start")
        defer { _ = try? instance.attempt(["stop"]) }
        let old = instance.processes("tcp_smtp_server")
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        for line in ["MAIL FROM:<a@example.com>", "RCPT TO:<anna@example.test>"] {
            #expect(try peer.command(line).code == 250)
        }
        #expect(try peer.command("DATA").code == 354)
        try peer.send("Subject: half\r\n\r\nfirst\r\n")
        try instance.martlet("restart", component)
        #expect(eventually { serves(instance) })
        #expect(eventually { instance.processes("tcp_smtp_server").contains { !old.contains($0) } })
        try peer.send("second\r\n.\r\n")
        #expect(try peer.reply().code == 250)
        #expect(instance.arrivals("anna").first?.contains("second") == true)
        #expect(try peer.command("QUIT").code == 221)
        #expect(eventually { instance.processes("tcp_smtp_server").allSatisfy { !old.contains($0) } })
    }

    /// Commands specification, worked examples 11 and 31.
    @Test func processesAreListedAndKilled() throws {
        let instance = try TestInstance()
        try instance.martlet("start")
        defer { _ = try? instance.attempt(["stop"]) }
        let lines = try instance.martlet("process").split(separator: "\n")
        #expect(lines.first?.split(separator: " ") == ["USER", "PID", "S", "VSZ", "RSS", "STIME", "TIME", "COMMAND"])
        for name in ["dispatcher", "job_controller", "tcp_smtp_server"] {
            #expect(lines.count { $0.hasSuffix("/\(name)") } == 1, "\(lines)")
        }
        #expect(!lines.contains { $0.hasSuffix("/martlet") })
        #expect(try instance.attempt(["kill", "1"]).exit != .exited(0))
        let refused = try instance.attempt(["kill", "\(getpid())"])
        #expect(refused.exit != .exited(0) && refused.output.contains("is not one of ours"))
        let (dispatcher, worker) = (instance.processes("dispatcher"), instance.processes("tcp_smtp_server"))
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        try instance.martlet("kill", "dispatcher")
        #expect(eventually { instance.processes("dispatcher") != dispatcher && serves(instance) })
        // "Sessions in workers go on to their end."
        #expect(try peer.command("NOOP").code == 250)
        #expect(instance.processes("tcp_smtp_server").contains { worker.contains($0) })
    }

    @Test func logsAreFoundShownAndPurged() throws {
        let instance = try TestInstance()
        for number in 0..<7 {
            let path = "\(instance.root)/data/log/old.log-0123456789000\(number)"
            try Files.replace(path, with: Array("version \(number)\n".utf8))
        }
        #expect(try instance.martlet("find", "IMTA_LOG:old.log").hasSuffix("/old.log-01234567890006\n"))
        #expect(try instance.martlet("view", "old.log", "--first", "0") == "version 0\n")
        #expect(try instance.martlet("imsimta", "view", "old.log", "-l=1") == "version 5\n")
        try instance.martlet("purge")
        #expect(try instance.martlet("view", "old.log", "--first", "0") == "version 2\n")
        try instance.martlet("purge", "old.log", "--day", "1")
        #expect(try instance.martlet("view", "old.log", "--first", "0") == "version 6\n")
        #expect(try instance.attempt(["find", "nothing.log"]).output.contains("no log file matches"))
    }

    /// A10 of section 15: the MAIL_ACCESS probe begins with that of the connection; its app-info field ends
    /// /mx.example; the submit-type field is MAIL.
    @Test func probeOfTheConnectionBeginsThatOfTheMessage() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        let file = "\(instance.root)/config/martlet.conf"
        let text = String(decoding: try Files.read(file), as: UTF8.self) + "\n[mapping:MAIL_ACCESS]\n  *  $N$0\n"
        try Files.replace(file, with: Array(text.utf8))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        #expect(try peer.reply().code == 220)
        #expect(try peer.command("EHLO mx.example").code == 250)
        #expect(try peer.command("MAIL FROM:<a@example.com>").code == 250)
        let refusal = try peer.command("RCPT TO:<anna@example.test>").text
        let fields = refusal.drop { $0 != "T" }.split(separator: "|", omittingEmptySubsequences: false)
        #expect(fields.prefix(4) == ["TCP", "127.0.0.1", "\(instance.port)", "127.0.0.1"], "\(refusal)")
        #expect(fields.count > 6 && fields[5].hasSuffix("/mx.example") && fields[6] == "MAIL", "\(refusal)")
    }

    /// The text after `||` in the `C` record, and the order of `$<` and `$N` in the worker's own probe.
    @Test func accessTextsOfTheWorker() throws {
        let instance = try TestInstance(settings: [("mta.log_connection", "18")])
        let file = "\(instance.root)/config/martlet.conf"
        let text = String(decoding: try Files.read(file), as: UTF8.self)
        let rule = "$C$|INTERNAL_IP;$3|$Y$E"
        #expect(text.contains(rule))
        try Files.replace(file, with: Array(text.replacing(rule, with: "$C$|INTERNAL_IP;$3|$Y||office$E").utf8))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.command("QUIT").code == 221)
        #expect(
            eventually { instance.mailLog.contains { $0.contains(" C ") && $0.contains("office") } },
            "\(instance.mailLog)")
        #expect(!instance.mailLog.contains { $0.contains(" O ") && $0.contains("office") })
        try Files.replace(file, with: Array(text.replacing(rule, with: "$;A$N$<seen|554$ No$E").utf8))
        try instance.martlet("reload")
        #expect(eventually { (try? SMTPPeer(port: instance.port).reply().text) == "No" })
    }
}
