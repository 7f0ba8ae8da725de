import Envelope
import OptionSyntax
import Spool
import TransactionLog

/// What the Job Controller counts (notifications-logging specification, section 3): what comes into the queue, and what
/// leaves it. Enqueuing and delivering processes count the rest into the same file.
extension JobControllerLoop {
    /// A new entry has become known.
    func countReceived(_ entry: RecoveredEntry) {
        let blocks = blockCount(ofBytes: entry.size)
        traffic?.update(entry.channel) { counters in
            counters.add(.storedMessages)
            counters.add(.storedRecipients, entry.pending.count)
            counters.add(.storedVolume, blocks)
            counters.add(.storedBytes, entry.size)
            counters.add(.receivedMessages)
            counters.add(.receivedRecipients, entry.recipients)
            counters.add(.receivedVolume, blocks)
            counters.add(.receivedBytes, entry.size)
        }
    }

    /// A change of an entry that is about to be written to the ledger.
    func count(_ key: QueueEntryKey, _ change: DeliverySchedule.LedgerChange) {
        switch change {
        case .done(let outcomes):
            processedToday += 1
            count(outcomes, of: key, isLast: true)
        case .attempt(let outcomes, _, _, _): count(outcomes, of: key, isLast: false)
        case .delete, .requeue: countEnd(key)
        case .hold, .release: break
        }
    }

    /// An entry ends without an attempt.
    func countEnd(_ key: QueueEntryKey) {
        guard let entry = store.entry(key) else { return }
        traffic?.update(entry.channel) { counters in
            counters.add(.storedRecipients, -entry.pending.count)
            Self.countEnd(entry, counters)
        }
    }

    private static func countEnd(_ entry: RecoveredEntry, _ counters: TrafficCounters.Slot) {
        counters.add(.storedMessages, -1)
        counters.add(.storedVolume, -blockCount(ofBytes: entry.size))
        counters.add(.storedBytes, -entry.size)
    }

    /// An attempt; a message with several kinds of results counts under each.
    private func count(_ outcomes: [RecipientOutcome], of key: QueueEntryKey, isLast: Bool) {
        guard let entry = store.entry(key) else { return }
        let blocks = blockCount(ofBytes: entry.size)
        let temporary = outcomes.filter { $0.result == .failedTemporarily }
        let permanent = outcomes.filter { $0.result == .failedPermanently }
        let settled = outcomes.count - temporary.count
        traffic?.update(entry.channel) { counters in
            counters.add(.storedRecipients, -settled)
            counters.add(.deliveredRecipients, settled)
            if !temporary.isEmpty {
                counters.add(.attemptedMessages)
                counters.add(.attemptedRecipients, temporary.count)
                counters.add(.attemptedVolume, blocks)
            }
            if !permanent.isEmpty {
                counters.add(.failedMessages)
                counters.add(.failedRecipients, permanent.count)
                counters.add(.failedVolume, blocks)
            }
            for outcome in temporary { counters.addDeferred(FailureReason(status: outcome.status)) }
            for outcome in permanent { counters.addBounced(FailureReason(status: outcome.status)) }
            if isLast { countDequeued(entry, counters) }
        }
    }

    private func countDequeued(_ entry: RecoveredEntry, _ counters: TrafficCounters.Slot) {
        let isFirst = entry.lastAttempt == 0
        counters.add(.deliveredMessages)
        counters.add(.deliveredVolume, blockCount(ofBytes: entry.size))
        counters.add(.deliveredBytes, entry.size)
        if isFirst { counters.add(.deliveredFirst) }
        // What the client asked to have held (RFC 4865) waits from its release on.
        counters.addQueueTime(
            milliseconds: now - max(entry.arrival, entry.notBefore * 1000), isFirst: isFirst)
        Self.countEnd(entry, counters)
    }

    /// What the queue holds now, from the index: at a start, and when the counters begin anew.
    func refillStored() {
        guard let traffic else { return }
        var stored = schedule.stored { store.contentSize($0) }
        for row in traffic.rows() where stored[row.channel] == nil { stored[row.channel] = .init() }
        for (channel, sum) in stored {
            traffic.update(channel) { counters in
                counters.set(.storedMessages, sum.messages)
                counters.set(.storedRecipients, sum.recipients)
                counters.set(.storedVolume, sum.blocks)
                counters.set(.storedBytes, sum.bytes)
            }
        }
    }

    /// `counters clear [channels|associations]`: begins anew; what is stored is counted again.
    func clearCounters(_ what: String?) -> JSONValue {
        guard what.map({ ["channels", "associations"].contains($0) }) ?? true else {
            return Self.failure("counters clear takes channels or associations")
        }
        traffic?.clear(channels: what != "associations", associations: what != "channels")
        if what != "associations" { refillStored() }
        return ["ok": true]
    }
}
