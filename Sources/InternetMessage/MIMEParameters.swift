/// The value of Content-Type or Content-Disposition: a word and its parameters (RFC 2045 section 5.1).
struct MIMEParameters {
    struct Parameter {
        /// In lower case.
        var name: String
        /// Without quotes.
        var value: [UInt8]
        /// From the name to the end of the value.
        var range: Range<Int>
    }

    /// What stands before the first semicolon, `text/plain`, in lower case and without blanks and comments.
    private(set) var value = ""
    private(set) var parameters: [Parameter] = []
    /// Whether all of it could be read.
    private(set) var isWellFormed = true

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// Reads the value of a field, folded or not.
    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
        value = String(decoding: word(until: [Octet.semicolon]), as: UTF8.self).asciiLowercased
        while position < bytes.endIndex {
            position += 1
            parameter()
        }
    }

    subscript(name: String) -> [UInt8]? { parameters.first { $0.name == name }?.value }

    private mutating func parameter() {
        skipBlanks()
        let start = position
        guard position < bytes.endIndex, bytes[position] != Octet.semicolon else { return }
        let name = word(until: [UInt8(ascii: "="), Octet.semicolon])
        guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "=") else {
            isWellFormed = false
            return
        }
        position += 1
        skipBlanks()
        var value: [UInt8] = []
        var end = position
        if position < bytes.endIndex, bytes[position] == Octet.quote {
            value = quotedString()
            end = position
            if !word(until: [Octet.semicolon]).isEmpty { isWellFormed = false }
        } else {
            value = word(until: [Octet.semicolon], end: &end)
        }
        parameters.append(
            Parameter(
                name: String(decoding: name, as: UTF8.self).asciiLowercased, value: value,
                range: start..<max(start, end)))
    }

    private mutating func skipBlanks() {
        while position < bytes.endIndex {
            if bytes[position] == Octet.openParenthesis {
                skipComment()
            } else if bytes[position] <= Octet.space {
                position += 1
            } else {
                return
            }
        }
    }

    private mutating func skipComment() {
        var depth = 0
        while position < bytes.endIndex {
            switch bytes[position] {
            case Octet.openParenthesis: depth += 1
            case Octet.closeParenthesis: depth -= 1
            case Octet.backslash: position += 1
            default: break
            }
            position = min(position + 1, bytes.endIndex)
            if depth == 0 { return }
        }
    }

    private mutating func word(until ends: [UInt8]) -> [UInt8] {
        var end = position
        return word(until: ends, end: &end)
    }

    /// Octets up to one of `ends`, without blanks and comments; `end`: behind the last of them.
    private mutating func word(until ends: [UInt8], end: inout Int) -> [UInt8] {
        var word: [UInt8] = []
        while true {
            skipBlanks()
            guard position < bytes.endIndex, !ends.contains(bytes[position]) else { return word }
            word.append(bytes[position])
            position += 1
            end = position
        }
    }

    /// The octets of a quoted string, line ends of folds left out.
    private mutating func quotedString() -> [UInt8] {
        var text: [UInt8] = []
        position += 1
        while position < bytes.endIndex {
            var octet = bytes[position]
            position += 1
            if octet == Octet.quote { return text }
            if octet == Octet.backslash, position < bytes.endIndex {
                octet = bytes[position]
                position += 1
            }
            if octet != Octet.carriageReturn, octet != Octet.lineFeed { text.append(octet) }
        }
        isWellFormed = false
        return text
    }
}
