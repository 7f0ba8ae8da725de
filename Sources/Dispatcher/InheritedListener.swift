package import SystemCalls

/// A listening socket that was opened before this program began: by systemd, by this program while it was root, or by
/// the program whose place it took.
package struct InheritedListener: Hashable, Sendable {
    package var descriptor: Int32
    /// The address of the configuration that it was opened for; nil when somebody else chose it.
    package var configured: SocketAddress?

    /// The socket unit of systemd has it too: it stays open whatever this process does.
    package var isActivated: Bool

    package init(_ descriptor: Int32, configured: SocketAddress? = nil, isActivated: Bool = false) {
        self.descriptor = descriptor
        self.configured = configured
        self.isActivated = isActivated
    }

    /// One of systemd's: `name` from LISTEN_FDNAMES says whether it is one of our own that was stored there.
    init(_ descriptor: Int32, named name: Substring) {
        let configured = Self.address(stored: name)
        self.init(descriptor, configured: configured, isActivated: configured == nil)
    }

    // MARK: Names in systemd's store

    private static let prefix = "martlet-"

    /// The name of a socket for this address: `martlet-25-` for all addresses, `martlet-25-2001_db8__1` for one.
    static func storedName(_ address: SocketAddress) -> String {
        prefix + "\(address.port)-" + address.host.map { $0 == ":" ? "_" : String($0) }.joined()
    }

    static func address(stored name: Substring) -> SocketAddress? {
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        guard let dash = rest.firstIndex(of: "-"), let port = UInt16(rest[..<dash]) else { return nil }
        let host = rest[rest.index(after: dash)...].map { $0 == "_" ? ":" : String($0) }.joined()
        return SocketAddress(host: host, port: port)
    }

    /// Whether the socket is what a service with this address listens on. Addresses are compared, not spellings; no
    /// host, all zeros and `::` stand for every address.
    ///
    /// A socket of our own serves the address it was opened for and no other: one for 127.0.0.1 is not enough when all
    /// are to be served. One that systemd opened is taken for what it is.
    func serves(_ address: SocketAddress) -> Bool {
        let bound = Sockets.localAddress(descriptor)
        guard bound.port == address.port, Sockets.isListening(descriptor) else { return false }
        if let configured { return Self.isSame(configured, address) }
        return Self.isSame(bound, address) || address.host.isEmpty && bound.isAnyAddress
    }

    /// Whether two addresses with ports mean the same.
    static func isSame(_ one: SocketAddress, _ other: SocketAddress) -> Bool {
        guard one.port == other.port else { return false }
        // No host is `::` with IPv4, and so is `::` itself.
        let (one, other) = (one.host.isEmpty ? "::" : one.host, other.host.isEmpty ? "::" : other.host)
        let bytes = SocketAddress(host: one, port: 0).addressBytes
        return bytes != nil && bytes == SocketAddress(host: other, port: 0).addressBytes
    }
}

extension SocketAddress {
    /// `0.0.0.0` or `::`.
    fileprivate var isAnyAddress: Bool { addressBytes?.allSatisfy { $0 == 0 } ?? false }
}
