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

    @OptionGroup var assumptions: RewriteAssumptions

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
        let configuration = try assumptions.applied(to: try alternates.loadGood(options))
        let channel = try route.channel(in: configuration)
        var tester = RewriteTester(
            router: Router(configuration: configuration) { Terminal.error($0) }, channel: channel,
            facts: route.facts(in: configuration, channel: channel), checksExpansions: checkExpansions)
        tester.destinationChannel = destinationChannel
        tester.expandsNow = !reprocess
        tester.refusalsCount = route.from != nil
        tester.notify = assumptions.notify
        tester.showsReadReceipt = assumptions.readReceipt
        tester.isRestricted = assumptions.restricted == 1
        tester.showsFilters = assumptions.filter
        if let address {
            if !show(address, tester) { throw ExitCode(1) }
        } else {
            while let address = Terminal.ask("Address: ", apart: json) {
                if !address.isEmpty { _ = show(address, tester) }
            }
        }
    }

    /// True when every address of a list was submitted.
    private func show(_ list: String, _ tester: RewriteTester) -> Bool {
        var isGood = true
        for address in AddressList.parts(list) {
            var report = tester.report(address)
            report.showsChannel = channelDetails
            if json {
                Terminal.line(report.json.text)
            } else {
                if debug { report.trace.forEach { Terminal.line("\($0)") } }
                report.lines(tester.router.configuration.channels).forEach(Terminal.line)
            }
            isGood = report.isSubmitted && isGood
        }
        return isGood
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
