import Glibc
import ProcessPool
import SystemCalls
import Testing

/// What docs/worker-protocol.md asks of every worker image, whatever it is written in.
@Suite struct WorkerContractTests {
    /// A worker without a Dispatcher: the test plays its part.
    final class Bench {
        let process: SupervisedProcess
        private var poller: Poller

        convenience init(_ image: TestImage) throws {
            try self.init(path: try #require(image.path, "python3 is not installed"))
        }

        init(path: String) throws {
            let launch = SupervisedProcess.Launch(
                path: path, environment: ["PATH=/usr/bin:/bin", "IMTA_SERVICE=ECHO", "IMTA_MAX_CONNS=4"])
            process = try SupervisedProcess.start(launch, log: nil)
            poller = try Poller()
            try poller.add(process.control.descriptor, token: 1)
        }

        deinit {
            process.signal(SIGKILL)
            while process.reap() == nil { poll(nil, 0, 5) }
        }

        /// The next message, waiting half a minute; nil at the end of the socket.
        func next() throws -> ControlMessage? {
            for _ in 0..<30 {
                do {
                    if let message = try process.control.receive()?.message { return message }
                } catch ControlSocket.Failure.closed { return nil }
                try poller.wait(milliseconds: 1000) { _ in }
            }
            Issue.record("the worker says nothing")
            return nil
        }

        func expectGreeting() throws {
            let hello = try #require(try next())
            #expect(hello.type == "HELO")
            #expect(hello["protocol"] == "1")
            #expect(hello.integer("pid") == Int(process.processID))
            #expect(try next()?.type == "REDY")
        }

        func hand(id: Int, expiresIn: Int = 60_000) throws -> TestClient {
            var pair: [Int32] = [-1, -1]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
            let expires = Int(SystemClock.monotonicNanoseconds / 1_000_000) + expiresIn
            try process.control.send(
                ControlMessage(
                    "CONN",
                    [
                        "id": String(id), "local": "192.0.2.1", "local-port": "25", "remote": "2001:db8::1",
                        "remote-port": "4000", "tls": "none", "service": "ECHO", "parameter": "CHANNEL=test",
                        "access": "EXTERNAL", "log": "", "ident": "", "expires": String(expires),
                    ]), descriptor: pair[1])
            close(pair[1])
            return TestClient(owning: pair[0])
        }

        func expectEnd() {
            for _ in 0..<1500 where process.reap() == nil { poll(nil, 0, 20) }
            #expect(process.ending == .orderly)
        }
    }

    static var images: [TestImage] { TestImage.allCases.filter { $0.path != nil } }

    @Test(arguments: images)
    func servesAConnection(image: TestImage) throws {
        let bench = try Bench(image)
        try bench.expectGreeting()
        let client = try bench.hand(id: 7)
        #expect(client.line() == "hello from \(bench.process.processID) parameter CHANNEL=test")
        #expect(try bench.next() == ControlMessage("ACPT", ["id": "7"]))
        client.say("one")
        #expect(client.line() == "one")
        client.say("quit")
        #expect(client.line() == "")
        let done = try #require(try bench.next())
        #expect(done.type == "DONE")
        #expect(done.integer("id") == 7)
        #expect(done.integer("in") == 9)
        #expect(done.integer("seconds") != nil && done["reason"] != nil)
    }

    @Test(arguments: images)
    func writesNothingBeforeACPT(image: TestImage) throws {
        let bench = try Bench(image)
        try bench.expectGreeting()
        let client = try bench.hand(id: 1)
        while !client.hasInput { poll(nil, 0, 1) }
        // Something was written: the confirmation must be in the socket already.
        #expect(try bench.process.control.receive()?.message.type == "ACPT")
    }

    /// `ACPT` and `DONE` may come in groups; every connection is in exactly one of each.
    @Test(arguments: images)
    func manyConnectionsAreEachReportedOnce(image: TestImage) throws {
        let bench = try Bench(image)
        try bench.expectGreeting()
        let clients = try (1...40).map { try bench.hand(id: $0) }
        for client in clients {
            #expect(client.line().hasPrefix("hello"))
            client.say("quit")
        }
        var seen: [String: [Int]] = [:]
        while (seen["DONE"] ?? []).count < clients.count {
            let message = try #require(try bench.next())
            seen[message.type.description, default: []] += message.groups.compactMap { $0.integer("id") }
        }
        #expect(seen["ACPT"]?.sorted() == Array(1...40))
        #expect(seen["DONE"]?.sorted() == Array(1...40))
    }

    @Test(arguments: images)
    func answersPing(image: TestImage) throws {
        let bench = try Bench(image)
        try bench.expectGreeting()
        try bench.process.control.send(ControlMessage("PING"))
        #expect(try bench.next()?.type == "PONG")
    }

    @Test(arguments: images)
    func drainsAfterItsSessions(image: TestImage) throws {
        let bench = try Bench(image)
        try bench.expectGreeting()
        let client = try bench.hand(id: 1)
        #expect(try bench.next()?.type == "ACPT")
        try bench.process.control.send(ControlMessage("DRAN"))
        try bench.process.control.send(ControlMessage("PING"))
        #expect(try bench.next()?.type == "PONG")
        _ = client.line()
        client.say("still here")
        #expect(client.line() == "still here")
        #expect(bench.process.reap() == nil)
        client.say("quit")
        #expect(try bench.next()?.type == "DONE")
        bench.expectEnd()
    }

    @Test(arguments: images)
    func endOfTheControlSocketIsDrain(image: TestImage) throws {
        let bench = try Bench(image)
        try bench.expectGreeting()
        let client = try bench.hand(id: 1)
        _ = client.line()
        shutdown(bench.process.control.descriptor, Int32(SHUT_RDWR))
        client.say("still here")
        #expect(client.line() == "still here")
        client.say("quit")
        bench.expectEnd()
    }

    @Test(arguments: images)
    func terminateGivesNotice(image: TestImage) throws {
        let bench = try Bench(image)
        try bench.expectGreeting()
        let client = try bench.hand(id: 1)
        #expect(try bench.next()?.type == "ACPT")
        bench.process.signal(SIGTERM)
        #expect(try bench.next()?.type == "DRAN")
        _ = try? bench.hand(id: 2)
        _ = client.line()
        client.say("quit")
        #expect(try bench.next()?.type == "DONE")
        #expect(try bench.next() == nil)
        bench.expectEnd()
    }

    @Test(arguments: images)
    func expiredConnectionIsNotTaken(image: TestImage) throws {
        let bench = try Bench(image)
        try bench.expectGreeting()
        let expired = try bench.hand(id: 1, expiresIn: -1)
        _ = try bench.hand(id: 2)
        #expect(try bench.next() == ControlMessage("ACPT", ["id": "2"]))
        #expect(expired.line() == "")
    }

    /// A connection that comes when no descriptor is left for it is declined; the sessions and the worker go on.
    @Test(arguments: images)
    func worksOnWithoutFreeDescriptors(image: TestImage) throws {
        let directory = ScratchDirectory()
        let path = try directory.script("image", "ulimit -n 14; exec \(image.path ?? "")")
        let bench = try Bench(path: path)
        try bench.expectGreeting()
        let clients = try (1...16).map { try bench.hand(id: $0) }
        var seen: [String: [Int]] = [:]
        while seen.values.reduce(0, { $0 + $1.count }) < clients.count {
            let message = try #require(try bench.next())
            seen[message.type.description, default: []] += message.groups.compactMap { $0.integer("id") }
        }
        let (taken, declined) = (seen["ACPT"] ?? [], seen["DONE"] ?? [])
        #expect(!taken.isEmpty && !declined.isEmpty)
        #expect((taken + declined).sorted() == Array(1...16))
        #expect(clients[taken[0] - 1].line().hasPrefix("hello"))
        clients[taken[0] - 1].say("still here")
        #expect(clients[taken[0] - 1].line() == "still here")
        try bench.process.control.send(ControlMessage("PING"))
        #expect(try bench.next()?.type == "PONG")
        clients[taken[0] - 1].say("quit")
        #expect(try bench.next()?.type == "DONE")
        let later = try bench.hand(id: 17)
        #expect(try bench.next() == ControlMessage("ACPT", ["id": "17"]))
        withExtendedLifetime((clients, later)) {}
    }

    /// What is no message costs nothing but itself.
    @Test(arguments: images)
    func garbageFromTheDispatcherIsIgnored(image: TestImage) throws {
        let bench = try Bench(image)
        try bench.expectGreeting()
        let client = try bench.hand(id: 1)
        #expect(try bench.next()?.type == "ACPT")
        for garbage in ["garbage", "CONN\nno equals sign\n", "\u{0}"] {
            _ = try Array(garbage.utf8).withUnsafeBytes { try Sockets.send(bench.process.control.descriptor, $0) }
        }
        try bench.process.control.send(ControlMessage("PING"))
        #expect(try bench.next()?.type == "PONG")
        _ = client.line()
        client.say("quit")
        #expect(try bench.next()?.type == "DONE")
    }

    /// When the Dispatcher does not read, nothing can be reported any more: it learns that at once, by the end of the
    /// socket, and the sessions go on.
    @Test func overflowEndsTheControlSocketAndNoSession() throws {
        let bench = try Bench(.swift)
        try bench.expectGreeting()
        let client = try bench.hand(id: 1)
        #expect(try bench.next()?.type == "ACPT")
        var failure: ControlSocket.Failure?
        for _ in 0..<100_000 where failure == nil {
            do throws(ControlSocket.Failure) {
                try bench.process.control.send(ControlMessage("PING"))
                if bench.process.control.wantsToWrite {
                    poll(nil, 0, 1)
                    try bench.process.control.flush()
                }
            } catch { failure = error }
        }
        #expect(failure == .closed)
        _ = client.line()
        client.say("still here")
        #expect(client.line() == "still here")
        client.say("quit")
        bench.expectEnd()
    }

    @Test func withoutAControlSocketItSaysSo() throws {
        let launch = Processes.Request(path: TestImage.echo, arguments: [], environment: [])
        let pid = try Processes.spawn(launch)
        var ending: Processes.Exit?
        for _ in 0..<1500 where ending == nil {
            ending = Processes.reap(pid)
            poll(nil, 0, 20)
        }
        #expect(ending == .exited(78))
    }
}
