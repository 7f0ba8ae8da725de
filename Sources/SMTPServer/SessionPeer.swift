import SystemCalls
import WorkerKit

/// The connection of a session as the Dispatcher handed it over, with the addresses that count: a PROXY header or XCLIENT
/// may have named others than those of the socket.
@dynamicMemberLookup
struct SessionPeer {
    let connection: HandedConnection
    /// The client.
    var remoteAddress: SocketAddress
    /// What the client connected to.
    var localAddress: SocketAddress

    init(_ connection: HandedConnection) {
        self.connection = connection
        remoteAddress = connection.remoteAddress
        localAddress = connection.localAddress
    }

    subscript<Value>(dynamicMember path: KeyPath<HandedConnection, Value>) -> Value { connection[keyPath: path] }

    func finish(bytesIn: Int, bytesOut: Int) { connection.finish(bytesIn: bytesIn, bytesOut: bytesOut) }
    func finish(reason: String) { connection.finish(reason: reason) }

    /// The PORT_ACCESS probe (access-and-filtering specification, 2).
    var transport: String {
        "TCP|\(localAddress.host)|\(localAddress.port)|\(remoteAddress.host)|\(remoteAddress.port)"
    }
}
