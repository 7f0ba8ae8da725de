import Glibc
import Synchronization
import SystemCalls
import Testing

@testable import Dispatcher

/// The programs and articles that show how to write a worker.
@Suite struct ExampleServiceTests {
    /// A POP3 server for one client: greets, answers `NOOP`, ends with `QUIT`.
    private static func servePOP3(_ listener: consuming OwnedDescriptor) {
        let number = listener.release()
        SystemThread.start("pop3") {
            defer { close(number) }
            let client = accept(number, nil, nil)
            guard client >= 0 else { return }
            let session = TestClient(owning: client)
            session.say("+OK ready\r")
            while true {
                switch session.line() {
                case "NOOP\r": session.say("+OK\r")
                case "QUIT\r": return session.say("+OK bye\r")
                default: return
                }
            }
        }
    }

    private static let proxy = TestImage.example("pop3-proxy/pop3_proxy.py")

    @Test(.enabled(if: proxy != nil, "python3 is not installed"))
    func pop3SessionGoesThroughTheProxy() throws {
        let listener = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 4)
        Sockets.setNonBlocking(listener.number, false)
        let backend = Sockets.localAddress(listener.number)
        Self.servePOP3(listener)
        let fixture = try DispatcherFixture()
        let image = try #require(Self.proxy)
        fixture.start([fixture.service(image: image) { $0.parameter = "SERVER=\(backend)" }])
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.line() == "+OK ready\r")
        client.say("NOOP\r")
        #expect(client.line() == "+OK\r")
        client.say("QUIT\r")
        #expect(client.line() == "+OK bye\r")
        client.end()
        fixture.wait(for: "DONE") { fixture.ask("status").contains("\"completed\":1") }
        fixture.shutDown()
    }

    @Test(.enabled(if: proxy != nil, "python3 is not installed"))
    func pop3ClientIsToldThatTheServerIsGone() throws {
        let fixture = try DispatcherFixture()
        let image = try #require(Self.proxy)
        fixture.start([fixture.service(image: image) { $0.parameter = "SERVER=127.0.0.1:0" }])
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.line().hasPrefix("-ERR [SYS/TEMP]"))
        #expect(client.line() == "")
        fixture.shutDown()
    }

    @Test func articleShowsTheEchoWorker() throws {
        let article = try TestImage.source("Sources/WorkerKit/WorkerKit.docc/EchoServer.md")
        let program = try TestImage.source("Sources/Executables/echo_worker/main.swift")
        #expect(article.contains("```swift\n\(program)```\n"))
    }
}
