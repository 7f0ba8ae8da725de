/// Boundaries of the multipart messages the MTA makes: `Boundary_(ID_<22 base64 characters>)` (notifications
/// specification, 1.3).
package enum MIMEBoundary {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The boundary for 128 random bits; it stands in double quotes in a Content-type field.
    package static func text(_ high: UInt64, _ low: UInt64) -> String {
        var octets = Array("Boundary_(ID_".utf8)
        var rest = (high, low)
        for _ in 0..<22 {
            octets.append(digits[Int(rest.1 & 63)])
            rest = (rest.0 >> 6, rest.1 >> 6 | rest.0 << 58)
        }
        octets.append(Octet.closeParenthesis)
        return String(decoding: octets, as: UTF8.self)
    }

    /// A boundary from the system's random numbers.
    package static func random() -> String { text(.random(in: .min ... .max), .random(in: .min ... .max)) }
}

/// Display names for address fields the MTA writes.
package enum DisplayName {
    /// `text` as a phrase of RFC 5322 section 3.2.5: as it is when it has only atoms and blanks, else in double quotes;
    /// control characters become blanks.
    package static func phrase(_ text: String) -> String {
        let octets = text.utf8.map { $0 < 32 || $0 == 127 ? Octet.space : $0 }
        guard octets.isEmpty || !octets.allSatisfy({ $0.isAtomText || $0 == Octet.space }) else {
            return String(decoding: octets, as: UTF8.self)
        }
        var quoted: [UInt8] = [Octet.quote]
        for octet in octets {
            if octet == Octet.quote || octet == Octet.backslash { quoted.append(Octet.backslash) }
            quoted.append(octet)
        }
        quoted.append(Octet.quote)
        return String(decoding: quoted, as: UTF8.self)
    }
}
