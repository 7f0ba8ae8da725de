import Envelope
import InternetMessage
import NIOCore
import SMTP

/// An entry made ready for one server: the envelope as its extensions allow, and the content. Or the outcome, when the
/// server cannot take it at all.
struct OutgoingTransaction {
    enum Body {
        /// Encoded as a whole, with the final dot.
        case encoded(ByteBuffer)
        /// To be encoded while it is sent.
        case stream(size: Int, read: @Sendable (Int, Int) throws -> [UInt8])
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

    init(_ job: DeliveryJob, _ extensions: ServerExtensions, _ settings: ClientSettings) throws(Refusal) {
        if let limit = extensions.sizeLimit, job.content.size > limit {
            throw .permanent("5.3.4", "message of \(job.content.size) bytes is larger than the \(limit) the host takes")
        }
        let isEightBit = Self.isEightBit(job, extensions)
        let content = try Self.content(job, extensions, settings)
        body = try Self.body(content)
        var transaction = ClientTransaction(
            sender: job.message.sender, recipients: [], size: content.size, isEightBit: isEightBit,
            needsSMTPUTF8: job.message.needsSMTPUTF8, returnContent: Self.returnContent(job.message.returnContent),
            envelopeID: job.message.clientEnvelopeID.map { XText.encode($0) })
        indexes = []
        untried = []
        let most = extensions.recipientLimit ?? .max
        for index in job.pending {
            let recipient = Self.recipient(job.entry.recipients[index], settings)
            if let problem = Self.problem(recipient.address, extensions) {
                untried.append(
                    RecipientOutcome(
                        recipient: index, result: .failedPermanently, status: problem.status, text: problem.text))
            } else if indexes.count >= most {
                untried.append(
                    RecipientOutcome(
                        recipient: index, result: .failedTemporarily, status: "4.5.3",
                        text: "the host takes \(most) recipients at once"))
            } else {
                transaction.recipients.append(recipient)
                indexes.append(index)
            }
        }
        transaction.needsSMTPUTF8 =
            transaction.needsSMTPUTF8 || transaction.recipients.contains { !SevenBit.isSevenBit($0.address.utf8) }
        envelope = transaction
        try checkEnvelope(extensions)
    }

    private func checkEnvelope(_ extensions: ServerExtensions) throws(Refusal) {
        if Self.hasControl(envelope.sender) { throw .permanent("5.1.7", "envelope From has a control character") }
        let needsUTF8 = envelope.needsSMTPUTF8 || !SevenBit.isSevenBit(envelope.sender.utf8)
        if needsUTF8, !extensions.smtpUTF8 {
            throw .permanent("5.6.7", "message needs SMTPUTF8, which the host does not offer")
        }
    }

    /// An address from a queue must never become a second command, nor non-ASCII where it was not agreed upon.
    private static func problem(_ address: String, _ extensions: ServerExtensions) -> (status: String, text: String)? {
        if hasControl(address) { return ("5.1.3", "address has a control character") }
        if !extensions.smtpUTF8, !SevenBit.isSevenBit(address.utf8) {
            return ("5.6.7", "address needs SMTPUTF8, which the host does not offer")
        }
        return nil
    }

    private static func hasControl(_ text: String) -> Bool { text.utf8.contains { $0 < 0x20 || $0 == 0x7F } }
}

// MARK: Parts

extension OutgoingTransaction {
    /// Whether BODY=8BITMIME is due.
    private static func isEightBit(_ job: DeliveryJob, _ extensions: ServerExtensions) -> Bool {
        guard extensions.eightBitMIME else { return false }
        guard job.message.body == .sevenBit, case .bytes(let bytes) = job.content else {
            return job.message.body != .sevenBit
        }
        return bytes.hasEightBit
    }

    /// The content as the server takes it; throws when it may not go to this server (smtp specification, 7.4).
    private static func content(
        _ job: DeliveryJob, _ extensions: ServerExtensions, _ settings: ClientSettings
    ) throws(Refusal) -> OutgoingContent {
        guard !extensions.eightBitMIME, settings.eightBit == .convert else { return job.content }
        let isBinary = job.message.body == .binaryMIME
        if let content = try Downgrade.sevenBit(job.content, isBinary: isBinary) { return content }
        throw .permanent(
            "5.6.3", "8-bit content that may not be converted, and the host does not offer 8BITMIME")
    }

    private static func body(_ content: OutgoingContent) throws(Refusal) -> Body {
        switch content {
        case .stream(let size, let read): return .stream(size: size, read: read)
        case .bytes(let bytes):
            var buffer = ByteBuffer()
            buffer.reserveCapacity(bytes.count + bytes.count / 32 + 16)
            var stuffer = DotStuffer()
            do throws(DotStuffer.Problem) {
                try stuffer.encode(bytes, into: &buffer)
                try stuffer.finish(into: &buffer)
            } catch {
                throw Refusal(error)
            }
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
        return ClientTransaction.Recipient(
            address: address, notify: notify(recipient.notify),
            originalRecipient: recipient.originalRecipient.flatMap(originalRecipient))
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
    /// SMTP specification, 7.2 rule 4.
    init(_ problem: DotStuffer.Problem) {
        let what = problem == .bareLineFeed ? "LF" : "CR"
        self = .permanent("5.6.0", "message has a bare \(what), which cannot be sent by SMTP")
    }

    static func unreadable(_ error: any Error) -> Self {
        Self(result: .failedTemporarily, status: "4.3.0", text: "content cannot be read: \(error)")
    }
}
