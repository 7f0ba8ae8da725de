import Glibc
import Synchronization
import SystemCalls
import Testing

@testable import Dispatcher

/// A running Dispatcher is replaced, with real processes.
@Suite struct DispatcherUpgradeTests {
    private static func started() throws -> (program: DispatcherProgram, port: UInt16) {
        let listener = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 64)
        let port = Sockets.localAddress(listener.number).port
        let program = try DispatcherProgram(image: TestImage.echo, port: port)
        try program.start(socket: listener.number)
        program.wait(for: "the start") { program.ask("status").contains("\"running\"") }
        return (program, port)
    }

    /// Connects again and again until told to end; counts sessions, and connections that did not become one.
    private final class Clients: Sendable {
        private struct Counts {
            var sessions = 0
            var failures = 0
            var isEnding = false
            var hasEnded = false
        }

        private let counts = Mutex(Counts())

        init(port: UInt16) {
            SystemThread.start("clients") { [self] in
                while !counts.withLock({ $0.isEnding }) {
                    let client = TestClient(port: port)
                    let isServed = client?.greetingPID() != nil
                    client?.say("one")
                    let isAnswered = client?.line() == "one"
                    client?.say("quit")
                    counts.withLock { counts in
                        if isServed, isAnswered { counts.sessions += 1 } else { counts.failures += 1 }
                    }
                }
                counts.withLock { $0.hasEnded = true }
            }
        }

        var sessions: Int { counts.withLock { $0.sessions } }

        func end() -> Int {
            counts.withLock { $0.isEnding = true }
            while !counts.withLock({ $0.hasEnded }) { poll(nil, 0, 5) }
            return counts.withLock { $0.failures }
        }
    }

    @Test func upgradesRefuseNobodyAndSessionsGoOn() throws {
        let (program, port) = try Self.started()
        let session = try #require(TestClient(port: port))
        let worker = try #require(session.greetingPID())
        let clients = Clients(port: port)
        for _ in 0..<5 {
            let before = clients.sessions
            #expect(program.ask("upgrade \(DispatcherProgram.path)") == "{\"ok\":true,\"pid\":\(program.processID)}")
            program.wait(for: "sessions with the new program") { clients.sessions > before + 2 }
            session.say("still here")
            #expect(session.line() == "still here")
        }
        #expect(clients.end() == 0)
        #expect(program.output.contains("took over"))
        // The counts went on, and the end of an inherited session is noticed.
        #expect(program.ask("status").contains("\"lost\":0"))
        session.say("quit")
        program.wait(for: "the end of the sessions") { program.ask("status").contains("\"active\":0") }
        // So is the end of an inherited worker: it is still a child.
        kill(worker, SIGKILL)
        program.wait(for: "the worker's end") { program.output.contains("signal 9") }
        #expect(Files.exists("\(program.root)/run/pid.dispatcher"))
        kill(program.processID, SIGTERM)
        #expect(program.end() == .exited(0))
        #expect(!Files.exists("\(program.root)/run/pid.dispatcher"))
        #expect(!Files.exists("\(program.root)/run/dispatcher.sock"))
    }

    /// Programs that cannot take over, and what the client hears.
    static let badPrograms: [(script: String, reason: String)] = [
        ("echo the stars are wrong; exit 1", "the stars are wrong"),
        ("kill -9 $$", "signal 9"),
        // It looked well, but then begins in vain: it goes back to the program before.
        (
            """
            [ -n "$MARTLET_TAKE_OVER_CHECK" ] && exit 0
            image=$(sed -n 's/^common .*image=//p' /proc/self/fd/$MARTLET_TAKE_OVER)
            MARTLET_TAKE_OVER_FAILED='it is raining' exec /proc/self/fd/$image
            """, "it is raining"
        ),
    ]

    @Test(arguments: badPrograms)
    func programThatCannotTakeOverChangesNothing(script: String, reason: String) throws {
        let (program, port) = try Self.started()
        let session = try #require(TestClient(port: port))
        #expect(session.greetingPID() != nil)
        let clients = Clients(port: port)
        try program.write("image", "#!/bin/sh\n\(script)\n", mode: 0o755)
        let answer = program.ask("upgrade \(program.root)/image")
        #expect(answer.contains("\"ok\":false"))
        #expect(answer.contains(reason))
        let before = clients.sessions
        program.wait(for: "sessions with the old program") { clients.sessions > before + 2 }
        #expect(clients.end() == 0)
        session.say("still here")
        #expect(session.line() == "still here")
        session.say("quit")
        #expect(program.ask("upgrade /nonexistent/dispatcher").contains("is not an executable file"))
        kill(program.processID, SIGTERM)
        #expect(program.end() == .exited(0))
    }
}
