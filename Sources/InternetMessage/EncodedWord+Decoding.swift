extension EncodedWord {
    /// A line of a header in which each encoded word that `convert` knows a text for is replaced by it; the others stay.
    /// `convert` gets the charset in lower case and the octets of the word. The blanks between two words that are
    /// replaced belong to neither (RFC 2047 section 6.2).
    package static func replacing(
        in line: ArraySlice<UInt8>, _ convert: (_ charset: String, _ octets: [UInt8]) -> [UInt8]?
    ) -> [UInt8] {
        var output: [UInt8] = []
        var rest = line
        var followsReplaced = false
        while !rest.isEmpty {
            let blanks = rest.prefix { $0.isBlank }
            rest = rest.dropFirst(blanks.count)
            let word = Self.word(at: rest) ?? rest.prefix { !$0.isBlank }
            if let (charset, octets) = decoded(word), let text = convert(charset, octets) {
                if !followsReplaced { output += blanks }
                output += text
                followsReplaced = true
            } else {
                output += blanks
                output += word
                followsReplaced = word.isEmpty && followsReplaced
            }
            rest = rest.dropFirst(word.count)
        }
        return output
    }

    /// The encoded word that `text` begins with, whatever follows it: `)` or `,` in an address field.
    private static func word(at text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.starts(with: [UInt8(ascii: "="), UInt8(ascii: "?")]) else { return nil }
        var marks = 0
        for index in text.indices.dropFirst(2).prefix(longest + 2) {
            if text[index].isBlank { return nil }
            if text[index] == UInt8(ascii: "?") {
                marks += 1
                let next = index + 1
                if marks == 3 { return next < text.endIndex && text[next] == UInt8(ascii: "=") ? text[...next] : nil }
            }
        }
        return nil
    }

    /// Charset and octets of an encoded word; nil when `word` is none.
    private static func decoded(_ word: ArraySlice<UInt8>) -> (charset: String, octets: [UInt8])? {
        guard isEncodedWord(word) else { return nil }
        let parts = word.dropFirst(2).dropLast(2).split(
            separator: UInt8(ascii: "?"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].count == 1, !parts[0].isEmpty else { return nil }
        // RFC 2231 section 5: a language may follow the charset.
        let charset = String(decoding: parts[0].prefix { $0 != Octet.asterisk }, as: UTF8.self).lowercased()
        let octets: [UInt8]? =
            switch parts[1].first?.asciiLowercased {
            case UInt8(ascii: "b"): base64(parts[2])
            case UInt8(ascii: "q"): quoted(parts[2])
            default: nil
            }
        return octets.map { (charset, $0) }
    }

    /// The Q encoding (RFC 2047 section 4.2).
    private static func quoted(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var octets: [UInt8] = []
        var rest = text
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "=") {
                guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
                octets.append(high << 4 | low)
            } else {
                octets.append(octet == Octet.underscore ? Octet.space : octet)
            }
        }
        return octets
    }

    /// The B encoding (RFC 2047 section 4.1).
    private static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let digits = text.filter { $0 != UInt8(ascii: "=") }
        guard digits.allSatisfy({ $0.base64Value != nil }), var decoder = TransferDecoder("base64") else { return nil }
        var octets: [UInt8] = []
        decoder.decode(digits, into: &octets)
        return octets
    }
}
