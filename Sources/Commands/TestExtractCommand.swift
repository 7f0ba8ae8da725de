import AddressRewriting
import ArgumentParser
import OptionSyntax

/// `martlet test extract ADDRESS`
struct TestExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract", abstract: "Shows which host of an address is rewritten first, and what is left.")

    /// The channel keywords that say which characters of a local part separate hosts.
    enum Keyword: String, ExpressibleByArgument, CaseIterable {
        case nobangoverpercent, bangoverpercent, percentonly, bangonly, nobangorpercent

        var syntax: LocalPartSyntax {
            switch self {
            case .nobangoverpercent: .percentOverBang
            case .bangoverpercent: .bangOverPercent
            case .percentonly: .percentOnly
            case .bangonly: .bangOnly
            case .nobangorpercent: .none
            }
        }
    }

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("The keyword of the channel that enqueues.", valueName: "keyword"))
    var keyword = Keyword.nobangoverpercent

    @Flag(help: "One JSON object.")
    var json = false

    @Argument(help: "The address, without angle brackets.")
    var address: String

    func run() throws {
        let found = extractHost(address, syntax: keyword.syntax)
        if json {
            Terminal.line(Self.json(found).text)
        } else {
            Terminal.table(
                ["HOST", "LOCATION", "REMAINDER"], [[found.host, Self.name(found.location), found.remainder]])
        }
    }

    static func json(_ found: ExtractedHost) -> JSONValue {
        [
            "host": .string(found.host), "location": .string(name(found.location)),
            "remainder": .string(found.remainder),
        ]
    }

    private static func name(_ location: HostLocation) -> String {
        switch location {
        case .sourceRoute: "sourceRoute"
        case .at: "at"
        case .percent: "percent"
        case .bang: "bang"
        case .none: "none"
        }
    }
}
