import SystemCalls
import Testing

@testable import Dispatcher

/// Which listening socket serves which address of the configuration.
@Suite struct InheritedListenerTests {
    /// What the socket is bound to, the address it was opened for (nil: systemd opened it), what is wanted now.
    static let pairs: [(bound: String, configured: String?, wanted: String, serves: Bool)] = [
        ("127.0.0.1", nil, "127.0.0.1", true), ("127.0.0.1", nil, "", false), ("127.0.0.1", nil, "127.0.0.2", false),
        ("", nil, "", true), ("", nil, "::", true), ("", nil, "127.0.0.1", false),
        ("0.0.0.0", nil, "", true), ("0.0.0.0", nil, "0.0.0.0", true), ("0.0.0.0", nil, "::", false),
        ("::1", nil, "0:0:0:0:0:0:0:1", true), ("::1", nil, "::1", true), ("::1", nil, "", false),
        // Our own: 0.0.0.0 is IPv4 alone, so it is not enough when IPv6 is wanted too.
        ("0.0.0.0", "0.0.0.0", "", false), ("0.0.0.0", "", "", true), ("127.0.0.1", "", "", true),
        ("", "", "127.0.0.1", false), ("", "", "::", true), ("::1", "::1", "0::1", true),
        ("127.0.0.1", "127.0.0.1", "", false), ("127.0.0.1", "127.0.0.1", "not an address", false),
    ]

    @Test(arguments: pairs)
    func serves(bound: String, configured: String?, wanted: String, serves: Bool) throws {
        let socket = try Sockets.listen(SocketAddress(host: bound, port: 0), backlog: 1)
        let port = Sockets.localAddress(socket.number).port
        let listener = InheritedListener(
            socket.number, configured: configured.map { SocketAddress(host: $0, port: port) })
        #expect(listener.serves(SocketAddress(host: wanted, port: port)) == serves)
        #expect(!listener.serves(SocketAddress(host: wanted, port: port &+ 1)))
    }

    @Test(arguments: [
        ("", "martlet-25-"), ("127.0.0.1", "martlet-25-127.0.0.1"), ("2001:db8::1", "martlet-25-2001_db8__1"),
    ])
    func namesInTheStore(host: String, name: String) {
        let address = SocketAddress(host: host, port: 25)
        #expect(InheritedListener.storedName(address) == name)
        #expect(InheritedListener.address(stored: name[...]) == address)
    }

    @Test(arguments: ["", "stored", "martlet-dispatcher.socket", "martlet-70000-", "martlet-25"])
    func otherNamesAreOfSocketUnits(name: String) {
        let listener = InheritedListener(7, named: name[...])
        #expect(listener.isActivated && listener.configured == nil)
    }

    /// A descriptor that was announced, but is no listening socket.
    @Test func onlyListeningSocketsServe() throws {
        let socket = try Sockets.listen(SocketAddress(host: "127.0.0.1", port: 0), backlog: 1)
        let address = Sockets.localAddress(socket.number)
        let client = try Sockets.beginConnection(from: "127.0.0.1", to: address)
        let own = Sockets.localAddress(client.number)
        #expect(!InheritedListener(client.number).serves(own))
        #expect(!InheritedListener(-1).serves(address))
    }
}
