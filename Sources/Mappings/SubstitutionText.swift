/// The case in force for substituted text: `$\` lower, `$^` upper, `$_` as it comes.
package enum LetterCase: Hashable, Sendable {
    case original, lower, upper

    /// `bytes` in this case; only ASCII letters change.
    package func apply(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        switch self {
        case .original: Array(bytes)
        case .lower: bytes.map(\.lowered)
        case .upper: bytes.map(\.uppered)
        }
    }
}

/// Quotes a value for use inside an LDAP search filter (RFC 4515 section 3), as `$=` asks.
package func quotedForSearchFilter(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var result: [UInt8] = []
    for byte in bytes {
        switch byte {
        case 0, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "\\"):
            result += [UInt8(ascii: "\\"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: result.append(byte)
        }
    }
    return result
}
