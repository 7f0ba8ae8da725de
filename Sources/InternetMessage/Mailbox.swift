/// An address as the MTA works with it: local part, domain and, rarely, a source route.
/// Every text is valid UTF-8; without SMTPUTF8 it is US-ASCII (channels specification, 8.1).
package struct Mailbox: Hashable, Sendable, CustomStringConvertible {
    /// The local part without quoting: `Fred Bloggs` for `"Fred Bloggs"@example.com`.
    package var localPart: String
    /// The domain or address literal (`[192.0.2.1]`) as written; empty for a bare local part.
    package var domain: String
    /// Hosts of the source route, first hop first, without `@`; nearly always empty (RFC 5321 appendix C).
    package var route: [String]

    package init(localPart: String, domain: String, route: [String] = []) {
        self.localPart = localPart
        self.domain = domain
        self.route = route
    }

    /// The local part as it stands in text: quoted, and only then, when it is not a dot-string
    /// (RFC 5321 section 4.1.2).
    package var localPartText: String { Self.quotedIfNeeded(localPart) }

    /// `local@domain` without the route; only the local part when there is no domain.
    package var address: String { domain.isEmpty ? localPartText : localPartText + "@" + domain }

    /// `@a,@b:local@domain`: the whole address in canonical form, without angle brackets.
    package var description: String {
        guard !route.isEmpty else { return address }
        return route.map { "@" + $0 }.joined(separator: ",") + ":" + address
    }

    /// The domain for comparing: US-ASCII letters in lower case.
    package var domainKey: String { domain.asciiLowercased }

    /// Whether the two are the same mailbox for loop detection: domains compare without case, local parts too, since
    /// aliases do (aliases specification, 2.1).
    package func isSameAddress(as other: Mailbox) -> Bool {
        equalIgnoringCase(localPart.utf8, other.localPart.utf8) && equalIgnoringCase(domain.utf8, other.domain.utf8)
            && route.count == other.route.count
            && zip(route, other.route).allSatisfy { equalIgnoringCase($0.utf8, $1.utf8) }
    }

    /// `text` as it stands in an address, in quotes when it is not a dot-string.
    package static func quotedIfNeeded(_ text: String) -> String {
        guard !isDotString(text.utf8) else { return text }
        var quoted: [UInt8] = [Octet.quote]
        for octet in text.utf8 {
            if octet == Octet.quote || octet == Octet.backslash { quoted.append(Octet.backslash) }
            quoted.append(octet)
        }
        quoted.append(Octet.quote)
        return String(decoding: quoted, as: UTF8.self)
    }

    private static func isDotString(_ octets: String.UTF8View) -> Bool {
        var afterDot = true
        for octet in octets {
            if octet == Octet.dot {
                if afterDot { return false }
                afterDot = true
            } else {
                guard octet.isAtomText || octet.isEightBit else { return false }
                afterDot = false
            }
        }
        return !afterDot
    }
}
