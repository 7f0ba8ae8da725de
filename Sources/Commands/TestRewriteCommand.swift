import AddressRewriting
import ArgumentParser
import Channels
import Configuration
import Enqueue
import OptionSyntax

/// `martlet test rewrite ADDRESS`
struct TestRewriteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewrite", abstract: "Shows what the rewrite rules make of an address, and its channel.")

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The address, without angle brackets.")
    var address: String

    @Option(help: ArgumentHelp("The channel that would enqueue.", valueName: "name"))
    var sourceChannel = "l"

    @Flag(help: "One JSON object.")
    var json = false

    @Flag(help: "Every rule that was tried, and why it did or did not apply.")
    var debug = false

    /// The four places an address may stand in.
    private static let places: [(name: String, kind: AddressKind, direction: AddressDirection)] = [
        ("envelopeTo", .envelope, .forward), ("envelopeFrom", .envelope, .backward), ("headerTo", .header, .forward),
        ("headerFrom", .header, .backward),
    ]

    func run() throws {
        let configuration = try options.loadGood()
        guard configuration.channels.channel(named: sourceChannel) != nil else {
            throw CommandFailure("there is no channel \(sourceChannel)")
        }
        let router = Router(configuration: configuration) { Terminal.error($0) }
        let outcomes = Self.places.map { place in
            (
                place.name,
                router.explain(address, kind: place.kind, direction: place.direction, sourceChannel: sourceChannel)
            )
        }
        if json {
            Terminal.line(Self.json(address, outcomes.map { ($0.0, $0.1.outcome) }).text)
        } else {
            show(outcomes)
        }
        if case .failed = outcomes[0].1.outcome { throw ExitCode(1) }
    }

    private func show(_ outcomes: [(String, (outcome: RewriteEngine.Outcome, trace: [RewriteTraceStep]))]) {
        let rows = outcomes.map { name, result in
            switch result.outcome {
            case .rewritten(let rewritten): [name, rewritten.address, rewritten.channel, rewritten.routingSystem]
            case .failed(let code, let text): [name, "\(code) \(text)", "", ""]
            }
        }
        Terminal.table(["PLACE", "ADDRESS", "CHANNEL", "ROUTING SYSTEM"], rows)
        if debug { for step in outcomes[0].1.trace { Terminal.line("  \(step)") } }
    }

    private static func json(_ input: String, _ outcomes: [(String, RewriteEngine.Outcome)]) -> JSONValue {
        var members: [JSONValue.Member] = [.init("input", .string(input))]
        var failure: JSONValue = .null
        if case .failed(let code, let text) = outcomes[0].1 {
            failure = ["code": .string(code), "text": .string(text)]
        }
        members.append(.init("status", failure == .null ? "ok" : "failed"))
        for (name, outcome) in outcomes {
            switch outcome {
            case .rewritten(let rewritten):
                members.append(
                    .init(
                        name,
                        [
                            "address": .string(rewritten.address), "channel": .string(rewritten.channel),
                            "routingSystem": .string(rewritten.routingSystem),
                        ]))
            case .failed: members.append(.init(name, .null))
            }
        }
        members.append(.init("error", failure))
        return .object(members)
    }
}
