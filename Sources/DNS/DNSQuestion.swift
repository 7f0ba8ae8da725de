/// Type of a resource record (RFC 1035 section 3.2.2); only those that a mail system asks for have a name.
package struct DNSRecordType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let a = DNSRecordType(rawValue: 1)
    package static let cname = DNSRecordType(rawValue: 5)
    package static let ptr = DNSRecordType(rawValue: 12)
    package static let mx = DNSRecordType(rawValue: 15)
    package static let txt = DNSRecordType(rawValue: 16)
    package static let aaaa = DNSRecordType(rawValue: 28)
}

/// What is asked of the DNS, always in class IN.
package struct DNSQuestion: Hashable, Sendable {
    /// Presentation form without the final dot, for example `example.com`.
    package var name: String
    package var type: DNSRecordType

    package init(_ name: String, _ type: DNSRecordType) {
        self.name = name
        self.type = type
    }

    /// True when the name can be asked for at all: printable ASCII, at most 253 bytes, labels of 1 to 63 bytes
    /// (RFC 1035 section 2.3.4). One final dot is allowed. Names from mail addresses and from answers of strangers are
    /// checked with this before they go anywhere.
    package var isAskable: Bool {
        var bytes = Array(name.utf8)
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        guard (1...253).contains(bytes.count) else { return false }
        var label = 0
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                if label == 0 { return false }
                label = 0
                continue
            }
            label += 1
            guard byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "\\"), label <= 63 else { return false }
        }
        return label > 0
    }

    /// The name under which an address is looked up in reverse (RFC 1035 section 3.5, RFC 3596 section 2.5).
    package static func reverse(addressBytes bytes: [UInt8]) -> DNSQuestion {
        if bytes.count == 4 {
            return DNSQuestion(bytes.reversed().map(String.init).joined(separator: ".") + ".in-addr.arpa", .ptr)
        }
        let nibbles = bytes.reversed().flatMap { [$0 & 15, $0 >> 4] }
        return DNSQuestion(nibbles.map { String($0, radix: 16) }.joined(separator: ".") + ".ip6.arpa", .ptr)
    }
}
