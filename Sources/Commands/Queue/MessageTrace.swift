import Envelope
import OptionSyntax

/// What `martlet trace` tells of one message: what happened, what is now, and what decides what comes next.
struct MessageTrace: Hashable {
    /// Something that the configuration or an administrator decided.
    struct Decision: Hashable {
        /// `way`, `next`, `return`, `held`, `stopped` or `job`.
        var about: String
        var text: String
        /// Where it stands in the configuration; empty for a default and for acts of people.
        var place: String

        var json: JSONValue {
            ["about": .string(about), "text": .string(text), "place": place.isEmpty ? .null : .string(place)]
        }
    }

    /// An entry that is still in the queue.
    struct Entry: Hashable {
        var row: QueueRow
        var decisions: [Decision] = []
    }

    var id: MessageID
    /// Nil when the message has left the queue.
    var envelope: QueuedMessage?
    var events: [QueueLogLine] = []
    var entries: [Entry] = []
    /// What administrators did, from `admin.log`: when, and what.
    var acts: [Act] = []
    /// Which way its recipients would go by the configuration in force, when it has left the queue.
    var ways: [Decision] = []

    struct Act: Hashable {
        /// As in the log, `dd-Mon-yyyy hh:mm:ss`.
        var stamp: String
        var text: String
    }

    var json: JSONValue {
        [
            "id": .string(id.description), "summary": .array(summary(now: 0).map(JSONValue.string)),
            "envelope": envelope.map(Self.json) ?? .null, "events": .array(events.map(Self.json)),
            "acts": .array(acts.map { ["time": .string($0.stamp), "text": .string($0.text)] }),
            "ways": .array(ways.map(\.json)),
            "entries": .array(
                entries.map { entry in
                    let outcomes = entry.row.item.outcomes.map { outcome -> JSONValue in
                        [
                            "recipient": .integer(outcome.recipient), "result": .string(outcome.result),
                            "status": .string(outcome.status), "text": .string(outcome.text),
                            "remote": .string(outcome.remote),
                        ]
                    }
                    return [
                        "entry": entry.row.json, "last_attempt": .integer(Int(entry.row.item.lastAttempt)),
                        "outcomes": .array(outcomes), "decisions": .array(entry.decisions.map(\.json)),
                    ]
                }),
        ]
    }

    private static func json(_ envelope: QueuedMessage) -> JSONValue {
        [
            "arrival": .integer(Int(envelope.arrival / 1000)), "from": .string(envelope.sender),
            "source_channel": .string(envelope.sourceChannel), "client": .string(envelope.submission.clientAddress),
            "helo": .string(envelope.submission.helo), "user": .string(envelope.submission.user),
            "tls": .bool(envelope.submission.usedTLS), "envelope_id": .string(envelope.envelopeID),
            "message_id": .string(envelope.messageIDHeader),
        ]
    }

    static func json(_ event: QueueLogLine) -> JSONValue {
        [
            "time": .integer(Int(event.time)), "action": .string(event.action), "meaning": .string(event.meaning),
            "channel": .string(event.source), "destination": .string(event.destination),
            "from": .string(event.sender), "to": .string(event.recipient), "detail": .string(event.detail),
        ]
    }
}
