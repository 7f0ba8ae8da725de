import Envelope
import Glibc
import OptionSyntax
import ProcessPool
import Spool
import SystemCalls

/// What `martlet queue` and `imsimta qm` ask (commands specification, sections 3.1 and 6.4).
extension JobControllerLoop {
    /// Most entries of one answer.
    private static var pageSize: Int { 2000 }

    /// Nil: another command. `words`: behind the verb.
    func answerAboutQueues(_ verb: String, _ words: [String]) -> JSONValue? {
        switch (verb, words.count) {
        case ("list", 1...3): list(words)
        case ("find", 1...): .object([.init("ok", .bool(true)), .init("entries", .array(find(words)))])
        case ("hosts", 1): hosts(words[0])
        case ("sums", 1): sums(words[0])
        case ("jobs", 0): jobs
        case ("submit", 1...2): submit(words[0])
        case ("change", 1) where words[0].hasPrefix("max_messages="): changeLimit(words[0].dropFirst(13))
        case ("change", 2...): change(words[0], Array(words.dropFirst()))
        case ("walk", 0): walk()
        case ("counters", 0): ["ok": true, "today": .integer(processedToday)]
        case ("counters", 1...2) where words[0] == "clear": clearCounters(words.count > 1 ? words[1] : nil)
        default: nil
        }
    }

    /// `list CURSOR [COUNT [CHANNEL]]`: a piece of the index; in CHANNEL `*` stands for any text.
    private func list(_ words: [String]) -> JSONValue {
        guard let cursor = Int(words[0]), let count = words.count > 1 ? Int(words[1]) : Self.pageSize else {
            return Self.failure("list takes a number where to begin, and how many entries")
        }
        let pattern = words.count > 2 ? words[2] : "*"
        let page = schedule.page(from: cursor, limit: min(max(1, count), Self.pageSize)) {
            fnmatch(pattern, $0, 0) == 0
        }
        let entries = page.entries.compactMap { status in QueueEntryKey(status.name).flatMap { entry($0, status) } }
        return ["ok": true, "entries": .array(entries), "next": page.next.map(JSONValue.integer) ?? .null]
    }

    /// `find NAME …`: entries by name, with what the last attempt did.
    private func find(_ names: [String]) -> [JSONValue] {
        names.compactMap { EntryName($0) }.flatMap { schedule.keys(of: $0) }.compactMap { key in
            schedule.status(of: key).flatMap { entry(key, $0) }
        }
    }

    private func entry(_ key: QueueEntryKey, _ status: DeliverySchedule.EntryStatus) -> JSONValue? {
        guard let known = store.entry(key) else { return nil }
        let outcomes = known.lastOutcomes.map { outcome -> JSONValue in
            [
                "recipient": .integer(outcome.recipient), "result": .string("\(outcome.result)"),
                "status": .string(outcome.status), "text": .string(outcome.text), "remote": .string(outcome.remote),
            ]
        }
        return [
            "name": .string(status.name.description), "channel": .string(known.channel), "host": .string(known.host),
            "state": .string(status.state), "priority": .string("\(status.priority)"),
            "arrival": .integer(Int(status.arrival)),
            "next": status.nextAttempt.map { .integer(Int($0 / 1000)) } ?? .null,
            "attempts": .integer(known.attempts), "size": .integer(known.size),
            "pending": .array(known.pending.map { .integer($0) }),
            "held": known.heldReason.map { .string($0) } ?? .null,
            "last_attempt": .integer(Int(known.lastAttempt)), "outcomes": .array(outcomes),
            "segment": .string(known.location.segment), "offset": .integer(known.location.offset),
            "length": .integer(known.location.length),
        ]
    }

    /// `sums CURSOR`: what the channels hold, part by part.
    private func sums(_ word: String) -> JSONValue {
        guard let cursor = Int(word) else { return Self.failure("sums takes a number where to begin") }
        let (sums, next) = schedule.sums(from: cursor) { store.contentSize($0) }
        let list = sums.map { sum -> JSONValue in
            [
                "name": .string(sum.channel), "messages": .integer(sum.messages), "bytes": .integer(sum.bytes),
                "held": .integer(sum.held), "held_bytes": .integer(sum.heldBytes),
                "oldest": sum.oldest.map { .integer(Int($0)) } ?? .null,
                "oldest_held": sum.oldestHeld.map { .integer(Int($0)) } ?? .null,
                "stopped": .bool(stopped.names.contains(sum.channel)),
                "stopped_hosts": .array(stopped.hosts(of: sum.channel).map(JSONValue.string)),
            ]
        }
        return ["ok": true, "channels": .array(list), "next": next.map(JSONValue.integer) ?? .null]
    }

    private func hosts(_ channel: String) -> JSONValue {
        guard let counts = schedule.hostCounts(channel: channel) else {
            return Self.failure("there is no channel \(channel)")
        }
        let list = counts.map { count -> JSONValue in
            [
                "host": .string(count.host), "active": .integer(count.active), "delayed": .integer(count.delayed),
            ]
        }
        return ["ok": true, "hosts": .array(list)]
    }

    private var jobs: JSONValue {
        let list = schedule.jobStatus().map { job -> JSONValue in
            let work = schedule.work(of: job.job)
            let party = parties[job.job]
            return [
                "pid": .integer(Int(party?.process?.processID ?? 0)), "channel": .string(job.channel),
                "state": .string(job.state), "started": .integer(Int(job.started / 1000)),
                "hosts": .array(work.hosts.map(JSONValue.string)),
                "messages": .array(work.entries.map { .string($0.description) }),
                "processed": .integer(party?.ended ?? 0), "failed": .integer(party?.failed ?? 0),
            ]
        }
        return ["ok": true, "jobs": .array(list)]
    }

    private func submit(_ channel: String) -> JSONValue {
        guard let count = schedule.submit(channel: channel, now: now) else {
            return Self.failure("there is no channel \(channel)")
        }
        return ["ok": true, "count": .integer(count)]
    }

    /// `change CHANNEL job_limit=N thread_depth=N master_job=PROGRAM …`: until the next reload.
    private func change(_ channel: String, _ words: [String]) -> JSONValue {
        var jobs: Int?
        var depth: Int?
        var master: [String]?
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = parts.count == 2 ? parts[1] : ""
            switch parts[0] {
            case "job_limit":
                jobs = Int(value)
                if jobs == nil { return Self.failure("job_limit is no number: \(value)") }
            case "thread_depth":
                depth = Int(value)
                if depth == nil { return Self.failure("thread_depth is no number: \(value)") }
            case "master_job": master = [Self.program(value)]
            case _ where master != nil: master?.append(word)
            default: return Self.failure("\(parts[0]) cannot be changed")
            }
        }
        guard schedule.change(channel: channel, maximumJobs: jobs, threadDepth: depth, masterCommand: master, now: now)
        else { return Self.failure("there is no channel \(channel)") }
        log.write("channel \(channel) is changed until the next reload: \(words.joined(separator: " "))")
        return ["ok": true]
    }

    /// A program without a path is one of ours, as in `master_command`.
    private static func program(_ given: String) -> String {
        let name = given.uppercased().hasPrefix("IMTA_BIN:") ? String(given.dropFirst("IMTA_BIN:".count)) : given
        return name.hasPrefix("/") ? name : "\(Files.parent(of: Processes.executablePath))/\(name)"
    }

    /// `change max_messages=N`: until the next start.
    private func changeLimit(_ word: Substring) -> JSONValue {
        guard let limit = Int(word), limit >= 10 else {
            return Self.failure("max_messages is a number from 10, not \(word)")
        }
        store.keepAnswers(upTo: limit)
        log.write("max_cache_messages is \(limit) until the next start")
        return ["ok": true]
    }

    /// `walk`: the state of queues and jobs as lines of the log.
    func walk() -> JSONValue {
        let channels = schedule.channelStatus()
        for channel in channels {
            log.write(
                "walk: channel \(channel.name) pool \(channel.pool) jobs \(channel.jobs) ready \(channel.ready)"
                    + " delayed \(channel.delayed) active \(channel.active) held \(channel.held)"
                    + (channel.isStopped ? " stopped" : ""))
        }
        for job in schedule.jobStatus() {
            let work = schedule.work(of: job.job)
            log.write(
                "walk: job \(parties[job.job]?.process?.processID ?? 0) channel \(job.channel) \(job.state) hosts "
                    + work.hosts.joined(separator: ",") + " entries "
                    + work.entries.map(\.description).joined(separator: ","))
        }
        return ["ok": true, "count": .integer(channels.count)]
    }
}

/// Who did what, for `admin.log` (notifications-logging specification, section 2.1).
struct OperatorAct {
    let verb: String
    let object: String
    /// From `by=LOGIN` in front of the rest of the line.
    let login: String?
    let rest: String

    init(_ verb: String, _ object: String?, _ rest: String) {
        self.verb = verb
        self.object = object ?? ""
        let words = rest.split(separator: " ", maxSplits: 1).map(String.init)
        if let first = words.first, first.hasPrefix("by=") {
            login = String(first.dropFirst(3))
            self.rest = words.count > 1 ? words[1] : ""
        } else {
            login = nil
            self.rest = rest
        }
    }
}

extension JobControllerLoop {
    /// Writes the act to admin.log when it was carried out.
    func note(_ act: OperatorAct, _ answer: JSONValue) -> JSONValue {
        guard case .object(let members) = answer, members.first?.value == .bool(true) else { return answer }
        let text = "\(act.verb) \(act.object) by \(act.login ?? "-")" + (act.rest.isEmpty ? "" : " \(act.rest)")
        AdminLog.append(text, path: options.adminLogPath) { log.write("error: admin.log: \($0)") }
        return answer
    }

    func closeSilentClients() {
        let time = SystemClock.monotonicNanoseconds
        for (number, client) in clients where time - client.lastActive >= options.commandIdleTime {
            close(client: number)
        }
    }

    func close(client number: UInt32) {
        guard let client = clients[number] else { return }
        poller.remove(client.descriptor)
        if clients.count == CommandSocket.mostClients {
            try? poller.add(commandSocket.descriptor, token: Self.token(.commands))
        }
        clients[number] = nil
    }
}

extension QueueEntryKey {
    /// Nil for a name without a number.
    init?(_ name: EntryName) {
        guard let number = UInt32(exactly: name.entry) else { return nil }
        self.init(message: name.message, entry: number)
    }
}
