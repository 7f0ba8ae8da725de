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
