/// What is counted for each channel (notifications-logging specification, section 3), in the order of the file.
package enum TrafficCounter: Int, CaseIterable, Sendable {
    /// Enqueued to the channel (E).
    case receivedMessages, receivedRecipients, receivedVolume, receivedBytes
    /// In the queue now: up when something is enqueued, down when it is dequeued.
    case storedMessages, storedRecipients, storedVolume, storedBytes
    /// Dequeued by the channel, returned ones included (D).
    case deliveredMessages, deliveredRecipients, deliveredVolume, deliveredBytes
    /// Of the delivered messages those that needed one attempt.
    case deliveredFirst
    /// Enqueued by the channel (E).
    case submittedMessages, submittedRecipients, submittedVolume
    /// Temporary failures (Q, Z).
    case attemptedMessages, attemptedRecipients, attemptedVolume
    /// Refused enqueues (J).
    case rejectedMessages, rejectedRecipients, rejectedVolume
    /// Permanent failures (R, K).
    case failedMessages, failedRecipients, failedVolume
    /// Time in the queue of what was delivered, milliseconds, and how many messages that were.
    case queueMilliseconds, queueCount
    /// The same of what needed one attempt.
    case queueFirstMilliseconds, queueFirstCount
    case totalInAssociations, currentInAssociations, rejectedInAssociations
    case totalOutAssociations, currentOutAssociations, rejectedOutAssociations

    /// As in answers for programs: `received_messages`.
    package var key: String {
        var key = ""
        for character in "\(self)" { key += character.isUppercase ? "_" + character.lowercased() : String(character) }
        return key
    }

    /// About connections, which `counters -associations` shows.
    package var isAboutAssociations: Bool { rawValue >= Self.totalInAssociations.rawValue }

    /// How many there are at this moment: nothing that begins anew.
    package var isCurrent: Bool { [.currentInAssociations, .currentOutAssociations].contains(self) }
}

/// Why recipients were not delivered: the subject of the enhanced status code (RFC 3463, section 3), so that there are
/// never more than these.
package enum FailureReason: Int, CaseIterable, Sendable {
    case other, address, mailbox, system, network, `protocol`, content, policy

    /// `status`: `4.4.1`; one that is none counts as other.
    package init(status: String) {
        let parts = status.split(separator: ".", omittingEmptySubsequences: false)
        self = parts.count == 3 ? Int(parts[1]).flatMap(FailureReason.init(rawValue:)) ?? .other : .other
    }
}

/// The counters of a channel at one moment.
package struct TrafficRow: Hashable, Sendable {
    /// Upper bounds of the times in the queue, seconds; longer ones come last.
    package static let queueBounds = [1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200]

    package var channel: String
    /// By ``TrafficCounter``, then recipients deferred and bounced by reason, then messages by time in the queue.
    var values: [Int]

    package init(channel: String) {
        self.channel = channel
        values = [Int](repeating: 0, count: Self.count)
    }

    package subscript(counter: TrafficCounter) -> Int {
        get { values[counter.rawValue] }
        set { values[counter.rawValue] = newValue }
    }

    package func deferred(_ reason: FailureReason) -> Int { values[Self.deferred(reason)] }
    package func bounced(_ reason: FailureReason) -> Int { values[Self.bounced(reason)] }

    /// How many messages left within each of ``queueBounds``, and how many later.
    package var queueTimes: [Int] { Array(values[Self.firstBucket...]) }

    /// Connections were counted.
    package var hasAssociations: Bool {
        TrafficCounter.allCases.contains { $0.isAboutAssociations && self[$0] != 0 }
    }

    // MARK: Places

    static func deferred(_ reason: FailureReason) -> Int { TrafficCounter.allCases.count + reason.rawValue }
    static func bounced(_ reason: FailureReason) -> Int { deferred(reason) + FailureReason.allCases.count }
    private static let firstBucket = TrafficCounter.allCases.count + 2 * FailureReason.allCases.count
    static let count = firstBucket + queueBounds.count + 1

    static func bucket(milliseconds: Int64) -> Int {
        firstBucket + (queueBounds.firstIndex { milliseconds <= Int64($0) * 1000 } ?? queueBounds.count)
    }
}
