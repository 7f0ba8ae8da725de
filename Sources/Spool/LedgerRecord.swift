package import Envelope

/// What one attempt did to an entry.
package struct AttemptRecord: Hashable, Sendable {
    /// Seconds since 1970 at the end of the attempt.
    package var time: Int64
    /// Recipients with a final result (delivered, relayed, failed permanently) are settled by this record.
    package var outcomes: [RecipientOutcome]
    /// Unsuccessful attempts to show from now on: one more than before, or 0 when a recipient was settled
    /// (job-controller specification, section 11.5).
    package var attempts: Int
    /// Seconds since 1970 of the next attempt; 0: at once.
    package var nextTime: Int64

    package init(time: Int64, outcomes: [RecipientOutcome], attempts: Int, nextTime: Int64) {
        self.time = time
        self.outcomes = outcomes
        self.attempts = attempts
        self.nextTime = nextTime
    }
}

/// One fact of the ledger. Outcomes name an entry; the last three keep the books of the spool itself.
package enum LedgerRecord: Hashable, Sendable {
    /// Some recipients settled or nothing did; the entry stays unless this settles the last recipient.
    case attempt(QueueEntryKey, AttemptRecord)
    /// The entry ended: every recipient is settled. Time in seconds since 1970.
    case done(QueueEntryKey, time: Int64)
    case hold(QueueEntryKey, reason: String)
    /// No longer held; ready at once.
    case release(QueueEntryKey)
    /// The entry ended by an administrator's word, without a notification.
    case delete(QueueEntryKey, by: String)
    /// The entry ended: the message with this id took its place, and is durable.
    case requeue(QueueEntryKey, as: MessageID)
    /// The highest `notices` threshold that has been warned of.
    case warned(QueueEntryKey, threshold: Int)
    /// Compaction: the message is at a new place.
    case moved(MessageID, to: SpoolLocation)
    /// Everything before `end` in the segment was taken into the index.
    case read(segment: String, end: Int)
    /// The segment ends here and is never written again.
    case closed(segment: String, end: Int)
}
