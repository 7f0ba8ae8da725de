import Envelope
import Testing

@testable import Spool

/// What is kept of earlier attempts, for notifications (notifications-logging specification, 1.5).
@Suite struct AttemptHistoryTests {
    private func failed(_ text: String, remote: String = "") -> [RecipientOutcome] {
        [RecipientOutcome(recipient: 0, result: .failedTemporarily, status: "4.4.1", text: text, remote: remote)]
    }

    private func record(_ entry: inout LiveEntry, _ text: String, _ time: Int64, remote: String = "") {
        entry.take(
            AttemptRecord(time: time, outcomes: failed(text, remote: remote), attempts: 1, nextTime: time + 60),
            keepsAnswers: true)
    }

    private var entry: LiveEntry {
        LiveEntry(number: 0, channel: "tcp_local", host: "d.example", priority: .normal, notBefore: 0, recipients: 1)
    }

    @Test func inOrderAndAlikeOnesTogether() {
        var entry = entry
        #expect(entry.history.isEmpty)
        for (time, text) in [(100, "refused"), (200, "refused"), (300, "no answer"), (400, "busy")] as [(Int64, String)]
        {
            record(&entry, text, time, remote: "mx (TCP|1|\(time)|2|25)")
        }
        #expect(
            entry.history == [
                EarlierAttempts(times: [100, 200], outcomes: failed("refused")),
                EarlierAttempts(times: [300], outcomes: failed("no answer")),
                EarlierAttempts(times: [400], outcomes: failed("busy", remote: "mx (TCP|1|400|2|25)")),
            ])
    }

    /// A reader that knows only the last attempt finds it in front.
    @Test func theLastOneComesFirst() {
        var entry = entry
        record(&entry, "first", 100)
        record(&entry, "second", 200)
        var decoder = ByteDecoder(entry.progress.lastOutcomes)
        #expect(decoder.outcomes() == failed("second"))
    }

    @Test func bounded() {
        var entry = entry
        for number in 1...500 {
            record(&entry, "answer \(number) " + String(repeating: "x", count: 300), Int64(number))
        }
        #expect(entry.history.last?.times == [500])
        #expect(entry.history.count > 3)
        #expect(entry.progress.lastOutcomes.count <= AttemptHistory.mostOctets + 400)
        #expect(entry.history.flatMap(\.times) == Array(Int64(501 - entry.history.count)...500))
        var alike = self.entry
        for number in 1...500 { record(&alike, "refused", Int64(number)) }
        #expect(alike.history.flatMap(\.times) == Array(440...500))
    }

    @Test func damageGivesLess() {
        var entry = entry
        for number in 1...3 { record(&entry, "answer \(number)", Int64(number)) }
        let whole = entry.progress.lastOutcomes
        for length in 0..<whole.count {
            #expect(AttemptHistory(encoded: Array(whole[..<length])).all(time: 3).count <= 3)
        }
        #expect(AttemptHistory(encoded: whole).all(time: 3).count == 3)
    }
}
