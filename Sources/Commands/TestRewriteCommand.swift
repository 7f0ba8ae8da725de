import AddressRewriting
import ArgumentParser
import Channels
import Configuration
import Enqueue
import InternetMessage
import OptionSyntax

/// `martlet test rewrite ADDRESS`
struct TestRewriteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewrite", abstract: "Shows what the rewrite rules make of an address, and its channel.",
        discussion:
            "The lines are those of imsimta test -rewrite. Without ADDRESS it asks for one after the other. Exit status 1"
            + " when the address cannot be rewritten.")

    @OptionGroup var options: ConfigurationOptions

    @OptionGroup var route: RouteOptions

    @Option(help: ArgumentHelp("The channel that rules with channel checks see.", valueName: "name"))
    var destinationChannel: String?

    @Flag(inversion: .prefixedNo, help: "The block of lines about the channel.")
    var channelDetails = true

    @Flag(help: "One JSON object.")
    var json = false

    @Flag(help: "Every rule that was tried, and why it did or did not apply.")
    var debug = false

    @Argument(help: "The address, without angle brackets.")
    var address: String?

    func run() throws {
        let configuration = try options.loadGood()
        let channel = try route.channel(in: configuration)
        let router = Router(configuration: configuration) { Terminal.error($0) }
        if let address {
            if try show(address, router, channel) { throw ExitCode(1) }
        } else {
            while let address = Terminal.ask("Address: ") {
                if !address.isEmpty { _ = try show(address, router, channel) }
            }
        }
    }

    /// True when the address cannot be rewritten.
    private func show(_ address: String, _ router: Router, _ channel: Channel) throws -> Bool {
        var traces: [String: [RewriteTraceStep]] = [:]
        var report = RewriteReport(input: address, outcomes: [:], showsChannel: channelDetails)
        for place in RewriteReport.Place.all {
            let (outcome, trace) = router.explain(
                address, kind: place.kind, direction: place.direction, sourceChannel: channel.name,
                destinationChannel: destinationChannel)
            report.outcomes[place.name] = outcome
            traces[place.name] = trace
        }
        follow(address, router, channel, &report)
        if json {
            Terminal.line(report.json.text)
        } else {
            if debug { traces["envelopeTo", default: []].forEach { Terminal.line("\($0)") } }
            report.lines(router.configuration.channels).forEach(Terminal.line)
        }
        return report.isFailed
    }

    /// Access tables and aliases: what would be submitted.
    private func follow(_ address: String, _ router: Router, _ channel: Channel, _ report: inout RewriteReport) {
        guard case .rewritten? = report.outcomes["envelopeTo"], let mailbox = try? Mailbox(argument: address) else {
            return
        }
        let trace = RouteTrace()
        report.route = router.route(
            mailbox, recipient: QueueRecipientFacts(given: address), channel: channel, completion: HostCompletion(),
            facts: route.facts(in: router.configuration, channel: channel), trace: trace)
        for step in trace.steps {
            switch step {
            case .lookedUp(let lookup): report.lookups.append(lookup)
            case .asked(let question) where route.from != nil:
                report.accessRefusal = report.accessRefusal ?? question.refusal
            default: break
            }
        }
    }
}
