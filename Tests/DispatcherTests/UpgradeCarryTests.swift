import Glibc
import SystemCalls
import Testing

@testable import Dispatcher

/// What an upgrade carries over, and what it makes anew: with real processes.
@Suite struct UpgradeCarryTests {
    /// A Dispatcher that serves `port`; the test keeps the listening socket too.
    private struct Running {
        let program: DispatcherProgram
        let port: UInt16
        let socket: OwnedListener

        func upgrade(to path: String = DispatcherProgram.path) {
            #expect(program.ask("upgrade \(path)") == "{\"ok\":true,\"pid\":\(program.processID)}")
        }

        func client() throws -> TestClient { try #require(TestClient(port: port)) }

        /// With the sessions that are open.
        func end() {
            kill(program.processID, SIGQUIT)
            #expect(program.end() == .exited(0))
        }
    }

    private final class OwnedListener {
        let owned: OwnedDescriptor
        init(_ owned: consuming OwnedDescriptor) { self.owned = owned }
        var number: Int32 { owned.number }
    }

    /// `image`: a shell script that ends as the echo worker; `options` of the service; `sections`: of the configuration.
    private static func started(
        image: String? = nil, _ options: [String] = [], sections: String = ""
    ) throws -> Running {
        let socket = OwnedListener(try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 64))
        let port = Sockets.localAddress(socket.number).port
        let program = try DispatcherProgram(image: image == nil ? TestImage.echo : nil, port: port)
        if let image {
            let script = "#!/bin/sh\ncd \(program.root)\n\(image)\nexec \(TestImage.echo)\n"
            try program.write("image", script, mode: 0o755)
        }
        try program.configure(options, sections)
        try program.start(socket: socket.number)
        program.wait(for: "the start") { program.ask("status").contains("\"running\"") }
        return Running(program: program, port: port, socket: socket)
    }

    // MARK: Connections on their way

    @Test func connectionInAdmissionGoesOn() throws {
        let running = try Self.started(["pregreet_delay = 1500"])
        let quiet = try running.client()
        let hasty = try running.client()
        running.program.wait(for: "admission") { running.program.ask("status").contains("\"current\":2") }
        running.upgrade()
        hasty.say("too early")
        #expect(quiet.greetingPID() != nil)
        #expect(hasty.greetingPID() == nil)
        #expect(running.program.ask("status").contains("\"accepted\":2"))
        #expect(running.program.ask("status").contains("\"pregreet\":1"))
        running.end()
    }

    /// A worker that is starting stays so, and the connection that waits for it is served by it.
    @Test func startingWorkerAndWaitingConnectionGoOn() throws {
        let running = try Self.started(image: "while [ ! -e new ]; do sleep 0.05; done", ["min_procs = 0"])
        let client = try running.client()
        running.program.wait(for: "a worker") { running.program.ask("status").contains("\"starting\"") }
        running.upgrade()
        #expect(running.program.ask("status").contains("\"starting\""))
        #expect(!client.hasInput)
        try running.program.write("new", "")
        #expect(client.greetingPID() != nil)
        #expect(running.program.ask("status").contains("\"workers_started\":1"))
        running.end()
    }

    /// A worker that does not answer holds up no upgrade; what it was given is its own when it wakes up.
    @Test func unconfirmedConnectionGoesOn() throws {
        let running = try Self.started(["max_procs = 1"])
        let first = try running.client()
        let worker = try #require(first.greetingPID())
        kill(worker, SIGSTOP)
        let second = try running.client()
        running.program.wait(for: "the handoff") { running.program.ask("status").contains("\"pending\":1") }
        running.upgrade()
        #expect(running.program.ask("status").contains("\"pending\":1"))
        kill(worker, SIGCONT)
        #expect(second.greetingPID() == worker)
        running.program.wait(for: "the confirmation") { running.program.ask("status").contains("\"pending\":0") }
        running.end()
    }

    // MARK: What is known of connections and clients

    @Test func connectionsAreListedAsBefore() throws {
        let running = try Self.started(["historical_time = 3600"])
        let client = try running.client()
        #expect(client.greetingPID() != nil)
        /// Up to how long the connection has lasted.
        func connections() -> String {
            let answer = running.program.ask("connections ECHO")
            return answer.firstRange(of: "\"seconds\"").map { String(answer[..<$0.lowerBound]) } ?? answer
        }
        let before = connections()
        #expect(before.contains(#"{"id":1,"worker":1,"local":"127.0.0.1:\#(running.port)""#))
        running.upgrade()
        #expect(connections() == before)
        client.say("quit")
        #expect(client.line() == "")
        running.program.wait(for: "the end") {
            running.program.ask("history ECHO").contains(#""in":5,"out":5,"reason":"closed"}"#)
        }
        running.end()
    }

    @Test func clientsStayCounted() throws {
        let running = try Self.started(["max_conns_per_client = 1"])
        let first = try running.client()
        #expect(first.greetingPID() != nil)
        running.upgrade()
        #expect(try running.client().greetingPID() == nil)
        first.say("quit")
        #expect(first.line() == "")
        running.program.wait(for: "the end") { running.program.ask("status").contains("\"completed\":1") }
        #expect(try running.client().greetingPID() != nil)
        running.end()
    }

    /// Dispatcher specification, section 9.5.
    @Test func throttledStaysThrottled() throws {
        let table = """
            [mapping:PORT_ACCESS]
              TCP|*|*|*|*  $C$[IMTA_LIB:conn_throttle.so,throttle,$2,2]$N421$ Connection$ not$ accepted$ at$ this$ time$E
              *            $YEXTERNAL

            """
        let running = try Self.started(sections: table)
        #expect(try running.client().greetingPID() != nil)
        #expect(try running.client().greetingPID() != nil)
        running.upgrade()
        #expect(try running.client().line().hasPrefix("421 Connection not accepted at this time"))
        running.end()
    }

    // MARK: Services and settings

    /// Dispatcher specification, section 8 rule 1.
    @Test func stoppedServiceStaysStopped() throws {
        let running = try Self.started()
        let session = try running.client()
        #expect(session.greetingPID() != nil)
        #expect(running.program.ask("stop ECHO") == "{\"ok\":true}")
        // The test's own copy would still take connections.
        running.upgrade()
        #expect(running.program.ask("status").contains("\"stopping\""))
        session.say("still here")
        #expect(session.line() == "still here")
        session.say("quit")
        running.program.wait(for: "the stop") { running.program.ask("status").contains("\"stopped\"") }
        running.upgrade()
        #expect(running.program.ask("status").contains("\"stopped\""))
        #expect(running.program.ask("restart ECHO").contains("restart the dispatcher to get it back"))
        running.end()
    }

    @Test func workersOfOtherSettingsFinishAndNewOnesServe() throws {
        let running = try Self.started()
        let session = try running.client()
        let worker = try #require(session.greetingPID())
        running.upgrade()
        // Nothing has changed: the worker goes on.
        #expect(try running.client().greetingPID() == worker)
        try running.program.configure(["parameter = CHANNEL=other"])
        running.upgrade()
        running.program.wait(for: "the new worker") {
            running.program.ask("status").contains("\"draining\"")
        }
        let other = try #require(try running.client().greetingPID())
        #expect(other != worker)
        session.say("still here")
        #expect(session.line() == "still here")
        session.say("quit")
        running.program.wait(for: "the worker's end") { kill(worker, 0) != 0 }
        running.end()
    }

    // MARK: Ports

    /// 127.0.0.1, then every address with IPv4 and IPv6, then one of another spelling, and back.
    @Test func interfaceMayChange() throws {
        let port = try PlainSocket.freePort()
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        try program.start()
        program.wait(for: "the start") { program.ask("status").contains("\"running\"") }
        func reaches(_ host: String) -> Bool {
            let socket = try? Sockets.beginConnection(from: host, to: SocketAddress(host: host, port: port))
            guard let socket else { return false }
            let client = TestClient(owning: socket.release())
            return client.greetingPID() != nil
        }
        let steps: [(interface: String?, reached: [String], notReached: [String])] = [
            ("127.0.0.1", ["127.0.0.1"], ["127.0.0.2", "::1"]), (nil, ["127.0.0.1", "127.0.0.2", "::1"], []),
            ("::", ["127.0.0.1", "::1"], []), ("0:0:0:0:0:0:0:1", ["::1"], ["127.0.0.1"]),
            ("::1", ["::1"], ["127.0.0.1"]),
            ("127.0.0.2", ["127.0.0.2"], ["127.0.0.1", "::1"]), (nil, ["127.0.0.1", "::1"], []),
        ]
        for step in steps {
            try program.configure([], interface: step.interface)
            #expect(program.ask("upgrade \(DispatcherProgram.path)").contains("\"ok\":true"))
            program.wait(for: "the ports") { program.ask("status").contains("\"accepting\"") }
            for host in step.reached { #expect(reaches(host), "\(host) with \(step.interface ?? "all")") }
            for host in step.notReached { #expect(!reaches(host), "\(host) with \(step.interface ?? "all")") }
        }
        // An address that is not of this host is found before anything is given up.
        try program.configure([], interface: "192.0.2.1")
        #expect(program.ask("upgrade \(DispatcherProgram.path)").contains("could not listen on 192.0.2.1:\(port)"))
        #expect(reaches("::1"))
        kill(program.processID, SIGTERM)
        #expect(program.end() == .exited(0))
    }

    /// The socket came from systemd with a depth of its own.
    @Test func backlogIsInForce() throws {
        let running = try Self.started(["backlog = 77"])
        #expect(Self.backlog(running.socket.number) == 77)
        try running.program.configure(["backlog = 33"])
        running.upgrade()
        running.program.wait(for: "the port") { Self.backlog(running.socket.number) == 33 }
        running.end()
    }

    /// For a listening socket the kernel gives the depth of its queue where other sockets have `tcpi_sacked` (tcp(7)).
    private static func backlog(_ socket: Int32) -> UInt32 {
        var words = [UInt32](repeating: 0, count: 26)
        var length = socklen_t(words.count * 4)
        getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, &words, &length)
        // Eight octets, then rto, ato, snd_mss, rcv_mss, unacked, sacked.
        return words[7]
    }

    // MARK: The process

    /// A resolver runs, whose library opens descriptors without close-on-exec.
    @Test func noDescriptorIsLeftBehind() throws {
        let running = try Self.started(["dns_verify_domain = list.invalid", "min_procs = 0"])
        func descriptors() throws -> Int { try Files.list("/proc/\(running.program.processID)/fd").count }
        #expect(try running.client().greetingPID() != nil)
        running.upgrade()
        #expect(try running.client().greetingPID() != nil)
        running.program.wait(for: "the end") { running.program.ask("status").contains("\"active\":0") }
        let before = try descriptors()
        for _ in 0..<3 {
            running.upgrade()
            #expect(try running.client().greetingPID() != nil)
            running.program.wait(for: "the end") { running.program.ask("status").contains("\"active\":0") }
        }
        // Questions to the list that are under way have sockets of their own.
        running.program.wait(for: "as many descriptors as before") { (try? descriptors()) ?? .max <= before }
        running.end()
    }

    /// The real program passes its check, takes the place of the old one and then finds a configuration that it cannot
    /// read; when it has gone back, that is in order again. The new image is a script that arranges this: the file is a
    /// pipe, whose writer puts the right one into place before it says anything.
    @Test func realProgramThatFailsAfterItTookThePlaceGoesBack() throws {
        let running = try Self.started()
        let session = try running.client()
        #expect(session.greetingPID() != nil)
        let script = """
            #!/bin/sh
            [ -n "$MARTLET_TAKE_OVER_CHECK" ] && exec \(DispatcherProgram.path)
            cd \(running.program.root)/config
            cp martlet.conf right && rm martlet.conf && mkfifo martlet.conf || exit 9
            (exec 9>martlet.conf; mv right martlet.conf; echo '# nothing' >&9) &
            exec \(DispatcherProgram.path)

            """
        try running.program.write("new", script, mode: 0o755)
        let answer = running.program.ask("upgrade \(running.program.root)/new")
        #expect(answer.contains("\"ok\":false"))
        #expect(answer.contains("no channels are defined"))
        #expect(running.program.output.contains("the new program could not begin, this one goes on"))
        session.say("still here")
        #expect(session.line() == "still here")
        #expect(try running.client().greetingPID() != nil)
        // And then an upgrade that succeeds.
        running.upgrade()
        session.say("still here")
        #expect(session.line() == "still here")
        running.end()
    }
}
