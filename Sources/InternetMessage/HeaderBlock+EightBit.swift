extension HeaderBlock {
    /// Whether an octet above 127 is in any field.
    package var hasEightBit: Bool { bytes[...].hasEightBit && fields.contains { bytes[$0.whole].hasEightBit } }

    /// Puts 8-bit octets into 7-bit form (channels specification, 8): text becomes encoded words of RFC 2047, parameters
    /// those of RFC 2231, octets of an address asterisks. Fields without 8-bit octets are not touched. `charset`: label
    /// of the octets; nil: `UTF-8` for a field that is UTF-8, else `UNKNOWN`. True when anything was changed.
    @discardableResult
    package mutating func encodeEightBit(charset: String?) -> Bool {
        var isChanged = false
        for index in fields.indices where bytes[fields[index].value].hasEightBit {
            let field = fields[index]
            let text = bytes[field.value]
            let label = charset ?? (text.isUTF8 ? "UTF-8" : "UNKNOWN")
            let pieces: [Piece] =
                switch kind(of: field) {
                case .addresses: AddressFieldEncoder(text, charset: label).encoded()
                case .parameters: ParameterEncoder(text, charset: label).encoded()
                case .text: TextEncoder(text, charset: label).encoded()
                }
            replace(pieces, inFieldAt: index)
            isChanged = true
        }
        return isChanged
    }

    private enum Kind { case addresses, parameters, text }

    private static let addressFields = [
        "From", "To", "Cc", "Bcc", "Sender", "Reply-To", "Resent-From", "Resent-To", "Resent-Cc", "Resent-Bcc",
        "Resent-Sender", "Resent-Reply-To", "Return-Path", "Errors-To", "Disposition-Notification-To",
    ]

    private func kind(of field: Field) -> Kind {
        if Self.addressFields.contains(where: { isNamed($0, field) }) { return .addresses }
        return isNamed("Content-Type", field) || isNamed("Content-Disposition", field) ? .parameters : .text
    }
}

extension ArraySlice<UInt8> {
    /// Eight octets at a time: most mail has none.
    package var hasEightBit: Bool {
        withUnsafeBytes { bytes in
            var index = 0
            var collected: UInt64 = 0
            while index + 8 <= bytes.count {
                collected |= bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                index += 8
            }
            for octet in bytes[index...] { collected |= UInt64(octet) }
            return collected & 0x8080_8080_8080_8080 != 0
        }
    }

    /// Whether the octets are well-formed UTF-8.
    var isUTF8: Bool { String(validating: self, as: UTF8.self) != nil }
}

/// Unstructured text: words with 8-bit octets, and what is between two of them, become encoded words.
struct TextEncoder {
    private let text: ArraySlice<UInt8>
    private let charset: String

    init(_ text: ArraySlice<UInt8>, charset: String) {
        self.text = text
        self.charset = charset
    }

    func encoded() -> [HeaderBlock.Piece] {
        var pieces: [HeaderBlock.Piece] = []
        var run: Range<Int>?
        var before: ArraySlice<UInt8> = []
        var previous: ArraySlice<UInt8> = []
        for word in text.split(whereSeparator: { $0 <= Octet.space || $0 == 127 }) {
            if word.hasEightBit {
                if run == nil { before = previous }
                run = (run?.lowerBound ?? word.startIndex)..<word.endIndex
            } else if let ended = run {
                pieces.append(piece(ended, after: before, before: word))
                run = nil
            }
            previous = word
        }
        if let run { pieces.append(piece(run, after: before, before: [])) }
        return pieces
    }

    /// Blanks between two encoded words are not shown, so that the blank becomes part of ours (RFC 2047 section 6.2).
    private func piece(
        _ range: Range<Int>, after: ArraySlice<UInt8>, before: ArraySlice<UInt8>
    ) -> HeaderBlock.Piece {
        var octets = text[range].filter { $0 != Octet.carriageReturn && $0 != Octet.lineFeed }
        if EncodedWord.isEncodedWord(after) { octets.insert(Octet.space, at: 0) }
        if EncodedWord.isEncodedWord(before) { octets.append(Octet.space) }
        var output: [UInt8] = []
        EncodedWord.append(octets, charset: charset, to: &output)
        return HeaderBlock.Piece(range: range, text: output)
    }
}

/// Parameters with 8-bit octets take the form of RFC 2231; what else has such octets gets asterisks.
struct ParameterEncoder {
    /// Encoded octets of one section of a value.
    private static let sectionLength = 60

    private let text: ArraySlice<UInt8>
    private let charset: String

    init(_ text: ArraySlice<UInt8>, charset: String) {
        self.text = text
        // RFC 2231 section 4: the name may be left out.
        self.charset = charset == "UNKNOWN" ? "" : charset
    }

    func encoded() -> [HeaderBlock.Piece] {
        var pieces: [HeaderBlock.Piece] = []
        var done = text.startIndex
        for parameter in MIMEParameters(text).parameters where text[parameter.range].hasEightBit {
            pieces += asterisks(done..<parameter.range.lowerBound)
            // A boundary that is not as in the body would make one part of all.
            if parameter.name != "boundary" {
                pieces.append(HeaderBlock.Piece(range: parameter.range, text: section(parameter)))
            }
            done = parameter.range.upperBound
        }
        return pieces + asterisks(done..<text.endIndex)
    }

    private func asterisks(_ range: Range<Int>) -> [HeaderBlock.Piece] {
        range.filter { text[$0].isEightBit }.map { HeaderBlock.Piece(range: $0..<$0 + 1, text: [Octet.asterisk]) }
    }

    private func section(_ parameter: MIMEParameters.Parameter) -> [UInt8] {
        // A value that is in the form of RFC 2231 and has 8-bit octets all the same keeps it.
        let name = parameter.name.utf8.prefix { $0 != Octet.asterisk }.map { $0.isEightBit ? Octet.asterisk : $0 }
        var sections: [[UInt8]] = [Array(charset.utf8) + Array("''".utf8)]
        for octet in parameter.value {
            if sections[sections.count - 1].count >= Self.sectionLength { sections.append([]) }
            if octet.isLetterOrDigit || octet == Octet.dot || octet == Octet.hyphen || octet == Octet.underscore {
                sections[sections.count - 1].append(octet)
            } else {
                sections[sections.count - 1].append(UInt8(ascii: "%"))
                Hexadecimal.append(octet, to: &sections[sections.count - 1])
            }
        }
        guard sections.count > 1 else { return name + Array("*=".utf8) + sections[0] }
        var output: [UInt8] = []
        for (number, section) in sections.enumerated() {
            if number > 0 { output += Array(";\r\n ".utf8) }
            output += name + Array("*\(number)*=".utf8) + section
        }
        return output
    }
}
