import Glibc
import ProcessPool
import SystemCalls

/// The Dispatcher's own copy of a connection, kept until a worker has confirmed it.
final class HeldConnection {
    let socket: OwnedDescriptor
    let local: SocketAddress
    let remote: SocketAddress
    let isImplicitTLS: Bool
    var accessText = ""
    var logText = ""
    /// What the client's IDENT service said before the handoff.
    var identUser = ""
    /// DNS lists are to be asked: no PORT_ACCESS entry was applied.
    var asksLists = false

    init(socket: consuming OwnedDescriptor, local: SocketAddress, remote: SocketAddress, isImplicitTLS: Bool) {
        self.socket = socket
        self.local = local
        self.remote = remote
        self.isImplicitTLS = isImplicitTLS
    }

    /// Sends what a refused client is told, as far as the socket takes it at once, and ends the sending side.
    func sayLast(_ bytes: [UInt8]) {
        Self.sayLast(bytes, socket.number)
    }

    /// Closing with unread input would be a reset, at which the client may lose what it was told: what is there is
    /// read first, up to 64 KiB.
    static func sayLast(_ bytes: [UInt8], _ socket: Int32) {
        guard !bytes.isEmpty else { return }
        _ = send(socket, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        shutdown(socket, Int32(SHUT_WR))
        var buffer = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<16 where recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT)) <= 0 { return }
    }

    /// The `CONN` message. Dispatcher specification, section 7.2 item 5. Texts of the site are made fit for a line.
    func call(_ id: ConnectionID, _ settings: ServiceSettings, expires: Int64) -> ControlMessage {
        // One by one, since a literal would be built twice: this is made for every connection.
        var fields = Fields()
        fields.reserveCapacity(12)
        fields.append("id", String(id.number))
        fields.append("local", local.host)
        fields.append("local-port", String(local.port))
        fields.append("remote", remote.host)
        fields.append("remote-port", String(remote.port))
        fields.append("tls", isImplicitTLS ? "implicit" : "none")
        fields.append("service", settings.name)
        fields.append("parameter", Self.line(settings.parameter))
        fields.append("access", Self.line(accessText))
        fields.append("log", Self.line(logText))
        fields.append("ident", Self.line(identUser))
        fields.append("expires", String(expires / 1_000_000))
        return ControlMessage("CONN", fields)
    }

    /// At most 1000 characters without LF and NUL, so that `CONN` always fits.
    private static func line(_ text: String) -> String {
        guard text.utf8.count > 1000 || text.utf8.contains(where: { $0 == 0x0A || $0 == 0 }) else { return text }
        return String(text.unicodeScalars.prefix(500).map { $0.value < 0x20 ? " " : Character($0) })
    }
}
