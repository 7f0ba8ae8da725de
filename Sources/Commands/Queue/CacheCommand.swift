import ArgumentParser
import Configuration
import Envelope
import Glibc
import OptionSyntax
import SystemCalls

/// `imsimta cache`: the Job Controller's index of the queues (commands specification, section 3.1; job-controller
/// specification, section 8).
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Looks at the Job Controller's index of the queues, and changes limits for now.",
        discussion: """
            -sync                                  takes in what writers have left
            -view [CHANNEL]                        lists what is not held
            -walk                                  writes the state of queues and jobs to job_controller.log
            -rebuild                               compares the index with the queue on the disk
            -change -channel=NAME -job_limit=N | -thread_depth=N | -master_job=PROGRAM
                                                   changes a channel until the next reload
            -change -template=CLASS -master_job=PROGRAM
                                                   every channel of a class, such as tcp_*
            -change -global -max_messages=N        changes max_cache_messages until the next restart
            """, shouldDisplay: false)

    @OptionGroup var instance: InstanceOptions

    @Argument(parsing: .captureForPassthrough, help: "One of the forms below.")
    var words: [String] = []

    func run() throws {
        var words = words
        if words.isEmpty || words.contains("--help") { throw CleanExit.helpRequest(Self.self) }
        let manager = try QueueCommand.manager(&words, instance, isDialogue: false, facility: "CACHE")
        do {
            let request = try CacheRequest(words)
            let isJSON = words.contains { $0.drop { $0 == "-" } == "json" }
            let status = try Self.carryOut(request, manager.source, isJSON: isJSON)
            if status != 0 { throw ExitCode(status) }
        } catch let refusal as FamilySpelling.Refusal {
            Terminal.error(refusal.description)
            throw ExitCode(64)
        } catch let failure as QueueFailure {
            Terminal.error(failure.description)
            throw ExitCode(failure.status)
        }
    }

    private static func carryOut(_ request: CacheRequest, _ source: QueueSource, isJSON: Bool) throws -> Int32 {
        switch request {
        case .synchronize:
            guard let done = try source.ask(QueueSource.Done.self, "sync") else {
                throw QueueFailure.noController("CACHE")
            }
            let count = done.count ?? 0
            say("%CACHE-I-SYNC, \(count) entries were found", isJSON, ["count": .integer(count)])
        case .walk:
            guard try source.ask(QueueSource.Done.self, "walk") != nil else { throw QueueFailure.noController("CACHE") }
            let log = "\(source.paths.log)/job_controller.log"
            say("%CACHE-I-WALK, the state is in \(log)", isJSON, ["log": .string(log)])
        case .nothing(let reason): say("%CACHE-I-NOTHING, \(reason)", isJSON, ["nothing": .string(reason)])
        case .change(let channel, let settings): try change([channel], settings, source, isJSON)
        case .changeTemplate(let pattern, let settings):
            guard let status = try source.ask(QueueStatus.self, "status") else {
                throw QueueFailure.noController("CACHE")
            }
            let channels = status.channels.map(\.name).filter { fnmatch(pattern, $0, 0) == 0 }
            guard !channels.isEmpty else {
                throw QueueFailure("%CACHE-E-TEMPLATE, no channel is derived from \(pattern)")
            }
            try change(channels, settings, source, isJSON)
        case .changeLimit(let limit):
            guard try source.ask(QueueSource.Done.self, "change max_messages=\(limit)") != nil else {
                throw QueueFailure.noController("CACHE")
            }
            let line = "%CACHE-I-CHANGED, max_cache_messages is \(limit) until the next restart"
            say(line, isJSON, ["max_cache_messages": .integer(limit)])
        case .view(let channel):
            guard try source.ask("list 0 1") != nil else { throw QueueFailure.noController("CACHE") }
            return view(try source.items(channel: channel).filter { !$0.isHeld }, isJSON)
        case .rebuild: return try rebuild(source, isJSON)
        }
        return 0
    }

    private static func say(_ line: String, _ isJSON: Bool, _ answer: JSONValue) {
        Terminal.line(isJSON ? answer.text : line)
    }

    private static func change(
        _ channels: [String], _ settings: [String], _ source: QueueSource, _ isJSON: Bool
    ) throws {
        for channel in channels {
            let line = "change \(channel) " + settings.joined(separator: " ")
            guard try source.ask(QueueSource.Done.self, line) != nil else { throw QueueFailure.noController("CACHE") }
        }
        let lines = channels.map { "%CACHE-I-CHANGED, channel \($0) is changed until the next reload or restart" }
        say(lines.joined(separator: "\n"), isJSON, ["changed": .array(channels.map(JSONValue.string))])
    }

    private static func view(_ items: [QueueItem], _ isJSON: Bool) -> Int32 {
        if isJSON {
            let rows = items.enumerated().map { QueueRow(id: $0.offset + 1, item: $0.element).json }
            Terminal.line(JSONValue.object([.init("entries", .array(rows))]).text)
        } else {
            var table = TextTable([
                "channel", "entry-name", "priority", "state", "next-try", .number("size"), .number("recipients"),
                "host",
            ])
            for item in items {
                table.add([
                    .init(item.channel), .init(item.name), .init(item.priority), .init(item.state),
                    .init(item.next.map(LocalTime.stamp) ?? ""), .init(item.size), .init(item.pending.count),
                    .init(item.host),
                ])
            }
            table.lines(isColoured: false).forEach(Terminal.line)
        }
        return items.isEmpty ? 1 : 0
    }

    /// Reads the queue as a start would, and says what the index in use has otherwise.
    private static func rebuild(_ source: QueueSource, _ isJSON: Bool) throws -> Int32 {
        _ = try source.ask(QueueSource.Done.self, "sync")
        guard try source.ask("list 0 1") != nil else { throw QueueFailure.noController("CACHE") }
        let inUse = Set(try source.items().compactMap { $0.entryName.map { "\($0.message).\($0.entry)" } })
        let onDisk = try source.offline()
        let inUseNow = Set(try source.items().compactMap { $0.entryName.map { "\($0.message).\($0.entry)" } })
        // What came or went meanwhile is no difference.
        let steady = inUse.intersection(inUseNow)
        let names = Set(onDisk.compactMap { $0.entryName.map { "\($0.message).\($0.entry)" } })
        let missing = steady.subtracting(names)
        let unknown = names.subtracting(inUse).subtracting(inUseNow)
        if isJSON {
            let answer: JSONValue = [
                "disk": .integer(names.count), "index": .integer(inUseNow.count),
                "gone": .array(missing.sorted().map(JSONValue.string)),
                "unknown": .array(unknown.sorted().map(JSONValue.string)),
            ]
            Terminal.line(answer.text)
            return missing.isEmpty && unknown.isEmpty ? 0 : 1
        }
        for name in missing.sorted() { Terminal.line("%CACHE-W-GONE, not on the disk: \(name)") }
        for name in unknown.sorted() { Terminal.line("%CACHE-W-UNKNOWN, not in the index: \(name)") }
        Terminal.line(
            "%CACHE-I-REBUILT, \(names.count) entries on the disk, \(inUseNow.count) in the index, "
                + "\(missing.count + unknown.count) differences")
        return missing.isEmpty && unknown.isEmpty ? 0 : 1
    }
}

/// What `cache` was asked for.
enum CacheRequest: Hashable {
    case synchronize
    case walk
    case rebuild
    case view(channel: String)
    case change(channel: String, settings: [String])
    /// Every channel of a class, such as `tcp_*`.
    case changeTemplate(String, settings: [String])
    /// `-global -max_messages=n`.
    case changeLimit(Int)
    /// Accepted without effect, and why.
    case nothing(String)

    private static let actions = ["change", "close", "rebuild", "synchronize", "view", "walk"]
    private static let others = [
        "channel", "channel_template", "debug", "global", "inorder_rebuild", "job_limit", "json", "master_job",
        "max_messages", "nodebug", "noinorder_rebuild", "norecipient", "parallel_rebuild", "recipient", "slave_job",
        "template", "thread_depth",
    ]

    init(_ words: [String]) throws {
        var action: String?
        var values: [String: String] = [:]
        var parameters: [String] = []
        for word in words {
            let parts = word.drop { $0 == "-" }.split(separator: "=", maxSplits: 1).map(String.init)
            // 6.3 writes `master_job=…` without a hyphen.
            guard word.hasPrefix("-") || parts.count == 2, let first = parts.first else {
                parameters.append(word)
                continue
            }
            let name = try FamilySpelling.full(first, among: Self.actions + Self.others)
            if Self.actions.contains(name) {
                guard action == nil else {
                    throw QueueFailure("%CACHE-E-TWICE, one of -sync, -view, -walk, -change", status: 64)
                }
                action = name
            } else {
                values[name] = parts.count == 2 ? parts[1] : ""
            }
        }
        switch action {
        case "synchronize": self = .synchronize
        case "walk": self = .walk
        case "rebuild": self = .rebuild
        case "close": self = .nothing("processes keep no cache file open")
        case "view": self = .view(channel: parameters.first ?? "*")
        case "change": self = try Self.change(values)
        default: throw QueueFailure("%CACHE-E-ACTION, say -sync, -view, -walk, -rebuild or -change", status: 64)
        }
    }

    private static func change(_ values: [String: String]) throws -> CacheRequest {
        let template = values["template"] ?? values["channel_template"]
        let targets = [values["global"] != nil, template != nil, values["channel"] != nil].count { $0 }
        guard targets == 1 else {
            throw QueueFailure("%CACHE-E-TARGET, exactly one of -global, -template= and -channel=", status: 64)
        }
        if template != nil, values["job_limit"] != nil || values["thread_depth"] != nil {
            throw QueueFailure(
                "%CACHE-E-TEMPLATE, a template takes only -master_job and -slave_job; give -channel=", status: 64)
        }
        if values["global"] != nil {
            if values["parallel_rebuild"] != nil || values["inorder_rebuild"] != nil
                || values["noinorder_rebuild"] != nil
            {
                return .nothing("the index is never rebuilt from files")
            }
            if let word = values["max_messages"] {
                guard let limit = Int(word), limit >= 10 else {
                    throw QueueFailure("%CACHE-E-NUMBER, max_messages is a number from 10, not \(word)", status: 64)
                }
                return .changeLimit(limit)
            }
            throw QueueFailure("%CACHE-E-GLOBAL, set job_controller options with msconfig and reload", status: 64)
        }
        guard let name = template ?? values["channel"], !name.isEmpty else {
            throw QueueFailure("%CACHE-E-TARGET, say which: -template= or -channel=", status: 64)
        }
        if values["slave_job"] != nil { return .nothing("there are no slave jobs") }
        var settings: [String] = []
        for name in ["job_limit", "thread_depth"] {
            guard let value = values[name] else { continue }
            guard let number = Int(value), number > 0 else {
                throw QueueFailure("%CACHE-E-NUMBER, \(name) is a number from 1, not \(value)", status: 64)
            }
            settings.append("\(name)=\(number)")
        }
        if let program = values["master_job"] { settings.append("master_job=\(program)") }
        guard !settings.isEmpty else {
            throw QueueFailure("%CACHE-E-NOTHING, say -job_limit=, -thread_depth= or -master_job=", status: 64)
        }
        return template == nil
            ? .change(channel: name, settings: settings) : .changeTemplate(name, settings: settings)
    }
}
