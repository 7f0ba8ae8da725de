import Configuration
import Envelope
import OptionSyntax
import Spool
import SystemCalls

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

    /// For people. `now`: seconds since 1970.
    func lines(now: Int64) -> [String] {
        var lines = ["Message \(id)"] + envelopeLines
        if !events.isEmpty { lines += ["", "What happened"] }
        for event in events {
            let way = event.destination.isEmpty ? event.source : "\(event.source) to \(event.destination)"
            lines.append("  \(event.stamp)  \(QueueText.padded(event.action, 5)) \(event.meaning), \(way)")
            lines.append("      \(QueueText.shown(event.recipient))")
            if !event.detail.isEmpty { lines.append("      \(QueueText.shown(event.detail))") }
        }
        lines += ["", entries.isEmpty ? "Nothing of it is in the queue any more." : "What is in the queue now"]
        for entry in entries { lines += Self.lines(of: entry, now: now) }
        return lines
    }

    private var envelopeLines: [String] {
        guard let envelope else { return [] }
        let client = envelope.submission.clientAddress
        var facts = [client.isEmpty ? "made here" : "client [\(client)]"]
        if !envelope.submission.helo.isEmpty { facts.append("HELO \(envelope.submission.helo)") }
        if !envelope.submission.user.isEmpty { facts.append("user \(envelope.submission.user)") }
        if envelope.submission.usedTLS { facts.append("TLS") }
        return [
            "  arrived     \(LocalTime.stamp(envelope.arrival / 1000)) on channel \(envelope.sourceChannel), "
                + QueueText.shown(facts.joined(separator: ", ")),
            "  from        <\(QueueText.shown(envelope.sender))>",
            "  envelope id \(envelope.envelopeID)",
            "  message id  \(QueueText.shown(envelope.messageIDHeader))",
        ]
    }

    private static func lines(of entry: Entry, now: Int64) -> [String] {
        let item = entry.row.item
        var state = item.state
        if let next = item.next { state += ", next attempt \(LocalTime.stamp(next)), in \(LocalTime.span(next - now))" }
        var lines = ["  \(item.fullName)  \(state), \(item.attempts) failed attempts"]
        lines += entry.row.recipients.map { "    to \(QueueText.shown($0.address))" }
        if !item.host.isEmpty { lines.append("    host \(QueueText.shown(item.host))") }
        for outcome in item.outcomes {
            let words = [outcome.status, outcome.text].filter { !$0.isEmpty }.joined(separator: " ")
            let remote = outcome.remote.isEmpty ? "" : " by \(outcome.remote)"
            lines.append(
                "    last answer \(LocalTime.stamp(item.lastAttempt))\(QueueText.shown(remote)): \(QueueText.shown(words))"
            )
        }
        for decision in entry.decisions {
            lines.append(
                "    \(QueueText.padded(decision.about, 8))\(QueueText.shown(decision.text))"
                    + (decision.place.isEmpty ? "" : " (\(decision.place))"))
        }
        return lines
    }

    var json: JSONValue {
        [
            "id": .string(id.description), "envelope": envelope.map(Self.json) ?? .null,
            "events": .array(events.map(Self.json)),
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

    private static func json(_ event: QueueLogLine) -> JSONValue {
        [
            "time": .integer(Int(event.time)), "action": .string(event.action), "meaning": .string(event.meaning),
            "channel": .string(event.source), "destination": .string(event.destination),
            "from": .string(event.sender), "to": .string(event.recipient), "detail": .string(event.detail),
        ]
    }
}

/// Finds the messages that an id means, and gathers what is known of them.
struct MessageTracer {
    let source: QueueSource
    /// What decides for an entry.
    let decisions: (QueueItem, QueuedMessage) -> [MessageTrace.Decision]
    /// Most messages of one address.
    let limit: Int

    /// `id`: entry name, message id of the header, envelope id, or address. The newest last.
    func traces(of id: String, since: Int64) throws -> [MessageTrace] {
        let log = QueueLog(directory: source.paths.log)
        var ids: [MessageID] = []
        if let known = EntryName(id)?.message ?? MessageID(id) {
            ids = [known]
        } else {
            for line in log.lines(with: [id]) where line.time >= since && Self.speaks(line, of: id) {
                if let message = line.entryName?.message, !ids.contains(message) { ids.append(message) }
            }
            for message in try inQueue(id) where !ids.contains(message) { ids.append(message) }
            ids = ids.suffix(limit)
        }
        let lines = log.lines(with: ids.map(\.description)).filter { $0.time >= since }
        let items = try source.find(ids.map { "ZZ\($0)" })
        return ids.map { message in
            trace(
                message, lines.filter { $0.entryName?.message == message },
                items.filter { $0.entryName?.message == message })
        }.filter { !$0.events.isEmpty || !$0.entries.isEmpty }
    }

    /// An id stands somewhere in the line; an address is one of its addresses.
    private static func speaks(_ line: QueueLogLine, of id: String) -> Bool {
        guard id.contains("@"), !id.hasPrefix("<") else { return true }
        let id = id.lowercased()
        let addresses = [line.sender, line.recipient, String(line.originalRecipient.drop { $0 != ";" }.dropFirst())]
        return addresses.contains { $0.lowercased() == id } || line.detail.lowercased().contains("<\(id)>")
    }

    /// Messages in the queue whose envelope names the id, for a log that does not say enough.
    private func inQueue(_ id: String) throws -> [MessageID] {
        var found: [MessageID] = []
        let wanted = id.lowercased()
        for item in try source.items() {
            guard let name = item.entryName, !found.contains(name.message),
                let message = try? source.message(of: item).message
            else { continue }
            let recipients = message.entries.flatMap(\.recipients)
            let addresses = [message.sender] + recipients.flatMap { [$0.address, $0.given] }
            let ids = [message.messageIDHeader, message.envelopeID, message.clientEnvelopeID ?? ""]
            let bare = message.messageIDHeader.filter { $0 != "<" && $0 != ">" }.lowercased()
            if addresses.contains(where: { $0.lowercased() == wanted }) || ids.contains(id) || bare == wanted {
                found.append(name.message)
            }
        }
        return found
    }

    private func trace(_ id: MessageID, _ events: [QueueLogLine], _ items: [QueueItem]) -> MessageTrace {
        var trace = MessageTrace(id: id, events: events)
        for item in items {
            guard let message = try? source.message(of: item).message else { continue }
            trace.envelope = message
            var entry = MessageTrace.Entry(row: QueueRow(id: trace.entries.count + 1, item: item))
            entry.row.sender = message.sender
            entry.row.recipients = QueueMessage.recipients(of: item, in: message)
            entry.decisions = decisions(item, message)
            trace.entries.append(entry)
        }
        return trace
    }
}
