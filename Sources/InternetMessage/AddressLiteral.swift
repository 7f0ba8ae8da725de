/// Address literals of RFC 5321 section 4.1.3, judged without their brackets.
enum AddressLiteral {
    /// Whether `content` is an IPv4, an `IPv6:` or a general address literal.
    static func isValid(_ content: ArraySlice<UInt8>) -> Bool {
        guard let first = content.first else { return false }
        if first.isDigit, !content.contains(Octet.colon) { return isIPv4(content) }
        guard let colon = content.firstIndex(of: Octet.colon) else { return false }
        let tag = content[..<colon]
        let rest = content[(colon + 1)...]
        if equalIgnoringCase(tag, "IPv6".utf8) { return isIPv6(rest) }
        return isTag(tag) && !rest.isEmpty && rest.allSatisfy { ($0 > 32 && $0 < 91) || ($0 > 93 && $0 < 127) }
    }

    /// Four decimal numbers of at most three digits and at most 255.
    static func isIPv4(_ content: ArraySlice<UInt8>) -> Bool {
        var numbers = 0
        var digits = 0
        var value = 0
        for octet in content {
            if octet.isDigit {
                digits += 1
                value = value * 10 + Int(octet - 48)
                if digits > 3 || value > 255 { return false }
            } else {
                guard octet == Octet.dot, digits > 0 else { return false }
                numbers += 1
                if numbers > 3 { return false }
                digits = 0
                value = 0
            }
        }
        return numbers == 3 && digits > 0
    }

    /// `IPv6-full`, `IPv6-comp`, `IPv6v4-full`, `IPv6v4-comp`; `::` may stand for one group too (RFC 4291
    /// section 2.2). A zone id is not part of an address literal.
    static func isIPv6(_ content: ArraySlice<UInt8>) -> Bool {
        var groups = 0
        var digits = 0
        var compressed = false
        var index = content.startIndex
        var groupStart = index
        while index < content.endIndex {
            let octet = content[index]
            if octet.hexValue != nil {
                digits += 1
                if digits > 4 { return false }
                index += 1
            } else if octet == Octet.colon {
                let isDouble = index + 1 < content.endIndex && content[index + 1] == Octet.colon
                if digits == 0 && !(isDouble && index == content.startIndex) { return false }
                if digits > 0 { groups += 1 }
                if isDouble {
                    if compressed { return false }
                    compressed = true
                } else if index + 1 == content.endIndex {
                    return false
                }
                digits = 0
                index += isDouble ? 2 : 1
                groupStart = index
            } else if octet == Octet.dot {
                guard isIPv4(content[groupStart...]) else { return false }
                groups += 2
                return compressed ? groups <= 7 : groups == 8
            } else {
                return false
            }
        }
        if digits > 0 { groups += 1 }
        return compressed ? groups <= 7 : groups == 8
    }

    /// A tag of hexadecimal digits alone is an IPv6 address whose `IPv6:` was forgotten.
    private static func isTag(_ tag: ArraySlice<UInt8>) -> Bool {
        guard let last = tag.last, last.isLetterOrDigit, tag.contains(where: { $0.hexValue == nil }) else {
            return false
        }
        return tag.allSatisfy { $0.isLetterOrDigit || $0 == Octet.hyphen }
    }
}
