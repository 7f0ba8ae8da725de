import Glibc

/// An IP address in octets; an IPv4 address inside an IPv6 one counts as what it is (RFC 7208 section 5).
package struct SPFAddress: Hashable, Sendable {
    /// 4 or 16.
    package let octets: [UInt8]

    /// Nil when the text is no address. A zone id is passed over.
    package init?(_ text: String) {
        let plain = String(text.prefix { $0 != "%" })
        guard !plain.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, plain, &bytes) == 1 {
            octets = Array(bytes[..<4])
        } else if inet_pton(AF_INET6, plain, &bytes) == 1 {
            octets = bytes
        } else {
            return nil
        }
    }

    /// As a client's address: mapped ones become IPv4.
    package var client: SPFAddress {
        guard octets.count == 16, octets[..<10].allSatisfy({ $0 == 0 }), octets[10] == 255, octets[11] == 255 else {
            return self
        }
        return SPFAddress(octets: Array(octets[12...]))
    }

    private init(octets: [UInt8]) { self.octets = octets }

    var isIPv4: Bool { octets.count == 4 }

    /// Whether the first `bits` are those of `network`, which is of the same kind.
    func isIn(_ network: [UInt8], bits: Int) -> Bool {
        guard octets.count == network.count else { return false }
        let whole = bits / 8
        guard octets[..<whole].elementsEqual(network[..<whole]) else { return false }
        let rest = bits % 8
        guard rest > 0 else { return true }
        return (octets[whole] ^ network[whole]) >> UInt8(8 - rest) == 0
    }

    /// `192.0.2.1`, `2001:db8::1`.
    package var text: String {
        var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(isIPv4 ? AF_INET : AF_INET6, octets, &name, socklen_t(name.count)) != nil else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Macro `i`: dotted, an IPv6 address nibble by nibble (section 7.3).
    var dotted: String {
        if isIPv4 { return text }
        return octets.flatMap { [$0 >> 4, $0 & 15] }.map { String($0, radix: 16) }.joined(separator: ".")
    }
}
