/// What "ourselves" means when a destination is looked for (SMTP specification, 12.9).
package struct OwnHost: Hashable, Sendable {
    /// Names of this host, lower case.
    package var names: Set<String>
    /// Addresses of this host, as text without brackets.
    package var addresses: Set<String>
    /// Ports on which this host takes mail.
    package var ports: Set<UInt16>

    package init(names: Set<String> = [], addresses: Set<String> = [], ports: Set<UInt16> = [25]) {
        self.names = Set(names.map { $0.lowercased() })
        self.addresses = addresses
        self.ports = ports
    }

    /// True when a connection to that host of the DNS would end at this MTA. Loopback and unspecified addresses, which
    /// strangers put into their zones, are this host.
    package func isReached(name: String, addresses found: [String], port: UInt16) -> Bool {
        guard ports.contains(port) else { return false }
        if names.contains(name.lowercased()) { return true }
        return found.contains { addresses.contains($0) || Self.isLocal($0) }
    }

    private static func isLocal(_ address: String) -> Bool {
        address.hasPrefix("127.") || address.hasPrefix("0.") || address == "::1" || address == "::"
            || address.hasPrefix("::ffff:127.")
    }
}
