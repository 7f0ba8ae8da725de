import Configuration
import Envelope
import Glibc
import OptionSyntax
import ProcessPool
import Spool
import SystemCalls

/// Commands that change something (commands specification, sections 6.2, 6.4 and 6.6).
extension QueueManager {
    /// The entries a command means: ids of the latest listing, entry names, or with -all a selection.
    func targets(_ line: QueueLine, hasEnvelope: Bool = false) throws -> [QueueRow] {
        let filter = try QueueFilter(line)
        if line.on.contains("all") {
            guard line.parameters.isEmpty else {
                throw QueueFailure("%\(facility)-E-BOTH, either -all or message ids, not both", status: 64)
            }
            if isDialogue {
                guard let listing else {
                    throw QueueFailure("%\(facility)-E-NOLIST, list messages first: directory or held", status: 64)
                }
                let now = SystemClock.wallNanoseconds / 1_000_000
                return try current(listing.filter { filter.takes($0.item, now: now) })
            }
            guard filter.isSelective else {
                throw QueueFailure(
                    "%\(facility)-E-NOSELECT, -all needs a selection: -channel=, -from=, -to=, -host=, -older= …",
                    status: 64)
            }
            return try rows(filter, hasEnvelope: hasEnvelope)
        }
        guard !line.parameters.isEmpty else {
            throw QueueFailure("%\(facility)-E-NOID, name messages, or give -all with a selection", status: 64)
        }
        return try named(line.parameters, filter, hasEnvelope: hasEnvelope)
    }

    private func named(_ words: [String], _ filter: QueueFilter, hasEnvelope: Bool) throws -> [QueueRow] {
        var ids: [Int] = []
        var names: [String] = []
        for word in words {
            // The last part of a path: a name copied from an old log works (section 5.3).
            let name = word.split(separator: "/").last.map(String.init) ?? word
            if let numbers = Self.ids(word) { ids += numbers } else { names.append(name) }
        }
        if !ids.isEmpty, !isDialogue {
            throw QueueFailure(
                "%\(facility)-E-NOLIST, ids count in the dialogue (imsimta qm); here name entries", status: 64)
        }
        var rows = try ids.map { id in
            guard let listing else {
                throw QueueFailure("%\(facility)-E-NOLIST, list messages first: directory or held", status: 64)
            }
            guard let row = listing.first(where: { $0.id == id && fnmatch(filter.channel, $0.item.channel, 0) == 0 })
            else { throw QueueFailure("%\(facility)-E-NOID, there is no message \(id) in the latest listing") }
            return row
        }
        let patterns = names.filter { $0.contains { "*?".contains($0) } }
        for pattern in patterns {
            let found = try source.items(channel: filter.channel).filter { fnmatch(pattern, $0.name, 0) == 0 }
            rows += found.map { QueueRow(id: 0, item: $0) }
        }
        for name in names where !patterns.contains(name) {
            let found = try source.find([name]).filter { fnmatch(filter.channel, $0.channel, 0) == 0 }
            if found.isEmpty { around.complain("%\(facility)-W-NOSUCH, there is no entry \(name)") }
            rows += found.map { QueueRow(id: 0, item: $0) }
        }
        return try current(rows)
    }

    /// `1,3,7-12`; nil for anything else.
    static func ids(_ word: String) -> [Int]? {
        var ids: [Int] = []
        for part in word.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            switch ends.count {
            case 1:
                guard let only = ends[0], only > 0 else { return nil }
                ids.append(only)
            case 2:
                guard let first = ends[0], let last = ends[1], first > 0, first <= last, last - first < 1_000_000
                else { return nil }
                ids += first...last
            default: return nil
            }
        }
        return ids
    }

    /// The rows as they are now: states and attempts may have changed since they were listed.
    private func current(_ rows: [QueueRow]) throws -> [QueueRow] {
        var now: [QueueRow] = []
        var start = 0
        while start < rows.count {
            let part = rows[start..<min(start + 50, rows.count)]
            let found = try source.find(part.map(\.item.name))
            for var row in part {
                let name = row.item.entryName
                guard let item = found.first(where: { $0.entryName?.isSameEntry(as: name) == true }) else {
                    around.complain("%\(facility)-W-NOSUCH, there is no entry \(row.item.name)")
                    continue
                }
                row.item = item
                now.append(row)
            }
            start += 50
        }
        return now
    }

    // MARK: delete, hold, release, return

    func act(_ line: QueueLine) throws -> Int32 {
        let rows = try targets(line)
        guard !rows.isEmpty else {
            if line.on.contains("all") { around.complain("%\(facility)-W-NOMATCH, no message matches") }
            return 1
        }
        guard try source.ask("list 0 1") != nil else { throw QueueFailure.noController(facility) }
        let asks = line.on.contains("confirm") || (line.on.contains("all") && line.hasUnlessNegated("confirm"))
        if asks {
            let answer = around.ask("\(line.verb.name) \(rows.count) messages? [no] ")
            guard answer?.lowercased().hasPrefix("y") == true else {
                around.complain("%\(facility)-I-NOTHING, nothing was changed")
                return 1
            }
        }
        let outcome = try act(
            line.verb.name, on: rows, reason: line.values["reason"] ?? "", waits: line.on.contains("wait"),
            says: !line.has("json")
                && line.hasUnlessNegated("log"))
        if line.has("json") { around.say(outcome.json.text) }
        return outcome.failed.isEmpty ? 0 : outcome.done.isEmpty ? 2 : 1
    }

    /// What became of the entries of a command.
    struct Outcome {
        var done: [String] = []
        var failed: [(name: String, reason: String)] = []

        var json: JSONValue {
            [
                "done": .array(done.map(JSONValue.string)),
                "failed": .array(failed.map { ["name": .string($0.name), "reason": .string($0.reason)] }),
            ]
        }
    }

    /// Acts on each entry. `says`: reports each one.
    func act(_ verb: String, on rows: [QueueRow], reason: String = "", waits: Bool, says: Bool) throws -> Outcome {
        var outcome = Outcome()
        for (index, row) in rows.enumerated() {
            if index % 100 == 99 { around.progress("\(verb): \(index + 1) of \(rows.count)") }
            let item = row.item
            if let refusal = try change(verb, item, reason: reason, waits: waits) {
                outcome.failed.append((item.fullName, refusal))
                let isInUse = refusal.hasPrefix("a job has")
                around.complain(
                    isInUse
                        ? "%\(facility)-W-INUSE, message is being processed; not changed: \(item.fullName)"
                        : "%\(facility)-W-NOTDONE, \(item.fullName): \(refusal)")
            } else {
                outcome.done.append(item.fullName)
                if says { around.say(Self.report(verb, item, facility)) }
            }
        }
        around.progress("")
        return outcome
    }

    /// Nil when it was done, else why not.
    private func change(_ verb: String, _ item: QueueItem, reason: String, waits: Bool) throws -> String? {
        let login = ConfigurationChange.user.split(whereSeparator: \.isWhitespace).joined(separator: "-")
        let end = SystemClock.monotonicNanoseconds + 600_000_000_000
        while true {
            do {
                guard try source.ask(QueueSource.Done.self, Self.command(verb, item, login, reason)) != nil else {
                    throw QueueFailure.noController(facility)
                }
                return nil
            } catch let failure as QueueFailure where failure.description.hasPrefix("%QM-E-REFUSED, ") {
                let reason = String(failure.description.dropFirst("%QM-E-REFUSED, ".count))
                guard waits, reason.hasPrefix("a job has"), SystemClock.monotonicNanoseconds < end else {
                    return reason
                }
                usleep(300_000)
            }
        }
    }

    /// One line: the reason is the rest of it.
    private static func command(_ verb: String, _ item: QueueItem, _ login: String, _ reason: String) -> String {
        let words = reason.split(whereSeparator: { $0.isWhitespace }).joined(separator: " ")
        return "\(verb) \(item.name) by=\(login)" + (words.isEmpty ? "" : " \(words)")
    }

    private static func report(_ verb: String, _ item: QueueItem, _ facility: String) -> String {
        let released = item.name.hasSuffix(".HELD") ? String(item.name.dropLast(5)) : item.name
        switch verb {
        case "delete": return "%\(facility)-I-DELETED, deleted the message file \(item.fullName)"
        case "hold": return "%\(facility)-I-HELD, held the message file \(item.channel)/\(released).HELD"
        case "release": return "%\(facility)-I-RELEASED, released the message file \(item.channel)/\(released)"
        default: return "%\(facility)-I-RETURNED, returned the message file \(item.fullName)"
        }
    }

    // MARK: Channels

    /// `stop` and `start` work with the Job Controller up or down (job-controller specification, section 6.9).
    func setStopped(_ line: QueueLine) throws -> Int32 {
        let isStopped = line.verb.name == "stop"
        let login = ConfigurationChange.user.split(whereSeparator: \.isWhitespace).joined(separator: "-")
        let host = line.values["host"]
        if let host, host.isEmpty || host.contains(where: { "*?/ ".contains($0) || $0.isWhitespace }) {
            throw QueueFailure("%QM-E-WILDCARD, \(line.verb.name) wants one exact host, not \(host)", status: 64)
        }
        for channel in line.parameters {
            guard !channel.isEmpty, !channel.contains(where: { "*?/ ".contains($0) }) else {
                throw QueueFailure(
                    "%QM-E-WILDCARD, \(line.verb.name) wants exact channels, not \(channel)", status: 64)
            }
            let target = StoppedChannels.Target(channel, host: host)
            let command = "\(line.verb.name) \(channel) by=\(login)" + (target.host.map { " host=\($0)" } ?? "")
            if try source.ask(QueueSource.Done.self, command) == nil {
                try setStopped(target, isStopped, login, command)
            }
            if !line.has("json") {
                let name = target.host.map { "host \($0) of channel \(channel)" } ?? "channel \(channel)"
                around.say(
                    isStopped
                        ? "%QM-I-STOPPED, \(name) is stopped; messages are still taken for it"
                        : "%QM-I-STARTED, \(name) is started")
            }
        }
        if line.has("json") {
            around.say(
                JSONValue.object([
                    .init("channels", .array(line.parameters.map(JSONValue.string))),
                    .init("host", host.map(JSONValue.string) ?? .null),
                    .init("stopped", .bool(isStopped)),
                ]).text)
        }
        return 0
    }

    private func setStopped(
        _ target: StoppedChannels.Target, _ isStopped: Bool, _ login: String, _ command: String
    ) throws {
        guard Files.exists(source.paths.queue) else {
            throw QueueFailure("%QM-E-NOQUEUE, there is no queue yet in \(source.paths.queue)")
        }
        // Somebody else may be at it, or a Job Controller may just be starting.
        for _ in 0..<100 {
            if try StoppedChannels.change(target, isStopped: isStopped, queue: source.paths.queue) {
                AdminLog.append(
                    "\(isStopped ? "stop" : "start") \(target.channel) by \(login)"
                        + (target.host.map { " host=\($0)" } ?? ""), path: source.paths.log + "/admin.log")
                return
            }
            if try source.ask(QueueSource.Done.self, command) != nil { return }
            usleep(50_000)
        }
        throw QueueFailure("%QM-E-NOTSTOPPED, unable to stop the channel; cannot update the hold list")
    }

    /// Delayed messages are tried now; waits until nothing is left to be tried when somebody watches.
    func runChannel(_ line: QueueLine) throws -> Int32 {
        let channel = line.parameters[0]
        guard let done = try source.ask(QueueSource.Done.self, "run \(channel)") else {
            throw QueueFailure.noController(facility)
        }
        if line.has("json") {
            around.say(JSONValue.object([.init("count", .integer(done.count ?? 0))]).text)
        } else {
            around.say("martlet: delayed messages of \(channel) are ready now")
        }
        return 0
    }

    func submit(_ line: QueueLine) throws -> Int32 {
        let channel = line.parameters.first ?? "l"
        guard let done = try source.ask(QueueSource.Done.self, "submit \(channel)") else {
            throw QueueFailure.noController(facility)
        }
        if line.has("json") {
            around.say(JSONValue.object([.init("count", .integer(done.count ?? 0))]).text)
        } else {
            around.say("martlet: \(channel) has \(done.count ?? 0) messages ready; jobs start as its limits allow")
        }
        return 0
    }
}

extension EntryName {
    /// The attempts and the held flag change, the entry stays the same.
    func isSameEntry(as other: EntryName?) -> Bool { other?.message == message && other?.entry == entry }
}
