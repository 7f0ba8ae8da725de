import SystemCalls
import WorkerKit

/// The connection of a session as the Dispatcher handed it over, with the addresses that count: a PROXY header or XCLIENT
/// may have named others than those of the socket.
@dynamicMemberLookup
struct SessionPeer {
    let connection: HandedConnection
    /// The client.
    private(set) var remoteAddress: SocketAddress
    /// What the client connected to.
    private(set) var localAddress: SocketAddress
    /// The PORT_ACCESS probe (access-and-filtering specification, 2), which every recipient is judged with.
    private(set) var transport: String

    init(_ connection: HandedConnection) {
        self.connection = connection
        remoteAddress = connection.remoteAddress
        localAddress = connection.localAddress
        transport = Self.probe(connection.remoteAddress, connection.localAddress)
    }

    /// From now on the connection is that of another client.
    mutating func become(_ client: SocketAddress, server: SocketAddress) {
        remoteAddress = client
        localAddress = server
        transport = Self.probe(client, server)
    }

    subscript<Value>(dynamicMember path: KeyPath<HandedConnection, Value>) -> Value { connection[keyPath: path] }

    func finish(bytesIn: Int, bytesOut: Int) { connection.finish(bytesIn: bytesIn, bytesOut: bytesOut) }
    func finish(reason: String) { connection.finish(reason: reason) }

    private static func probe(_ client: SocketAddress, _ server: SocketAddress) -> String {
        "TCP|\(server.host)|\(server.port)|\(client.host)|\(client.port)"
    }
}
