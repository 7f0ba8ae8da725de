import Envelope
import Testing

@testable import Spool

/// MAX_MESSAGES (job-controller specification, 6.6): beyond it an entry has a fixed size in the index, is listed, and keeps
/// its place, its times and its attempts.
@Suite struct KeptAnswersTests {
    private func key(_ id: Int) -> QueueEntryKey { QueueEntryKey(message: MessageID(rawValue: UInt64(id)), entry: 0) }

    private func index(_ count: Int) -> QueueIndex {
        var index = QueueIndex()
        for id in 0..<count {
            let facts = CommittedMessageFacts(
                message: key(id).message, location: SpoolLocation(segment: "w-1", offset: 512 * id, length: 300),
                arrival: 1000 + Int64(id), size: 100,
                entries: [CommittedEntryFacts(number: 0, channel: "tcp_local", host: "h", recipients: 2)])
            let isNew = index.add(facts)
            #expect(isNew)
        }
        return index
    }

    private func attempt(_ id: Int, _ attempts: Int) -> LedgerRecord {
        let outcomes = (0..<2).map {
            RecipientOutcome(recipient: $0, result: .failedTemporarily, status: "4.4.1", text: "refused", remote: "mx")
        }
        return .attempt(key(id), AttemptRecord(time: 50, outcomes: outcomes, attempts: attempts, nextTime: 700))
    }

    private func recovered(_ index: QueueIndex, _ id: Int) -> RecoveredEntry? {
        guard let message = index[key(id).message] else { return nil }
        return message.entry(0)?.recovered(key(id).message, message)
    }

    @Test func entriesBeyondTheLimitHaveNoAnswers() throws {
        var index = index(12)
        index.keepAnswers(upTo: 10)
        for id in 0..<12 { _ = index.apply(attempt(id, 3), number: 1, generation: 0) }
        for id in 0..<12 {
            let entry = try #require(recovered(index, id))
            #expect(entry.lastOutcomes.isEmpty)
            #expect((entry.attempts, entry.nextTime, entry.lastAttempt, entry.pending) == (3, 700, 50, [0, 1]))
            #expect((entry.arrival, entry.host, entry.location.offset) == (1000 + Int64(id), "h", 512 * id))
        }
        // Below it the next attempt is remembered whole.
        for id in 10..<12 { _ = index.apply(.done(key(id), time: 60), number: 2, generation: 0) }
        _ = index.apply(attempt(0, 4), number: 3, generation: 0)
        #expect(recovered(index, 0)?.lastOutcomes.map(\.text) == ["refused", "refused"])
        #expect(recovered(index, 1)?.lastOutcomes.isEmpty == true)
    }

    /// A lower limit takes effect at once, and so does a start with more entries than the limit.
    @Test func aLowerLimitForgets() {
        var index = index(12)
        for id in 0..<12 { _ = index.apply(attempt(id, 1), number: 1, generation: 0) }
        index.keepAnswers(upTo: 12)
        #expect(recovered(index, 5)?.lastOutcomes.count == 2)
        index.keepAnswers(upTo: 11)
        #expect((0..<12).allSatisfy { recovered(index, $0)?.lastOutcomes.isEmpty == true })
        #expect(recovered(index, 5)?.attempts == 1)
    }

    /// At scale: what remains of each of 100 000 entries with a long answer is as much as of one with a short answer.
    @Test func sizeDoesNotDependOnAnswers() {
        var index = index(100_000)
        index.keepAnswers(upTo: 1000)
        let text = String(repeating: "x", count: 1000)
        for id in 0..<100_000 {
            let outcomes = [RecipientOutcome(recipient: 0, result: .failedTemporarily, text: text)]
            let record = AttemptRecord(time: 1, outcomes: outcomes, attempts: 1, nextTime: 2)
            _ = index.apply(.attempt(key(id), record), number: 1, generation: 0)
        }
        let bytes = index.messages.reduce(0) { $0 + $1.value.entries[0].progress.lastOutcomes.count }
        #expect(bytes == 0 && index.entryCount == 100_000)
    }
}
