import FoundationEssentials

/// Base64 (RFC 4648 section 4), strict: complete groups, no line ends, nothing beyond the alphabet.
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// Nil for what is not base64.
    package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        Data(base64Encoded: Data(text)).map { Array($0) }
    }
}
