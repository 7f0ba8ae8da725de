import FoundationEssentials

/// Base64 (RFC 4648 section 4), strict: complete groups, no line ends, nothing beyond the alphabet.
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// Nil for what is not base64.
    package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        Data(base64Encoded: Data(text)).map { Array($0) }
    }

    /// The form for URLs without padding (RFC 4648 section 5, RFC 7515 section 2).
    static func decodeURL(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var plain: [UInt8] = []
        for octet in text {
            switch octet {
            case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: plain.append(octet)
            }
        }
        while !plain.count.isMultiple(of: 4) { plain.append(UInt8(ascii: "=")) }
        return decode(plain)
    }
}
