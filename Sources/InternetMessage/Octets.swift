/// Octets by the names the mail RFCs give them.
enum Octet {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let at = UInt8(ascii: "@")
    static let dot = UInt8(ascii: ".")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")
    static let semicolon = UInt8(ascii: ";")
    static let less = UInt8(ascii: "<")
    static let greater = UInt8(ascii: ">")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
    static let openParenthesis = UInt8(ascii: "(")
    static let closeParenthesis = UInt8(ascii: ")")
    static let hyphen = UInt8(ascii: "-")
    static let underscore = UInt8(ascii: "_")
    static let asterisk = UInt8(ascii: "*")
    static let plus = UInt8(ascii: "+")
    static let zero = UInt8(ascii: "0")
}

extension UInt8 {
    var isDigit: Bool { self &- 48 < 10 }
    var isLetter: Bool { (self | 32) &- 97 < 26 }
    var isLetterOrDigit: Bool { isDigit || isLetter }
    var isEightBit: Bool { self >= 128 }
    var isBlank: Bool { self == Octet.space || self == Octet.tab }
    /// Printable US-ASCII, the blank included.
    var isPrintable: Bool { self >= 32 && self < 127 }
    var asciiLowercased: UInt8 { self &- 65 < 26 ? self | 32 : self }
    var asciiUppercased: UInt8 { self &- 97 < 26 ? self & 0xDF : self }

    /// `atext` of RFC 5322 section 3.2.3, US-ASCII only.
    var isAtomText: Bool {
        if isLetterOrDigit { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"),
            UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"):
            return true
        default:
            return false
        }
    }

    /// The value of a hexadecimal digit of either case.
    var hexValue: UInt8? {
        if isDigit { return self &- 48 }
        let lower = self | 32
        return lower >= 97 && lower <= 102 ? lower - 87 : nil
    }

    /// The value of a digit of base64 (RFC 4648, section 4).
    var base64Value: UInt8? {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): self - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): self - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self + 4
        case Octet.plus: 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

/// Whether two runs of octets are the same text when US-ASCII letters of either case are equal.
package func equalIgnoringCase(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var other = right.makeIterator()
    for octet in left {
        guard let match = other.next(), octet.asciiLowercased == match.asciiLowercased else { return false }
    }
    return true
}

extension String {
    /// The text with the US-ASCII letters `A`…`Z` in lower case and everything else as it was: the case folding of
    /// domain names and alias names.
    package var asciiLowercased: String {
        guard utf8.contains(where: { $0 &- 65 < 26 }) else { return self }
        return String(decoding: utf8.map(\.asciiLowercased), as: UTF8.self)
    }
}
