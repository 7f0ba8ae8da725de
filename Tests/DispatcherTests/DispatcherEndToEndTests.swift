import Glibc
import ProcessPool
import Synchronization
import SystemCalls
import Testing

@testable import Dispatcher

/// The Dispatcher with real sockets and real worker processes.
@Suite struct DispatcherEndToEndTests {
    @Test(arguments: WorkerContractTests.images)
    func clientIsServed(image: TestImage) throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: try #require(image.path))])
        let client = try #require(TestClient(port: fixture.port))
        let pid = try #require(client.greetingPID())
        client.say("one")
        #expect(client.line() == "one")
        #expect(fixture.workers("running").contains(pid))
        client.say("quit")
        #expect(client.line() == "")
        fixture.wait(for: "DONE") { fixture.ask("status").contains("\"completed\":1") }
        fixture.shutDown()
        #expect(!Files.exists(fixture.directory.path + "/run/pid.dispatcher"))
        #expect(!Files.exists(fixture.directory.path + "/run/dispatcher.sock"))
    }

    @Test func killedWorkerIsReplacedAndOthersLive() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo) { $0.minProcs = 2 }])
        fixture.waitForReady(2)
        let clients = try (0..<2).map { _ in try #require(TestClient(port: fixture.port)) }
        let pids = try clients.map { try #require($0.greetingPID()) }
        #expect(Set(pids).count == 2)
        kill(pids[0], SIGKILL)
        #expect(clients[0].line() == "")
        fixture.wait(for: "a replacement") {
            let running = fixture.workers("running")
            return running.count == 2 && !running.contains(pids[0])
        }
        clients[1].say("alive")
        #expect(clients[1].line() == "alive")
        #expect(fixture.log.contains("signal 9"))
        clients[1].say("quit")
        fixture.shutDown()
    }

    /// Images that misbehave, and what the log says of it.
    static let badImages: [(script: String, line: String)] = [
        ("exit 1", "start 1 of a worker in a row failed"),
        ("exit 0", "start 1 of a worker in a row failed"),
        ("exit 75", "exit 75 (temporary failure)"),
        ("exit 78", "is held down"),
        ("exec sleep 1000", "it was not ready in time"),
        ("printf garbage >&3; exec sleep 1000", "malformed control message"),
        ("printf 'REDY\\n' >&3; exec sleep 1000", "it sent REDY before HELO"),
        ("printf 'HELO\\nprotocol=9\\n' >&3; exec sleep 1000", "it speaks protocol version 9, not 1"),
        (
            "printf 'HELO\\nprotocol=1\\n' >&3; printf 'REDY\\n' >&3; while :; do printf 'PONG\\n' >&3; done",
            "it sent PONG without PING"
        ),
        (
            "printf 'HELO\\nprotocol=1\\n' >&3; printf 'ACPT\\nid=3\\n' >&3; exec sleep 1000",
            "it confirmed connection 3"
        ),
        (
            "printf 'HELO\\nprotocol=1\\n' >&3; printf 'REDY\\n' >&3; while :; do printf 'DRAN\\n' >&3; done",
            "it sent DRAN twice"
        ),
        ("printf 'HELO\\nprotocol=1\\n' >&3; printf 'XXXX\\n' >&3; exec sleep 1000", "the unknown message XXXX"),
    ]

    @Test(arguments: badImages)
    func badImageIsContained(script: String, line: String) throws {
        let fixture = try DispatcherFixture()
        let bad = fixture.service(image: try fixture.directory.script("bad", script)) {
            $0.name = "BAD"
        }
        let second = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 4)
        let port = Sockets.localAddress(second.number).port
        let number = second.release()
        fixture.start([bad, fixture.service(image: TestImage.echo) { $0.tcpPorts = [port] }]) {
            $0.deadlines.start = 300_000_000
            $0.inheritedListeners.append(.init(number))
        }
        fixture.wait(for: line) { fixture.log.contains(line) }
        let client = try #require(TestClient(port: port))
        #expect(client.greetingPID() != nil)
        client.say("quit")
        #expect(client.line() == "")
        fixture.shutDown()
    }

    @Test func portInUseIsNamedAndTriedAgain() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo)], giveListener: false)
        fixture.wait(for: "the failure") { fixture.ask("status").contains("\"not-listening\"") }
        #expect(fixture.log.contains("service ECHO cannot listen on 127.0.0.1:\(fixture.port): Address already in use"))
        fixture.freePort()
        fixture.wait(for: "the port") { fixture.log.contains("listens on 127.0.0.1:\(fixture.port) now") }
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.greetingPID() != nil)
        client.say("quit")
        fixture.shutDown()
    }

    @Test func missingImageHoldsTheServiceDown() throws {
        let fixture = try DispatcherFixture()
        let image = fixture.directory.path + "/missing"
        fixture.start([fixture.service(image: image)], giveListener: false)
        fixture.freePort()
        fixture.wait(for: "the line") { fixture.log.contains("\(image) is not an executable file") }
        #expect(fixture.ask("status").contains("\"state\":\"held-down\""))
        #expect(TestClient(port: fixture.port) == nil)
        _ = try fixture.directory.script("missing", "exec \(TestImage.echo)")
        #expect(fixture.ask("restart echo") == "{\"ok\":true}")
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.greetingPID() != nil)
        client.say("quit")
        fixture.shutDown()
    }

    @Test func connectionMovesFromAStalledWorker() throws {
        let fixture = try DispatcherFixture()
        let script = """
            if mkdir "\(fixture.directory.path)/first"; then
                printf 'HELO\\nprotocol=1\\n' >&3
                printf 'REDY\\n' >&3
                exec sleep 1000
            fi
            exec \(TestImage.echo)
            """
        let image = try fixture.directory.script("stalling", script)
        fixture.start([fixture.service(image: image) { $0.minProcs = 2 }]) {
            $0.deadlines.handoff = 500_000_000
            $0.deadlines.stalled = 1_000_000_000
        }
        fixture.waitForReady(2)
        let clients = try (0..<2).map { _ in try #require(TestClient(port: fixture.port)) }
        let pids = clients.map { $0.greetingPID() }
        #expect(pids.allSatisfy { $0 != nil })
        #expect(fixture.log.contains("moves on"))
        fixture.wait(for: "the end of the stalled worker") { fixture.log.contains("it stalled and stayed silent") }
        for client in clients { client.say("quit") }
        fixture.shutDown()
    }

    @Test func connectionMovesFromADyingWorker() throws {
        let fixture = try DispatcherFixture()
        let script = """
            if mkdir "\(fixture.directory.path)/first"; then
                printf 'HELO\\nprotocol=1\\n' >&3
                printf 'REDY\\n' >&3
                kill -STOP $$
            fi
            exec \(TestImage.echo)
            """
        fixture.start([fixture.service(image: try fixture.directory.script("dying", script))])
        fixture.waitForReady(1)
        let stopped = try #require(fixture.workers("running").first)
        let client = try #require(TestClient(port: fixture.port))
        fixture.wait(for: "the handoff") { fixture.ask("status").contains("\"pending\":1") }
        kill(stopped, SIGKILL)
        let served = try #require(client.greetingPID())
        #expect(served != stopped)
        client.say("quit")
        fixture.shutDown()
    }

    @Test func shutdownLetsSessionsFinish() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo)])
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.greetingPID() != nil)
        #expect(fixture.ask("shutdown") == "{\"ok\":true}")
        fixture.wait(for: "the port to close") { TestClient(port: fixture.port) == nil }
        client.say("still here")
        #expect(client.line() == "still here")
        #expect(!fixture.hasEnded)
        client.say("quit")
        fixture.wait(for: "the end") { fixture.hasEnded }
        #expect(fixture.log.contains("exit 0"))
    }

    @Test func shutdownIsBounded() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo)]) {
            $0.deadlines.terminate = 100_000_000
            $0.deadlines.abort = 200_000_000
            $0.deadlines.kill = 100_000_000
        }
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.greetingPID() != nil)
        fixture.shutDown()
        #expect(client.line() == "")
    }

    @Test func l4RestartKeepsSessionsAndUsesNewWorkers() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo)])
        let old = try #require(TestClient(port: fixture.port))
        let oldPID = try #require(old.greetingPID())
        #expect(fixture.ask("restart *") == "{\"ok\":true}")
        let new = try #require(TestClient(port: fixture.port))
        #expect(new.greetingPID() != oldPID)
        old.say("still here")
        #expect(old.line() == "still here")
        old.say("quit")
        fixture.wait(for: "the old worker's end") { !fixture.workers("running", "draining").contains(oldPID) }
        new.say("quit")
        fixture.shutDown()
    }

    @Test func stoppedServiceReturnsOnlyWithTheDispatcher() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo)])
        fixture.waitForReady(1)
        #expect(fixture.ask("stop echo") == "{\"ok\":true}")
        fixture.wait(for: "the stop") { fixture.ask("status").contains("\"state\":\"stopped\"") }
        #expect(TestClient(port: fixture.port) == nil)
        #expect(fixture.ask("restart echo").contains("restart the dispatcher"))
        #expect(fixture.ask("restart nobody").contains("there are: ECHO"))
        #expect(fixture.ask("dance").contains("unknown command"))
        fixture.shutDown()
    }

    @Test func accessControlRefusesAndReloads() throws {
        let fixture = try DispatcherFixture()
        let reads = Mutex(0)
        fixture.start([fixture.service(image: TestImage.echo)]) {
            $0.debug = 1 << 24
        } admission: {
            let count = reads.withLock { count in
                count += 1
                return count
            }
            switch count {
            case 1:
                return ConnectionAdmission { probe in
                    .refuse(bytes: Array("550-See our page\r\n550 Go away\r\n".utf8), reason: probe)
                }
            case 2: throw SystemCallError(call: "open", code: ENOENT, object: "mappings")
            default: return ConnectionAdmission { _ in .admit(text: "EXTERNAL", logText: "") }
            }
        }
        let refused = try #require(TestClient(port: fixture.port))
        #expect(refused.line() == "550-See our page\r")
        #expect(refused.line() == "550 Go away\r")
        #expect(refused.line() == "")
        #expect(fixture.log.contains("rejected by PORT_ACCESS"))
        #expect(fixture.ask("status").contains("\"denied\":1"))
        #expect(fixture.ask("reload").contains("mappings"))
        #expect(try #require(TestClient(port: fixture.port)).line() == "550-See our page\r")
        fixture.waitForReady(1)
        let before = fixture.workers("running")
        #expect(fixture.ask("reload") == "{\"ok\":true}")
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.greetingPID() != nil)
        #expect(fixture.workers("running") == before)
        client.say("quit")
        fixture.shutDown()
    }

    @Test func secondDispatcherIsRefused() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo)])
        fixture.waitForReady(1)
        let second = DispatcherService(
            settings: DispatcherSettings(
                services: [], runDirectory: fixture.directory.path + "/run",
                logFile: fixture.directory.path + "/dispatcher.log"))
        #expect(throws: PIDFile.Failure.self) { try second.run() }
        #expect(fixture.ask("status").contains("ECHO"))
        fixture.shutDown()
    }

    @Test func manyClientsAtOnceAreAllServed() throws {
        let fixture = try DispatcherFixture()
        fixture.start([
            fixture.service(image: TestImage.echo) {
                $0.minProcs = 0
                $0.maxProcs = 3
                $0.maxConns = 4
                $0.minConns = 2
                // The others wait in the kernel.
                $0.backlog = 64
            }
        ])
        fixture.wait(for: "the dispatcher") { fixture.ask("status").contains("ECHO") }
        var clients = try (0..<40).map { _ in try #require(TestClient(port: fixture.port)) }
        var served = 0
        while !clients.isEmpty {
            let client = clients.removeFirst()
            if client.greetingPID() != nil { served += 1 }
            #expect(fixture.workers("starting", "running", "draining").count <= 3)
            client.say("quit")
        }
        #expect(served == 40)
        fixture.shutDown()
    }
}
