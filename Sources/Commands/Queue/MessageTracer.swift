import Configuration
import Envelope
import Spool
import SystemCalls

/// Finds the messages that an id means, and gathers what is known of them.
struct MessageTracer {
    let source: QueueSource
    /// What decides for an entry.
    let decisions: (QueueItem, QueuedMessage) -> [MessageTrace.Decision]
    /// The way of a recipient of a message that has left the queue: address, channel it came on, sender.
    let ways: (String, String, String) -> [MessageTrace.Decision]
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
        let acts = log.acts(on: ids)
        return ids.map { message in
            var trace = trace(
                message, lines.filter { $0.entryName?.message == message },
                items.filter { $0.entryName?.message == message })
            trace.acts = acts.filter { $0.id == message }.map(\.act)
            if trace.entries.isEmpty { trace.ways = ways(of: trace) }
            return trace
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

    private static let mostWays = 3

    /// Of the recipients as they were given, as far as the log tells.
    private func ways(of trace: MessageTrace) -> [MessageTrace.Decision] {
        var seen: Set<String> = []
        let taken = trace.events.filter { $0.action.hasPrefix("E") }
        return taken.filter { seen.insert($0.given).inserted }.prefix(Self.mostWays).flatMap {
            ways($0.given, $0.source, $0.sender)
        }
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
