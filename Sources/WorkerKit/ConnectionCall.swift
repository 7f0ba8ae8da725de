import ProcessPool
import SystemCalls

/// The contents of a `CONN` message.
struct ConnectionCall {
    var id: Int
    var localAddress: SocketAddress
    var remoteAddress: SocketAddress
    var isImplicitTLS: Bool
    var service: String
    var parameter: String
    var portAccessText: String
    var logText: String
    var identUser: String
    /// Milliseconds of CLOCK_MONOTONIC after which the connection belongs to another worker.
    var expires: Int?

    /// Nil without an id: nothing could be answered.
    init?(_ message: ControlMessage) {
        guard let id = message.integer("id") else { return nil }
        self.id = id
        localAddress = Self.address(message, "local")
        remoteAddress = Self.address(message, "remote")
        isImplicitTLS = message["tls"] == "implicit"
        service = message["service"] ?? ""
        parameter = message["parameter"] ?? ""
        portAccessText = message["access"] ?? ""
        logText = message["log"] ?? ""
        identUser = message["ident"] ?? ""
        expires = message.integer("expires")
    }

    private static func address(_ message: ControlMessage, _ name: String) -> SocketAddress {
        let port = message[name + "-port"].flatMap { UInt16($0) } ?? 0
        return SocketAddress(host: message[name] ?? "", port: port)
    }

    func hasExpired(atMonotonicNanoseconds now: Int64) -> Bool {
        guard let expires else { return false }
        return now / 1_000_000 >= Int64(expires)
    }
}
