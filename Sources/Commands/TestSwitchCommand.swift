import ArgumentParser
import Channels
import Configuration
import Enqueue
import Glibc
import OptionSyntax
import SystemCalls

/// `martlet test switch`
struct TestSwitchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switch", abstract: "Shows which channel a session is on, from connect to MAIL FROM.")

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("The channel of the service (PARAMETER=CHANNEL=…).", valueName: "name"))
    var channel: String?

    @Option(help: ArgumentHelp("The client's IP address.", valueName: "address"))
    var client: String?

    @Option(help: ArgumentHelp("The client's host name, as found by its address.", valueName: "host"))
    var clientName: String?

    @Flag(help: "The service speaks LMTP.")
    var lmtp = false

    @Flag(help: "The client has used STARTTLS, or connected with TLS.")
    var tls = false

    @Flag(name: .customLong("auth"), help: "The client has authenticated.")
    var isAuthenticated = false

    @Option(help: ArgumentHelp("The user's mailSMTPSubmitChannel.", valueName: "name"))
    var submitChannel: String?

    @Flag(help: "One JSON object.")
    var json = false

    /// A moment of the session, the channel from then on, and why.
    struct Step {
        var moment: String
        var channel: String
        var reason: String
    }

    func run() throws {
        let configuration = try options.loadGood()
        let router = Router(configuration: configuration) { Terminal.error($0) }
        let switching = ChannelSwitching(configuration.channels)
        guard let initial = switching.initialChannel(parameter: channel, isLMTP: lmtp) else {
            throw CommandFailure("there is no channel \(channel ?? (lmtp ? "tcp_lmtpss" : "tcp_local"))")
        }
        let steps = try steps(initial, switching, router)
        if json {
            Terminal.line(Self.json(steps).text)
        } else {
            Terminal.table(["MOMENT", "CHANNEL", "WHY"], steps.map { [$0.moment, $0.channel, $0.reason] })
        }
    }

    private func steps(_ initial: Channel, _ switching: ChannelSwitching, _ router: Router) throws -> [Step] {
        var steps = [
            Step(
                moment: "service", channel: initial.name,
                reason: channel == nil ? "the channel of a service without PARAMETER=CHANNEL" : "as given")
        ]
        var current = initial
        func move(_ moment: String, _ next: Channel, _ why: String, otherwise: String) {
            steps.append(
                Step(moment: moment, channel: next.name, reason: next.name == current.name ? otherwise : why))
            current = next
        }
        if let client {
            let literal = try Self.literal(client)
            let byAddress = router.channel(ofClientLiteral: literal)
            let next = switching.atConnect(
                initial: initial, checksSource: initial.checksSource, byAddress: byAddress
            ) {
                clientName.flatMap(router.channel(ofClientLiteral:))
            }
            move(
                "connect", next, "\(literal) or its name leads there",
                otherwise: Self.reasonToStay(initial, byAddress, literal))
        }
        if tls {
            move(
                "tls", switching.afterTLS(current), "tlsswitchchannel of \(current.name)",
                otherwise: "\(current.name) has no tlsswitchchannel to another one")
        }
        if isAuthenticated {
            move(
                "auth", switching.afterAuthentication(current, submitChannel: submitChannel),
                submitChannel == nil ? "saslswitchchannel of \(current.name)" : "mailSMTPSubmitChannel of the user",
                otherwise: "\(current.name) has no saslswitchchannel to another one")
        }
        return steps
    }

    private static func reasonToStay(_ initial: Channel, _ found: Channel?, _ literal: String) -> String {
        if initial.switching != .switches { return "\(initial.name) has no switchchannel" }
        if !initial.checksSource { return "option CHECK_SOURCE of \(initial.name) is 0" }
        guard let found, found.name != initial.name else { return "\(literal) leads to no other channel" }
        return "\(literal) leads to \(found.name), which has noswitchchannel"
    }

    static func literal(_ address: String) throws -> String {
        var buffer = in6_addr()
        guard inet_pton(AF_INET, address, &buffer) == 1 || inet_pton(AF_INET6, address, &buffer) == 1 else {
            throw CommandFailure("\(address) is no IP address")
        }
        return SocketAddress(host: address, port: 0).literal
    }

    /// `{"channel":…,"steps":[{"moment":…,"channel":…,"reason":…},…]}`; the last channel is the one that counts.
    static func json(_ steps: [Step]) -> JSONValue {
        [
            "channel": steps.last.map { .string($0.channel) } ?? .null,
            "steps": .array(
                steps.map {
                    ["moment": .string($0.moment), "channel": .string($0.channel), "reason": .string($0.reason)]
                }),
        ]
    }
}
