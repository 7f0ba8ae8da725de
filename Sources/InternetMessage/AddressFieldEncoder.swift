/// A field of addresses (RFC 5322 section 3.4): display names and comments with 8-bit octets become encoded words, 8-bit
/// octets of the addresses themselves asterisks, one for each (channels specification, 8.1 and 8.2). Takes anything: what
/// is no address has the same pieces.
struct AddressFieldEncoder {
    private let text: ArraySlice<UInt8>
    private let charset: String
    private var position: Int
    private var pieces: [HeaderBlock.Piece] = []
    /// Where the last encoded word stood.
    private var lastEncoded = -1
    /// What was before the present word: an `@` makes it a domain.
    private var previous = UInt8(0)

    init(_ text: ArraySlice<UInt8>, charset: String) {
        self.text = text
        self.charset = charset
        position = text.startIndex
    }

    func encoded() -> [HeaderBlock.Piece] {
        var encoder = self
        encoder.run()
        return encoder.pieces
    }

    private mutating func run() {
        while position < text.endIndex {
            switch text[position] {
            case Octet.quote: quotedString()
            case Octet.openParenthesis: comment()
            case Octet.less: address()
            case let octet where octet.isEightBit || octet.isAtomText || octet == Octet.dot: words()
            case let octet:
                if octet > Octet.space { previous = octet }
                position += 1
            }
        }
    }

    /// From `<` to `>`, or to the end of what can be an address.
    private mutating func address() {
        let start = position
        var isQuoted = false
        while position < text.endIndex {
            let octet = text[position]
            if octet == Octet.backslash, isQuoted {
                position += 1
            } else if octet == Octet.quote {
                isQuoted.toggle()
            } else if octet == Octet.greater, !isQuoted {
                break
            }
            position = min(position + 1, text.endIndex)
        }
        asterisks(start..<position)
        previous = Octet.greater
    }

    private mutating func quotedString() {
        let start = position
        var content: [UInt8] = []
        position += 1
        while position < text.endIndex {
            var octet = text[position]
            position += 1
            if octet == Octet.quote { break }
            if octet == Octet.backslash, position < text.endIndex {
                octet = text[position]
                position += 1
            }
            if octet != Octet.carriageReturn, octet != Octet.lineFeed { content.append(octet) }
        }
        defer { previous = Octet.quote }
        guard text[start..<position].hasEightBit else { return }
        let next = nextOctet
        if next == Octet.at || next == Octet.dot || previous == Octet.dot {
            asterisks(start..<position)
        } else {
            encode(content, start..<position)
        }
    }

    /// The text of a comment, parentheses and quoted pairs of it as they are.
    private mutating func comment() {
        var depth = 0
        var start = position
        while position < text.endIndex {
            let octet = text[position]
            let isDelimiter = octet == Octet.openParenthesis || octet == Octet.closeParenthesis
            if octet == Octet.backslash || isDelimiter {
                encodeText(start..<position)
                if octet == Octet.backslash { asterisks(position..<min(position + 2, text.endIndex)) }
                if isDelimiter { depth += octet == Octet.openParenthesis ? 1 : -1 }
                position = min(position + (isDelimiter ? 1 : 2), text.endIndex)
                start = position
                if depth == 0 { return }
            } else {
                position += 1
            }
        }
        encodeText(start..<position)
    }

    private mutating func encodeText(_ range: Range<Int>) {
        guard text[range].hasEightBit else { return }
        pieces += TextEncoder(text[range], charset: charset).encoded()
    }

    /// Atoms and the blanks between them: a display name, the name of a group, or an address.
    private mutating func words() {
        let start = position
        var end = position
        while position < text.endIndex {
            let octet = text[position]
            if octet.isEightBit || octet.isAtomText || octet == Octet.dot {
                end = position + 1
            } else if octet > Octet.space {
                break
            }
            position += 1
        }
        position = end
        defer { previous = text[end - 1] }
        guard text[start..<end].hasEightBit else { return }
        switch nextOctet {
        case Octet.less, Octet.colon, Octet.quote, Octet.openParenthesis:
            if previous == Octet.at { fallthrough }
            for piece in TextEncoder(text[start..<end], charset: charset).encoded() { add(piece) }
        default: asterisks(start..<end)
        }
    }

    /// The next octet that is no blank.
    private var nextOctet: UInt8? { text[position...].first { $0 > Octet.space } }

    private mutating func asterisks(_ range: Range<Int>) {
        for index in range where text[index].isEightBit {
            pieces.append(HeaderBlock.Piece(range: index..<index + 1, text: [Octet.asterisk]))
        }
    }

    /// An encoded word for the whole of `range`.
    private mutating func encode(_ content: [UInt8], _ range: Range<Int>) {
        var output: [UInt8] = []
        EncodedWord.append(content, charset: charset, to: &output)
        add(HeaderBlock.Piece(range: range, text: output))
    }

    /// Adds an encoded word, with blanks around it (RFC 2047 section 5).
    private mutating func add(_ piece: HeaderBlock.Piece) {
        var piece = piece
        let start = piece.range.lowerBound
        let isFirst = start == text.startIndex
        let follows = lastEncoded >= 0 && text[lastEncoded..<start].allSatisfy { $0 <= Octet.space }
        if follows {
            // The blank between two encoded words is not shown: the second one has it.
            let mark = piece.text.indices.first { piece.text[$0...].starts(with: "?Q?".utf8) }
            if let mark, start > lastEncoded { piece.text.insert(Octet.underscore, at: mark + 3) }
        }
        if !isFirst, text[start - 1] > Octet.space { piece.text.insert(Octet.space, at: 0) }
        let end = piece.range.upperBound
        if end < text.endIndex, text[end] > Octet.space, text[end] != Octet.comma, text[end] != Octet.colon {
            piece.text.append(Octet.space)
        }
        lastEncoded = end
        pieces.append(piece)
    }
}
