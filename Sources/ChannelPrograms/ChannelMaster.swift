import Channels
import Envelope
import Spool

/// A master program of your own: it dequeues a channel whose class names it as `master_command`.
///
/// ```swift
/// exit(ChannelMaster.run("pager_master") { message in
///     message.recipients.map { page($0.address, message) ? .delivered($0) : .failedTemporarily($0, "4.4.1", "busy") }
/// })
/// ```
/// Everything else is done here: asking for work, reading the spool, notifications before the outcomes they are about, the
/// message log, reports to the Job Controller, and an end in order. `docs/master-programs.md` has the protocol underneath.
public enum ChannelMaster {
    /// Runs until the Job Controller has no more work, and returns the exit code. `name` marks lines in the Job Controller's
    /// log. `threads`: how many messages are delivered at the same time, by `deliver`, which may block. `isFinal`: what is
    /// delivered has arrived, so that a receipt may be due; false when it is only passed on.
    public static func run(
        _ name: String, threads: Int = 4, isFinal: Bool = true,
        deliver: @escaping @Sendable (ChannelMessage) -> [ChannelOutcome]
    ) -> Int32 {
        ChannelProgram.run(name, threads: { _ in threads }, isFinal: isFinal) { program in
            { copy in
                let message = ChannelMessage(copy, program.channel.name)
                return message.outcomes(of: deliver(message))
            }
        }
    }
}

/// A message to be delivered to some recipients.
public struct ChannelMessage: Sendable {
    /// Somebody to deliver to.
    public struct Recipient: Hashable, Sendable {
        /// Its place among the recipients that the message had in this channel.
        public let number: Int
        /// The address that the channel delivers to.
        public let address: String
        /// The address as it was given in RCPT TO.
        public let given: String
        /// `type;address` of ORCPT (RFC 3461 section 4.2); nil when there was none.
        public let original: String?
    }

    /// Why the content cannot be had: the disk, or more bytes than were asked for.
    public struct ReadFailure: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// Names this copy, the same at every attempt: what a file made of it may be called, so that a delivery repeated after
    /// a crash replaces the file instead of adding one.
    public let id: String
    /// The channel.
    public let channel: String
    /// Envelope From; empty for a notification.
    public let sender: String
    /// Who has not been settled yet.
    public let recipients: [Recipient]
    /// Unsuccessful attempts before this one.
    public let attempts: Int
    private let stored: StoredContent

    init(_ copy: ChannelProgram.Copy, _ channel: String) {
        // Without the two characters that count attempts.
        id = String(EntryName(message: copy.stored.message.id, entry: copy.number).description.dropFirst(2))
        self.channel = channel
        sender = copy.stored.message.sender
        recipients = copy.pending.map { number in
            let known = copy.entry.recipients[number]
            return Recipient(
                number: number, address: known.address, given: known.given, original: known.originalRecipient)
        }
        attempts = copy.attempts
        stored = copy.stored.content
    }

    /// Bytes of header and body.
    public var size: Int { stored.size }

    /// Header and body, with CRLF at the ends of lines. Fails when there are more than `limit` bytes.
    public func content(limit: Int = 64 << 20) throws(ReadFailure) -> [UInt8] {
        do throws(SpoolError) { return try stored.bytes(limit: limit) } catch {
            throw ReadFailure(description: error.description)
        }
    }

    /// Gives header and body to `body` in pieces. Of a large message the last piece is not given when its checksum is wrong.
    public func forEachPiece(_ body: (ArraySlice<UInt8>) throws -> Void) throws {
        var rest = stored
        while case let piece = try rest.next(), !piece.isEmpty { try body(piece) }
    }

    /// The same outcome for all recipients.
    public func all(_ outcome: (Recipient) -> ChannelOutcome) -> [ChannelOutcome] { recipients.map(outcome) }

    /// One outcome for each recipient; who is not named is tried again by `backoff`.
    func outcomes(of said: [ChannelOutcome]) -> [RecipientOutcome] {
        recipients.map { recipient in
            let outcome = said.last { $0.outcome.recipient == recipient.number }?.outcome
            return outcome
                ?? RecipientOutcome(
                    recipient: recipient.number, result: .failedTemporarily, status: "4.3.0",
                    text: "the channel program says nothing of this recipient")
        }
    }
}

/// What an attempt did for one recipient.
public struct ChannelOutcome: Sendable {
    let outcome: RecipientOutcome

    private init(
        _ recipient: ChannelMessage.Recipient, _ result: RecipientOutcome.Result, _ status: String, _ text: String
    ) {
        outcome = RecipientOutcome(recipient: recipient.number, result: result, status: status, text: text)
    }

    /// The recipient has it. `text` goes into the log.
    public static func delivered(_ recipient: ChannelMessage.Recipient, _ text: String = "") -> ChannelOutcome {
        ChannelOutcome(recipient, .delivered, "2.0.0", text)
    }

    /// Another system has it that sends no notifications: the sender is told so when a receipt was asked for.
    public static func relayed(_ recipient: ChannelMessage.Recipient, _ text: String = "") -> ChannelOutcome {
        ChannelOutcome(recipient, .relayed, "2.0.0", text)
    }

    /// Try again later: `status` by RFC 3463, for example `4.4.1`, and why. `4.3.1` (full) and `4.3.2` (not accepting) also
    /// say that the target is overloaded, and the channel gets less for a while.
    public static func failedTemporarily(
        _ recipient: ChannelMessage.Recipient, _ status: String, _ text: String
    ) -> ChannelOutcome {
        ChannelOutcome(recipient, .failedTemporarily, status, text)
    }

    /// It will never work: the sender gets a notification with `status`, for example `5.1.1`, and `text`.
    public static func failedPermanently(
        _ recipient: ChannelMessage.Recipient, _ status: String, _ text: String
    ) -> ChannelOutcome {
        ChannelOutcome(recipient, .failedPermanently, status, text)
    }
}
