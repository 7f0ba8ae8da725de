package import Envelope

/// Letter of a dequeue entry of the log (notifications and logging specification, 2.3).
package enum DeliveryAction: String, Sendable, Hashable {
    case delivered = "D"
    /// Temporary failure, nothing else of the entry was settled.
    case deferred = "Q"
    /// Temporary failure while other recipients were settled: ready again at once.
    case deferredOthersSettled = "Z"
    case rejected = "R"
    /// Permanent failure of a recipient for whom no notification was wanted.
    case rejectedQuietly = "K"

    /// The letter for one outcome.
    package init(_ outcome: RecipientOutcome.Result, othersSettled: Bool, notify: NotifyConditions) {
        switch outcome {
        case .delivered, .relayed: self = .delivered
        case .failedTemporarily: self = othersSettled ? .deferredOthersSettled : .deferred
        case .failedPermanently: self = notify.contains(.never) ? .rejectedQuietly : .rejected
        }
    }
}

/// One dequeue entry: what happened to one recipient.
package struct DeliveryRecord: Sendable {
    package var action: DeliveryAction
    /// Letters after the action: `E` ESMTP, `L` LMTP, `S` TLS, `C` chunking, `P` pipelining.
    package var modifiers: String
    package var message: QueuedMessage
    /// Index of the entry in the message.
    package var entry: Int
    /// Attempts before this one.
    package var attempt: Int
    /// Recipient, result, status, reply and remote host.
    package var outcome: RecipientOutcome
    /// Bytes of content; in a Q entry what was sent before the failure.
    package var size: Int
    /// First line of the banner without the code; empty when none was seen.
    package var banner: String
    /// With the last record of an attempt: the message, for header lines in the log.
    package var content: OutgoingContent?
}

/// One connection entry (notifications and logging specification, 2.4), always outbound.
package struct ConnectionRecord: Sendable, Hashable {
    package enum Action: String, Sendable {
        case opened = "O"
        case closed = "C"
        /// The attempt failed before a connection stood.
        case failed = "Y"
    }

    package var action: Action
    package var channel: String
    /// `TCP|local|port|remote|port`; local parts empty in a Y entry.
    package var transport: String
    /// `SMTP/host wanted/host connected`.
    package var application: String
    package var diagnostic: String
    /// `TLSv1.3,cipher`; empty without TLS.
    package var tls = ""
    /// How long the connection stood, in a C entry.
    package var seconds: Int64?
}

/// Where the client's log entries go. Calls must not block for long: they are made on the event loop.
package protocol DeliveryLog: Sendable {
    /// The records of one attempt, one for each recipient.
    func record(_ records: [DeliveryRecord])
    func record(_ record: ConnectionRecord)
}

/// A log that keeps nothing.
package struct NoDeliveryLog: DeliveryLog {
    package init() {}
    package func record(_ records: [DeliveryRecord]) {}
    package func record(_ record: ConnectionRecord) {}
}
