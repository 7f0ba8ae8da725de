package import SystemCalls

/// Who counts as one client for limits: an IPv4 address, or the /64 network of an IPv6 address, since whoever has one
/// address of it has all.
package struct AdmissionClient: Hashable, Sendable {
    private var bits: UInt64
    private var isIPv6: Bool

    /// Nil for what is no address.
    package init?(_ address: SocketAddress) {
        guard let bytes = address.addressBytes else { return nil }
        isIPv6 = bytes.count == 16
        bits = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
