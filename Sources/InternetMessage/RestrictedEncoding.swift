/// Local parts for systems that do not understand quotes (RFC 1137): each character that an atom cannot have is written as
/// a code between number signs, a blank as `_`.
package enum RestrictedEncoding {
    private static let codes: [UInt8: String] = [
        UInt8(ascii: "_"): "#u#", UInt8(ascii: "("): "#l#", UInt8(ascii: ")"): "#r#", UInt8(ascii: ","): "#m#",
        UInt8(ascii: ":"): "#c#", UInt8(ascii: "\\"): "#b#", UInt8(ascii: "#"): "#h#", UInt8(ascii: "="): "#e#",
        UInt8(ascii: "/"): "#s#", UInt8(ascii: " "): "_",
    ]
    private static let octets = Dictionary(uniqueKeysWithValues: codes.map { ($1, $0) })

    /// The address with its local part in that form when it would have to be quoted; else as it is.
    package static func encoded(_ address: String) -> String {
        guard var mailbox = Mailbox(address), mailbox.localPartText.utf8.first == UInt8(ascii: "\"") else {
            return address
        }
        mailbox.localPart = encoded(localPart: mailbox.localPart)
        // Dots in a row, at the beginning or at the end need quotes too.
        if mailbox.localPartText != mailbox.localPart { mailbox.localPart.replace(".", with: "#046#") }
        let encoded = mailbox.description
        // Codes make a local part up to five times as long; one that nobody could read back stays as it is.
        return Mailbox(encoded) == nil ? address : encoded
    }

    /// The address with a local part of that form as it was before; any other address as it is.
    package static func decoded(_ address: String) -> String {
        guard var mailbox = Mailbox(address), let plain = decoded(localPart: mailbox.localPart),
            plain != mailbox.localPart
        else { return address }
        mailbox.localPart = plain
        return mailbox.description
    }

    private static func encoded(localPart: String) -> String {
        localPart.utf8.map { octet -> String in
            if let code = codes[octet] { return code }
            if octet.isAtomText || octet == Octet.dot { return String(decoding: [octet], as: UTF8.self) }
            let digits = String(octet)
            return "#" + String(repeating: "0", count: 3 - digits.count) + digits + "#"
        }.joined()
    }

    /// Nil when a code is none.
    private static func decoded(localPart: String) -> String? {
        var output: [UInt8] = []
        var rest = localPart.utf8[...]
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "_") {
                output.append(UInt8(ascii: " "))
            } else if octet == UInt8(ascii: "#") {
                let code = rest.prefix { $0 != UInt8(ascii: "#") }
                guard code.endIndex < rest.endIndex, let decoded = decoded(code: code) else { return nil }
                output.append(decoded)
                rest = rest.dropFirst(code.count + 1)
            } else {
                output.append(octet)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func decoded(code: Substring.UTF8View) -> UInt8? {
        let text = String(decoding: code, as: UTF8.self)
        if let octet = octets["#\(text)#"] { return octet }
        return text.utf8.count == 3 ? UInt8(text) : nil
    }
}
