/// One pass over the octets of a path (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
struct SMTPPathParser {
    private let bytes: ArraySlice<UInt8>
    private let allowUTF8: Bool
    private let limits: SMTPPath.Limits
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>, allowUTF8: Bool, limits: SMTPPath.Limits) {
        self.bytes = bytes
        self.allowUTF8 = allowUTF8
        self.limits = limits
        position = bytes.startIndex
    }

    private var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private func fail(_ code: AddressError.Code) -> AddressError {
        AddressError(code, at: position - bytes.startIndex)
    }

    mutating func path() throws(AddressError) -> SMTPPath {
        while let octet = current, octet.isBlank { position += 1 }
        guard let first = current else { throw fail(.empty) }
        let bracketed = first == Octet.less
        if bracketed { position += 1 }
        let start = position
        if bracketed, current == Octet.greater {
            position += 1
            return SMTPPath(mailbox: nil, given: "")
        }
        var mailbox = Mailbox(localPart: "", domain: "")
        if current == Octet.at { mailbox.route = try route() }
        mailbox.localPart = try localPart()
        if current == Octet.at {
            position += 1
            mailbox.domain = try domain()
        }
        let given = bytes[start..<position]
        if bracketed {
            guard let octet = current else { throw fail(.missingBracket) }
            guard octet == Octet.greater else { throw fail(mailbox.domain.isEmpty ? .badLocalPart : .badDomain) }
            position += 1
        } else if let octet = current, !octet.isBlank {
            throw fail(mailbox.domain.isEmpty ? .badLocalPart : .badDomain)
        }
        guard given.count + 2 <= limits.path else { throw fail(.pathTooLong) }
        return SMTPPath(mailbox: mailbox, given: try text(given))
    }

    /// `@a,@b:`
    private mutating func route() throws(AddressError) -> [String] {
        var hosts: [String] = []
        while true {
            guard current == Octet.at else { throw fail(.badRoute) }
            position += 1
            hosts.append(try domain())
            guard let separator = current else { throw fail(hosts.count == 1 ? .missingLocalPart : .badRoute) }
            position += 1
            if separator == Octet.colon { return hosts }
            guard separator == Octet.comma else {
                position -= 1
                throw fail(hosts.count == 1 ? .missingLocalPart : .badRoute)
            }
        }
    }

    private mutating func localPart() throws(AddressError) -> String {
        guard let first = current, first != Octet.greater else { throw fail(.missingLocalPart) }
        let start = position
        let local = first == Octet.quote ? try quotedString() : try dotString()
        guard position - start <= limits.localPart else { throw fail(.localPartTooLong) }
        return local
    }

    private mutating func dotString() throws(AddressError) -> String {
        let start = position
        var afterDot = true
        while let octet = current {
            if octet.isAtomText || octet.isEightBit {
                afterDot = false
            } else if octet == Octet.dot, !afterDot {
                afterDot = true
            } else {
                break
            }
            position += 1
        }
        guard position > start else { throw fail(current == Octet.at ? .missingLocalPart : .badLocalPart) }
        guard !afterDot else { throw fail(.badLocalPart) }
        return try text(bytes[start..<position])
    }

    private mutating func quotedString() throws(AddressError) -> String {
        position += 1
        var content: [UInt8] = []
        while let octet = current {
            position += 1
            switch octet {
            case Octet.quote:
                return try text(content[...])
            case Octet.backslash:
                guard let escaped = current, escaped.isPrintable else { throw fail(.badQuotedPair) }
                content.append(escaped)
                position += 1
            default:
                guard octet.isPrintable || octet.isEightBit else { throw fail(.badQuotedPair) }
                content.append(octet)
            }
        }
        throw fail(.unterminatedQuote)
    }

    private mutating func domain() throws(AddressError) -> String {
        guard let first = current else { throw fail(.missingDomain) }
        if first == Octet.openBracket { return try literal() }
        let start = position
        var labelStart = position
        while let octet = current {
            if octet == Octet.dot {
                try label(labelStart)
                labelStart = position + 1
            } else if octet.isEightBit {
                guard allowUTF8 else { throw fail(.eightBitDomain) }
            } else if !octet.isLetterOrDigit && octet != Octet.hyphen && octet != Octet.underscore {
                break
            }
            position += 1
        }
        guard position > start else { throw fail(first == Octet.greater ? .missingDomain : .badDomain) }
        try label(labelStart)
        guard position - start <= limits.domain else { throw fail(.domainTooLong) }
        return try text(bytes[start..<position])
    }

    /// Checks the label that ends here: 1 to 63 octets (longer for UTF-8, whose A-label form counts), no hyphen at its
    /// ends. An underscore is taken: host names of channels have it, and so do hosts on the net.
    private func label(_ start: Int) throws(AddressError) {
        guard position > start, bytes[start] != Octet.hyphen, bytes[position - 1] != Octet.hyphen else {
            throw fail(.badLabel)
        }
        guard position - start <= 63 || bytes[start..<position].contains(where: \.isEightBit) else {
            throw fail(.badLabel)
        }
    }

    private mutating func literal() throws(AddressError) -> String {
        let start = position
        guard let end = bytes[position...].firstIndex(of: Octet.closeBracket) else { throw fail(.badLiteral) }
        guard end + 1 - start <= limits.domain else { throw fail(.domainTooLong) }
        guard AddressLiteral.isValid(bytes[(start + 1)..<end]) else { throw fail(.badLiteral) }
        position = end + 1
        return String(decoding: bytes[start...end], as: UTF8.self)
    }

    private func text(_ octets: ArraySlice<UInt8>) throws(AddressError) -> String {
        guard octets.contains(where: \.isEightBit) else { return String(decoding: octets, as: UTF8.self) }
        guard allowUTF8 else { return SevenBit.text(octets) }
        guard let text = String(validating: octets, as: UTF8.self) else { throw fail(.invalidUTF8) }
        return text
    }
}
