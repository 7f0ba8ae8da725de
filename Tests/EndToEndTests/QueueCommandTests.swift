import Glibc
import SystemCalls
import Testing

/// The commands on queues against a running instance: commands specification, sections 6, 9 and 10.
@Suite(.serialized) struct QueueCommandTests {
    private func runningInstance() throws -> (TestInstance, SMTPSink) {
        let instance = try TestInstance()
        let sink = try SMTPSink(scratch: instance.scratch)
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        return (instance, sink)
    }

    private func send(_ instance: TestInstance, to: String = "friend@far.example", subject: String = "hello") throws {
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.deliver(
            from: "anna@\(TestInstance.domain)", to: to,
            "Message-ID: <one@\(TestInstance.domain)>\r\nSubject: \(subject)\r\n\r\nbody")
        #expect(reply.code == 250)
    }

    /// The names of listed entries.
    private func names(_ text: String) -> [String] {
        text.split { $0 == " " || $0 == "\n" }.filter { $0.hasPrefix("ZZ") || $0.hasPrefix("ZY") }.map(String.init)
    }

    /// Stop, list, look, hold, release, start: what an administrator does in a day.
    @Test func aDayAtTheQueue() throws {
        let (instance, sink) = try runningInstance()
        try instance.martlet("queue", "stop", "tcp_local")
        try send(instance)
        #expect(eventually { (try? instance.martlet("queue", "directory", "tcp_local"))?.contains("ZZ") == true })
        let listing = try instance.martlet("queue", "directory", "--envelope", "--to", "friend@far.example")
        let name = try #require(names(listing).first, "\(listing)")
        #expect(listing.contains("From: anna@\(TestInstance.domain)") && listing.contains("Grand total size:"))
        #expect(try instance.martlet("queue", "summarize").contains("tcp_local (stopped)"))
        #expect(try instance.martlet("queue", "messages", "tcp_local").contains("active messages"))
        #expect(try instance.martlet("queue", "read", "-content", name).contains("Subject: hello"))
        #expect(try instance.martlet("queue", "history", name).contains("no attempt yet"))
        let held = try instance.martlet("queue", "hold", name)
        #expect(held == "%QM-I-HELD, held the message file tcp_local/\(name).HELD\n")
        #expect(try instance.martlet("queue", "held").contains("by "))
        #expect(try instance.martlet("queue", "start", "tcp_local").contains("%QM-I-STARTED"))
        usleep(500_000)
        #expect(sink.messages.isEmpty)
        // Attempt characters and a path before the name do not matter.
        #expect(
            try instance.martlet("queue", "release", "/old/queue/tcp_local/ZA\(name.dropFirst(2)).HELD").contains(
                "%QM-I-RELEASED"))
        #expect(!sink.arrivals().isEmpty)
        #expect(eventually { (try? instance.attempt(["queue", "directory"]).exit) == .exited(1) })
        #expect(try instance.martlet("queue", "verify").contains("all are good"))
        let acts = instance.log("admin.log")
        #expect(
            acts.contains(" stop tcp_local by ") && acts.contains(" hold \(name) by ") && acts.contains(" release "))
    }

    /// `qm` as a dialogue: ids of the latest listing, delete with a question, clean and top.
    @Test func dialogue() throws {
        let (instance, _) = try runningInstance()
        try instance.martlet("queue", "stop", "tcp_local")
        for index in 0..<3 {
            try send(instance, to: "f\(index)@far\(index).example", subject: "Make money very fast today")
        }
        #expect(eventually { names((try? instance.martlet("queue", "directory")) ?? "").count == 3 })
        let top = try instance.martlet("imsimta", "qtop", "-subject", "tcp_local")
        #expect(top.contains("3     Make money very fast today"), "\(top)")
        let answers = try instance.attempt(
            ["imsimta", "qm"],
            input: """
                delete -all
                dir -to=f1@far1.example
                hold 1
                held
                read 1
                dir
                delete -all 3
                delete 9
                return -nolog 2
                quit
                nonsense after the end
                """)
        #expect(answers.output.contains("%QM-E-NOLIST") && answers.output.contains("%QM-I-HELD"), "\(answers.output)")
        #expect(answers.output.contains("%QM-E-BOTH") && answers.output.contains("there is no message 9"))
        #expect(answers.output.contains("Envelope To: addresses: f1@far1.example"))
        #expect(!answers.output.contains("nonsense"))
        let clean = try instance.attempt([
            "imsimta", "qclean", "-subject=Make money very fast today", "-delete", "-noconfirm", "tcp_local",
        ])
        #expect(clean.exit == .exited(0), "\(clean.output)")
        #expect(
            clean.output.contains("3 messages match")
                && clean.output.contains("%QM-I-DELETED, deleted the message file tcp_local/"))
        #expect(eventually { (try? instance.attempt(["queue", "directory", "tcp_local"]).exit) == .exited(1) })
    }

    /// Example 4: "restart the Job Controller; enqueue […] -> file stays, no job; `qm start` -> job starts"; example 33 with
    /// the instance down; example 29.
    @Test func stopsSurvive() throws {
        let (instance, sink) = try runningInstance()
        try instance.stop()
        #expect(try instance.martlet("queue", "stop", "tcp_local").contains("%QM-I-STOPPED"))
        try instance.start()
        try send(instance)
        usleep(500_000)
        #expect(sink.messages.isEmpty)
        try instance.stop()
        let listing = try instance.martlet("queue", "directory", "--long")
        #expect(listing.contains("friend@far.example") && listing.contains("tcp_local"), "\(listing)")
        let name = try #require(names(listing).first)
        #expect(try instance.martlet("queue", "read", name).contains("Subject: hello"))
        #expect(try instance.martlet("queue", "verify").contains("all are good"))
        let release = try instance.attempt(["queue", "delete", name])
        #expect(release.exit == .exited(75) && release.output.contains("%QM-E-NOJBC"), "\(release.output)")
        let both = try ["a", "b"].map {
            try Program(
                "\(instance.binaries)/martlet", ["queue", "stop", $0, "--root", instance.root],
                scratch: instance.scratch)
        }
        for program in both { #expect(try program.wait().exit == .exited(0)) }
        #expect(try instance.martlet("queue", "summarize").contains("b (stopped)"))
        #expect(try instance.martlet("queue", "start", "tcp_local").contains("%QM-I-STARTED"))
        try instance.start()
        #expect(!sink.arrivals().isEmpty)
    }

    /// A message that fails, and everything that is known of it.
    @Test func trace() throws {
        let instance = try TestInstance()
        let port = try TestInstance.freePort()
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(port))
        try instance.set("channel:tcp_local.backoff", "PT2H")
        try instance.start()
        try send(instance)
        #expect(eventually { instance.mailLog.contains { $0.contains(" Q ") || $0.contains(" QE ") } })
        for id in ["<one@\(TestInstance.domain)>", "friend@far.example"] {
            let text = try instance.martlet("trace", id)
            for part in [
                "on channel tcp_intranet, client [127.0.0.1]", "from        <anna@\(TestInstance.domain)>",
                "taken, tcp_intranet to tcp_local", "failed, to be tried again, tcp_local", "delayed, next attempt ",
                "last answer ", "rewrite rule . gives ",
                "waits 2 h after failed attempt 1: backoff PT2H of tcp_local (martlet.conf:",
                "return  at ",
            ] {
                #expect(text.contains(part), "\(part): \(text)")
            }
        }
        let json = try instance.martlet("trace", "--json", "friend@far.example")
        #expect(json.hasPrefix(#"{"messages":[{"id":""#) && json.contains(#""about":"next""#))
        let listing = try instance.martlet("queue", "directory")
        let name = try #require(names(listing).first)
        #expect(name.hasPrefix("ZY"))
        let history = try instance.martlet("queue", "history", name)
        #expect(history.contains("recipient friend@far.example") && history.contains("next attempt "), "\(history)")
        #expect(try instance.martlet("imsimta", "cache", "-view", "tcp_local").contains("delayed"))
        #expect(
            try instance.martlet("imsimta", "cache", "-change", "-channel=tcp_local", "-job_limit=3").contains(
                "%CACHE-I-CHANGED"))
        #expect(try instance.martlet("imsimta", "cache", "-rebuild").contains(" 0 differences"))
        let counters = try instance.martlet("imsimta", "counters", "-show")
        #expect(counters.contains("   Received                     1          1          1"), "\(counters)")
        #expect(counters.contains("   Attempted "))
        // Back to the sender, whose mailbox is here.
        try instance.addUser("anna")
        #expect(try instance.martlet("imsimta", "return", name).contains("%RETURN-I-RETURNED"))
        #expect(instance.arrivals("anna").first?.contains("Subject: ") == true)
        #expect(eventually { (try? instance.attempt(["queue", "directory", "tcp_local"]).exit) == .exited(1) })
        let gone = try instance.attempt(["imsimta", "return", name])
        #expect(gone.exit == .exited(1) && gone.output.contains("%RETURN-W-NOSUCH"), "\(gone.output)")
        let after = try instance.martlet("trace", name)
        #expect(
            after.contains("Nothing of it is in the queue any more.") && after.contains("failed for good"), "\(after)")
        #expect(try instance.attempt(["trace", "<nobody@knows>"]).exit == .exited(1))
    }
}
