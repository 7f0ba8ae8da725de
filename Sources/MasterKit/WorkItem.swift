package import Envelope
package import Spool
import Synchronization

/// One entry that this process has in hand. To be ended by exactly one of ``finish(_:isStressed:isCounted:retryAfter:)``,
/// ``giveBack()`` and ``reportUnreadable(_:)``, on any thread; one that is dropped without is given back.
package final class WorkItem: Sendable {
    package let key: QueueEntryKey
    package let location: SpoolLocation
    /// Unsuccessful attempts before this one.
    package let attempts: Int
    /// The destination host by which work is sorted; empty when the channel is not sorted by host.
    package let host: String
    /// Indexes in the entry of the recipients that are to be tried, ascending.
    package let pending: [Int]
    package let notice: EntryNotice
    /// Why an operator returns it, in his words; empty: he has not said.
    package let returnReason: String
    /// What the attempts so far did, oldest first.
    package let history: [EarlierAttempts]
    private let session: WorkSession
    /// What became of it has been said. The entry may come back as another item while this one still lives.
    private let isEnded = Atomic(false)

    init(_ message: ItemMessage, session: WorkSession) {
        key = message.key
        location = message.location
        attempts = message.attempts
        host = message.host
        pending = message.pending
        notice = message.notice
        returnReason = message.reason
        history = message.history
        self.session = session
    }

    deinit { giveBack() }

    /// True the first time.
    private func end() -> Bool { !isEnded.exchange(true, ordering: .relaxed) }

    /// The name as administrators see it.
    package var name: EntryName { EntryName(message: key.message, entry: Int(key.entry), attempts: attempts) }

    /// What is said of recipients whose mail an operator returns.
    package var returnedText: String { returnReason.isEmpty ? "returned by the postmaster" : returnReason }

    /// Reads the record, and checks that it has the entry. `.corrupt` is to be reported with
    /// ``reportUnreadable(_:)``; after another error the entry is to be given back.
    package func read() throws(SpoolError) -> StoredMessage {
        let stored = try session.reader.read(location)
        guard stored.message.id == key.message, stored.message.entries.indices.contains(Int(key.entry)) else {
            throw SpoolError(.corrupt, "the record at \(location.text) is not that of \(name)")
        }
        return stored
    }

    /// The attempt is over. `outcomes`: one for each recipient that was tried; recipients without one stay pending.
    /// `retryAfter`: milliseconds until the next attempt, in place of the channel's backoff.
    /// `isCounted` false: the number of attempts stays what it was.
    package func finish(
        _ outcomes: [RecipientOutcome], isStressed: Bool = false, isCounted: Bool = true, retryAfter: Int64? = nil
    ) {
        guard end() else { return }
        var report = OutcomeReport(key: key, results: outcomes, isStressed: isStressed, retryAfter: retryAfter)
        report.isCounted = isCounted
        session.report(report)
    }

    /// Nothing was tried: another job may have the entry.
    package func giveBack() {
        guard end() else { return }
        session.giveBack(key)
    }

    /// The record is damaged: the Job Controller sets it aside.
    package func reportUnreadable(_ reason: String) {
        guard end() else { return }
        session.report(OutcomeReport(key: key, results: [], unreadable: reason))
    }
}
