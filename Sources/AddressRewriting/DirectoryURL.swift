/// Expands the sequences of an LDAP URL in a rewrite template (rewrite-rules specification, section 5.5): `$$`, `$A`
/// address, `$D` domain, `$H` first label of the host, `$L` user name without a leading `~` or `_`, `$S` subaddress,
/// `$U` user name. Values are percent-encoded where a URL needs it (RFC 3986 section 2). Nil: the URL has another
/// sequence, for example `$~account`, which needs the system's accounts.
func directoryURL(_ template: String, address: String, localPart: String, host: String) -> String? {
    let (user, subaddress) = splitSubaddress(localPart)
    var result = ""
    var characters = template.makeIterator()
    while let character = characters.next() {
        guard character == "$" else {
            result.append(character)
            continue
        }
        switch characters.next() {
        case "$": result += "$"
        case "A", "a": result += percentEncoded(address)
        case "D", "d": result += percentEncoded(host)
        case "H", "h": result += percentEncoded(host.prefix { $0 != "." })
        case "L", "l": result += percentEncoded(user.drop { $0 == "~" || $0 == "_" })
        case "S", "s": result += percentEncoded(subaddress.dropFirst())
        case "U", "u": result += percentEncoded(user)
        default: return nil
        }
    }
    return result
}

/// Everything but unreserved characters and a few harmless ones as `%XX`; so a value cannot end its part of the URL or
/// of a filter in it.
private func percentEncoded(_ value: some StringProtocol) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in value.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "@"), UInt8(ascii: "+"):
            bytes.append(byte)
        default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return text(bytes)
}

/// The first sequence of a URL in a rewrite template that `directoryURL` cannot expand; nil for none.
func unknownURLSequence(_ template: String) -> String? {
    var characters = template.makeIterator()
    while let character = characters.next() {
        guard character == "$" else { continue }
        guard let code = characters.next() else { return "$" }
        if !"$ADHLSUadhlsu".contains(code) { return "$\(code)" }
    }
    return nil
}
