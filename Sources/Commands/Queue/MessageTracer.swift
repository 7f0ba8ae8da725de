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
    /// Shows how far it is; an empty text clears it.
    var progress: (String) -> Void = { _ in }

    private var log: QueueLog { QueueLog(directory: source.paths.log) }

    /// `id`: entry name, message id of the header, envelope id, or address. The newest last.
    func traces(of id: String, since: Int64) throws -> [MessageTrace] {
        var ids: [MessageID] = []
        if let known = EntryName(id)?.message ?? MessageID(id) {
            ids = [known]
        } else {
            for line in lines(of: id, since: since) {
                if let message = line.entryName?.message, !ids.contains(message) { ids.append(message) }
            }
            for message in try inQueue(id, isKnown: !ids.isEmpty) where !ids.contains(message) { ids.append(message) }
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

    /// Recipients that were refused while the client waited: there never was a message. The newest last.
    func refusals(of id: String, since: Int64) -> [QueueLogLine] {
        guard EntryName(id) == nil, MessageID(id) == nil else { return [] }
        return lines(of: id, since: since).filter { $0.entryName == nil && "JVB".contains($0.action.prefix(1)) }
            .suffix(limit)
    }

    /// Addresses are written in small letters more often than not.
    private func lines(of id: String, since: Int64) -> [QueueLogLine] {
        log.lines(with: [id, id.lowercased()]).filter { $0.time >= since && Self.speaks($0, of: id) }
    }

    /// An id stands somewhere in the line; an address is one of its addresses.
    private static func speaks(_ line: QueueLogLine, of id: String) -> Bool {
        guard id.contains("@"), !id.hasPrefix("<") else { return true }
        let id = id.lowercased()
        let addresses = [line.sender, line.recipient, String(line.originalRecipient.drop { $0 != ";" }.dropFirst())]
        return addresses.contains { $0.lowercased() == id } || line.detail.lowercased().contains("<\(id)>")
    }

    /// Of how many entries all envelopes are read although the log knows the id.
    private static let mostRead = 20_000

    /// Messages in the queue whose envelope names the id, for a log that does not say enough.
    private func inQueue(_ id: String, isKnown: Bool) throws -> [MessageID] {
        var found: [MessageID] = []
        let wanted = id.lowercased()
        let items = try source.items()
        if isKnown, items.count > Self.mostRead { return [] }
        defer { progress("") }
        for (index, item) in items.enumerated() {
            if index % 500 == 499 { progress("read \(index + 1) of \(items.count) envelopes") }
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
