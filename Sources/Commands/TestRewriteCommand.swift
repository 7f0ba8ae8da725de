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
            + " when an address is refused.")

    @OptionGroup var options: ConfigurationOptions

    @OptionGroup var route: RouteOptions

    @Option(help: ArgumentHelp("The channel that rules with channel checks see.", valueName: "name"))
    var destinationChannel: String?

    @OptionGroup var alternates: AlternateFiles

    @OptionGroup var batch: BatchOptions

    @Flag(inversion: .prefixedNo, help: "The block of lines about the channel.")
    var channelDetails = true

    @Flag(help: "One JSON object.")
    var json = false

    @Flag(help: "Every rule that was tried, and why it did or did not apply.")
    var debug = false

    @Flag(inversion: .prefixedNo, help: "Lists addresses of aliases that are not good; one of them is enough to fail.")
    var checkExpansions = false

    @Flag(inversion: .prefixedNo, help: "Expansion may be left to the reprocess channel.")
    var reprocess = true

    @Argument(help: "The address, without angle brackets, or several with commas between them.")
    var address: String?

    func run() throws {
        try batch.redirect()
        let configuration = try alternates.loadGood(options)
        let channel = try route.channel(in: configuration)
        let router = Router(configuration: configuration) { Terminal.error($0) }
        if let address {
            if !show(address, router, channel) { throw ExitCode(1) }
        } else {
            while let address = Terminal.ask("Address: ", apart: json) {
                if !address.isEmpty { _ = show(address, router, channel) }
            }
        }
    }

    /// True when every address of a list was submitted.
    private func show(_ list: String, _ router: Router, _ channel: Channel) -> Bool {
        var isGood = true
        for address in AddressList.parts(list) {
            isGood = show(one: address, router, channel) && isGood
        }
        return isGood
    }

    private func show(one address: String, _ router: Router, _ channel: Channel) -> Bool {
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
        return report.isSubmitted
    }

    /// Access tables and aliases: what would be submitted.
    private func follow(_ address: String, _ router: Router, _ channel: Channel, _ report: inout RewriteReport) {
        let mailbox: Mailbox
        switch Mailbox.parse(address) {
        case .success(let parsed): mailbox = parsed
        case .failure(let error):
            report.syntaxError = error.reason
            return
        }
        guard case .rewritten? = report.outcomes["envelopeTo"] else { return }
        let trace = RouteTrace()
        let facts = route.facts(in: router.configuration, channel: channel)
        report.route = router.route(
            mailbox, recipient: QueueRecipientFacts(given: address), channel: channel, completion: HostCompletion(),
            facts: facts, expandsNow: !reprocess, trace: trace)
        for step in trace.steps {
            switch step {
            case .lookedUp(let lookup): report.lookups.append(lookup)
            case .asked(let question) where route.from != nil:
                report.accessRefusal = report.accessRefusal ?? question.refusal
            default: break
            }
        }
        guard checkExpansions else { return }
        for expanded in report.expandedAddresses {
            let result = router.route(
                expanded, recipient: QueueRecipientFacts(given: expanded.description), channel: channel,
                completion: HostCompletion(), facts: facts, isReprocessing: true)
            if case .refused(let refusal) = result { report.badExpansions.append((expanded.description, refusal)) }
        }
    }
}

/// A list of addresses on a command line.
enum AddressList {
    /// The addresses between commas; those in quotes and in a source route `@a,@b:` do not count. A text without any
    /// address is one, so that what is wrong with it is told.
    static func parts(_ text: String) -> [String] {
        var parts: [String] = []
        var current = ""
        var isQuoted = false
        var isEscaped = false
        for character in text {
            let isInRoute = current.hasPrefix("@") && !current.contains(":")
            if character == ",", !isQuoted, !isInRoute {
                parts.append(current.trimmingBlanks)
                current = ""
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isEscaped
            if character != " " || !current.isEmpty { current.append(character) }
        }
        let all = (parts + [current.trimmingBlanks]).filter { !$0.isEmpty }
        return all.isEmpty ? [text] : all
    }
}
