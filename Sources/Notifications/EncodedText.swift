import InternetMessage

/// Text in some charset for a header field: as it is when it is plain, else in encoded words (RFC 2047).
package struct EncodedText: Hashable, Sendable {
    package var octets: [UInt8]
    package var charset: String

    package init(octets: [UInt8], charset: String) {
        self.octets = octets
        self.charset = charset
    }

    /// For a field of text, such as Subject.
    var fieldText: [UInt8] { isPlain ? octets : encoded }

    /// For the place before an address.
    var phrase: [UInt8] { isPlain ? Array(DisplayName.phrase(String(decoding: octets, as: UTF8.self)).utf8) : encoded }

    private var isPlain: Bool { octets.allSatisfy { $0 >= 32 && $0 < 127 } }

    private var encoded: [UInt8] {
        var output: [UInt8] = []
        // Octets above 127 in text that calls itself US-ASCII are of no charset that is known.
        let name = charset == "us-ascii" && octets.contains { $0 > 127 } ? "unknown-8bit" : charset
        EncodedWord.append(octets.map { $0 < 32 || $0 == 127 ? 63 : $0 }, charset: name, to: &output)
        return output
    }
}
