import ArgumentParser
import Configuration
import Glibc
import OptionSyntax
import SystemCalls
import TransactionLog

/// `martlet counters`, `imsimta counters` (commands specification, section 3.2).
struct CountersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counters", abstract: "What went through the channels since the instance was started.",
        discussion: "Counters show trends, lose some when a process dies, and begin with 0 at every start of the"
            + " instance; the message log is for accounts. They can be read while the Job Controller is down.")

    @OptionGroup var instance: InstanceOptions

    @Flag(help: "Shows them, which is what happens without a word too.")
    var show = false

    @Flag(help: "Begins them anew; stored messages are counted again. With --channels or --associations only these.")
    var clear = false

    @Flag(help: "The number of messages since midnight.")
    var today = false

    @Flag(inversion: .prefixedNo, help: "The rows about messages.")
    var channels: Bool?

    @Flag(inversion: .prefixedNo, help: "The rows about connections.")
    var associations: Bool?

    @Flag(inversion: .prefixedNo, help: "The two lines on top.")
    var headers = true

    @Option(help: ArgumentHelp("Writes to a file.", valueName: "file"))
    var output: String?

    @Flag(help: .hidden)
    var create = false

    @Flag(help: .hidden)
    var delete = false

    @Flag(help: "One JSON object.")
    var json = false

    @Argument(help: "Only this channel; * stands for any text.")
    var channel: String?

    func validate() throws {
        if [show, clear, today, create, delete].count(where: { $0 }) > 1 {
            throw ValidationError("one of --show, --clear, --today, --create and --delete")
        }
    }

    func run() throws {
        var work = CountersWork(source: QueueSource(paths: InstancePaths(instanceRoot: try instance.existing())))
        work.action = clear ? .clear : today ? .today : create ? .create : delete ? .delete : .show
        work.channels = channels
        work.associations = associations
        work.hasHeaders = headers
        work.output = output
        work.isJSON = json
        work.channel = channel
        do {
            try work.perform { Terminal.line($0) }
        } catch let failure as QueueFailure {
            Terminal.error(failure.description)
            throw ExitCode(failure.status)
        }
    }
}

/// What is to be done with the counters, for `counters` and for the command of that name in `qm`.
struct CountersWork {
    enum Action: String, CaseIterable { case show, clear, create, delete, today }

    let source: QueueSource
    var action = Action.show
    /// `-channels` and `-associations`; nil: not said.
    var channels: Bool?
    var associations: Bool?
    var hasHeaders = true
    var output: String?
    var isJSON = false
    /// Nil: all.
    var channel: String?

    private struct Answer: Decodable { var today: Int }

    init(source: QueueSource) { self.source = source }

    /// `say` gets the lines, unless they go to a file.
    func perform(_ say: (String) -> Void) throws {
        switch action {
        case .create:
            say("%COUNTERS-I-NOSEGMENT, nothing to do for counters: they are made when the instance starts")
        case .delete:
            guard try source.ask("list 0 1") == nil else {
                return say("%COUNTERS-I-NOSEGMENT, nothing to do for counters: they end with the instance")
            }
            unlink(source.paths.counters)
        case .clear: try clear()
        case .today:
            guard let answer = try source.ask(Answer.self, "counters") else {
                throw QueueFailure.noController("COUNTERS")
            }
            let today: JSONValue = ["today": .integer(answer.today)]
            say(isJSON ? today.text : "\(answer.today) messages processed so far today")
        case .show: try show(say)
        }
    }

    private func file() throws(QueueFailure) -> TrafficCounters {
        guard let counters = TrafficCounters(path: source.paths.counters, creates: false) else {
            throw QueueFailure(
                "%COUNTERS-E-NOSEGMENT, there are no counters in \(source.paths.counters): the instance has not run,"
                    + " or you may not write there")
        }
        return counters
    }

    /// Neither: both. The Job Controller counts again what is stored; without one it does when it starts.
    private func clear() throws {
        let isOnlyChannels = channels == true && associations != true
        let isOnlyAssociations = associations == true && channels != true
        let line = "counters clear" + (isOnlyChannels ? " channels" : isOnlyAssociations ? " associations" : "")
        if try source.ask(QueueSource.Done.self, line) == nil {
            try file().clear(channels: !isOnlyAssociations, associations: !isOnlyChannels)
        }
    }

    private func show(_ say: (String) -> Void) throws {
        let rows = try file().rows().filter { row in channel.map { fnmatch($0, row.channel, 0) == 0 } ?? true }
        let report = CountersReport(
            rows: rows, hasChannels: channels ?? true, hasAssociations: associations ?? true, hasHeaders: hasHeaders)
        // The table needs no Job Controller, and nor does this.
        let lines = isJSON ? [report.json(today: try source.ask(Answer.self, "counters")?.today).text] : report.lines
        guard let output else { return lines.forEach(say) }
        do {
            try Files.replace(absolute(output), with: Array((lines.joined(separator: "\n") + "\n").utf8))
        } catch {
            throw QueueFailure("%COUNTERS-E-OUTPUT, \(error)")
        }
    }
}
