import Envelope
import Glibc
import OptionSyntax
import ProcessPool
import Spool
import SystemCalls

/// The command socket: a line of words from an administrator's command, a line of JSON as the answer.
extension JobControllerLoop {
    func acceptClient() {
        switch commandSocket.accept() {
        case .client(let client):
            let number = newNumber()
            guard (try? poller.add(client.descriptor, token: Self.token(.client, number))) != nil else { return }
            clients[number] = client
            // Further ones wait in the kernel until one leaves.
            if clients.count == CommandSocket.mostClients { poller.remove(commandSocket.descriptor) }
        case .refused(let user): log.write("a command of user \(user) was refused")
        case .none: break
        }
    }

    func serve(client number: UInt32) {
        guard let client = clients[number] else { return }
        for line in client.receive() { client.answer(answer(line)) }
        client.flush()
        if client.isOpen {
            let interest: Poller.Interest = client.wantsToWrite ? [.readable, .writable] : .readable
            try? poller.change(client.descriptor, interest, token: Self.token(.client, number))
        } else {
            close(client: number)
        }
    }

    func answer(_ line: String) -> JSONValue {
        let words = line.split(separator: " ", maxSplits: 2).map(String.init)
        guard let verb = words.first else { return Self.failure("empty command") }
        let object = words.count > 1 ? words[1] : nil
        let act = OperatorAct(verb, object, words.count > 2 ? words[2] : "")
        let rest = line.split(separator: " ").dropFirst().map(String.init)
        if let answer = answerAboutQueues(verb, rest) ?? answerAboutTasks(verb, rest) { return answer }
        switch (verb, object) {
        case ("status", nil): return status
        case ("summary", nil): return summary
        case ("entries", let channel?): return entries(channel, limit: words.count > 2 ? Int(words[2]) ?? 100 : 100)
        case ("entry", let name?): return change(name) { detail($0) }
        case ("hold", let name?):
            let reason = act.rest.isEmpty ? act.login.map { "by \($0): qm hold" } ?? "held by an operator" : act.rest
            return note(act, change(name) { outcome(schedule.hold($0, reason: reason)) })
        case ("release", let name?):
            return note(act, change(name) { outcome(schedule.release($0, now: now)) })
        case ("delete", let name?):
            return note(act, change(name) { outcome(schedule.delete($0, by: act.login ?? "operator")) })
        case ("requeue", let name?): return requeue(name, act)
        case ("return", let name?):
            return note(
                act,
                change(name) { key in
                    let answer = schedule.returnToSender(key, now: now)
                    if answer == .done { returnReasons[key] = act.rest.isEmpty ? nil : act.rest }
                    return outcome(answer)
                })
        case ("stop", let channel?): return note(act, setStopped(channel, act.rest, true))
        case ("start", let channel?): return note(act, setStopped(channel, act.rest, false))
        case ("run", let channel?):
            let count = act.rest.isEmpty ? nil : schedule.run(channel: channel, host: act.rest, now: now)
            return ["ok": true, "count": .integer(count ?? schedule.run(channel: channel, now: now))]
        case ("reload", nil):
            if let refusal = reload() { return Self.failure("reload failed: \(refusal)") }
            return ["ok": true]
        case ("shutdown", nil):
            shutDown()
            return ["ok": true]
        case ("sync", nil):
            let found = store.adoptDeadWriters()
            take(found)
            return ["ok": true, "count": .integer(found.count)]
        default: return Self.failure("unknown command \(verb), or its argument is missing")
        }
    }

    /// `requeue NAME by=LOGIN` keeps jobs away from the entry; `requeue NAME by=LOGIN ID` ends it when the copy with
    /// that id is durable.
    private func requeue(_ name: String, _ act: OperatorAct) -> JSONValue {
        let login = act.login ?? "operator"
        if act.rest.isEmpty { return change(name) { outcome(schedule.prepareRequeue($0, by: login)) } }
        guard let copy = MessageID(act.rest) else { return Self.failure("\(act.rest) is not the id of a message") }
        return note(act, change(name) { outcome(schedule.requeue($0, as: copy)) })
    }

    static func failure(_ text: String) -> JSONValue { ["ok": false, "error": .string(text)] }

    private func outcome(_ answer: DeliverySchedule.OperatorAnswer) -> JSONValue {
        answer == .done ? ["ok": true] : Self.failure(answer.rawValue)
    }

    /// Applies a command to the entry, or to every entry of the message when the name has no number. The answer is
    /// that of the last one that failed, or of the last one.
    private func change(_ name: String, _ apply: (QueueEntryKey) -> JSONValue) -> JSONValue {
        guard let parsed = EntryName(name) else { return Self.failure("\(name) is not the name of an entry") }
        let keys = schedule.keys(of: parsed)
        var answer = Self.failure("there is no entry \(name)")
        var hasFailed = false
        for key in keys {
            let one = apply(key)
            let isGood = one.text.hasPrefix("{\"ok\":true")
            if !hasFailed || !isGood { answer = one }
            hasFailed = hasFailed || !isGood
        }
        return answer
    }

    /// `rest`: nothing, or `host=NAME` for one destination host of the channel.
    private func setStopped(_ channel: String, _ rest: String, _ isStopped: Bool) -> JSONValue {
        let host = rest.hasPrefix("host=") ? String(rest.dropFirst(5)) : nil
        guard rest.isEmpty || (host.map { !$0.isEmpty && !$0.contains(" ") } ?? false) else {
            return Self.failure("behind the channel stands host=NAME or nothing, not \(rest)")
        }
        if isStopped, host != nil, !schedule.isSortedByHost(channel: channel) {
            return Self.failure(
                "channel \(channel) is not sorted by host (anon_host of its channel class is 1): stop the whole channel"
            )
        }
        let target = StoppedChannels.Target(channel, host: host)
        do throws(SystemCallError) {
            try stopped.set(target, isStopped: isStopped, path: options.stoppedPath)
        } catch { return Self.failure("the change would not survive a restart: \(error)") }
        if isStopped { stop(target) } else { start(target) }
        log.write("channel \(channel)\(host.map { ", host \($0)," } ?? "") is \(isStopped ? "stopped" : "started")")
        return ["ok": true]
    }

    func stop(_ target: StoppedChannels.Target) {
        if let host = target.host {
            schedule.stop(channel: target.channel, host: host)
        } else {
            schedule.stop(channel: target.channel)
        }
    }

    private func start(_ target: StoppedChannels.Target) {
        if let host = target.host {
            schedule.start(channel: target.channel, host: host, now: now)
        } else {
            schedule.start(channel: target.channel, now: now)
        }
    }
}

/// What the commands show.
extension JobControllerLoop {
    private var status: JSONValue {
        let channels = schedule.channelStatus().map { channel -> JSONValue in
            [
                "name": .string(channel.name), "pool": .string(channel.pool), "jobs": .integer(channel.jobs),
                "ready": .integer(channel.ready), "delayed": .integer(channel.delayed),
                "active": .integer(channel.active), "held": .integer(channel.held),
                "stopped": .bool(channel.isStopped),
                "stopped_hosts": .array(stopped.hosts(of: channel.name).map(JSONValue.string)),
                "oldest": channel.oldest.map { .integer(Int($0 / 1000)) } ?? .null,
            ]
        }
        let jobs = schedule.jobStatus().map { job -> JSONValue in
            [
                "pid": .integer(Int(parties[job.job]?.process?.processID ?? 0)), "channel": .string(job.channel),
                "state": .string(job.state), "active": .integer(job.active), "total": .integer(job.total),
                "started": .integer(Int(job.started / 1000)),
            ]
        }
        let pools = schedule.poolStatus().map { pool -> JSONValue in
            ["name": .string(pool.name), "job_limit": .integer(pool.limit), "jobs": .integer(pool.running)]
        }
        let summary = store.summary
        return [
            "ok": true, "channels": .array(channels), "jobs": .array(jobs), "pools": .array(pools),
            "queue": [
                "messages": .integer(summary.messages), "entries": .integer(summary.entries),
                "segments": .integer(summary.segments), "live_bytes": .integer(summary.liveBytes),
                "used_bytes": .integer(summary.usedBytes),
            ],
            "tasks": taskStatus,
        ]
    }

    /// What XSTA shows (smtp specification, 9): a line for each channel, with bars between them.
    private var summary: JSONValue {
        let lines = schedule.channelStatus().map { channel in
            "channel \(channel.name): ready \(channel.ready), delayed \(channel.delayed), active \(channel.active), "
                + "held \(channel.held)"
        }
        return ["ok": true, "text": .string(lines.joined(separator: "|"))]
    }

    private func entries(_ channel: String, limit: Int) -> JSONValue {
        let list = schedule.entryStatus(channel: channel, limit: min(max(limit, 1), 10_000))
        return [
            "ok": true,
            "entries": .array(
                list.map { entry in
                    [
                        "name": .string(entry.name.description), "host": .string(entry.host),
                        "state": .string(entry.state), "priority": .string("\(entry.priority)"),
                        "arrival": .integer(Int(entry.arrival / 1000)),
                        "next": entry.nextAttempt.map { .integer(Int($0 / 1000)) } ?? .null,
                        "recipients": .integer(entry.pending),
                    ]
                }),
        ]
    }

    private func detail(_ key: QueueEntryKey) -> JSONValue {
        guard let entry = store.entry(key) else {
            return Self.failure("the entry has just ended")
        }
        let outcomes = entry.lastOutcomes.map { outcome -> JSONValue in
            [
                "recipient": .integer(outcome.recipient), "result": .string("\(outcome.result)"),
                "status": .string(outcome.status), "text": .string(outcome.text), "remote": .string(outcome.remote),
            ]
        }
        return [
            "ok": true, "channel": .string(entry.channel),
            "host": .string(entry.host),
            "segment": .string(entry.location.segment),
            "offset": .integer(entry.location.offset),
            "length": .integer(entry.location.length),
            "size": .integer(entry.size), "attempts": .integer(entry.attempts),
            "recipients": .integer(entry.recipients),
            "pending": .array(entry.pending.map { .integer($0) }),
            "held": entry.heldReason.map { .string($0) } ?? .null,
            "last_attempt": .integer(Int(entry.lastAttempt)),
            "outcomes": .array(outcomes),
        ]
    }
}
