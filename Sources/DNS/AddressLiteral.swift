import Glibc

/// An address in brackets (RFC 5321 section 4.1.3).
package enum AddressLiteral {
    /// The address of `[192.0.2.1]` or `[IPv6:2001:db8::1]` as text in canonical form; nil for anything else, zone ids
    /// and general literals included. `[2001:db8::1]` without the tag is taken too, as administrators write it.
    package static func address(_ text: String) -> String? {
        guard text.utf8.first == UInt8(ascii: "["), text.utf8.last == UInt8(ascii: "]"), text.utf8.count <= 64
        else { return nil }
        var inner = text.dropFirst().dropLast()
        if inner.prefix(5).lowercased() == "ipv6:" {
            inner = inner.dropFirst(5)
            return canonical(String(inner), AF_INET6)
        }
        return canonical(String(inner), AF_INET) ?? canonical(String(inner), AF_INET6)
    }

    private static func canonical(_ text: String, _ family: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard !text.utf8.contains(0), inet_pton(family, text, &bytes) == 1 else { return nil }
        var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes, &name, socklen_t(name.count)) != nil else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
