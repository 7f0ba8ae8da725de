/// Which notifications a recipient's sender asked for (RFC 3461 section 4.1). Empty: the default, failures and delays.
package struct NotifyConditions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let never = NotifyConditions(rawValue: 4)
    package static let success = NotifyConditions(rawValue: 8)
    package static let failure = NotifyConditions(rawValue: 16)
    package static let delay = NotifyConditions(rawValue: 32)
}

/// One recipient of an entry.
package struct QueueRecipient: Hashable, Sendable {
    /// The current address: what the channel delivers to, for example `anna@ims-ms-daemon`.
    package var address: String
    /// The address given in RCPT TO, as the client wrote it without brackets.
    package var given: String
    /// ORCPT, decoded, `type;address`; nil when the client gave none.
    package var originalRecipient: String?
    package var notify: NotifyConditions
    /// What notifications name in place of `address`: an alias that hides its value; nil: `address`.
    package var shownAddress: String?

    package init(
        address: String, given: String, originalRecipient: String? = nil, notify: NotifyConditions = []
    ) {
        self.address = address
        self.given = given
        self.originalRecipient = originalRecipient
        self.notify = notify
    }
}

/// Priority of an entry (job-controller specification, 6.5). Lower raw values go first.
package enum Priority: UInt8, Sendable, Comparable, CaseIterable {
    case urgent = 0, normal, nonurgent, secondClass, thirdClass
    package static func < (left: Priority, right: Priority) -> Bool { left.rawValue < right.rawValue }
}

/// By when a copy is to be delivered, and what is done when it is not (RFC 2852).
package struct DeliverBy: Hashable, Sendable {
    package enum Mode: Sendable {
        /// The sender is told of the delay, and the copy is tried on.
        case notify
        /// The copy goes back to the sender.
        case giveBack
    }

    /// Seconds since 1970; above 0.
    package var deadline: Int64
    package var mode: Mode

    package init(deadline: Int64, mode: Mode) {
        self.deadline = min(max(deadline, 1), 1 << 40)
        self.mode = mode
    }

    /// The deadline, negative for ``Mode/notify``: how files and notices have it. Nil for 0.
    package init?(rawValue: Int64) {
        guard rawValue != 0 else { return nil }
        self.init(deadline: rawValue == .min ? .max : abs(rawValue), mode: rawValue > 0 ? .giveBack : .notify)
    }

    package var rawValue: Int64 { mode == .giveBack ? deadline : -deadline }
}

/// One copy of a message for one destination channel and host: the unit of scheduling.
package struct QueueEntry: Hashable, Sendable {
    package var channel: String
    /// Destination host; for channels that are not sorted by host, the channel's official host.
    package var host: String
    package var recipients: [QueueRecipient]
    package var priority: Priority
    /// Seconds since 1970 before which nothing is tried; 0: at once.
    package var notBefore: Int64
    package var deliverBy: DeliverBy?
    /// Why the entry is held from the start; nil: it is not.
    package var heldReason: String?

    package init(
        channel: String, host: String, recipients: [QueueRecipient], priority: Priority = .normal,
        notBefore: Int64 = 0, deliverBy: DeliverBy? = nil, heldReason: String? = nil
    ) {
        self.channel = channel
        self.host = host
        self.recipients = recipients
        self.priority = priority
        self.notBefore = notBefore
        self.deliverBy = deliverBy
        self.heldReason = heldReason
    }
}

/// Which part of the message a notification returns (RFC 3461 section 4.3).
package enum ReturnContent: UInt8, Sendable {
    case unspecified = 0, full, headers
}

/// BODY of MAIL FROM.
package enum BodyType: UInt8, Sendable {
    case sevenBit = 0, eightBitMIME, binaryMIME
}

/// How the message came to us.
package struct Submission: Hashable, Sendable {
    /// Address of the client, `203.0.113.9`; empty for an internal channel.
    package var clientAddress: String
    package var helo: String
    /// The authenticated user; empty without AUTH.
    package var user: String
    package var usedTLS: Bool

    package init(clientAddress: String = "", helo: String = "", user: String = "", usedTLS: Bool = false) {
        self.clientAddress = clientAddress
        self.helo = helo
        self.user = user
        self.usedTLS = usedTLS
    }
}

/// The envelope of a message in the queue, with its entries. The content is beside it.
package struct QueuedMessage: Hashable, Sendable {
    package var id: MessageID
    /// Milliseconds since 1970.
    package var arrival: Int64
    package var sourceChannel: String
    package var submission: Submission
    /// Envelope From; empty for `<>`.
    package var sender: String
    /// The family's 16-character envelope id (smtp specification, 8.3), without the host.
    package var envelopeID: String
    /// ENVID of the client, decoded; nil when it gave none.
    package var clientEnvelopeID: String?
    package var returnContent: ReturnContent
    package var body: BodyType
    package var needsSMTPUTF8: Bool
    /// MT-PRIORITY of the client (RFC 6710), -9 to 9; nil when it gave none.
    package var transferPriority: Int8?
    /// Message-ID of the header, as written, for the log; empty when there is none.
    package var messageIDHeader: String
    package var entries: [QueueEntry]

    package init(
        id: MessageID, arrival: Int64, sourceChannel: String, submission: Submission = Submission(), sender: String,
        envelopeID: String = "", clientEnvelopeID: String? = nil, returnContent: ReturnContent = .unspecified,
        body: BodyType = .sevenBit, needsSMTPUTF8: Bool = false, messageIDHeader: String = "", entries: [QueueEntry]
    ) {
        self.id = id
        self.arrival = arrival
        self.sourceChannel = sourceChannel
        self.submission = submission
        self.sender = sender
        self.envelopeID = envelopeID
        self.clientEnvelopeID = clientEnvelopeID
        self.returnContent = returnContent
        self.body = body
        self.needsSMTPUTF8 = needsSMTPUTF8
        self.messageIDHeader = messageIDHeader
        self.entries = entries
    }
}

/// What an attempt did for one recipient.
package struct RecipientOutcome: Hashable, Sendable {
    package enum Result: UInt8, Sendable {
        case delivered = 0
        /// Delivered to a system without DSN support, or to the members of a list: a relayed or expanded notification may be due.
        case relayed
        case failedTemporarily
        case failedPermanently
    }

    /// Index of the recipient in its entry.
    package var recipient: Int
    package var result: Result
    /// RFC 3463 status, for example `5.1.1`; empty when nothing more than the result is known.
    package var status: String
    /// The reply of the remote system, or our own words; one line.
    package var text: String
    /// `host (TCP|local|port|remote|port)`; empty when no remote system was reached.
    package var remote: String

    package init(recipient: Int, result: Result, status: String = "", text: String = "", remote: String = "") {
        self.recipient = recipient
        self.result = result
        self.status = status
        self.text = text
        self.remote = remote
    }
}

/// Attempts of an entry that ended alike, one after the other.
package struct EarlierAttempts: Hashable, Sendable {
    /// Seconds since 1970, at the end of each, ascending.
    package var times: [Int64]
    package var outcomes: [RecipientOutcome]

    package init(times: [Int64], outcomes: [RecipientOutcome]) {
        self.times = times
        self.outcomes = outcomes
    }
}
