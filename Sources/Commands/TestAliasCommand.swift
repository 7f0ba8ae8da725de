import Aliases
import ArgumentParser
import Channels
import Configuration
import Enqueue
import InternetMessage
import OptionSyntax

/// `martlet test alias ADDRESS`
struct TestAliasCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias", abstract: "Asks the alias sources about one address, one level deep.",
        discussion:
            "The address is taken as it stands on the local channel, not rewritten; martlet explain shows the whole way."
            + " Exit status 1 when no source knows it.")

    @OptionGroup var options: ConfigurationOptions

    @OptionGroup var route: RouteOptions

    @Flag(help: "One JSON object.")
    var json = false

    @Argument(help: "The address; a bare name is one of the local host.")
    var address: String

    func run() throws {
        let configuration = try options.loadGood()
        let channel = try route.channel(in: configuration)
        let router = Router(configuration: configuration) { Terminal.error($0) }
        var mailbox = try Mailbox(argument: address)
        if mailbox.domain.isEmpty { mailbox.domain = configuration.channels.localHost }
        let lookups = router.lookUpAliases(mailbox, channel: channel, sender: route.sender(in: configuration))
        if json {
            Terminal.line(Self.json(mailbox, lookups).text)
        } else {
            Self.lines(mailbox, lookups).forEach(Terminal.line)
        }
        if lookups.last?.answer ?? .notFound == .notFound { throw ExitCode(1) }
    }

    static func lines(_ address: Mailbox, _ lookups: [AliasLookup]) -> [String] {
        ["\(address)"]
            + lookups.flatMap { lookup in
                switch lookup.answer {
                case .notFound: ["  \(lookup.source): not found"]
                case .failure(let failure):
                    ["  \(lookup.source): \(failure)" + (failure.detail.isEmpty ? "" : " (\(failure.detail))")]
                case .addresses(let found):
                    ["  \(lookup.source):"] + found.map { "    \($0.address)\(Self.remarks($0))" }
                }
            }
    }

    /// What is special about an address an alias led to.
    static func remarks(_ address: ExpandedAddress) -> String {
        var remarks: [String] = []
        if address.isDeferred { remarks.append("expanded later by the reprocess channel") }
        if address.isAutoreply { remarks.append("autoreply") }
        if let reason = address.heldReason { remarks.append("held: \(reason)") }
        return remarks.isEmpty ? "" : " (\(remarks.joined(separator: ", ")))"
    }

    /// `{"input":…,"found":bool,"source":…,"addresses":[…],"error":…}`
    static func json(_ address: Mailbox, _ lookups: [AliasLookup]) -> JSONValue {
        var found: [JSONValue] = []
        var failure: JSONValue = .null
        switch lookups.last?.answer ?? .notFound {
        case .notFound: break
        case .addresses(let addresses): found = addresses.map { .string($0.address.description) }
        case .failure(let reason):
            failure = ["code": .string(reason.status.description), "text": .string(reason.text)]
        }
        let isKnown = lookups.last?.answer ?? .notFound != .notFound
        return [
            "input": .string(address.description), "found": .bool(isKnown),
            "source": isKnown ? lookups.last.map { .string($0.source) } ?? .null : .null,
            "addresses": .array(found), "error": failure,
        ]
    }
}
