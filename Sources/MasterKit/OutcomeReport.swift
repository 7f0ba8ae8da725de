package import Envelope
package import ProcessPool
package import Spool

/// What a job says about one entry after an attempt (`OUTC`).
package struct OutcomeReport: Hashable, Sendable {
    package var key: QueueEntryKey
    /// One for each recipient that was tried; the others stay pending.
    package var results: [RecipientOutcome]
    /// The target is overloaded.
    package var isStressed: Bool
    /// Milliseconds until the next attempt, in place of the channel's backoff (a busy mailbox).
    package var retryAfter: Int64?
    /// The record could not be read, and why; there are no results then.
    package var unreadable: String?
    /// It was an attempt. Otherwise nothing was tried, and the number of attempts stays.
    package var isCounted = true

    package init(
        key: QueueEntryKey, results: [RecipientOutcome], isStressed: Bool = false, retryAfter: Int64? = nil,
        unreadable: String? = nil
    ) {
        self.key = key
        self.results = results
        self.isStressed = isStressed
        self.retryAfter = retryAfter
        self.unreadable = unreadable
    }
}

extension RecipientOutcome {
    /// The target takes nothing from anybody now: mail system full, or not accepting messages (RFC 3463, X.3.1 and X.3.2).
    /// Where a channel has one target, that is stress (job-controller specification, 6.8).
    package var isOverload: Bool {
        result == .failedTemporarily && (status.hasSuffix(".3.1") || status.hasSuffix(".3.2"))
    }
}

extension OutcomeReport {
    /// Most bytes of one group, so that a datagram holds several.
    private static let groupLimit = 3500

    /// The report as groups of `OUTC`. One with many recipients takes several, all but the last with `more=1`.
    package var groups: [Fields] {
        var groups: [Fields] = []
        var fields = begin()
        var length = 0
        for result in results {
            let text = singleLine(result.text)
            let remote = singleLine(result.remote, limit: 255)
            if length > 0, length + text.utf8.count + remote.utf8.count + 40 > Self.groupLimit {
                fields.append("more", "1")
                groups.append(fields)
                fields = begin()
                length = 0
            }
            length += text.utf8.count + remote.utf8.count + 40
            fields.append("to", Self.line(result))
            if !text.isEmpty { fields.append("text", text) }
            if !remote.isEmpty { fields.append("remote", remote) }
        }
        if isStressed { fields.append("stress", "1") }
        if let retryAfter { fields.append("retry", "\(retryAfter)") }
        if !isCounted { fields.append("uncounted", "1") }
        if let unreadable { fields.append("unreadable", singleLine(unreadable)) }
        groups.append(fields)
        return groups
    }

    /// Index, result and status of a recipient.
    static func line(_ result: RecipientOutcome) -> String {
        "\(result.recipient) \(result.result.rawValue) \(singleLine(result.status, limit: 20))"
    }

    private func begin() -> Fields {
        var fields = Fields()
        fields.append("entry", key.name)
        return fields
    }

    /// Reads one group. `isPart`: another group with the same entry follows. Nil when it is not well formed.
    package static func read(_ group: Fields) -> (report: OutcomeReport, isPart: Bool)? {
        guard let name = group["entry"], let key = QueueEntryKey(name: name) else { return nil }
        var report = OutcomeReport(key: key, results: [])
        var isPart = false
        for field in group.all {
            switch field.key {
            case "to":
                guard let outcome = readRecipient(field.value) else { return nil }
                report.results.append(outcome)
            case "text" where !report.results.isEmpty:
                report.results[report.results.count - 1].text = field.value
            case "remote" where !report.results.isEmpty:
                report.results[report.results.count - 1].remote = field.value
            case "stress": report.isStressed = field.value == "1"
            case "retry":
                guard let wait = Int64(field.value), wait >= 0, wait <= 365 * 86_400_000 else { return nil }
                report.retryAfter = wait
            case "uncounted": report.isCounted = field.value != "1"
            case "unreadable": report.unreadable = field.value
            case "more": isPart = field.value == "1"
            default: break
            }
        }
        return (report, isPart)
    }

    static func readRecipient(_ text: String) -> RecipientOutcome? {
        let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Substring.init)
        guard parts.count >= 2, let index = Int(parts[0]), index >= 0, index < Int(Int32.max),
            let code = UInt8(parts[1]), let result = RecipientOutcome.Result(rawValue: code)
        else { return nil }
        return RecipientOutcome(recipient: index, result: result, status: parts.count > 2 ? String(parts[2]) : "")
    }

    /// Adds the part that has come before to this one.
    package mutating func prepend(_ earlier: OutcomeReport) {
        results = earlier.results + results
    }
}
