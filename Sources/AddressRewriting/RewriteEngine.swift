package import Mappings

/// Rewrites addresses and finds their channel (rewrite-rules specification). Immutable; one engine serves all sessions
/// of a process.
package struct RewriteEngine: Sendable {
    static let unknownHostCode = "5.1.2"

    /// Held by reference, so that handing the engine on costs one reference count.
    private let setup: Setup

    var rules: RewriteRules { setup.rules }
    var mappings: MappingTables { setup.mappings }
    var channels: any ChannelHosts { setup.channels }
    var localHost: String { setup.localHost }
    var context: MappingContext { setup.context }
    var unknownHostText: String { setup.unknownHostText }
    var domainRules: RewriteRules? { setup.domainRules }
    var uniqueString: @Sendable () -> String { setup.uniqueString }

    /// - Parameters:
    ///   - localHost: official host name of channel `l`.
    ///   - context: the general database, routines and LDAP, for the rules and for the mappings they call.
    ///   - unknownHostText: MTA option `error_text_unknown_host`.
    ///   - domainRules: the domain database, the second store of rules (section 1.6).
    ///   - uniqueString: the value of `$W`, never the same twice.
    package init(
        rules: RewriteRules, mappings: MappingTables, channels: any ChannelHosts, localHost: String,
        context: MappingContext = MappingContext(), unknownHostText: String = "unknown host or domain",
        domainRules: RewriteRules? = nil,
        uniqueString: @escaping @Sendable () -> String = {
            String(UInt64.random(in: 0...UInt64.max), radix: 36, uppercase: true)
                + String(UInt64.random(in: 0...UInt64.max), radix: 36, uppercase: true)
        }
    ) {
        setup = Setup(
            rules: rules, mappings: mappings, channels: channels, localHost: localHost, context: context,
            unknownHostText: unknownHostText, domainRules: domainRules, uniqueString: uniqueString)
    }

    private final class Setup: Sendable {
        let rules: RewriteRules
        let mappings: MappingTables
        let channels: any ChannelHosts
        let localHost: String
        let context: MappingContext
        let unknownHostText: String
        let domainRules: RewriteRules?
        let uniqueString: @Sendable () -> String

        init(
            rules: RewriteRules, mappings: MappingTables, channels: any ChannelHosts, localHost: String,
            context: MappingContext, unknownHostText: String, domainRules: RewriteRules?,
            uniqueString: @escaping @Sendable () -> String
        ) {
            self.rules = rules
            self.mappings = mappings
            self.channels = channels
            self.localHost = localHost
            self.context = context
            self.unknownHostText = unknownHostText
            self.domainRules = domainRules
            self.uniqueString = uniqueString
        }
    }

    /// One address to rewrite, and what the rules can test about it (section 2).
    package struct Query: Sendable {
        /// Without angle brackets, comments and folding; not the empty reverse path.
        package var address: String
        /// Tested by `$E` and `$B`.
        package var kind: AddressKind
        /// Tested by `$F` and `$R`.
        package var direction: AddressDirection
        /// The channel that enqueues.
        package var sourceChannel: String
        /// Known once the envelope To address has been rewritten.
        package var destinationChannel: String?
        /// The host that completes an address without one (channels specification, section 4.9); nil: the local host.
        package var defaultHost: String?
        /// Asked by `$V` and `$Z`.
        package var directory: any DirectoryLookups

        package init(
            _ address: String, kind: AddressKind = .envelope, direction: AddressDirection = .forward,
            sourceChannel: String, destinationChannel: String? = nil, defaultHost: String? = nil,
            directory: any DirectoryLookups = NoDirectory()
        ) {
            self.address = address
            self.kind = kind
            self.direction = direction
            self.sourceChannel = sourceChannel
            self.destinationChannel = destinationChannel
            self.defaultHost = defaultHost
            self.directory = directory
        }
    }

    /// A rewritten address.
    package struct Rewritten: Hashable, Sendable {
        /// As it goes out, an inserted route in the style of the destination channel.
        package var address: String
        /// The part of the address without `host`; for a source route everything behind it.
        package var localPart: String
        /// The first host specification of the address: where it is delivered to on the channel.
        package var host: String
        /// The host whose owner is `channel`.
        package var routingSystem: String
        /// The channel the address leads to.
        package var channel: String
    }

    /// What became of an address.
    package enum Outcome: Hashable, Sendable {
        case rewritten(Rewritten)
        /// `code`: extended status, class 5 for good, class 4 for now; `text` without the address.
        case failed(code: String, text: String)
    }

    /// Rewrites one address. Every input gives an outcome.
    package func rewrite(_ query: Query) -> Outcome {
        var run = RewriteRun(engine: self, query: query, isTraced: false)
        return run.run()
    }

    /// Rewrites one address and tells what was tried on the way, for `test -rewrite -debug`.
    package func explain(_ query: Query) -> (outcome: Outcome, trace: [RewriteTraceStep]) {
        var run = RewriteRun(engine: self, query: query, isTraced: true)
        let outcome = run.run()
        return (outcome, run.trace)
    }
}

/// One thing that was tried while an address was rewritten.
package struct RewriteTraceStep: Hashable, Sendable, CustomStringConvertible {
    /// What was found.
    package enum Event: Hashable, Sendable {
        case noRule
        case ruleFailed(RewriteRuleSource, RuleFailure)
        case ruleApplied(RewriteRuleSource, result: String)
        /// The channel table knows the host: it is taken as it stands.
        case channelHost
        /// No rule: the host is taken as it stands.
        case asItStands
        /// No rule for a host out of the local part: the whole is a local part of the local host.
        case localPart
        /// The channel is local or has `routelocal` and hosts remain: this host is stripped.
        case stripped(channel: String)
        case routed(channel: String)
    }

    /// The host that was being rewritten.
    package var host: String
    /// The probe string; empty where no pattern is looked up.
    package var probe: String
    /// What came of it.
    package var event: Event

    package var description: String {
        switch event {
        case .noRule: "\(probe): no rule"
        case .ruleFailed(let rule, let failure): "\(probe): rule at \(rule.location) does not apply: \(failure)"
        case .ruleApplied(let rule, let result): "\(probe): rule at \(rule.location) gives \(result)"
        case .channelHost: "\(host): host of a channel, taken as it stands"
        case .asItStands: "\(host): no rule, taken as it stands"
        case .localPart: "\(host): no rule, kept in the local part"
        case .stripped(let channel): "\(host): channel \(channel), hosts remain, stripped"
        case .routed(let channel): "\(host): channel \(channel)"
        }
    }
}
