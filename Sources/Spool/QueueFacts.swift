package import Envelope

/// Names one entry of one message.
package struct QueueEntryKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var message: MessageID
    /// Number of the entry in its message, from 0.
    package var entry: UInt32

    package init(message: MessageID, entry: UInt32) {
        self.message = message
        self.entry = entry
    }

    package static func < (left: QueueEntryKey, right: QueueEntryKey) -> Bool {
        (left.message, left.entry) < (right.message, right.entry)
    }

    package var description: String { EntryName(message: message, entry: Int(entry)).description }
}

/// Where a message record lies.
package struct SpoolLocation: Hashable, Sendable {
    /// Name of the segment without directory and `.seg`.
    package var segment: String
    /// Bytes from the start of the segment file.
    package var offset: Int
    /// Bytes of the record with its header, without padding.
    package var length: Int

    package init(segment: String, offset: Int, length: Int) {
        self.segment = segment
        self.offset = offset
        self.length = length
    }

    /// Offset of the record that follows.
    package var end: Int { RecordHeader.padded(offset + length) }
}

/// What the Job Controller must know of one entry when it is enqueued.
package struct CommittedEntryFacts: Hashable, Sendable {
    package var number: UInt32
    package var channel: String
    package var host: String
    package var priority: Priority
    /// Seconds since 1970; 0: at once.
    package var notBefore: Int64
    package var deliverBy: DeliverBy?
    package var recipients: Int
    package var heldReason: String?

    package init(
        number: UInt32, channel: String, host: String, priority: Priority = .normal, notBefore: Int64 = 0,
        deliverBy: DeliverBy? = nil, recipients: Int, heldReason: String? = nil
    ) {
        self.deliverBy = deliverBy
        self.number = number
        self.channel = channel
        self.host = host
        self.priority = priority
        self.notBefore = notBefore
        self.recipients = recipients
        self.heldReason = heldReason
    }
}

/// What a notice says of one committed message (`NOTE`, job-controller specification, section 7).
package struct CommittedMessageFacts: Hashable, Sendable {
    package var message: MessageID
    package var location: SpoolLocation
    /// Milliseconds since 1970.
    package var arrival: Int64
    /// Bytes of the content (not blocks).
    package var size: Int
    package var entries: [CommittedEntryFacts]

    package init(
        message: MessageID, location: SpoolLocation, arrival: Int64, size: Int, entries: [CommittedEntryFacts]
    ) {
        self.message = message
        self.location = location
        self.arrival = arrival
        self.size = size
        self.entries = entries
    }

    package init(_ committed: CommittedMessage) {
        self.init(
            message: committed.message.id, location: committed.location, arrival: committed.message.arrival,
            size: committed.size, entries: Self.entries(of: committed.message))
    }

    static func entries(of message: QueuedMessage) -> [CommittedEntryFacts] {
        message.entries.enumerated().map { number, entry in
            CommittedEntryFacts(
                number: UInt32(number), channel: entry.channel, host: entry.host, priority: entry.priority,
                notBefore: entry.notBefore, deliverBy: entry.deliverBy, recipients: entry.recipients.count,
                heldReason: entry.heldReason)
        }
    }

    /// The content is in a file of its own: it could not have fitted the record.
    var hasLargeContent: Bool { size > location.length }
}

/// One message whose record is durable, as the writer reports it for the notices.
package struct CommittedMessage: Sendable {
    package var message: QueuedMessage
    package var location: SpoolLocation
    /// Bytes of the content.
    package var size: Int

    package init(message: QueuedMessage, location: SpoolLocation, size: Int) {
        self.message = message
        self.location = location
        self.size = size
    }
}

/// One live entry with everything the ledger says of it.
package struct RecoveredEntry: Equatable, Sendable {
    package var key: QueueEntryKey
    package var location: SpoolLocation
    package var channel: String
    package var host: String
    package var priority: Priority
    /// Seconds since 1970; 0: at once.
    package var notBefore: Int64
    package var deliverBy: DeliverBy?
    /// Bytes of the content.
    package var size: Int
    /// Milliseconds since 1970.
    package var arrival: Int64
    /// Recipients of the entry in its record.
    package var recipients: Int
    /// Indexes of the recipients that are not settled yet, ascending.
    package var pending: [Int]
    /// Unsuccessful attempts, as the last attempt record stated them.
    package var attempts: Int
    /// Seconds since 1970 of the next attempt; 0: at once.
    package var nextTime: Int64
    package var heldReason: String?
    /// Highest `notices` threshold that has been warned of; 0: none.
    package var warned: Int
    /// Seconds since 1970 of the last attempt; 0: none.
    package var lastAttempt: Int64
    /// What the last attempt did, recipient by recipient.
    package var lastOutcomes: [RecipientOutcome]

    package init(
        key: QueueEntryKey, location: SpoolLocation, channel: String, host: String, priority: Priority = .normal,
        notBefore: Int64 = 0, deliverBy: DeliverBy? = nil, size: Int = 0, arrival: Int64 = 0, recipients: Int = 1,
        pending: [Int] = [0],
        attempts: Int = 0, nextTime: Int64 = 0, heldReason: String? = nil, warned: Int = 0, lastAttempt: Int64 = 0,
        lastOutcomes: [RecipientOutcome] = []
    ) {
        self.key = key
        self.location = location
        self.channel = channel
        self.host = host
        self.priority = priority
        self.notBefore = notBefore
        self.deliverBy = deliverBy
        self.size = size
        self.arrival = arrival
        self.recipients = recipients
        self.pending = pending
        self.attempts = attempts
        self.nextTime = nextTime
        self.heldReason = heldReason
        self.warned = warned
        self.lastAttempt = lastAttempt
        self.lastOutcomes = lastOutcomes
    }
}

/// Something that could not be read, or a loss that could not be prevented; always logged as an error.
package struct QuarantineReport: Hashable, Sendable, CustomStringConvertible {
    /// Name of the segment, log or file.
    package var file: String
    package var offset: Int
    package var length: Int
    package var reason: String
    /// The bytes are in `quarantine/`.
    package var isSetAside: Bool

    package init(file: String, offset: Int, length: Int, reason: String, isSetAside: Bool = false) {
        self.file = file
        self.offset = offset
        self.length = length
        self.reason = reason
        self.isSetAside = isSetAside
    }

    package var description: String { "\(file), \(length) bytes at offset \(offset): \(reason)" }
}

/// What start-up found.
package struct RecoveredQueue: Sendable {
    package var entries: [RecoveredEntry] = []
    /// Large-content files that belonged to no message and were removed.
    package var removedLargeFiles = 0
    /// What was set aside or is missing.
    package var quarantined: [QuarantineReport] = []
    package var summary = QueueSummary()

    package init() {}
}
