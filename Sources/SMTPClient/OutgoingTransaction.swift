import Envelope
import InternetMessage
import NIOCore
import SMTP

/// An entry made ready for one server: the envelope as its extensions allow, and the content. Or the outcome, when the
/// server cannot take it at all.
struct OutgoingTransaction {
    enum Body {
        /// Encoded as a whole, with the final dot of DATA.
        case encoded(ByteBuffer)
        /// To be encoded while it is sent.
        case stream(size: Int, form: ContentEncoder.Form, read: @Sendable (Int, Int) throws -> [UInt8])
    }

    var envelope: ClientTransaction
    var body: Body
    /// Index in the entry of each recipient of ``envelope``.
    var indexes: [Int]
    /// Recipients that are not even tried.
    var untried: [RecipientOutcome]

    /// Why nothing of the entry can go to this server.
    struct Refusal: Error, Hashable {
        var result: RecipientOutcome.Result
        var status: String
        var text: String

        static func permanent(_ status: String, _ text: String) -> Refusal {
            Refusal(result: .failedPermanently, status: status, text: text)
        }
    }

    /// `content`: that of the entry, after the ``downgrade(_:_:_:)`` where there is one.
    init(
        _ job: DeliveryJob, _ content: OutgoingContent, _ extensions: ServerExtensions, _ settings: ClientSettings
    ) throws(Refusal) {
        try Self.check(content, extensions)
        let usesChunks = Self.usesChunks(extensions, settings)
        let isBinary = Self.isBinary(job, extensions, settings)
        var transaction = ClientTransaction(
            sender: try Self.sender(job.message.sender, extensions), recipients: [], size: content.size,
            returnContent: Self.returnContent(job.message.returnContent),
            envelopeID: job.message.clientEnvelopeID.map { XText.encode($0) })
        transaction.usesChunks = usesChunks
        transaction.isBinary = isBinary
        transaction.isEightBit = !isBinary && Self.isEightBit(job, extensions)
        body = Self.body(content, isBinary ? .binary : usesChunks ? .lines : .dotStuffed)
        envelope = transaction
        indexes = []
        untried = []
        for index in job.pending { add(index, job.entry.recipients[index], extensions, settings) }
        envelope.needsSMTPUTF8 = try needsSMTPUTF8(job, extensions)
    }

    /// A recipient into the envelope, or among the untried.
    private mutating func add(
        _ index: Int, _ queued: QueueRecipient, _ extensions: ServerExtensions, _ settings: ClientSettings
    ) {
        var recipient = Self.recipient(queued, settings)
        func leaveOut(_ result: RecipientOutcome.Result, _ status: String, _ text: String) {
            untried.append(RecipientOutcome(recipient: index, result: result, status: status, text: text))
        }
        if Self.hasControl(recipient.address) {
            return leaveOut(.failedPermanently, "5.1.3", "address has a control character")
        }
        if !extensions.smtpUTF8, !SevenBit.isSevenBit(recipient.address.utf8) {
            guard let address = Self.asciiForm(recipient.address) else {
                return leaveOut(.failedPermanently, "5.6.7", "address needs SMTPUTF8, which the host does not offer")
            }
            recipient.address = address
        }
        if let most = extensions.recipientLimit, indexes.count >= most {
            return leaveOut(.failedTemporarily, "4.5.3", "the host takes \(most) recipients at once")
        }
        envelope.recipients.append(recipient)
        indexes.append(index)
    }

    private static func sender(_ address: String, _ extensions: ServerExtensions) throws(Refusal) -> String {
        if hasControl(address) { throw .permanent("5.1.7", "envelope From has a control character") }
        guard !extensions.smtpUTF8, !SevenBit.isSevenBit(address.utf8) else { return address }
        guard let ascii = asciiForm(address) else {
            throw .permanent("5.6.7", "envelope From needs SMTPUTF8, which the host does not offer")
        }
        return ascii
    }

    /// SMTPUTF8 is asked for when something needs it: an address of the envelope, or the header of a message that came
    /// with SMTPUTF8 (RFC 6531 section 3.2). Other 8-bit headers go out as they came in.
    private func needsSMTPUTF8(_ job: DeliveryJob, _ extensions: ServerExtensions) throws(Refusal) -> Bool {
        let addresses = [envelope.sender] + envelope.recipients.map(\.address)
        if addresses.contains(where: { !SevenBit.isSevenBit($0.utf8) }) { return true }
        guard job.message.needsSMTPUTF8, try Self.headerHasEightBit(job.content) else { return false }
        guard extensions.smtpUTF8 else {
            throw .permanent("5.6.9", "header needs SMTPUTF8, which the host does not offer")
        }
        return true
    }

    /// The address with its domain as the DNS has it; nil when the local part itself is beyond US-ASCII.
    private static func asciiForm(_ address: String) -> String? {
        guard let at = address.lastIndex(of: "@"), SevenBit.isSevenBit(address[...at].utf8),
            let domain = InternationalDomain.asciiForm(String(address[address.index(after: at)...]))
        else { return nil }
        return address[...at] + domain
    }

    /// An address from a queue must never become a second command.
    private static func hasControl(_ text: String) -> Bool { text.utf8.contains { $0 < 0x20 || $0 == 0x7F } }
}

// MARK: Parts

extension OutgoingTransaction {
    /// Whether BODY=8BITMIME is due. Binary content that is not sent as such has been made 7-bit.
    private static func isEightBit(_ job: DeliveryJob, _ extensions: ServerExtensions) -> Bool {
        guard extensions.eightBitMIME, job.message.body != .binaryMIME else { return false }
        guard job.message.body == .sevenBit, case .bytes(let bytes) = job.content else {
            return job.message.body != .sevenBit
        }
        return bytes.hasEightBit
    }

    /// What has to be done to the content for this server (SMTP specification, 7.4); nil: it goes as it is.
    static func downgrade(
        _ job: DeliveryJob, _ extensions: ServerExtensions, _ settings: ClientSettings
    ) throws(Refusal) -> Downgrade? {
        try check(job.content, extensions)
        if job.message.body == .binaryMIME {
            return isBinary(job, extensions, settings) ? nil : Downgrade(job.content, isBinary: true)
        }
        guard !extensions.eightBitMIME, settings.eightBit == .convert else { return nil }
        return Downgrade(job.content, isBinary: false)
    }

    private static func check(_ content: OutgoingContent, _ extensions: ServerExtensions) throws(Refusal) {
        guard let limit = extensions.sizeLimit, content.size > limit else { return }
        throw .permanent("5.3.4", "message of \(content.size) bytes is larger than the \(limit) the host takes")
    }

    private static func usesChunks(_ extensions: ServerExtensions, _ settings: ClientSettings) -> Bool {
        settings.usesChunking && extensions.chunking
    }

    /// Whether the content leaves as BODY=BINARYMIME.
    private static func isBinary(
        _ job: DeliveryJob, _ extensions: ServerExtensions, _ settings: ClientSettings
    ) -> Bool {
        job.message.body == .binaryMIME && usesChunks(extensions, settings) && extensions.binaryMIME
    }

    /// Whether the lines before the first empty one have 8-bit octets.
    private static func headerHasEightBit(_ content: OutgoingContent) throws(Refusal) -> Bool {
        var found = false
        var lineLength = 0
        try pieces(of: content) { piece in
            for byte in piece {
                if byte >= 0x80 { found = true }
                if byte == UInt8(ascii: "\n") {
                    if lineLength == 0 { return false }
                    lineLength = 0
                } else if byte != UInt8(ascii: "\r") {
                    lineLength += 1
                }
                if found { return false }
            }
            return true
        }
        return found
    }

    /// Gives content piece by piece while `body` wants more.
    private static func pieces(
        of content: OutgoingContent, _ body: (ArraySlice<UInt8>) -> Bool
    ) throws(Refusal) {
        guard case .stream(_, let read) = content else {
            if case .bytes(let bytes) = content { _ = body(bytes) }
            return
        }
        var offset = 0
        while true {
            let piece: [UInt8]
            do { piece = try read(offset, ContentSender.pieceSize) } catch { throw .unreadable(error) }
            if piece.isEmpty || !body(piece[...]) { return }
            offset += piece.count
        }
    }

    private static func body(_ content: OutgoingContent, _ form: ContentEncoder.Form) -> Body {
        switch content {
        case .stream(let size, let read): return .stream(size: size, form: form, read: read)
        case .bytes(let bytes):
            var buffer = ByteBuffer()
            buffer.reserveCapacity(bytes.count + bytes.count / 32 + 16)
            var encoder = ContentEncoder(form)
            encoder.encode(bytes, into: &buffer)
            encoder.finish(into: &buffer)
            return .encoded(buffer)
        }
    }

    private static func returnContent(_ part: ReturnContent) -> String? {
        switch part {
        case .unspecified: nil
        case .full: "FULL"
        case .headers: "HDRS"
        }
    }

    private static func recipient(_ recipient: QueueRecipient, _ settings: ClientSettings)
        -> ClientTransaction.Recipient
    {
        var address = recipient.address
        // Source route of RFC 5321 appendix C: `@a,@b:user@host`.
        if settings.removesRoute, address.hasPrefix("@"), let colon = address.firstIndex(of: ":") {
            address = String(address[address.index(after: colon)...])
        }
        if let domain = settings.storeDomain { address = mailbox(address, defaultDomain: domain) }
        return ClientTransaction.Recipient(
            address: address, notify: notify(recipient.notify),
            originalRecipient: recipient.originalRecipient.flatMap(originalRecipient))
    }

    /// `uid%domain+detail@ims-ms-daemon` as other stores write it: `uid+detail@domain`.
    private static func mailbox(_ address: String, defaultDomain: String) -> String {
        guard let parsed = Mailbox(address) else { return address }
        let local = parsed.localPart
        let plus = local.dropFirst().firstIndex(of: "+") ?? local.endIndex
        let percent = local[..<plus].firstIndex(of: "%")
        let domain = percent.map { String(local[local.index(after: $0)..<plus]) } ?? defaultDomain
        return Mailbox(localPart: String(local[..<(percent ?? plus)] + local[plus...]), domain: domain).address
    }

    private static func notify(_ conditions: NotifyConditions) -> String? {
        if conditions.contains(.never) { return "NEVER" }
        var words: [String] = []
        if conditions.contains(.success) { words.append("SUCCESS") }
        if conditions.contains(.failure) { words.append("FAILURE") }
        if conditions.contains(.delay) { words.append("DELAY") }
        return words.isEmpty ? nil : words.joined(separator: ",")
    }

    /// `type;address` with the address in xtext (RFC 3461 section 4.2); nil when it is not of that form.
    private static func originalRecipient(_ text: String) -> String? {
        guard let semicolon = text.firstIndex(of: ";") else { return nil }
        let type = text[..<semicolon]
        let isAtom = type.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2B && $0 != 0x3D }
        guard !type.isEmpty, isAtom else { return nil }
        return type + ";" + XText.encode(String(text[text.index(after: semicolon)...]))
    }
}

extension OutgoingTransaction.Refusal {
    static func unreadable(_ error: any Error) -> Self {
        Self(result: .failedTemporarily, status: "4.3.0", text: "content cannot be read: \(error)")
    }
}
