import ArgumentParser
import Channels
import Configuration
import Enqueue
import InternetMessage
import OptionSyntax

/// `martlet explain ADDRESS`
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Shows the whole way of a recipient: rules, access tables, aliases, channel.",
        discussion:
            "The sender is a client on channel tcp_local, if there is one, or on the channel given; nothing is sent."
            + " Exit status 1 when the address would be refused.")

    @OptionGroup var options: ConfigurationOptions

    @OptionGroup var route: RouteOptions

    @Option(
        help: ArgumentHelp("The client's IP address: chooses the channel as the server does.", valueName: "address"))
    var client: String?

    @Flag(help: "One JSON object.")
    var json = false

    @Argument(help: "The address, without angle brackets.")
    var address: String

    func run() throws {
        let configuration = try options.loadGood()
        let router = Router(configuration: configuration) { Terminal.error($0) }
        let channel = try source(configuration, router)
        let mailbox = try Mailbox(argument: address)
        let trace = RouteTrace()
        var facts = route.facts(in: configuration, channel: channel)
        if route.from == nil { facts.sender = "" }
        if let client {
            facts.portAccessProbe = "TCP|127.0.0.1|25|\(client)|40000"
            facts.applicationInformation = "SMTP/\(client)"
        }
        let completion = HostCompletion(clientLiteral: try client.map(TestSwitchCommand.literal))
        let result = follow(mailbox, router, channel, completion, &facts, trace)
        var explanation = Explanation(
            input: address, sourceChannel: channel.name, sender: facts.sender, steps: trace.steps, result: result,
            channels: configuration.channels)
        explanation.headers = router.headerForms(
            of: mailbox, source: channel, completion: completion, on: Explanation.channels(of: result))
        if json { Terminal.line(explanation.json.text) } else { explanation.lines.forEach(Terminal.line) }
        if case .refused = result { throw ExitCode(1) }
    }

    /// MAIL FROM, where a sender was given, and RCPT TO.
    private func follow(
        _ mailbox: Mailbox, _ router: Router, _ channel: Channel, _ completion: HostCompletion,
        _ facts: inout AccessFacts, _ trace: RouteTrace
    ) -> Router.Result {
        if route.from != nil {
            facts.sender = router.sender(Mailbox(facts.sender), channel: channel, completion: completion)
            switch router.judgeSender(facts, trace: trace) {
            case .refused(let refusal): return .refused(refusal)
            case .accepted(let sender): facts.sender = sender
            }
        }
        return router.route(
            mailbox, recipient: QueueRecipientFacts(given: address), channel: channel,
            completion: completion, facts: facts, trace: trace)
    }

    private func source(_ configuration: MTAConfiguration, _ router: Router) throws -> Channel {
        let channel = try route.channel(in: configuration, otherwise: ["tcp_local", "l"])
        guard let client, route.sourceChannel == nil else { return channel }
        return ChannelSwitching(configuration.channels).atConnect(
            initial: channel, checksSource: channel.checksSource,
            byAddress: router.channel(ofClientLiteral: try TestSwitchCommand.literal(client)))
    }
}
