import Glibc

/// The host's own IP addresses: clients that come from them are internal.
package enum NetworkInterfaces {
    /// Addresses of all interfaces that are up, without loopback and link-local ones; each once, in order.
    package static func addresses() -> [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: [String] = []
        var next = first
        while let interface = next {
            next = interface.pointee.ifa_next
            guard let address = interface.pointee.ifa_addr, let text = text(address), isOwn(text), !found.contains(text)
            else { continue }
            found.append(text)
        }
        return found
    }

    private static func text(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
        let length: socklen_t
        switch Int32(address.pointee.sa_family) {
        case AF_INET: length = socklen_t(MemoryLayout<sockaddr_in>.size)
        case AF_INET6: length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        default: return nil
        }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return nil
        }
        return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func isOwn(_ address: String) -> Bool {
        !address.hasPrefix("127.") && address != "::1" && !address.lowercased().hasPrefix("fe80:")
            && !address.contains("%")
    }
}
