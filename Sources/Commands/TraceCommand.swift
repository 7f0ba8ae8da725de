import ArgumentParser
import Configuration
import OptionSyntax
import Spool
import SystemCalls

/// `martlet trace ID` (commands specification, section 9, task 28).
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Tells everything about a message: what happened, what comes next, and why.",
        discussion: "From the message log, the ledger and the Job Controller; the rules and keywords are those of the"
            + " configuration in force. Exit status 1 when nothing is known of the id.")

    @OptionGroup var instance: InstanceOptions

    @Option(help: ArgumentHelp("Only what happened in this time, as 2h, 3d or PT30M.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("The newest messages of an address.", valueName: "number"))
    var limit = 10

    @Flag(help: "One JSON object.")
    var json = false

    @Argument(
        help:
            "An entry name, the id of the queue, the Message-ID of the header, an envelope id, an address of sender or recipient, or the address of a client."
    )
    var id: String

    func run() throws {
        let paths = InstancePaths(instanceRoot: try instance.existing())
        let now = SystemClock.wallSeconds
        do {
            let earliest = try since.map { now - (try QueueFilter.seconds($0)) } ?? 0
            let load = MTAConfiguration.loadInForce(paths: paths)
            let decisions = load.configuration.map {
                TraceDecisions(configuration: $0, stopped: StoppedChannels(path: "\(paths.queue)/stopped"))
            }
            if decisions == nil { Terminal.error("martlet: the configuration has errors, so rules are left out") }
            let tracer = MessageTracer(
                source: QueueSource(paths: paths), decisions: { decisions?.decisions($0, $1) ?? [] },
                ways: { given, channel, sender in
                    decisions?.way(
                        of: given, on: channel, sender: sender, isAuthenticated: false, isIn: nil) ?? []
                }, limit: max(1, limit), progress: { Terminal.progress($0) })
            let traces = try tracer.traces(of: id, since: earliest)
            let refused = tracer.refusals(of: id, since: earliest)
            if json {
                let answer: JSONValue = [
                    "messages": .array(traces.map(\.json)), "refused": .array(refused.map(MessageTrace.json)),
                ]
                Terminal.line(answer.text)
            } else {
                let parts = traces.map { $0.lines(now: now) } + [MessageTrace.lines(refused: refused)]
                Terminal.text(
                    parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n"))
            }
            if traces.isEmpty, refused.isEmpty {
                if !json { Terminal.error("martlet: neither the log nor the queue knows \(id)") }
                throw ExitCode(1)
            }
        } catch let failure as QueueFailure {
            Terminal.error(failure.description)
            throw ExitCode(failure.status)
        }
    }
}
