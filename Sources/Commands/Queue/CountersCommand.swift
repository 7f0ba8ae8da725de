import ArgumentParser
import Configuration
import OptionSyntax

/// `martlet counters`, `imsimta counters` (commands specification, section 3.2).
struct CountersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counters", abstract: "What went through the channels since the Job Controller started.",
        discussion: "Counters show trends and begin with 0 at every start; the message log is for accounts.")

    @OptionGroup var instance: InstanceOptions

    @Flag(help: "Begins all counters anew; stored messages are counted again.")
    var clear = false

    @Flag(help: "The number of messages since midnight.")
    var today = false

    @Flag(help: "Without the two lines on top.")
    var noHeaders = false

    @Option(help: ArgumentHelp("Writes to a file.", valueName: "file"))
    var output: String?

    @Flag(help: .hidden)
    var create = false

    @Flag(help: .hidden)
    var delete = false

    @Flag(help: .hidden)
    var noChannels = false

    @Flag(help: "One JSON object.")
    var json = false

    @Argument(help: "Only this channel.")
    var channel: String?

    struct Answer: Decodable {
        var channels: [CounterRow]
        var today: Int
    }

    func run() throws {
        if create || delete {
            let act = create ? "they are there as long as the Job Controller runs" : "they end with the Job Controller"
            return Terminal.line("%COUNTERS-I-NOSEGMENT, nothing to do for counters: \(act)")
        }
        let source = QueueSource(paths: InstancePaths(instanceRoot: try instance.existing()))
        do {
            if clear {
                guard try source.ask(QueueSource.Done.self, "counters clear") != nil else {
                    throw QueueFailure.noController("COUNTERS")
                }
                return
            }
            guard let text = try source.ask("counters"), let answer = try source.ask(Answer.self, "counters") else {
                throw QueueFailure.noController("COUNTERS")
            }
            if let output, !Terminal.writeOutput(to: absolute(output)) {
                throw CommandFailure("cannot write \(output)")
            }
            if json { return Terminal.line(text) }
            if today { return Terminal.line("\(answer.today) messages processed so far today") }
            let rows = noChannels ? [] : answer.channels.filter { channel == nil || $0.name == channel }
            CounterRow.lines(rows, hasHeaders: !noHeaders).forEach(Terminal.line)
        } catch let failure as QueueFailure {
            Terminal.error(failure.description)
            throw ExitCode(failure.status)
        }
    }
}

/// The counters of a channel.
struct CounterRow: Decodable, Hashable {
    var name: String
    /// By kind and unit, as `received_messages`.
    var values: [String: Int]

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(name: String, values: [String: Int]) {
        self.name = name
        self.values = values
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        name = try container.decode(String.self, forKey: Key(stringValue: "name"))
        values = [:]
        for key in container.allKeys where key.stringValue != "name" {
            values[key.stringValue] = try container.decode(Int.self, forKey: key)
        }
    }

    private static let titles = ["Received", "Stored", "Delivered", "Attempted", "Failed"]

    /// The table of the family. What no process here counts (Submitted, times in the queue, associations) has no row.
    static func lines(_ rows: [CounterRow], hasHeaders: Bool) -> [String] {
        var lines =
            hasHeaders
            ? [
                "Channel                Messages   Recipients Blocks",
                "---------------------- ---------- ---------- ----------",
            ] : []
        for row in rows {
            lines.append(row.name)
            for title in titles {
                let key = title.lowercased()
                let numbers = ["messages", "recipients", "volume"].map { row.values["\(key)_\($0)"] ?? 0 }
                if title == "Attempted" || title == "Failed", numbers.allSatisfy({ $0 == 0 }) { continue }
                lines.append(
                    QueueText.padded("   \(title)", 22)
                        + numbers.map { " " + QueueText.padded(right: "\($0)", 10) }.joined())
            }
        }
        return lines
    }
}
