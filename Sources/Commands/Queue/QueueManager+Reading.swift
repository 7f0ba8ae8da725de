import Configuration
import Envelope
import OptionSyntax
import Spool
import SystemCalls

/// `read`, `history` and `verify`.
extension QueueManager {
    func read(_ line: QueueLine) throws -> Int32 {
        let rows = try targets(line)
        if rows.isEmpty { return 1 }
        var hasFailed = false
        for var row in rows {
            do throws(SpoolError) {
                let stored = try source.message(of: row.item)
                let message = try QueueMessage(stored)
                row.sender = message.envelope.sender
                row.recipients = QueueMessage.recipients(of: row.item, in: message.envelope)
                let hasContent = line.has("content")
                if line.has("json") {
                    around.say(Self.json(row, message, hasContent: hasContent).text)
                } else {
                    page(QueueText.read(row, message, hasContent: hasContent))
                }
            } catch {
                hasFailed = true
                around.complain("%QM-E-UNREADABLE, \(row.item.fullName): \(error)")
            }
        }
        return hasFailed ? 2 : 0
    }

    private static func json(_ row: QueueRow, _ message: QueueMessage, hasContent: Bool) -> JSONValue {
        let envelope = message.envelope
        let recipients = row.recipients.map { recipient -> JSONValue in
            [
                "address": .string(recipient.address), "given": .string(recipient.given),
                "orcpt": recipient.originalRecipient.map(JSONValue.string) ?? .null,
            ]
        }
        return [
            "name": .string(row.item.name), "channel": .string(row.item.channel),
            "envelope": [
                "from": .string(envelope.sender), "to": .array(recipients), "arrival": .integer(Int(envelope.arrival)),
                "source_channel": .string(envelope.sourceChannel), "client": .string(envelope.submission.clientAddress),
                "helo": .string(envelope.submission.helo), "user": .string(envelope.submission.user),
                "tls": .bool(envelope.submission.usedTLS), "envelope_id": .string(envelope.envelopeID),
                "message_id": .string(envelope.messageIDHeader),
            ],
            "header": .array(message.headerLines.map(JSONValue.string)),
            "content": hasContent ? .string(message.bodyText) : .null,
        ]
    }

    func history(_ line: QueueLine) throws -> Int32 {
        let rows = try targets(line)
        if rows.isEmpty { return 1 }
        let ids = Set(rows.compactMap { $0.item.entryName?.message.description })
        let log = QueueLog(directory: source.paths.log).lines(with: ids.sorted())
        var list: [JSONValue] = []
        for row in rows {
            let message = try? source.message(of: row.item).message
            let number = row.item.entryName?.entry ?? 0
            let entries = message?.entries ?? []
            let recipients = entries.indices.contains(number) ? entries[number].recipients : []
            let attempts = QueueAttempt.all(of: row.item, recipients: recipients, log: log)
            if line.has("json") {
                list.append(Self.json(row.item, attempts))
            } else {
                page(Self.lines(row.item, attempts))
            }
        }
        if line.has("json") { around.say(JSONValue.object([.init("entries", .array(list))]).text) }
        return 0
    }

    private static func json(_ item: QueueItem, _ attempts: [QueueAttempt]) -> JSONValue {
        [
            "name": .string(item.name), "channel": .string(item.channel),
            "attempts": .array(
                attempts.map {
                    [
                        "time": .integer(Int($0.time)), "recipient": .string($0.recipient), "host": .string($0.host),
                        "result": .string($0.result), "text": .string($0.text),
                    ]
                }),
        ]
    }

    static func lines(_ item: QueueItem, _ attempts: [QueueAttempt]) -> [String] {
        var lines = [item.fullName]
        if attempts.isEmpty {
            // With more messages than max_cache_messages the Job Controller keeps no answers.
            lines.append(
                item.attempts == 0
                    ? "  no attempt yet" : "  \(item.attempts) failed attempts, whose answers are in no log any more")
        }
        for attempt in attempts {
            lines.append("  \(LocalTime.stamp(attempt.time)) channel \(item.channel)")
            lines.append("    recipient \(QueueText.shown(attempt.recipient))")
            if !attempt.host.isEmpty { lines.append("    host \(QueueText.shown(attempt.host))") }
            lines.append("    \(attempt.result): \(QueueText.shown(attempt.text))")
        }
        if let held = item.held { lines.append("  held: \(QueueText.shown(held))") }
        if let next = item.next { lines.append("  next attempt \(LocalTime.stamp(next))") }
        return lines
    }

    /// Reads every message with its checksums, and says what is set aside and what belongs to nothing. While no Job
    /// Controller runs, the ledger and all segments are read as a start would read them.
    func verify(_ line: QueueLine) throws -> Int32 {
        let isRunning = try source.ask("list 0 1") != nil
        let recovered = isRunning ? nil : try source.recovered()
        let items =
            try recovered.map { $0.entries.map { QueueItem($0, now: SystemClock.wallSeconds) } } ?? source.items()
        var bad: [(name: String, reason: String)] = recovered?.quarantined.map { ($0.file, "\($0)") } ?? []
        var bytes = 0
        var checked: Set<SpoolLocation> = []
        for (index, item) in items.enumerated() where checked.insert(item.location).inserted {
            if index % 500 == 499 { around.progress("checked \(index + 1) of \(items.count) entries") }
            do throws(SpoolError) {
                bytes += try Self.check(try source.message(of: item), item)
            } catch {
                // Delivered while this ran.
                if isRunning, try source.find([item.name]).isEmpty { continue }
                bad.append((item.fullName, "\(error)"))
            }
        }
        around.progress("")
        let aside = QueueInspection.quarantine(queue: source.paths.queue)
        let orphans = try orphans(items)
        if line.has("json") {
            let answer: JSONValue = [
                "entries": .integer(items.count), "messages": .integer(checked.count), "bytes": .integer(bytes),
                "bad": .array(bad.map { ["name": .string($0.name), "reason": .string($0.reason)] }),
                "quarantine": .array(aside.map { ["name": .string($0.name), "report": .string($0.report)] }),
                "orphans": .array(orphans.map(JSONValue.string)),
            ]
            around.say(answer.text)
        } else {
            for one in bad { around.say("%QM-E-BAD, \(one.name): \(one.reason)") }
            for one in aside { around.say("%QM-W-ASIDE, in quarantine since an earlier start: \(one.report)") }
            for one in orphans {
                around.say("%QM-I-ORPHAN, large/\(one).msg belongs to no message; the next start removes it")
            }
            around.say(
                "martlet: \(items.count) entries of \(checked.count) messages, \(QueueText.bytes(bytes)) bytes: "
                    + (bad.isEmpty ? "all are good" : "\(bad.count) are bad"))
        }
        return bad.isEmpty ? aside.isEmpty ? 0 : 1 : 2
    }

    /// Files of content that no entry needs, neither of these nor one that has come meanwhile.
    private func orphans(_ items: [QueueItem]) throws -> [String] {
        let known = Set(items.compactMap { $0.entryName?.message })
        return try QueueInspection.orphans(queue: source.paths.queue, except: known)
            .filter { try source.find([EntryName(message: $0, entry: 0).description]).isEmpty }.map(\.description)
    }

    /// Reads all of the content; the bytes it has.
    private static func check(_ stored: StoredMessage, _ item: QueueItem) throws(SpoolError) -> Int {
        var content = stored.content
        var count = 0
        while true {
            let chunk = try content.next(1 << 20)
            if chunk.isEmpty { break }
            count += chunk.count
        }
        let number = item.entryName?.entry ?? -1
        guard stored.message.entries.indices.contains(number), stored.message.entries[number].channel == item.channel
        else { throw SpoolError(.corrupt, "the message has no such entry") }
        return count
    }
}
