import Glibc

/// An IPv4 or IPv6 address with a port. Text form: dotted quad, or RFC 5952; IPv4-mapped addresses are IPv4.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// Without brackets, for example `127.0.0.1` or `::1`.
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `127.0.0.1:25`, `[::1]:25`.
    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    public var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }

    /// The address literal of RFC 5321 section 4.1.3: `[127.0.0.1]`, `[IPv6:::1]`.
    public var literal: String { isIPv6 ? "[IPv6:\(host)]" : "[\(host)]" }
}

extension SocketAddress {
    /// Reads a kernel address; nil for families other than AF_INET and AF_INET6.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        switch Int32(storage.ss_family) {
        case AF_INET:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in.self) }
            self.init(
                host: Self.dottedQuad(UInt32(bigEndian: address.sin_addr.s_addr)),
                port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in6.self) }
            var bytes = address.sin6_addr
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count))
            var host = Self.string(text)
            if host.hasPrefix("::ffff:"), host.utf8.contains(UInt8(ascii: ".")) { host.removeFirst(7) }
            self.init(host: host, port: UInt16(bigEndian: address.sin6_port))
        default:
            return nil
        }
    }

    /// By hand: inet_ntop formats with sprintf, and the Dispatcher asks for every connection.
    private static func dottedQuad(_ address: UInt32) -> String {
        String(unsafeUninitializedCapacity: 15) { buffer in
            var count = 0
            for shift in stride(from: 24, through: 0, by: -8) {
                let octet = UInt8(truncatingIfNeeded: address >> UInt32(shift))
                if octet >= 100 { put(octet / 100) }
                if octet >= 10 { put(octet / 10 % 10) }
                put(octet % 10)
                guard shift > 0 else { break }
                buffer[count] = 0x2E
                count += 1
            }
            func put(_ digit: UInt8) {
                buffer[count] = 0x30 + digit
                count += 1
            }
            return count
        }
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The form the kernel takes; nil when `host` is not an address. `mapped` makes an IPv4 address an
    /// IPv4-mapped IPv6 one.
    var kernelForm: (storage: sockaddr_storage, length: socklen_t)? {
        var storage = sockaddr_storage()
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return nil }
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in6.self) }
            return (storage, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in.self) }
        return (storage, socklen_t(MemoryLayout<sockaddr_in>.size))
    }

    /// The 4 or 16 bytes of the address in network order; nil when `host` is not an address.
    package var addressBytes: [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        return inet_pton(isIPv6 ? AF_INET6 : AF_INET, host, &bytes) == 1 ? bytes : nil
    }
}
