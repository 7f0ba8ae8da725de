import ArgumentParser
import Configuration
import Envelope
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
            let status = try Self.carryOut(request, manager.source)
            if status != 0 { throw ExitCode(status) }
        } catch let refusal as FamilySpelling.Refusal {
            Terminal.error(refusal.description)
            throw ExitCode(64)
        } catch let failure as QueueFailure {
            Terminal.error(failure.description)
            throw ExitCode(failure.status)
        }
    }

    private static func carryOut(_ request: CacheRequest, _ source: QueueSource) throws -> Int32 {
        switch request {
        case .synchronize:
            guard let done = try source.ask(QueueSource.Done.self, "sync") else {
                throw QueueFailure.noController("CACHE")
            }
            Terminal.line("%CACHE-I-SYNC, \(done.count ?? 0) entries were found")
        case .walk:
            guard try source.ask(QueueSource.Done.self, "walk") != nil else { throw QueueFailure.noController("CACHE") }
            Terminal.line("%CACHE-I-WALK, the state is in \(source.paths.log)/job_controller.log")
        case .nothing(let reason): Terminal.line("%CACHE-I-NOTHING, \(reason)")
        case .change(let channel, let settings):
            let line = "change \(channel) " + settings.joined(separator: " ")
            guard try source.ask(QueueSource.Done.self, line) != nil else { throw QueueFailure.noController("CACHE") }
            Terminal.line("%CACHE-I-CHANGED, channel \(channel) is changed until the next reload or restart")
        case .view(let channel, let json):
            guard try source.ask("list 0 1") != nil else { throw QueueFailure.noController("CACHE") }
            return view(try source.items(channel: channel).filter { !$0.isHeld }, json)
        case .rebuild: return try rebuild(source)
        case .changeLimit(let limit):
            guard try source.ask(QueueSource.Done.self, "change max_messages=\(limit)") != nil else {
                throw QueueFailure.noController("CACHE")
            }
            Terminal.line("%CACHE-I-CHANGED, max_cache_messages is \(limit) until the next restart")
        }
        return 0
    }

    private static func view(_ items: [QueueItem], _ json: Bool) -> Int32 {
        if json {
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
    private static func rebuild(_ source: QueueSource) throws -> Int32 {
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
    case view(channel: String, json: Bool)
    case change(channel: String, settings: [String])
    /// Accepted without effect, and why.
    case nothing(String)
    /// `-global -max_messages=n`.
    case changeLimit(Int)

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
        case "view": self = .view(channel: parameters.first ?? "*", json: values["json"] != nil)
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
        guard template == nil, let channel = values["channel"], !channel.isEmpty else {
            throw QueueFailure(
                "%CACHE-E-TEMPLATE, templates change with msconfig and reload; give -channel=", status: 64)
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
        return .change(channel: channel, settings: settings)
    }
}
