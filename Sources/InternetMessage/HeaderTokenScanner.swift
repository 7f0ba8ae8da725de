/// Lexical part of RFC 5322 section 3.2: atoms, quoted strings, comments, domains.
struct HeaderTokenScanner {
    private let bytes: ArraySlice<UInt8>
    private let allowUTF8: Bool
    private(set) var position: Int
    /// End of the last token that was not white space or comment.
    private(set) var contentEnd: Int

    init(_ bytes: ArraySlice<UInt8>, allowUTF8: Bool) {
        self.bytes = bytes
        self.allowUTF8 = allowUTF8
        position = bytes.startIndex
        contentEnd = bytes.startIndex
    }

    var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    mutating func advance() { if position < bytes.endIndex { position += 1 } }

    func fail(_ code: AddressError.Code) -> AddressError { AddressError(code, at: position - bytes.startIndex) }

    /// Words of a phrase or a local part; which of the two is known only after them.
    struct Words {
        /// The octets as a local part without quotes; nil when the words are no `word *("." word)`.
        var localPart: [UInt8]?
        /// Where the last word ends.
        var end: Int
    }

    /// Skips CFWS; comments nest to any depth without recursion.
    mutating func skipCommentsAndBlanks() throws(AddressError) {
        while let octet = current {
            switch octet {
            case Octet.space, Octet.tab: position += 1
            case Octet.carriageReturn: try foldedLineEnd()
            case Octet.openParenthesis: try comment()
            default: return
            }
        }
    }

    /// CRLF before white space; anything else with CR or LF is no folding (RFC 5322 section 3.2.2).
    private mutating func foldedLineEnd() throws(AddressError) {
        guard position + 2 < bytes.endIndex, bytes[position + 1] == Octet.lineFeed, bytes[position + 2].isBlank else {
            throw fail(.badFolding)
        }
        position += 3
    }

    private mutating func comment() throws(AddressError) {
        var depth = 0
        while let octet = current {
            switch octet {
            case Octet.openParenthesis: depth += 1
            case Octet.closeParenthesis: depth -= 1
            case Octet.backslash: position += 1
            case Octet.carriageReturn:
                try foldedLineEnd()
                continue
            case Octet.lineFeed, 0: throw fail(.badFolding)
            default: break
            }
            advance()
            if depth == 0 { return }
        }
        throw fail(.unterminatedComment)
    }

    mutating func words() throws(AddressError) -> Words {
        var local: [UInt8] = []
        var isLocal = true
        var afterWord = false
        var end = position
        while let octet = current {
            if octet.isAtomText || octet.isEightBit {
                if afterWord { isLocal = false }
                repeat {
                    local.append(bytes[position])
                    position += 1
                } while current.map { $0.isAtomText || $0.isEightBit } ?? false
                afterWord = true
            } else if octet == Octet.quote {
                if afterWord { isLocal = false }
                try quotedString(into: &local)
                afterWord = true
            } else if octet == Octet.dot {
                if !afterWord { isLocal = false }
                local.append(octet)
                position += 1
                afterWord = false
            } else {
                break
            }
            end = position
            try skipCommentsAndBlanks()
        }
        return Words(localPart: isLocal && afterWord ? local : nil, end: end)
    }

    private mutating func quotedString(into content: inout [UInt8]) throws(AddressError) {
        position += 1
        while let octet = current {
            switch octet {
            case Octet.quote:
                position += 1
                return
            case Octet.backslash:
                position += 1
                guard let escaped = current else { throw fail(.unterminatedQuote) }
                guard escaped != 0, escaped != Octet.carriageReturn, escaped != Octet.lineFeed else {
                    throw fail(.badQuotedPair)
                }
                content.append(escaped)
                position += 1
            case Octet.carriageReturn:
                let blank = position + 2
                try foldedLineEnd()
                content.append(bytes[blank])
            case Octet.lineFeed, 0:
                throw fail(.badQuotedPair)
            default:
                content.append(octet)
                position += 1
            }
        }
        throw fail(.unterminatedQuote)
    }

    /// `@a,@b:` with white space and empty elements anywhere (obs-route).
    mutating func route() throws(AddressError) -> [String] {
        var hosts: [String] = []
        while true {
            try skipCommentsAndBlanks()
            switch current {
            case Octet.at:
                advance()
                hosts.append(try domain())
            case Octet.comma:
                advance()
            case Octet.colon where !hosts.isEmpty:
                advance()
                try skipCommentsAndBlanks()
                return hosts
            default:
                throw fail(.badRoute)
            }
        }
    }

    /// A domain and the white space after it; `contentEnd` is the end of the domain itself.
    mutating func domain() throws(AddressError) -> String {
        try skipCommentsAndBlanks()
        guard let first = current else { throw fail(.missingDomain) }
        if first == Octet.openBracket { return try literal() }
        var name: [UInt8] = []
        var labelStart = 0
        var afterAtom = false
        while let octet = current {
            if octet == Octet.dot {
                guard afterAtom, name.last != Octet.hyphen else { throw fail(.badLabel) }
                afterAtom = false
                name.append(octet)
                labelStart = name.count
                position += 1
            } else if octet.isAtomText || octet.isEightBit {
                guard !afterAtom, octet != Octet.hyphen else { throw fail(.badLabel) }
                try atom(into: &name)
                afterAtom = true
            } else {
                break
            }
            contentEnd = position
            try skipCommentsAndBlanks()
        }
        guard afterAtom, name.count > labelStart, name.last != Octet.hyphen else {
            throw fail(name.isEmpty ? .missingDomain : .badLabel)
        }
        return try text(name)
    }

    private mutating func atom(into name: inout [UInt8]) throws(AddressError) {
        while let octet = current, octet.isAtomText || octet.isEightBit {
            if octet.isEightBit, !allowUTF8 { throw fail(.eightBitDomain) }
            name.append(octet)
            position += 1
        }
    }

    private mutating func literal() throws(AddressError) -> String {
        var content: [UInt8] = [Octet.openBracket]
        position += 1
        while let octet = current {
            switch octet {
            case Octet.closeBracket:
                position += 1
                contentEnd = position
                content.append(octet)
                try skipCommentsAndBlanks()
                return try text(content)
            case Octet.space, Octet.tab:
                position += 1
            case Octet.carriageReturn:
                try foldedLineEnd()
            case Octet.backslash:
                position += 1
                guard let escaped = current, escaped != 0, escaped != Octet.carriageReturn, escaped != Octet.lineFeed
                else { throw fail(.badLiteral) }
                content.append(escaped)
                position += 1
            case Octet.openBracket, Octet.lineFeed, 0:
                throw fail(.badLiteral)
            default:
                content.append(octet)
                position += 1
            }
        }
        throw fail(.badLiteral)
    }

    /// After an error: goes to the next comma, or the end. Quotes are not tracked: what is broken may be a quote.
    mutating func skipElement() {
        position = bytes[position...].firstIndex(of: Octet.comma) ?? bytes.endIndex
    }

    func text(_ octets: [UInt8]) throws(AddressError) -> String {
        guard octets.contains(where: \.isEightBit) else { return String(decoding: octets, as: UTF8.self) }
        guard allowUTF8 else { return SevenBit.text(octets) }
        guard let text = String(validating: octets, as: UTF8.self) else { throw fail(.invalidUTF8) }
        return text
    }
}
