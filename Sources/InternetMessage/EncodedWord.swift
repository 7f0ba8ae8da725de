/// Encoded words of RFC 2047: text beyond US-ASCII in a header field.
package enum EncodedWord {
    /// Longest encoded word, one less than allowed (RFC 2047 section 2): a blank may be added.
    static let longest = 74

    /// Appends `text` as encoded words, each on a line of its own but for the first. `text` is in `charset`, whose name
    /// is not checked (channels specification, 8.2).
    package static func append(_ text: [UInt8], charset: String, to output: inout [UInt8]) {
        let start = Array("=?\(charset)?Q?".utf8)
        let room = max(longest - start.count - 2, 12)
        let isUTF8 = equalIgnoringCase(charset.utf8, "UTF-8".utf8)
        output += start
        var used = 0
        var index = 0
        while index < text.count {
            let end = isUTF8 ? characterEnd(text, index) : index + 1
            let length = text[index..<end].reduce(0) { $0 + (isPlain($1) ? 1 : 3) }
            if used > 0, used + length > room {
                output += [UInt8(ascii: "?"), UInt8(ascii: "="), 13, 10, Octet.space]
                output += start
                used = 0
            }
            for octet in text[index..<end] { append(octet, to: &output) }
            used += length
            index = end
        }
        output += [UInt8(ascii: "?"), UInt8(ascii: "=")]
    }

    /// Whether a word of a header looks like an encoded one.
    static func isEncodedWord(_ word: ArraySlice<UInt8>) -> Bool {
        word.count > 6 && word.starts(with: [UInt8(ascii: "="), UInt8(ascii: "?")])
            && word.suffix(2).elementsEqual([UInt8(ascii: "?"), UInt8(ascii: "=")])
    }

    /// A character is never divided between two words (RFC 2047 section 5).
    private static func characterEnd(_ text: [UInt8], _ index: Int) -> Int {
        var end = index + 1
        while end < text.count, end - index < 4, text[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    /// What may stand as it is even in a phrase (RFC 2047 section 5, rule 3); a blank becomes one octet too.
    private static func isPlain(_ octet: UInt8) -> Bool {
        if octet.isLetterOrDigit || octet == Octet.space { return true }
        switch octet {
        case UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"): return true
        default: return false
        }
    }

    private static func append(_ octet: UInt8, to output: inout [UInt8]) {
        if octet == Octet.space {
            output.append(Octet.underscore)
        } else if isPlain(octet) {
            output.append(octet)
        } else {
            output.append(UInt8(ascii: "="))
            Hexadecimal.append(octet, to: &output)
        }
    }
}

/// Two hexadecimal digits in upper case, as quoted-printable and RFC 2231 want them.
enum Hexadecimal {
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func append(_ octet: UInt8, to output: inout [UInt8]) {
        output.append(digits[Int(octet >> 4)])
        output.append(digits[Int(octet & 15)])
    }
}
