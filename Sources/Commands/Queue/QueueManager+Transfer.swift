import Configuration
import Envelope
import Glibc
import OptionSyntax
import ProcessPool
import Spool
import SystemCalls

/// Messages out of the queue, into it, and from one channel to another (job-controller specification, sections 9.0 and
/// 9.4), and what the queue takes on the disk.
extension QueueManager {
    // MARK: export

    func export(_ line: QueueLine) throws -> Int32 {
        let isAll = line.on.contains("all")
        var directory = line.values["output"] ?? "."
        let rows: [QueueRow]
        if isAll {
            guard line.parameters.count == 1, line.values["output"] == nil else {
                throw QueueFailure("%QM-E-NODIR, export -all wants one directory, which may be new", status: 64)
            }
            directory = line.parameters[0]
            rows = try self.rows(try QueueFilter(line), hasEnvelope: false)
        } else {
            rows = try targets(line)
        }
        if rows.isEmpty { return 1 }
        try Files.createDirectory(absolute(directory))
        var items: [MessageID: [QueueItem]] = [:]
        for row in rows {
            if let id = row.item.entryName?.message { items[id, default: []].append(row.item) }
        }
        var outcome = Outcome()
        for (index, (id, items)) in items.sorted(by: { $0.key < $1.key }).enumerated() {
            if index % 100 == 99 { around.progress("exported \(index + 1) messages") }
            do {
                let base = try export(items, to: "\(absolute(directory))/\(id)")
                outcome.done.append(base)
                if !line.has("json") { around.say("%QM-I-EXPORTED, \(items[0].fullName): \(base).eml, \(base).env") }
            } catch {
                outcome.failed.append((items[0].fullName, "\(error)"))
                around.complain("%QM-E-NOTEXPORTED, \(items[0].fullName): \(error)")
            }
        }
        around.progress("")
        if line.has("json") { around.say(outcome.json.text) }
        return outcome.failed.isEmpty ? 0 : 2
    }

    /// The envelope last: where it is, the message is whole.
    private func export(_ items: [QueueItem], to base: String) throws -> String {
        let stored = try source.message(of: items[0])
        var content = stored.content
        let file = try OwnedDescriptor.open(base + ".eml", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o600)
        while case let chunk = try content.next(1 << 20), !chunk.isEmpty {
            try chunk.withUnsafeBytes { try Files.writeAll(file.number, $0, base + ".eml") }
        }
        try checked("fsync", base + ".eml") { fsync(file.number) }
        let sorted = items.sorted { ($0.entryName?.entry ?? 0) < ($1.entryName?.entry ?? 0) }
        let lines = EnvelopeText.lines(stored.message, items: sorted, size: content.size)
        try Files.replace(base + ".env", with: Array((lines.joined(separator: "\n") + "\n").utf8))
        return base
    }

    // MARK: import

    func importMessages(_ line: QueueLine) throws -> Int32 {
        let files = try line.parameters.flatMap { try envelopes(absolute($0)) }
        if files.isEmpty {
            throw QueueFailure("%QM-E-NOFILE, there is no file .env in \(line.parameters[0])", status: 1)
        }
        let enqueuer = try QueueEnqueuer(queue: source.paths.queue)
        let login = ConfigurationChange.user.split(whereSeparator: \.isWhitespace).joined(separator: "-")
        var outcome = Outcome()
        for (index, file) in files.enumerated() {
            if index % 100 == 99 { around.progress("imported \(index + 1) of \(files.count)") }
            do {
                let id = try importMessage(file, enqueuer)
                AdminLog.append("import \(id) by \(login)", path: source.paths.log + "/admin.log")
                outcome.done.append(id.description)
                if !line.has("json") { around.say("%QM-I-IMPORTED, \(file) is message \(id)") }
            } catch {
                outcome.failed.append((file, "\(error)"))
                around.complain("%QM-E-NOTIMPORTED, \(file): \(error)")
            }
        }
        around.progress("")
        enqueuer.close()
        // Without a Job Controller the next one finds them.
        _ = try source.ask(QueueSource.Done.self, "sync")
        if line.has("json") { around.say(outcome.json.text) }
        return outcome.failed.isEmpty ? 0 : outcome.done.isEmpty ? 2 : 1
    }

    private func envelopes(_ path: String) throws -> [String] {
        if path.hasSuffix(".env") { return [path] }
        do throws(SystemCallError) {
            return try Files.list(path).filter { $0.hasSuffix(".env") }.map { "\(path)/\($0)" }
        } catch { throw QueueFailure("%QM-E-NOFILE, import wants a file .env or a directory of them: \(error)") }
    }

    /// A new message with the old envelope; its arrival stays, so that its age does.
    private func importMessage(_ path: String, _ enqueuer: QueueEnqueuer) throws -> MessageID {
        let text = try Processes.withFilesOfRoot { () throws(SystemCallError) in try Files.read(path, limit: 16 << 20) }
        var message = try EnvelopeText.message(String(decoding: text, as: UTF8.self))
        message.id = enqueuer.newID()
        let name = path.dropLast(4) + ".eml"
        let file = try Processes.withFilesOfRoot { () throws(SystemCallError) in
            try OwnedDescriptor.open(String(name), O_RDONLY)
        }
        var information = stat()
        try checked("fstat", String(name)) { fstat(file.number, &information) }
        try enqueuer.enqueue(message, size: Int(information.st_size)) {
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            let count = try checked("read", String(name)) { Glibc.read(file.number, &buffer, buffer.count) }
            return Array(buffer[..<count])
        }
        return message.id
    }

    // MARK: requeue

    func requeue(_ line: QueueLine) throws -> Int32 {
        guard let channel = line.values["channel"], !channel.isEmpty, !channel.contains(where: { "*?/ ".contains($0) })
        else { throw QueueFailure("%QM-E-NOCHANNEL, requeue wants an exact channel: -channel=C", status: 64) }
        let found = try line.parameters.flatMap { name in
            let found = try source.find([name.split(separator: "/").last.map(String.init) ?? name])
            if found.isEmpty { around.complain("%QM-W-NOSUCH, there is no entry \(name)") }
            return found
        }
        if found.isEmpty { return 1 }
        guard try source.ask("list 0 1") != nil else { throw QueueFailure.noController(facility) }
        let enqueuer = try QueueEnqueuer(queue: source.paths.queue)
        var outcome = Outcome()
        for item in found {
            do {
                let id = try requeue(item, to: channel, enqueuer)
                outcome.done.append(item.fullName)
                if !line.has("json") {
                    let name = EntryName(message: id, entry: 0)
                    around.say("%QM-I-REQUEUED, moved the message file \(item.fullName) to \(channel)/\(name)")
                }
            } catch {
                outcome.failed.append((item.fullName, "\(error)"))
                around.complain("%QM-W-NOTDONE, \(item.fullName): \(error)")
            }
        }
        enqueuer.close()
        _ = try source.ask(QueueSource.Done.self, "sync")
        if line.has("json") { around.say(outcome.json.text) }
        return outcome.failed.isEmpty ? 0 : outcome.done.isEmpty ? 2 : 1
    }

    /// The entry is held, its copy made durable, then the entry ends. When no copy comes about it is as before.
    private func requeue(_ item: QueueItem, to channel: String, _ enqueuer: QueueEnqueuer) throws -> MessageID {
        let login = ConfigurationChange.user.split(whereSeparator: \.isWhitespace).joined(separator: "-")
        guard try source.ask(QueueSource.Done.self, "requeue \(item.name) by=\(login)") != nil else {
            throw QueueFailure.noController(facility)
        }
        let copy: MessageID
        do { copy = try makeCopy(item, to: channel, enqueuer) } catch {
            if !item.isHeld { _ = try? source.ask(QueueSource.Done.self, "release \(item.name) by=\(login)") }
            throw error
        }
        guard try source.ask(QueueSource.Done.self, "requeue \(item.name) by=\(login) \(copy)") != nil else {
            throw QueueFailure.noController(facility)
        }
        return copy
    }

    /// The copy's id is derived from the entry, so that doing it again after a crash adds nothing.
    private func makeCopy(_ item: QueueItem, to channel: String, _ enqueuer: QueueEnqueuer) throws -> MessageID {
        // What it is now that no job can have it.
        guard let item = try source.find([item.name]).first, let name = item.entryName else {
            throw QueueFailure("there is no such entry any more")
        }
        let stored = try source.message(of: item)
        var message = stored.message
        guard message.entries.indices.contains(name.entry) else { throw QueueFailure("the message has no such entry") }
        var entry = message.entries[name.entry]
        entry.recipients = QueueMessage.recipients(of: item, in: message)
        (entry.channel, entry.heldReason) = (channel, nil)
        message.entries = [entry]
        message.id = MessageID.derived(
            from: name.message, entry: name.entry, attempt: item.attempts, recipients: item.pending, .requeue)
        var content = stored.content
        try enqueuer.enqueue(message, size: content.size) { Array(try content.next(1 << 20)) }
        return message.id
    }

    // MARK: status

    func status(_ line: QueueLine) throws -> Int32 {
        let sums: QueueSummary
        if let answer = try source.ask(QueueStatus.self, "status") {
            var running = QueueSummary()
            (running.messages, running.entries) = (answer.queue?.messages ?? 0, answer.queue?.entries ?? 0)
            running.segments = answer.queue?.segments ?? 0
            (running.liveBytes, running.usedBytes) = (answer.queue?.liveBytes ?? 0, answer.queue?.usedBytes ?? 0)
            sums = running
        } else {
            sums = try source.recovered().summary
        }
        let dead = max(0, sums.usedBytes - sums.liveBytes)
        if line.has("json") {
            let answer: JSONValue = [
                "messages": .integer(sums.messages), "entries": .integer(sums.entries),
                "segments": .integer(sums.segments), "live_bytes": .integer(sums.liveBytes),
                "dead_bytes": .integer(dead),
            ]
            around.say(answer.text)
        } else {
            around.say("Entries         \(sums.entries)")
            around.say("Messages        \(sums.messages)")
            around.say("Segments        \(sums.segments)")
            around.say("Live octets     \(QueueText.bytes(sums.liveBytes))")
            around.say("Dead octets     \(QueueText.bytes(dead))")
        }
        return 0
    }
}
