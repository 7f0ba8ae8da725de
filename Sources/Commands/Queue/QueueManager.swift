import Configuration
import Envelope
import Glibc
import OptionSyntax
import Spool
import SystemCalls

/// The commands on queues, in the dialogue `qm` and one by one (commands specification, section 6).
final class QueueManager {
    /// What the commands ask of the terminal.
    struct Surroundings {
        var say: (String) -> Void
        /// Findings, apart from answers.
        var complain: (String) -> Void
        /// Asks a question; nil at the end of the input.
        var ask: (String) -> String?
        /// Shows how far a long command is; an empty text clears it.
        var progress: (String) -> Void = { _ in }
        var isColoured = false
        /// Lines that fit a screen; nil without a terminal.
        var screen: Int?
    }

    let source: QueueSource
    let around: Surroundings
    /// `qm` asks for commands: ids count, and `run` takes a file.
    let isDialogue: Bool
    /// Facility of messages: QM, RETURN …
    var facility = "QM"
    /// The latest listing, for ids; nil before the first.
    private(set) var listing: [QueueRow]?
    private var sourceView = "queue directory tree"

    init(source: QueueSource, around: Surroundings, isDialogue: Bool) {
        self.source = source
        self.around = around
        self.isDialogue = isDialogue
    }

    /// Carries out a line. The exit status, or nil when the dialogue is to end.
    func perform(_ words: [String]) -> Int32? {
        do {
            guard let line = try QueueLine(words) else { return 0 }
            if ["exit", "quit"].contains(line.verb.name) { return nil }
            return try perform(line)
        } catch let refusal as FamilySpelling.Refusal {
            around.complain(refusal.description)
            return 64
        } catch let failure as QueueFailure {
            around.complain(failure.description)
            return failure.status
        } catch {
            around.complain("%\(facility)-E-FAILED, \(error)")
            return 2
        }
    }

    private func perform(_ line: QueueLine) throws -> Int32 {
        switch line.verb.name {
        case "directory", "held": return try directory(line)
        case "summarize": return try summarize(line)
        case "messages": return try messages(line)
        case "jobs": return try jobs(line)
        case "read": return try read(line)
        case "history": return try history(line)
        case "delete", "hold", "release", "return": return try act(line)
        case "clean": return try clean(line)
        case "top": return try top(line)
        case "stop", "start": return try setStopped(line)
        case "run": return isDialogue ? try runFile(line.parameters[0]) : try runChannel(line)
        case "submit": return try submit(line)
        case "counters": try counters(line)
        case "walk": try walk(line)
        case "verify": return try verify(line)
        case "export": return try export(line)
        case "import": return try importMessages(line)
        case "requeue": return try requeue(line)
        case "status": return try status(line)
        case "view": sourceView = line.on.contains("database") ? "queue cache" : "queue directory tree"
        case "date": around.say(LocalTime.heading(SystemClock.wallSeconds))
        default: try QueueVerb.help(line.parameters.first).forEach(around.say)
        }
        return 0
    }

    // MARK: Listings

    /// The words of the family's source line; both sources are the same here.
    func sourceWords(_ line: QueueLine) -> String {
        line.on.contains("database") || line.values["owner"] != nil
            ? "the queue cache" : line.on.contains("directory_tree") ? "the queue directory tree" : "the \(sourceView)"
    }

    /// Entries that a filter takes, numbered, with their envelopes when these are needed.
    func rows(_ filter: QueueFilter, hasEnvelope: Bool, numbersFrom first: Int = 1) throws -> [QueueRow] {
        let now = SystemClock.wallNanoseconds / 1_000_000
        let items = try source.items(channel: filter.channel) { self.around.progress("\($0) entries") }
            .filter { filter.takes($0, now: now) }
        defer { around.progress("") }
        guard hasEnvelope || filter.needsEnvelope else {
            return items.enumerated().map { QueueRow(id: first + $0.offset, item: $0.element) }
        }
        var rows: [QueueRow] = []
        for (index, item) in items.enumerated() {
            if index % 500 == 499 { around.progress("read \(index + 1) of \(items.count) envelopes") }
            do throws(SpoolError) {
                let message = try source.message(of: item).message
                guard filter.takes(message, item) else { continue }
                rows.append(
                    QueueRow(
                        id: first + rows.count, item: item, sender: message.sender,
                        recipients: QueueMessage.recipients(of: item, in: message)))
            } catch {
                // It was delivered meanwhile; anything else is worth a word.
                if error.code != .notFound { around.complain("%QM-W-UNREADABLE, \(item.fullName): \(error)") }
            }
        }
        return rows
    }

    private func directory(_ line: QueueLine) throws -> Int32 {
        var filter = try QueueFilter(line)
        if let channel = line.parameters.first { filter.channel = channel }
        if line.verb.name == "held" { filter.isHeld = true }
        let isLong = line.has("long")
        let all = try rows(filter, hasEnvelope: line.has("envelope") || isLong)
        listing = all
        let skip = Int(line.values["skip"] ?? "0") ?? 0
        let count = line.values["first"].flatMap { Int($0) } ?? all.count
        let shown = Array(all.dropFirst(max(0, skip)).prefix(max(0, count)))
        let now = SystemClock.wallSeconds
        if line.has("json") {
            let answer: JSONValue = [
                "entries": .array(shown.map(\.json)), "count": .integer(shown.count), "total": .integer(all.count),
                "size": .integer(all.reduce(0) { $0 + $1.item.size }),
            ]
            around.say(answer.text)
        } else if isLong {
            page(QueueText.long(shown, now: now, isColoured: around.isColoured))
        } else {
            page(
                QueueText.directory(
                    shown, source: sourceWords(line), now: now, hasFileInfo: line.hasUnlessNegated("file_info"),
                    hasTotals: line.hasUnlessNegated("total")))
        }
        if shown.count < all.count, !line.has("json") {
            around.say("(\(shown.count) of \(all.count) messages: -skip and -first choose)")
        }
        return all.isEmpty ? 1 : 0
    }

    /// Long lists screen by screen, when there is a screen.
    func page(_ lines: [String]) {
        guard let height = around.screen, height > 4, lines.count > height - 1 else { return lines.forEach(around.say) }
        var rest = lines[...]
        while !rest.isEmpty {
            for line in rest.prefix(height - 1) { around.say(line) }
            rest = rest.dropFirst(height - 1)
            if rest.isEmpty { return }
            let answer = around.ask("-- \(rest.count) more lines: Enter, a for all, q to end -- ")
            switch answer?.lowercased().first {
            case "q": return
            case "a": return rest.forEach(around.say)
            default: if answer == nil { return }
            }
        }
    }

    private func summarize(_ line: QueueLine) throws -> Int32 {
        let pattern = line.parameters.first ?? "*"
        let rows = try source.summary().filter { fnmatch(pattern, $0.name, 0) == 0 }
        if line.has("json") {
            let list = rows.map { row -> JSONValue in
                [
                    "name": .string(row.name), "messages": .integer(row.messages), "size": .integer(row.bytes),
                    "held": .integer(row.held), "held_size": .integer(row.heldBytes),
                    "oldest": row.oldest.map { .integer(Int($0 / 1000)) } ?? .null,
                    "oldest_held": row.oldestHeld.map { .integer(Int($0 / 1000)) } ?? .null,
                    "stopped": .bool(row.stopped),
                    "stopped_hosts": .array(row.stoppedHosts.map(JSONValue.string)),
                ]
            }
            around.say(JSONValue.object([.init("channels", .array(list))]).text)
            return 0
        }
        page(
            QueueText.summary(
                rows, hasHeading: line.hasUnlessNegated("heading"), hasHeld: line.has("held"),
                hasTotals: line.hasUnlessNegated("trailing")))
        return 0
    }

    private func messages(_ line: QueueLine) throws -> Int32 {
        let channel = line.parameters[0]
        guard !channel.contains(where: { "*?%".contains($0) }) else {
            throw QueueFailure("%QM-E-WILDCARD, messages wants one exact channel, not \(channel)", status: 64)
        }
        guard let hosts = try source.hosts(channel) else { throw QueueFailure.noController(facility) }
        if line.has("json") {
            let list = hosts.map { host -> JSONValue in
                ["host": .string(host.host), "active": .integer(host.active), "delayed": .integer(host.delayed)]
            }
            around.say(JSONValue.object([.init("channel", .string(channel)), .init("hosts", .array(list))]).text)
        } else {
            page(QueueText.messages(hosts))
        }
        return hosts.isEmpty ? 1 : 0
    }

    private func jobs(_ line: QueueLine) throws -> Int32 {
        guard let jobs = try source.jobs() else { throw QueueFailure.noController(facility) }
        if line.has("json") {
            let list = jobs.map { job -> JSONValue in
                [
                    "pid": .integer(job.pid), "channel": .string(job.channel), "state": .string(job.state),
                    "started": .integer(Int(job.started)), "hosts": .array(job.hosts.map(JSONValue.string)),
                    "messages": .array(job.messages.map(JSONValue.string)), "processed": .integer(job.processed),
                    "failed": .integer(job.failed),
                ]
            }
            around.say(JSONValue.object([.init("jobs", .array(list))]).text)
        } else {
            page(QueueText.jobs(jobs))
        }
        return 0
    }

    private func walk(_ line: QueueLine) throws {
        guard try source.ask(QueueSource.Done.self, "walk") != nil else { throw QueueFailure.noController(facility) }
        let log = "\(source.paths.log)/job_controller.log"
        around.say(
            line.has("json")
                ? JSONValue.object([.init("log", .string(log))]).text : "%\(facility)-I-WALK, the state is in \(log)")
    }

    private func counters(_ line: QueueLine) throws {
        var work = CountersWork(source: source)
        let word = try FamilySpelling.full(line.parameters[0], among: CountersWork.Action.allCases.map(\.rawValue))
        work.action = CountersWork.Action(rawValue: word) ?? .show
        work.channels = line.flag("channels")
        work.associations = line.flag("associations")
        work.hasHeaders = line.hasUnlessNegated("headers")
        work.output = line.values["output"]
        work.isJSON = line.has("json")
        work.channel = line.parameters.dropFirst().first
        var lines: [String] = []
        try work.perform { lines.append($0) }
        page(lines)
    }

    /// `run FILE` of the dialogue: its lines as commands.
    private func runFile(_ name: String) throws -> Int32 {
        guard let content = try? Files.read(absolute(name), limit: 1 << 20) else {
            throw QueueFailure("%QM-E-NOFILE, \(name) cannot be read")
        }
        var worst: Int32 = 0
        for text in String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let words = try QueueLine.words(String(text))
            if words.first.flatMap({ try? QueueVerb.named($0) })??.name == "run" {
                throw QueueFailure("%QM-E-NESTED, \(name): files of commands do not nest")
            }
            guard let status = perform(words) else { break }
            worst = max(worst, status)
        }
        return worst
    }
}
