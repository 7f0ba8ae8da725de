import OptionSyntax
import TransactionLog

/// The table of `counters -show` (commands specification, section 3.2; notifications-logging specification, section 3).
struct CountersReport {
    let rows: [TrafficRow]
    var hasChannels = true
    var hasAssociations = true
    var hasHeaders = true

    var lines: [String] {
        var lines =
            hasHeaders
            ? [
                "Channel                Messages   Recipients Blocks",
                "---------------------- ---------- ---------- ----------",
            ] : []
        for row in rows {
            let associations = hasAssociations && row.hasAssociations ? Self.associations(row) : []
            guard hasChannels || !associations.isEmpty else { continue }
            lines.append(row.channel)
            if hasChannels { lines += Self.messages(row) }
            lines += associations
        }
        return lines
    }

    private typealias Triple = (title: String, TrafficCounter, TrafficCounter, TrafficCounter)

    private static let always: [Triple] = [
        ("Received", .receivedMessages, .receivedRecipients, .receivedVolume),
        ("Stored", .storedMessages, .storedRecipients, .storedVolume),
        ("Delivered", .deliveredMessages, .deliveredRecipients, .deliveredVolume),
        ("Submitted", .submittedMessages, .submittedRecipients, .submittedVolume),
    ]
    private static let further: [Triple] = [
        ("Attempted", .attemptedMessages, .attemptedRecipients, .attemptedVolume),
        ("Rejected", .rejectedMessages, .rejectedRecipients, .rejectedVolume),
        ("Failed", .failedMessages, .failedRecipients, .failedVolume),
    ]

    /// The four rows of every release, and the later ones where they have something to say.
    private static func messages(_ row: TrafficRow) -> [String] {
        var lines = always.map { line(row, $0) }
        if row[.deliveredFirst] != 0 { lines[2] += " (\(row[.deliveredFirst]) first time)" }
        let hasMore = row[.queueCount] != 0 || further.contains { row[$0.1] != 0 || row[$0.2] != 0 }
        guard hasMore else { return lines }
        lines += further.map { line(row, $0) }
        lines.append(time("Queue time/count", row[.queueMilliseconds], row[.queueCount]))
        lines.append(time("Queue first time/count", row[.queueFirstMilliseconds], row[.queueFirstCount]))
        return lines
    }

    private static func line(_ row: TrafficRow, _ triple: Triple) -> String {
        QueueText.padded("   \(triple.title)", 22)
            + [triple.1, triple.2, triple.3].map { " " + QueueText.padded(right: "\(row[$0])", 10) }.joined()
    }

    /// `16425/29440 = 0.56`, seconds for each message.
    private static func time(_ title: String, _ milliseconds: Int, _ count: Int) -> String {
        let hundredths = count == 0 ? 0 : (milliseconds / 10 + count / 2) / count
        let rest = hundredths % 100
        return QueueText.padded("   \(title)", 27)
            + "\((milliseconds + 500) / 1000)/\(count) = \(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private static func associations(_ row: TrafficRow) -> [String] {
        let kinds: [(String, TrafficCounter)] = [
            ("Total In Assocs", .totalInAssociations), ("Total Out Assocs", .totalOutAssociations),
            ("Rejected In Assocs", .rejectedInAssociations), ("Rejected Out Assocs", .rejectedOutAssociations),
            ("Current In Assocs", .currentInAssociations), ("Current Out Assocs", .currentOutAssociations),
        ]
        return kinds.enumerated().compactMap { index, kind in
            let value = row[kind.1]
            return index < 2 || value != 0
                ? QueueText.padded("   \(kind.0)", 22) + " " + QueueText.padded(right: "\(value)", 10) : nil
        }
    }

    /// `today`: messages since midnight; nil when nobody knows.
    func json(today: Int?) -> JSONValue {
        let channels = rows.map { row -> JSONValue in
            let counters = TrafficCounter.allCases.map { JSONValue.Member($0.key, .integer(row[$0])) }
            return .object(
                [.init("name", .string(row.channel))] + counters + [
                    .init("deferred", Self.reasons(row.deferred)), .init("bounced", Self.reasons(row.bounced)),
                ])
        }
        return ["channels": .array(channels), "today": today.map(JSONValue.integer) ?? .null]
    }

    /// Recipients by reason, where there are any.
    private static func reasons(_ count: (FailureReason) -> Int) -> JSONValue {
        .object(
            FailureReason.allCases.compactMap { reason in
                let value = count(reason)
                return value == 0 ? nil : .init("\(reason)", .integer(value))
            })
    }
}
