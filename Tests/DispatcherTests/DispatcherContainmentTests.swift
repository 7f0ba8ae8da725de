import Glibc
import ProcessPool
import SystemCalls
import Testing

@testable import Dispatcher

/// What one worker, one client or one shortage does to the others: nothing.
@Suite struct DispatcherContainmentTests {
    private static let ready = "printf 'HELO\\nprotocol=1\\n' >&3\nprintf 'REDY\\n' >&3"

    private func hasty(_ settings: inout DispatcherSettings) {
        settings.deadlines.terminate = 100_000_000
        settings.deadlines.abort = 200_000_000
        settings.deadlines.kill = 100_000_000
    }

    @Test func workerThatDoesNotReadItsSocketIsKilled() throws {
        let fixture = try DispatcherFixture()
        let script = """
            if mkdir "\(fixture.directory.path)/first"; then
                \(Self.ready)
                exec sleep 1000
            fi
            exec \(TestImage.echo)
            """
        let image = try fixture.directory.script("deaf", script)
        fixture.start([fixture.service(image: image) { $0.minProcs = 2 }], hasty)
        fixture.waitForReady(2)
        let before = fixture.workers("running")
        for _ in 0..<2500 { _ = fixture.ask("reload") }
        fixture.wait(for: "the kill") { fixture.log.contains("does not read its control socket") }
        fixture.wait(for: "a new worker") {
            let now = fixture.workers("running")
            return now.count == 2 && Set(now).intersection(before).count == 1
        }
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.greetingPID() != nil)
        client.say("quit")
        fixture.shutDown()
    }

    /// "most asynchronous handoffs of newly accepted connections in progress at once per service port": the others wait
    /// in the kernel's queue.
    @Test func maxHandoffsStopsAccepting() throws {
        let fixture = try DispatcherFixture()
        let service = fixture.service(image: TestImage.echo) {
            $0.maxProcs = 1
            $0.maxHandoffs = 2
        }
        fixture.start([service])
        fixture.waitForReady(1)
        let worker = try #require(fixture.workers("running").first)
        kill(worker, SIGSTOP)
        let clients = try (0..<5).map { _ in try #require(TestClient(port: fixture.port)) }
        fixture.wait(for: "the limit") { fixture.ask("status").contains("\"handoff-limit\"") }
        poll(nil, 0, 300)
        let status = fixture.ask("status")
        #expect(status.contains("\"accepted\":2,") && status.contains("\"pending\":2"))
        kill(worker, SIGCONT)
        for client in clients { #expect(client.greetingPID() == worker) }
        #expect(fixture.ask("status").contains("\"accepted\":5,"))
        for client in clients { client.say("quit") }
        fixture.shutDown()
    }

    @Test func reloadReachesWorkersThatAreStarting() throws {
        let fixture = try DispatcherFixture()
        let directory = fixture.directory.path
        let script = """
            while [ ! -e "\(directory)/go" ]; do sleep 0.05; done
            \(Self.ready)
            dd bs=9000 count=1 <&3 >"\(directory)/heard" 2>/dev/null
            exec sleep 1000
            """
        fixture.start([fixture.service(image: try fixture.directory.script("slow", script))], hasty)
        fixture.wait(for: "the start") { fixture.workers("starting").count == 1 }
        #expect(fixture.ask("reload") == "{\"ok\":true}")
        try Files.replace("\(directory)/go", with: [], mode: 0o644)
        fixture.wait(for: "RELD") { (try? Files.read("\(directory)/heard"))?.starts(with: Array("RELD".utf8)) == true }
        fixture.shutDown()
    }

    @Test func idleCommandClientsDoNotKeepOthersOut() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo)]) { $0.commandIdleTime = 300_000_000 }
        fixture.waitForReady(1)
        var idle: [OwnedDescriptorHolder] = []
        for _ in 0..<CommandSocket.mostClients {
            let path = "\(fixture.directory.path)/run/dispatcher.sock"
            idle.append(OwnedDescriptorHolder(try UnixSockets.connect(path, .stream)))
        }
        #expect(fixture.ask("status").contains("ECHO"))
        #expect(idle.count == CommandSocket.mostClients)
        fixture.shutDown()
    }

    private final class OwnedDescriptorHolder {
        let owned: OwnedDescriptor
        init(_ owned: consuming OwnedDescriptor) { self.owned = owned }
    }

    // MARK: Shortage

    private func integer(_ name: String, _ text: String) -> Int? {
        text.split(separator: "\"\(name)\":").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) }
    }

    /// prlimit(2), which Swift does not see.
    private func limitDescriptors(of process: Int32, to count: rlim_t) -> Bool {
        typealias Call =
            @convention(c) (Int32, Int32, UnsafePointer<rlimit>, UnsafeMutablePointer<rlimit>?) -> Int32
        guard let symbol = dlsym(nil, "prlimit") else { return false }
        var limit = rlimit(rlim_cur: count, rlim_max: count)
        return unsafeBitCast(symbol, to: Call.self)(process, Int32(RLIMIT_NOFILE.rawValue), &limit, nil) == 0
    }

    /// "on EMFILE it uses a reserved descriptor to accept and close, logs, and backs off": one client a second is closed,
    /// the others wait until there are descriptors again.
    @Test func clientsWaitWhenDescriptorsRunOut() throws {
        let listener = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 200)
        let port = Sockets.localAddress(listener.number).port
        let program = try DispatcherProgram(
            image: TestImage.echo, port: port,
            options: ["max_handoffs = 200", "max_conns = 200", "min_conns = 200", "max_procs = 4"])
        try program.start(socket: listener.number)
        program.wait(for: "the worker") { program.output.contains(") ready") }
        let worker = try #require(integer("pid", program.ask("status")))
        let began = SystemClock.monotonicNanoseconds
        kill(Int32(worker), SIGSTOP)
        try #require(limitDescriptors(of: program.processID, to: 48))
        let clients = try (0..<80).map { _ in try #require(TestClient(port: port)) }
        program.wait(for: "the shortage") { program.output.contains("no file descriptor is left") }
        poll(nil, 0, 1500)
        kill(Int32(worker), SIGCONT)
        let served = clients.filter { client in
            defer { client.say("quit") }
            return client.greetingPID() != nil
        }
        let elapsed = Int((SystemClock.monotonicNanoseconds - began) / 1_000_000_000)
        #expect(served.count >= 80 - elapsed - 2)
        #expect(served.count < 80)
        let status = program.ask("status")
        let failures = try #require(integer("accept_failures", status))
        #expect((1...elapsed + 2).contains(failures))
        kill(program.processID, SIGQUIT)
        #expect(program.end() == .exited(0))
    }

    /// A port on which accept fails again and again rests, and the log says so once in a while.
    @Test func brokenPortRests() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo)])
        fixture.waitForReady(1)
        // From here on accept(2) says EINVAL.
        shutdown(fixture.listeningDescriptor, Int32(SHUT_RDWR))
        fixture.wait(for: "the failure") { fixture.log.contains("cannot accept on 127.0.0.1:\(fixture.port)") }
        poll(nil, 0, 1500)
        let failures = try #require(integer("accept_failures", fixture.ask("status")))
        #expect((1...5).contains(failures))
        #expect(fixture.log.lines(with: "cannot accept on") == 1)
        fixture.shutDown()
    }

    private static let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].first(where: Files.isExecutable)

    /// systemd gives the Dispatcher CAP_NET_BIND_SERVICE for its ports. Workers have no use for it.
    @Test(.enabled(if: Users.isRoot && setpriv != nil, "giving capabilities needs root and setpriv"))
    func workersGetNoCapabilities() throws {
        let program = try DispatcherProgram(image: TestImage.echo, port: 1)
        let held = "-all,+net_bind_service"
        try program.start(
            wrapper: "\(Self.setpriv ?? "") --securebits=+noroot --inh-caps=\(held) --ambient-caps=\(held)")
        program.wait(for: "the worker") { program.ask("status").contains("\"pid\":") }
        let worker = try #require(integer("pid", program.ask("status")))
        func capabilities(_ process: Int) throws -> [String] {
            let text = String(decoding: try Files.read("/proc/\(process)/status"), as: UTF8.self)
            return text.split(separator: "\n").filter { $0.hasPrefix("CapPrm") || $0.hasPrefix("CapAmb") }
                .map { String($0.split(separator: "\t").last ?? "") }
        }
        #expect(try capabilities(worker) == ["0000000000000000", "0000000000000000"])
        #expect(try capabilities(Int(program.processID)).contains("0000000000000400"))
        kill(program.processID, SIGQUIT)
        #expect(program.end() == .exited(0))
    }
}

extension String {
    /// How many lines have `text`.
    fileprivate func lines(with text: String) -> Int {
        split(separator: "\n").count { $0.contains(text) }
    }
}
