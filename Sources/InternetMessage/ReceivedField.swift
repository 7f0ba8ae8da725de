/// The Received field of the smtp specification, 8.2, as the MTA constructs it.
package struct ReceivedField: Sendable {
    /// What is known about the name of the client's address.
    package enum ReverseName: Hashable, Sendable {
        case notLookedUp
        /// Looked up without success; written `[unknown]`.
        case unknown
        case name(String)
    }

    package enum Origin: Hashable, Sendable {
        /// `address` without brackets; empty leaves it out, and without a name the whole parenthesis (`CHECK_SOURCE` 0).
        case client(helo: String, reverseName: ReverseName, address: String)
        /// An internal channel: its host name and the local host, `process-daemon.mail.example.com`.
        case internalChannel(String)
    }

    package var origin: Origin
    /// Official local host name, or `received_domain`.
    package var host: String
    /// `Martlet Messaging Server 1.0 64bit (built Jan  1 2026)`, or `received_version`.
    package var product: String
    /// `ESMTPS` and so on; nil for an internal channel.
    package var transmission: TransmissionProtocol?
    /// 16 characters, without the host.
    package var envelopeID: String
    /// The only recipient, when `receivedfor` applies.
    package var recipient: String?
    /// ORCPT address when it differs from `recipient`.
    package var originalRecipient: String?
    /// The envelope From before the MTA changed it, when `receivedfrom` applies.
    package var originalSender: String?
    /// Why the message waits or goes on (RFC 6729), when `receivedstate` says so.
    package var state: String?
    /// The date as `DateCache` or `MessageDate` writes it, with zone abbreviation.
    package var date: [UInt8]
    /// Whether SMTPUTF8 applies: without it 8-bit octets become asterisks (channels specification, 8.1).
    package var allowUTF8: Bool

    package init(
        origin: Origin, host: String, product: String, transmission: TransmissionProtocol?, envelopeID: String,
        recipient: String? = nil, originalRecipient: String? = nil, originalSender: String? = nil,
        state: String? = nil, date: [UInt8], allowUTF8: Bool = false
    ) {
        self.origin = origin
        self.host = host
        self.product = product
        self.transmission = transmission
        self.envelopeID = envelopeID
        self.recipient = recipient
        self.originalRecipient = originalRecipient
        self.originalSender = originalSender
        self.state = state
        self.date = date
        self.allowUTF8 = allowUTF8
    }

    /// Appends the whole folded field with its final CRLF.
    package func append(to output: inout [UInt8]) {
        output.append(contentsOf: "Received:".utf8)
        var writer = Writer(output: output, allowUTF8: allowUTF8)
        output = []
        writer.origin(origin)
        writer.word("by")
        writer.word(host)
        writer.end(.plain)
        writer.parenthesis(product)
        tail(&writer)
        writer.output.append(Octet.carriageReturn)
        writer.output.append(Octet.lineFeed)
        output = writer.output
    }

    private func tail(_ writer: inout Writer) {
        if let transmission {
            writer.word("with")
            writer.word(transmission.rawValue)
        }
        writer.word("id")
        writer.word("<\(envelopeID)@\(host)>")
        if let recipient {
            writer.word("for")
            writer.word(recipient)
        }
        if let originalRecipient {
            writer.end(.plain)
            writer.parenthesis("ORCPT " + originalRecipient)
        }
        if let originalSender {
            writer.end(.plain)
            writer.parenthesis("original mail from <" + originalSender + ">")
        }
        if let state {
            writer.word("state")
            writer.word(state)
        }
        writer.date(date)
    }

    /// Collects one piece at a time and folds it.
    private struct Writer {
        var output: [UInt8]
        var piece: [UInt8] = []
        var folder = FieldFolder(column: 9)
        let allowUTF8: Bool

        init(output: [UInt8], allowUTF8: Bool) {
            self.output = output
            self.allowUTF8 = allowUTF8
            self.output.reserveCapacity(output.count + 400)
            piece.reserveCapacity(200)
        }

        mutating func origin(_ origin: Origin) {
            word("from")
            switch origin {
            case .internalChannel(let name):
                word(name)
            case .client(let helo, let reverseName, let address):
                word(helo.isEmpty ? "unknown" : helo)
                let literal = address.isEmpty ? [] : ["[\(address)]"]
                let names =
                    switch reverseName {
                    case .notLookedUp: literal
                    case .unknown: literal.isEmpty ? [] : ["[unknown]"] + literal
                    case .name(let name): [name] + literal
                    }
                guard !names.isEmpty else { return }
                end(.plain)
                parenthesis(names.joined(separator: " "))
            }
        }

        /// Adds a word of the current piece; blanks and what could end the clause become `?`.
        mutating func word(_ text: String) {
            if !piece.isEmpty { piece.append(Octet.space) }
            for octet in text.utf8 {
                switch octet {
                case 0...32, 127, Octet.openParenthesis, Octet.closeParenthesis, Octet.semicolon:
                    piece.append(UInt8(ascii: "?"))
                default: piece.append(octet.isEightBit && !allowUTF8 ? Octet.asterisk : octet)
                }
            }
        }

        mutating func end(_ kind: FieldFolder.Piece) {
            guard !piece.isEmpty else { return }
            folder.append(kind, piece[...], to: &output)
            piece.removeAll(keepingCapacity: true)
        }

        mutating func parenthesis(_ text: String) {
            piece.append(Octet.openParenthesis)
            for octet in text.utf8 {
                if octet < 32 || octet == 127 {
                    piece.append(UInt8(ascii: "?"))
                } else {
                    piece.append(octet.isEightBit && !allowUTF8 ? Octet.asterisk : octet)
                }
            }
            piece.append(Octet.closeParenthesis)
            end(.comment)
        }

        /// `; Tue, 26 Nov 2019 12:04:48 -0800 (PST)`; the only fold point of the date is after its comma.
        mutating func date(_ date: [UInt8]) {
            if piece.isEmpty {
                folder.appendGlued(Octet.semicolon, to: &output)
                end(.plain, date)
                return
            }
            piece.append(Octet.semicolon)
            let whole = piece.count + 1 + date.count
            if folder.column + 1 + whole <= FieldFolder.lineLimit || whole < FieldFolder.lineLimit {
                piece.append(Octet.space)
                piece.append(contentsOf: date)
                end(.plain)
                return
            }
            // Too long for one line: filled from where we are.
            let rest = date.firstIndex(of: Octet.comma).map { $0 + 1 } ?? 0
            if rest > 0 {
                piece.append(Octet.space)
                piece.append(contentsOf: date[..<rest])
            }
            folder.appendFilled(piece[...], to: &output)
            piece.removeAll(keepingCapacity: true)
            folder.appendWord(date[rest...].drop { $0 == Octet.space }, to: &output)
        }

        private mutating func end(_ kind: FieldFolder.Piece, _ text: [UInt8]) {
            folder.append(kind, text[...], to: &output)
        }
    }
}

/// The `with` clause of Received: RFC 3848, RFC 6531 section 4.3 and the family's own use.
package enum TransmissionProtocol: String, Sendable, CaseIterable {
    case smtp = "SMTP"
    case esmtp = "ESMTP"
    case esmtpa = "ESMTPA"
    case esmtps = "ESMTPS"
    case esmtpsa = "ESMTPSA"
    case lmtp = "LMTP"
    case lmtpa = "LMTPA"
    case lmtps = "LMTPS"
    case lmtpsa = "LMTPSA"
    case utf8smtp = "UTF8SMTP"
    case utf8smtpa = "UTF8SMTPA"
    case utf8smtps = "UTF8SMTPS"
    case utf8smtpsa = "UTF8SMTPSA"
    case utf8lmtp = "UTF8LMTP"
    case utf8lmtpa = "UTF8LMTPA"
    case utf8lmtps = "UTF8LMTPS"
    case utf8lmtpsa = "UTF8LMTPSA"

    /// The name for a session. `extended`: EHLO, not HELO.
    package init(extended: Bool, lmtp: Bool = false, tls: Bool, authenticated: Bool, utf8: Bool = false) {
        let base = lmtp ? (utf8 ? "UTF8LMTP" : "LMTP") : utf8 ? "UTF8SMTP" : extended ? "ESMTP" : "SMTP"
        guard base != "SMTP" else {
            self = .smtp
            return
        }
        self = Self(rawValue: base + (tls ? "S" : "") + (authenticated ? "A" : "")) ?? .esmtp
    }
}
