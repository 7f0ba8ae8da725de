import DNS
import Glibc
import Synchronization
import SystemCalls
import Testing

@testable import Dispatcher

/// Access control with real sockets, workers, name servers and an IDENT service.
@Suite struct AdmissionEndToEndTests {
    private static let needsUnbound: Comment = "the name server unbound is not installed"
    private static let listed = "500 5.7.1 access_control: host found on DNS list and rejected\r"

    /// A service whose image counts as an SMTP server.
    private func mail(
        _ fixture: DispatcherFixture, _ change: (inout ServiceSettings) -> Void = { _ in }
    ) throws -> ServiceSettings {
        let image = try fixture.directory.script("tcp_smtp_server", "exec \(TestImage.echo)")
        return fixture.service(image: image, change)
    }

    private func resolver(_ address: String) -> ResolverConfiguration {
        ResolverConfiguration(servers: [address], hostsFile: nil, timeout: 30_000)
    }

    private func end(_ clients: TestClient..., fixture: DispatcherFixture) {
        for client in clients { client.say("quit") }
        fixture.shutDown()
    }

    @Test(.enabled(if: ListServer.binary != nil, needsUnbound))
    func a5ListedClientsAreRefused() throws {
        let server = try ListServer([
            "local-zone: \"list.example.\" static",
            "local-data: \"1.0.0.127.list.example. 60 IN A 127.0.0.2\"",
            "local-data: '1.0.0.127.list.example. 60 IN TXT \"for sending spam\"'",
            "local-data: 'texts.list.example. 60 IN TXT \"holds up the zone\"'",
            "local-data: '3.0.0.127.list.example. 60 IN TXT \"text alone\"'",
            "local-data: \"4.0.0.127.list.example. 60 IN A 127.255.255.254\"",
            "local-zone: \"broken.example.\" always_refuse",
        ])
        let fixture = try DispatcherFixture()
        let service = try mail(fixture) { $0.dnsVerifyDomains = ["broken.example", "list.example"] }
        fixture.start([service]) {
            $0.resolver = resolver(server.address)
            $0.debug = 1 << 24
        }
        fixture.waitForReady(1)
        for host in ["127.0.0.1", "127.0.0.3", "127.0.0.1"] {
            let client = try #require(PlainSocket.client(from: host, to: fixture.port))
            #expect(client.line() == Self.listed)
            #expect(client.line() == "")
            #expect(fixture.log.contains("access_control: host \(host) found on DNS list and rejected"))
        }
        // Not on the list, an error report of the list, and the list that fails: all are let in.
        let clients = try ["127.0.0.2", "127.0.0.4"].map {
            try #require(PlainSocket.client(from: $0, to: fixture.port))
        }
        for client in clients { #expect(client.greetingPID() != nil) }
        fixture.wait(for: "the texts") {
            fixture.log.contains("1.0.0.127.list.example: for sending spam")
                && fixture.log.contains("3.0.0.127.list.example: text alone")
        }
        #expect(fixture.log.contains("4.0.0.127.list.example not known: it answered 127.255.255.254"))
        #expect(fixture.ask("status").contains("\"dns_list\":3"))
        end(clients[0], clients[1], fixture: fixture)
        _ = server.address
    }

    /// A slow list holds up the client that it is asked about, and nobody else.
    @Test func fastClientsOvertakeSlowOnes() throws {
        let names = try HeldNameServer()
        let fixture = try DispatcherFixture()
        let service = try mail(fixture) { $0.dnsVerifyDomains = ["list.example"] }
        fixture.start([service]) {
            $0.resolver = resolver(names.address)
        } admission: {
            ConnectionAdmission { $0.contains("|127.0.0.2|") ? .admit(text: "", logText: "") : .notMentioned }
        }
        fixture.waitForReady(1)
        let slow = try #require(PlainSocket.client(from: "127.0.0.1", to: fixture.port))
        fixture.wait(for: "the question") { names.hasQuestion }
        let fast = try #require(PlainSocket.client(from: "127.0.0.2", to: fixture.port))
        #expect(fast.greetingPID() != nil)
        names.release()
        #expect(slow.greetingPID() != nil)
        end(slow, fast, fixture: fixture)
    }

    /// A list that says nothing lists nobody: the budget ends the wait.
    @Test func silentListFailsOpen() throws {
        let names = try HeldNameServer()
        let fixture = try DispatcherFixture()
        let service = try mail(fixture) { $0.dnsVerifyDomains = ["list.example"] }
        fixture.start([service]) {
            $0.resolver = resolver(names.address)
            $0.deadlines.lists = seconds(1)
        }
        fixture.waitForReady(1)
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.greetingPID() != nil)
        end(client, fixture: fixture)
    }

    @Test func theSetOfWaitingConnectionsIsBounded() throws {
        let names = try HeldNameServer()
        let fixture = try DispatcherFixture()
        let service = try mail(fixture) { $0.dnsVerifyDomains = ["list.example"] }
        fixture.start([service]) {
            $0.resolver = resolver(names.address)
            $0.mostInAdmission = 1
        }
        fixture.waitForReady(1)
        let first = try #require(TestClient(port: fixture.port))
        let second = try #require(TestClient(port: fixture.port))
        fixture.wait(for: "the question") { names.hasQuestion }
        #expect(fixture.ask("status").contains("\"current\":1,"))
        names.release()
        #expect(first.greetingPID() != nil)
        #expect(second.greetingPID() != nil)
        end(first, second, fixture: fixture)
    }

    @Test func whoSpeaksFirstIsRefused() throws {
        let fixture = try DispatcherFixture()
        fixture.start([try mail(fixture) { $0.pregreetDelay = 1000 }]) { $0.debug = 1 << 24 }
        fixture.waitForReady(1)
        let hasty = try #require(TestClient(port: fixture.port))
        hasty.say("EHLO hasty.example")
        #expect(hasty.line() == "554 5.5.1 You spoke before the greeting\r")
        #expect(hasty.line() == "")
        #expect(fixture.log.contains("access_control: host 127.0.0.1 spoke before the greeting and is rejected"))
        let patient = try #require(TestClient(port: fixture.port))
        #expect(patient.greetingPID() != nil)
        #expect(fixture.ask("status").contains("\"pregreet\":1"))
        end(patient, fixture: fixture)
    }

    @Test func aClientHasALimit() throws {
        let fixture = try DispatcherFixture()
        fixture.start([try mail(fixture) { $0.maxConnsPerClient = 1 }]) { $0.debug = 1 << 24 }
        fixture.waitForReady(1)
        let first = try #require(TestClient(port: fixture.port))
        #expect(first.greetingPID() != nil)
        let second = try #require(TestClient(port: fixture.port))
        #expect(second.line() == "421 4.7.0 Too many connections from your address, try again later\r")
        #expect(second.line() == "")
        let other = try #require(PlainSocket.client(from: "127.0.0.2", to: fixture.port))
        #expect(other.greetingPID() != nil)
        first.say("quit")
        fixture.wait(for: "the end of the first") { fixture.ask("status").contains("\"completed\":1") }
        let third = try #require(TestClient(port: fixture.port))
        #expect(third.greetingPID() != nil)
        end(other, third, fixture: fixture)
    }

    @Test func atCapacityClientsAreTold() throws {
        let fixture = try DispatcherFixture()
        let service = try mail(fixture) {
            $0.maxProcs = 1
            $0.maxConns = 1
            $0.busyReply = 1
        }
        fixture.start([service])
        fixture.waitForReady(1)
        let first = try #require(TestClient(port: fixture.port))
        #expect(first.greetingPID() != nil)
        let second = try #require(TestClient(port: fixture.port))
        #expect(second.line() == "421 4.3.2 Too many connections, try again later\r")
        #expect(second.line() == "")
        #expect(fixture.ask("status").contains("\"busy_replies\":1"))
        first.say("quit")
        fixture.wait(for: "the end of the first") { fixture.ask("status").contains("\"completed\":1") }
        let third = try #require(TestClient(port: fixture.port))
        #expect(third.greetingPID() != nil)
        end(third, fixture: fixture)
    }

    /// The worker has the connection before the IDENT service has said a word.
    @Test func identDelaysNobody() throws {
        let listener = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 4)
        let fixture = try DispatcherFixture()
        fixture.start([try mail(fixture) { $0.ident = true }]) {
            $0.identPort = Sockets.localAddress(listener.number).port
            $0.debug = 1 << 20
        }
        fixture.waitForReady(1)
        let client = try #require(TestClient(port: fixture.port))
        #expect(client.greetingPID() != nil)
        let query = try #require(PlainSocket.accept(listener.number))
        let ports = query.line().filter { $0 != "\r" }
        #expect(ports.hasSuffix(" , \(fixture.port)"))
        query.say("\(ports) : USERID : UNIX : joe\r")
        fixture.wait(for: "the user") { fixture.ask("connections ECHO").contains("\"ident\":\"joe\"") }
        #expect(fixture.log.contains("is from user joe, says IDENT"))
        end(client, fixture: fixture)
    }

    @Test func a6ThrottleAndTextsForTheSystemLog() throws {
        let fixture = try DispatcherFixture()
        let path = fixture.directory.path + "/log.socket"
        let socket = try SystemLogSocket(path)
        let table = """
            PORT_ACCESS

              TCP|*|*|*|*  \
            $C$[IMTA_LIB:conn_throttle.so,throttle,$2,2]$>too$ fast$ $2|$N421$ Connection$ not$ accepted$E
            """
        let access = try AdmissionTests.access(table)
        fixture.start([try mail(fixture)]) {
            $0.systemLog = path
            $0.debug = 1 << 24
        } admission: {
            ConnectionAdmission { access.decide($0) }
        }
        fixture.waitForReady(1)
        let clients = try (0..<2).map { _ in try #require(TestClient(port: fixture.port)) }
        for client in clients { #expect(client.greetingPID() != nil) }
        let third = try #require(TestClient(port: fixture.port))
        #expect(third.line() == "421 Connection not accepted\r")
        let record = socket.next()
        #expect(record.hasPrefix("<13>"))
        #expect(record.hasSuffix("dispatcher[\(getpid())]: too fast 127.0.0.1"))
        #expect(fixture.log.contains("rejected by PORT_ACCESS: 421 Connection not accepted"))
        end(clients[0], clients[1], fixture: fixture)
    }

    /// Section 8, rule 6: `reload` failure is a syslog notice with the severity of `sndopr_priority`; the old
    /// configuration stays in force.
    @Test func failedReloadIsInTheSystemLog() throws {
        struct Broken: Error {}
        let fixture = try DispatcherFixture()
        let path = fixture.directory.path + "/log.socket"
        let socket = try SystemLogSocket(path)
        let calls = Mutex(0)
        fixture.start([try mail(fixture)]) {
            $0.systemLog = path
            $0.noticeSeverity = 3
        } admission: {
            let isFirst = calls.withLock { count in
                count += 1
                return count == 1
            }
            guard isFirst else { throw Broken() }
            return .everybody
        }
        fixture.waitForReady(1)
        #expect(fixture.ask("reload").contains("reload failed"))
        let record = socket.next()
        #expect(record.hasPrefix("<11>"))
        #expect(record.hasSuffix(": BADCONFIGLOAD, Attempt to load new configuration failed."))
        fixture.shutDown()
    }
}

/// A system log that is read by the test.
private final class SystemLogSocket {
    private let socket: OwnedDescriptor

    init(_ path: String) throws {
        socket = try UnixSockets.datagram()
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
    }

    /// The next record, waiting half a minute.
    func next() -> String {
        var ready = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 30_000) == 1 else { return "" }
        var buffer = [UInt8](repeating: 0, count: 2048)
        let count = recv(socket.number, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
