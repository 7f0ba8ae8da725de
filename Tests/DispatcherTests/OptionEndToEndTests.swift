import Glibc
import ProcessPool
import SystemCalls
import Testing

@testable import Dispatcher

/// Options that reach the workers, on the way that the configuration takes: dispatcher specification, sections 3, 4,
/// 7.2 and 9.3.
@Suite struct OptionEndToEndTests {
    private func freePort() throws -> UInt16 {
        let listener = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 1)
        return Sockets.localAddress(listener.number).port
    }

    private func add(_ program: DispatcherProgram, _ lines: String) throws {
        let file = "\(program.root)/config/martlet.conf"
        try program.write("config/martlet.conf", String(decoding: try Files.read(file), as: UTF8.self) + lines + "\n")
    }

    private func end(_ program: DispatcherProgram) {
        kill(program.processID, SIGTERM)
        #expect(program.end() == .exited(0))
    }

    /// `ssl_ports` are open, and the worker is told that TLS starts at once.
    @Test(arguments: TestImage.allCases.filter { $0.path != nil })
    func workersAreToldOfImplicitTLS(image: TestImage) throws {
        let (plain, secure) = (try freePort(), try freePort())
        let program = try DispatcherProgram(image: image.path, port: plain)
        try add(program, "dispatcher.service:ECHO.ssl_ports = \(secure)")
        try program.start()
        program.wait(for: "a worker") { program.ask("status").contains("\"state\":\"running\"") }
        let first = try #require(TestClient(port: plain))
        #expect(first.line().hasSuffix("parameter "))
        let second = try #require(TestClient(port: secure))
        #expect(second.line().hasSuffix("parameter  tls implicit"))
        first.say("quit")
        second.say("quit")
        end(program)
    }

    @Test func sslPortsOfTheMailServersStayClosedWithALine() throws {
        let (plain, secure) = (try freePort(), try freePort())
        let program = try DispatcherProgram(image: nil, port: plain)
        try add(
            program,
            "dispatcher.service:SMTP.ssl_ports = \(secure)\n[channel:tcp_local]\n  official_host_name = t\n  smtp")
        try program.start()
        program.wait(for: "the line") { program.words.contains("service SMTP: ssl_ports stay closed") }
        #expect(TestClient(port: secure) == nil)
        end(program)
    }

    /// Section 7.2 item 4: what a worker finds in its environment.
    @Test func workersKnowTheirPlaces() throws {
        let program = try DispatcherProgram(image: nil, port: try freePort())
        try program.write("image", "#!/bin/sh\nenv | grep ROOT > \(program.root)/notify\nsleep 5\n", mode: 0o755)
        try program.start()
        let root = program.root
        program.wait(for: "the environment") { Files.exists("\(root)/notify") }
        program.wait(for: "all of it") {
            let text = String(decoding: (try? Files.read("\(root)/notify")) ?? [], as: UTF8.self)
            return text.contains("SERVERROOT=\(root)\n") && text.contains("CONFIGROOT=\(root)/config\n")
        }
        kill(program.processID, SIGQUIT)
        _ = program.end()
    }

    @Test func aDispatcherThatIsSwitchedOffDoesNotRun() throws {
        let program = try DispatcherProgram(image: TestImage.echo, port: try freePort())
        try add(program, "dispatcher.enable = 0")
        try program.start()
        #expect(program.end() == .exited(78))
        #expect(program.output.contains("dispatcher.enable is 0"))
    }

    /// Section 4: "error, service skipped"; the others run, and the log says which does not.
    @Test func aBadServiceIsLeftOutAndTheOthersRun() throws {
        let port = try freePort()
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        try add(program, "dispatcher.service:BAD.tcp_ports = 2525\ndispatcher.service:WORSE.max_conns = x")
        try program.start()
        program.wait(for: "a worker") { program.ask("status").contains("\"state\":\"running\"") }
        #expect(program.words.contains("service BAD is left out: service BAD has no image"))
        #expect(program.words.contains("service WORSE is left out: dispatcher.service:WORSE.max_conns: x is not"))
        #expect(program.words.contains("Dispatcher starts, Martlet Messaging Server"))
        end(program)
    }

    /// `$T` with `$N`, and LOG_CONNECTION bit 1: a `T` record with the text (section 9.6).
    @Test func refusalsAreRecordedWhereTheTableAsksForIt() throws {
        let port = try freePort()
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        try add(
            program, "mta.log_connection = 2\n[mapping:PORT_ACCESS]\n  TCP|*|*|*|*  $N$T$<550$ Go$ away|554$ No||site")
        try program.start()
        program.wait(for: "the port") { program.ask("status").contains("accepting") }
        let client = try #require(TestClient(port: port))
        #expect(client.line() == "554 No\r")
        program.wait(for: "the record") { program.output.contains(" T ") }
        let line = program.output.split(separator: "\n").first { $0.contains(" T ") } ?? ""
        #expect(
            line.contains("tcp_local") && line.contains("TCP|127.0.0.1|\(port)|127.0.0.1|") && line.contains("554 No"))
        #expect(!line.contains("site") && !line.contains("Go away"))
        end(program)
    }

    /// A reload of a broken configuration fails, also without a PORT_ACCESS table at the start (section 8, rule 6).
    @Test func reloadOfABrokenConfigurationFails() throws {
        let program = try DispatcherProgram(image: TestImage.echo, port: try freePort())
        try program.start()
        program.wait(for: "a worker") { program.ask("status").contains("\"state\":\"running\"") }
        #expect(program.ask("status").contains("\"generation\":1"))
        #expect(program.ask("reload").contains("\"ok\":true"))
        #expect(program.ask("status").contains("\"generation\":2"))
        try add(program, "mta.block_limit = x")
        #expect(program.ask("reload").contains("reload failed"))
        #expect(program.ask("status").contains("\"generation\":2"))
        #expect(program.words.contains("the old configuration stays in force"))
        end(program)
    }

    /// L7 of section 15: edit `dispatcher.max_procs`, `imsimta reload`: no effect; needs a restart of the Dispatcher.
    /// L6: the same for a PORT_ACCESS table that did not exist at its start.
    @Test func whatNeedsARestartIsNotReloaded() throws {
        let port = try freePort()
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        try program.start()
        program.wait(for: "a worker") { program.ask("status").contains("\"state\":\"running\"") }
        try add(program, "dispatcher.max_procs = 9\n[mapping:PORT_ACCESS]\n  TCP|*|*|*|*  $N554$ No")
        #expect(program.ask("reload").contains("\"ok\":true"))
        #expect(program.ask("status").contains("\"max_procs\":5"))
        let client = try #require(TestClient(port: port))
        #expect(client.line().hasPrefix("hello"))
        client.say("quit")
        end(program)
        try program.start()
        program.wait(for: "the new limits") { program.ask("status").contains("\"max_procs\":9") }
        #expect(try #require(TestClient(port: port)).line() == "554 No\r")
        end(program)
    }

    /// L5 of section 15: `imsimta reload` after editing PORT_ACCESS (table existed at start): new rules for the next
    /// connection; no worker pid changes.
    @Test func editedTableCountsAfterAReload() throws {
        let port = try freePort()
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        try add(program, "[mapping:PORT_ACCESS]\n  TCP|*|*|192.0.2.9|*  $N\n  TCP|*|1|*|*  $N554$ No")
        try program.start()
        program.wait(for: "a worker") { program.ask("status").contains("\"state\":\"running\"") }
        let before = try #require(TestClient(port: port))
        let worker = before.greetingPID()
        let file = "\(program.root)/config/martlet.conf"
        let text = String(decoding: try Files.read(file), as: UTF8.self)
        try program.write("config/martlet.conf", text.replacing("TCP|*|1|*|*", with: "TCP|*|\(port)|*|*"))
        #expect(program.ask("reload").contains("\"ok\":true"))
        #expect(try #require(TestClient(port: port)).line() == "554 No\r")
        before.say("still here")
        #expect(before.line() == "still here")
        #expect(program.ask("status").contains("\"pid\":\(worker ?? 0),"))
        before.say("quit")
        end(program)
    }

    /// Section 8, rule 4: the Dispatcher goes at once; the session goes on, and another Dispatcher binds.
    @Test func aDispatcherThatLeavesDoesNotEndSessions() throws {
        let port = try freePort()
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        try program.start()
        program.wait(for: "a worker") { program.ask("status").contains("\"state\":\"running\"") }
        let session = try #require(TestClient(port: port))
        let old = session.greetingPID()
        program.wait(for: "ACPT") { program.ask("status").contains("\"active\":1") }
        #expect(program.ask("leave").contains("\"ok\":true"))
        #expect(program.end() == .exited(0))
        try program.start()
        program.wait(for: "the new worker") { program.ask("status").contains("\"state\":\"running\"") }
        let next = try #require(TestClient(port: port))
        #expect(next.greetingPID() != old)
        session.say("still here")
        #expect(session.line() == "still here")
        session.say("quit")
        next.say("quit")
        end(program)
    }

    /// STACKSIZE: the session's thread in the worker has a stack of that size, as the kernel shows it.
    @Test func threadsOfWorkersHaveTheStackOfTheOption() throws {
        let fixture = try DispatcherFixture()
        let wanted = 37 << 20
        fixture.start([fixture.service(image: TestImage.echo) { $0.stackSize = wanted }])
        let client = try #require(TestClient(port: fixture.port))
        let worker = try #require(client.greetingPID())
        let maps = String(decoding: try Files.read("/proc/\(worker)/maps"), as: UTF8.self)
        let sizes = maps.split(separator: "\n").compactMap { line -> Int? in
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { Int($0, radix: 16) }
            return bounds.count == 2 ? bounds[1] - bounds[0] : nil
        }
        // The guard page is a mapping of its own.
        #expect(sizes.contains { abs($0 - wanted) <= 65_536 }, "\(sizes)")
        client.say("quit")
        fixture.shutDown()
    }

    /// P5 of section 15, MIN_PROCS=1 MAX_PROCS=3 MIN_CONNS=2 MAX_CONNS=4, 12 connections open: the 13th client's TCP
    /// connects, no banner, until one of the 12 closes; then it is served; never a 4th worker.
    @Test func thirteenthClientWaitsForAPlace() throws {
        let fixture = try DispatcherFixture()
        fixture.start([
            fixture.service(image: TestImage.echo) {
                ($0.minProcs, $0.maxProcs, $0.minConns, $0.maxConns) = (1, 3, 2, 4)
            }
        ])
        var clients: [TestClient] = []
        var workers: Set<Int32> = []
        for _ in 0..<12 {
            let client = try #require(TestClient(port: fixture.port))
            workers.insert(try #require(client.greetingPID()))
            clients.append(client)
        }
        #expect(workers.count == 3)
        let last = try #require(TestClient(port: fixture.port))
        fixture.wait(for: "the port at rest") { fixture.ask("status").contains("\"at-capacity\"") }
        poll(nil, 0, 300)
        #expect(!last.hasInput)
        clients[5].say("quit")
        let worker = try #require(last.greetingPID())
        #expect(workers.contains(worker))
        #expect(fixture.ask("status").contains("\"workers_started\":3"))
        for client in clients + [last] { client.say("quit") }
        fixture.shutDown()
    }

    /// IMTA_VERSION_LIMIT: a crash loop does not fill the disk.
    @Test func versionsOfLogsAreLimited() throws {
        let fixture = try DispatcherFixture()
        for number in 0..<4 {
            try Files.replace("\(fixture.directory.path)/echo.log-0000000000000\(number)", with: [])
            try Files.replace("\(fixture.directory.path)/dispatcher.log-0000000000000\(number)", with: [])
        }
        fixture.start([fixture.service(image: TestImage.echo) { $0.minProcs = 4 }]) { $0.logVersions = 2 }
        fixture.waitForReady(4)
        let names = try Files.list(fixture.directory.path)
        // Those of the four workers that live stay.
        #expect(names.count { $0.hasPrefix("echo.log-") } == 4)
        #expect(names.count { $0.hasPrefix("dispatcher.log-") } == 2)
        fixture.shutDown()
    }
}

extension DispatcherProgram {
    /// What it wrote, with every line break and run of blanks as one blank: records are folded.
    fileprivate var words: String { output.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
