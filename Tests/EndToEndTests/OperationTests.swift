import Glibc
import SystemCalls
import Testing

/// What an administrator does: looks, changes, breaks and mends.
@Suite(.serialized) struct OperationTests {
    @Test func statusShowsServicesWorkersAndConnections() throws {
        let instance = try TestInstance()
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let json = try instance.martlet("status", "--json")
        #expect(json.hasPrefix("{\"services\":[{"))
        for part in [
            "\"name\":\"SMTP\"", "\"ports\":[\(instance.port)]", "\"workers\":[{\"pid\":", "\"state\":\"running\"",
            "\"active\":1", "\"total\":", "\"born\":\"20", "\"channels\":[",
        ] {
            #expect(json.contains(part), "\(part) is missing in \(json)")
        }
        #expect(try instance.martlet("status").contains("running"))
    }

    @Test func everyErrorOfAConfigurationIsReportedAndNothingStarts() throws {
        let instance = try TestInstance()
        let path = "\(instance.root)/config/martlet.conf"
        var text = String(decoding: try Files.read(path), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
        text += "role.dispatcher.max_procs = many\n[nonsense\n[channel:tcp_odd]\n  pool\n"
        try Files.replace(path, with: Array(text.utf8))
        let check = try instance.attempt(["config", "check"])
        #expect(check.exit != .exited(0))
        for line in [lines, lines + 1, lines + 3] {
            #expect(check.output.contains("martlet.conf:\(line):"), "line \(line): \(check.output)")
        }
        let run = try instance.attempt(["run"])
        #expect(run.exit != .exited(0))
        #expect(run.output.contains("martlet.conf:\(lines):"))
        #expect(instance.processes("dispatcher").isEmpty)
    }

    @Test func everyFailureIsOneClearLine() throws {
        let instance = try TestInstance()
        let status = try instance.attempt(["status"])
        #expect(status.exit != .exited(0))
        #expect(status.output.contains("is the instance running?"), "\(status.output)")
        let set = try instance.attempt(["config", "set", "dispatcher.service:SMTP.max_procs", "many"])
        #expect(set.exit != .exited(0))
        let user = try instance.attempt(["user", "add", "../etc", "--password-stdin"], input: "x\n")
        #expect(user.exit != .exited(0))
        for output in [status.output, user.output] {
            #expect(output.split(separator: "\n").count == 1, "\(output)")
        }
    }

    @Test func configShowNamesTheOrigin() throws {
        let instance = try TestInstance()
        let json = try instance.martlet("config", "show", "dispatcher.service:SMTP.*", "--effective", "--json")
        #expect(json.hasPrefix("[{\"name\":\"dispatcher.service:SMTP."))
        #expect(
            json.contains("{\"name\":\"dispatcher.service:SMTP.max_handoffs\",\"value\":5,\"origin\":\"default\"}"),
            "\(json)")
        #expect(json.contains("\"name\":\"dispatcher.service:SMTP.tcp_ports\",\"value\":"))
        #expect(json.contains("\"origin\":\"martlet.conf:"))
    }

    @Test func portInUseIsNamedAndTakenWhenItIsFree() throws {
        let instance = try TestInstance()
        var blocker: Int32? = try Sockets.listen(
            SocketAddress(host: "127.0.0.1", port: instance.port), backlog: 1
        ).release()
        defer { if let blocker { close(blocker) } }
        let running = try Program(
            "\(TestInstance.binaries)/martlet", ["run", "--root", instance.root], scratch: instance.scratch)
        #expect(
            eventually { instance.log("dispatcher.log").contains(":\(instance.port)") },
            "\(instance.log("dispatcher.log"))")
        #expect(
            instance.words(ofLog: "dispatcher.log").contains(
                "service SMTP cannot listen on 127.0.0.1:\(instance.port): Address already in use"))
        if let taken = blocker { close(taken) }
        blocker = nil
        #expect(
            eventually(seconds: 60) {
                guard let peer = try? SMTPPeer(port: instance.port) else { return false }
                return (try? peer.reply().code) == 220
            })
        running.signal(SIGTERM)
        #expect(try running.wait().exit == .exited(0))
    }

    @Test func workerThatCrashesAtOnceIsNotStartedForEver() throws {
        let instance = try TestInstance()
        try instance.set("dispatcher.service:SMTP.image", "/bin/false")
        let running = try Program(
            "\(TestInstance.binaries)/martlet", ["run", "--root", instance.root], scratch: instance.scratch)
        #expect(eventually { instance.log("dispatcher.log").contains("exit 1") }, "\(instance.log("dispatcher.log"))")
        // After pauses of 1, 2 and 4 seconds there cannot have been many starts.
        #expect(eventually { instance.log("dispatcher.log").components(of: "exit 1") >= 2 })
        #expect(instance.log("dispatcher.log").components(of: "exit 1") < 10)
        running.signal(SIGTERM)
        #expect(try running.wait().exit == .exited(0))
    }

    @Test func backgroundInstanceStartsRestartsAndStops() throws {
        let instance = try TestInstance()
        try instance.martlet("start")
        defer { _ = try? instance.attempt(["stop"]) }
        let again = try instance.attempt(["start"])
        #expect(again.exit != .exited(0))
        #expect(again.output.contains("runs already"), "\(again.output)")
        let worker = instance.processes("tcp_smtp_server")
        try instance.martlet("restart", "SMTP")
        #expect(eventually { instance.processes("tcp_smtp_server").contains { !worker.contains($0) } })
        try instance.martlet("restart")
        #expect(try instance.martlet("status").contains("SMTP"))
        try instance.martlet("stop")
        #expect(instance.processes("dispatcher").isEmpty && instance.processes("job_controller").isEmpty)
        #expect(try instance.attempt(["stop"]).exit != .exited(0))
    }

    /// Nobody waits for a client that has nothing to say: it is told 421 and the instance ends.
    @Test func idleSessionDoesNotHoldUpTheStop() throws {
        let instance = try TestInstance()
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try instance.stop() == .exited(0))
        #expect(try peer.reply().code == 421)
        #expect(peer.isClosed())
    }

    @Test func reloadTakesAChangedConfiguration() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.command("MAIL FROM:<a@example.com> SIZE=3000").code == 250)
        try instance.set("mta.block_limit", "2")
        try instance.martlet("reload")
        let isSmaller = eventually {
            guard let other = try? SMTPPeer(port: instance.port), (try? other.reply()) != nil else { return false }
            return (try? other.command("EHLO client.example"))?.text.hasSuffix("SIZE 2048") == true
        }
        #expect(isSmaller)
        try Files.replace("\(instance.root)/config/martlet.conf", with: Array("nonsense = \n".utf8))
        let refused = try instance.attempt(["reload"])
        #expect(refused.exit != .exited(0))
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
    }

    /// A worker that is replaced (MAX_LIFE_CONNS) finishes the sessions it has: no client notices.
    @Test func sessionsOfAWornWorkerGoOn() throws {
        let instance = try TestInstance(settings: [
            ("dispatcher.service:SMTP.max_life_conns", "2"), ("dispatcher.service:SMTP.max_procs", "3"),
        ])
        try instance.addUser("anna")
        try instance.start()
        let first = instance.processes("tcp_smtp_server")
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        for _ in 0..<4 { _ = try SMTPPeer(port: instance.port).reply() }
        #expect(eventually { instance.processes("tcp_smtp_server").contains { !first.contains($0) } })
        #expect(eventually { instance.words(ofLog: "dispatcher.log").contains("drain") })
        for number in 1...2 {
            let reply = try peer.deliver(from: "a@example.com", to: "anna@example.test", "Subject: \(number)\r\n\r\nx")
            #expect(reply.code == 250, "\(reply)")
        }
        #expect(instance.arrivals("anna", count: 2).count == 2)
    }

    @Test func killedDaemonsComeBack() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        for (number, name) in ["tcp_smtp_server", "dispatcher", "job_controller"].enumerated() {
            for pid in instance.processes(name) { kill(pid, SIGKILL) }
            let delivered = eventually {
                guard let peer = try? SMTPPeer(port: instance.port), (try? peer.greet()) != nil else { return false }
                let reply = try? peer.deliver(
                    from: "a@example.com", to: "anna@example.test", "Subject: \(name)\r\n\r\nx")
                return reply?.code == 250
            }
            #expect(delivered, "after kill -9 of \(name)")
            #expect(instance.arrivals("anna", count: number + 1).count == number + 1, "after kill -9 of \(name)")
        }
    }

    /// The short form of `make soak`.
    @Test func nothingAcknowledgedIsLostUnderKillNine() async throws {
        let root = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))
        let program = try Program(
            "\(root)/scripts/soak",
            [
                "--messages", "1500", "--sessions", "10", "--kill-every", "0.7", "--patience", "120", "--seed", "1",
                "--binaries", TestInstance.binaries,
            ], scratch: "/tmp")
        let soak = try await program.finished(seconds: 400)
        #expect(soak.exit == .exited(0), "\(soak.output)")
        #expect(soak.output.contains("1500 answered 250") || soak.output.contains("answered 250"))
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: part) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
