import AddressRewriting
import Mappings
import OptionSyntax

/// A channel table made by hand: one line per channel, `name official-host other-names...`.
struct FixtureChannels: ChannelHosts {
    var hosts: [String: String] = [:]
    var official: [String: String] = [:]
    var routeLocal: Set<String> = []
    var noRules: Set<String> = []
    var syntax: [String: LocalPartSyntax] = [:]
    var styles: [String: RouteStyle] = [:]

    init(_ lines: String...) {
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            official[words[0]] = words[1]
            for host in words.dropFirst() { hosts[host.lowercased()] = words[0] }
        }
    }

    func channel(forHost host: String) -> String? { hosts[host.lowercased()] }
    func officialHost(ofChannel channel: String) -> String? { official[channel] }
    func hasRouteLocal(channel: String) -> Bool { routeLocal.contains(channel) }
    func checksRules(channel: String) -> Bool { !noRules.contains(channel) }
    func localPartSyntax(channel: String) -> LocalPartSyntax { syntax[channel] ?? .percentOverBang }
    func routeStyle(channel: String, kind: AddressKind) -> RouteStyle { styles[channel] ?? .sourceRoute }
}

/// A directory that knows these domains as local.
struct FixtureDirectory: DirectoryLookups {
    var local: Set<String>
    var isUnavailable = false

    func locality(ofDomain domain: String) -> DomainLocality {
        isUnavailable ? .unavailable : local.contains(domain.lowercased()) ? .local : .nonLocal
    }
}

/// Compiles rules, one a line; lines that begin with `!` are comments.
func compileRules(_ text: String) -> (rules: RewriteRules, findings: [Diagnostic]) {
    var diagnostics = Diagnostics()
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    let sources = lines.filter { !$0.element.hasPrefix("!") }.compactMap { number, line in
        RewriteRuleSource(
            rule: String(line), at: SourceLocation(file: "imta.cnf", line: number + 1, column: 1))
    }
    return (RewriteRules(compiling: sources, diagnostics: &diagnostics), diagnostics.all)
}

func compileMappings(_ text: String) -> MappingTables {
    var diagnostics = Diagnostics()
    let sources = parseMappings(text, file: "mappings", diagnostics: &diagnostics)
    return MappingTables(compiling: sources, diagnostics: &diagnostics)
}

func engine(
    _ rules: String, _ channels: FixtureChannels, localHost: String = "local-host", mappings: String = "",
    context: MappingContext = MappingContext()
) -> RewriteEngine {
    RewriteEngine(
        rules: compileRules(rules).rules, mappings: compileMappings(mappings), channels: channels,
        localHost: localHost, context: context, uniqueString: { "A1B2" })
}

/// An outcome in one comparable line: `address -> routing system (channel)` or `code text`.
func show(_ outcome: RewriteEngine.Outcome) -> String {
    switch outcome {
    case .rewritten(let result): "\(result.address) -> \(result.routingSystem) (\(result.channel))"
    case .failed(let code, let text): "\(code) \(text)"
    }
}
