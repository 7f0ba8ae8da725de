/// An IPv4 or IPv6 address as octets: what proxies and trusted clients claim is put in one form before anything compares
/// it.
package struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16.
    package let octets: [UInt8]

    /// Address octets in network order. An IPv4 address inside IPv6 (RFC 4291 section 2.5.5.2) is that IPv4 address.
    init(octets: some Collection<UInt8>) {
        let all = Array(octets)
        let isMapped = all.count == 16 && all[..<10].allSatisfy { $0 == 0 } && all[10] == 255 && all[11] == 255
        self.octets = isMapped ? Array(all[12...]) : all
    }

    package var isIPv6: Bool { octets.count == 16 }

    /// Reads the text of an address, without brackets; nil for anything else.
    package init?(_ text: String) { self.init(Array(text.utf8)[...]) }

    /// Reads dotted decimal without leading zeros, or the text form of RFC 4291 section 2.2.
    package init?(_ text: ArraySlice<UInt8>) {
        guard text.count <= 45 else { return nil }
        if text.contains(UInt8(ascii: ":")) {
            guard let octets = Self.readIPv6(text) else { return nil }
            self.init(octets: octets)
        } else {
            guard let octets = Self.readIPv4(text) else { return nil }
            self.init(octets: octets)
        }
    }

    private static func readIPv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: Octet.dot, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != Octet.zero,
                let number = Octet.number(part), let octet = UInt8(exactly: number)
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    private static func readIPv6(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let colon = UInt8(ascii: ":")
        var gaps = text.indices.dropLast().filter { text[$0] == colon && text[$0 + 1] == colon }
        guard let gap = gaps.popLast() else {
            guard let octets = groups(text, mayEndInIPv4: true), octets.count == 16 else { return nil }
            return octets
        }
        guard gaps.isEmpty, let front = groups(text[..<gap], mayEndInIPv4: false),
            let back = groups(text[(gap + 2)...], mayEndInIPv4: true), front.count + back.count <= 14
        else { return nil }
        return front + [UInt8](repeating: 0, count: 16 - front.count - back.count) + back
    }

    private static func groups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> [UInt8]? {
        if text.isEmpty { return [] }
        var octets: [UInt8] = []
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains(Octet.dot) {
                guard let end = readIPv4(part) else { return nil }
                octets += end
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(isHexDigit),
                    let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                octets += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
            }
        }
        return octets.count <= 16 ? octets : nil
    }

    private static func isHexDigit(_ octet: UInt8) -> Bool {
        Octet.isDigit(octet) || (octet | 32) &- 97 < 6
    }

    /// Dotted decimal, or the form of RFC 5952: lower case, the longest run of zero groups as `::`.
    package var description: String {
        guard isIPv6 else { return octets.map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]) }
        var longest = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > max(longest.count, 1) { longest = start..<index }
            start = index + 1
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if longest.isEmpty { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }
}

/// Addresses a site names: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`, separated by commas or blanks.
package struct AddressList: Hashable, Sendable {
    private struct Network: Hashable {
        var octets: [UInt8]
        var bits: Int
    }

    private var networks: [Network] = []
    /// Words that are no address.
    package private(set) var problems: [String] = []

    package init(_ text: String) {
        for word in text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }) {
            let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let address = NetworkAddress(String(parts[0])),
                let bits = parts.count == 1 ? address.octets.count * 8 : Int(parts[1]),
                (0...address.octets.count * 8).contains(bits)
            else {
                problems.append(String(word))
                continue
            }
            networks.append(Network(octets: address.octets, bits: bits))
        }
    }

    package var isEmpty: Bool { networks.isEmpty }

    /// `host`: an address without brackets.
    package func contains(_ host: String) -> Bool {
        guard !networks.isEmpty, let address = NetworkAddress(host) else { return false }
        return networks.contains { network in
            guard network.octets.count == address.octets.count else { return false }
            let (whole, rest) = network.bits.quotientAndRemainder(dividingBy: 8)
            guard network.octets[..<whole] == address.octets[..<whole] else { return false }
            guard rest > 0 else { return true }
            return (network.octets[whole] ^ address.octets[whole]) >> UInt8(8 - rest) == 0
        }
    }
}
