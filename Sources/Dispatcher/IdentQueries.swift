import Glibc
import SystemCalls

/// Queries to the IDENT services of clients, beside the way of their connections: nothing waits for them.
/// Confined to the Dispatcher's thread. Dispatcher specification, section 4, option IDENT.
final class IdentQueries {
    /// What a query found.
    struct Answer {
        var connection: AdmissionID
        var user: String
    }

    private struct Query {
        var connection: AdmissionID
        var clientPort: UInt16
        var serverPort: UInt16
        var deadline: Int64
        var hasAsked = false
        var received: [UInt8] = []
    }

    /// More are not made at once: the statistics can do without.
    static let most = 256
    private static let limit = seconds(5)

    private let reactor: Reactor
    private let port: UInt16
    private var queries: [Int: Query] = [:]
    private var sockets: [Int: IdentSocket] = [:]
    private var last = 0

    init(_ reactor: Reactor, port: UInt16) {
        self.reactor = reactor
        self.port = port
    }

    /// Begins a query; what fails at once is forgotten.
    func start(_ connection: AdmissionID, local: SocketAddress, remote: SocketAddress, at now: Int64) {
        guard queries.count < Self.most else { return }
        do throws(SystemCallError) {
            let socket = IdentSocket(
                try Sockets.beginConnection(
                    from: local.host, to: SocketAddress(host: remote.host, port: port)))
            last += 1
            try reactor.watch(socket.number, .ident(last))
            reactor.watchWriting(socket.number, .ident(last), true)
            sockets[last] = socket
            queries[last] = Query(
                connection: connection, clientPort: remote.port, serverPort: local.port,
                deadline: now + Self.limit)
        } catch { return }
    }

    /// The socket of a query is ready.
    func serve(_ number: Int, _ event: Poller.Event) -> Answer? {
        guard var query = queries[number], let socket = sockets[number] else { return nil }
        if !query.hasAsked, event.isWritable, !event.isClosed {
            let bytes = IdentReply.query(client: query.clientPort, server: query.serverPort)
            guard socket.send(bytes) else { return end(number) }
            query.hasAsked = true
            reactor.watchWriting(socket.number, .ident(number), false)
        }
        guard event.isReadable || event.isClosed else {
            queries[number] = query
            return nil
        }
        let isOpen = socket.receive(into: &query.received, most: IdentReply.longest)
        if let end = query.received.firstIndex(of: 0x0A) {
            let line = query.received[..<end]
            self.end(number)
            return IdentReply.user(in: line, client: query.clientPort, server: query.serverPort)
                .map { Answer(connection: query.connection, user: $0) }
        }
        queries[number] = query
        return isOpen && query.received.count < IdentReply.longest ? nil : end(number)
    }

    /// Gives up what is past its time. To be called every second.
    func expire(at now: Int64) {
        for (number, query) in queries where now >= query.deadline { end(number) }
    }

    @discardableResult
    private func end(_ number: Int) -> Answer? {
        if let socket = sockets.removeValue(forKey: number) { reactor.forget(socket.number) }
        queries[number] = nil
        return nil
    }
}

/// The socket of a query.
private final class IdentSocket {
    private let descriptor: OwnedDescriptor
    var number: Int32 { descriptor.number }

    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

    func send(_ bytes: [UInt8]) -> Bool {
        Glibc.send(number, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) == bytes.count
    }

    /// Adds what there is; false at the end.
    func receive(into received: inout [UInt8], most: Int) -> Bool {
        var buffer = [UInt8](repeating: 0, count: most)
        let count = recv(number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 { received += buffer[..<min(count, most - received.count)] }
        return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
    }
}
