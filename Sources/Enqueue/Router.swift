package import AddressRewriting
package import Aliases
package import Channels
package import Configuration
package import InternetMessage
package import Mappings
import OptionSyntax
import Synchronization
import SystemCalls

/// A refusal of an address: what the SMTP server answers and what a bounce says.
package struct RoutingRefusal: Error, Hashable, Sendable {
    /// SMTP reply code.
    package var code: Int
    /// RFC 3463 status.
    package var status: String
    /// Without the address.
    package var text: String
    /// More for the log; empty when the text says it all.
    package var detail: String

    package init(code: Int, status: String, text: String, detail: String = "") {
        self.code = code
        self.status = status
        self.text = text
        self.detail = detail
    }

    package var isTemporary: Bool { code / 100 == 4 }
}

/// Where an address without a host is completed from (channels specification, 4.9).
package struct HostCompletion: Hashable, Sendable {
    /// The address literal of the client, `[203.0.113.9]`; nil for an internal enqueue.
    package var clientLiteral: String?
    /// The domain of the primary address of the authenticated user; nil without one.
    package var authenticatedDomain: String?

    package init(clientLiteral: String? = nil, authenticatedDomain: String? = nil) {
        self.clientLiteral = clientLiteral
        self.authenticatedDomain = authenticatedDomain
    }

    /// Keyword `authhost`: what the user's own address gives on the channel, before everything else.
    func ownDomain(_ channel: Channel) -> String? { channel.usesAuthenticatedHost ? authenticatedDomain : nil }
}

/// The way of an address through rewriting, access tables and aliases to channels. Immutable but for the directory, which
/// is read again when it changes; every method may be called from any thread.
package final class Router: Sendable {
    package let configuration: MTAConfiguration
    package let engine: RewriteEngine
    /// What every mapping table of the configuration is probed with.
    package let context: MappingContext
    let tables: AccessTables
    let reversal: AddressReversal
    /// Whether rules or reversal may treat header addresses differently for different destination channels.
    let headersDependOnDestination: Bool
    /// What channels want done to header and body.
    package let content: ContentPolicy
    private let forwarding: AddressForwarding
    private let directory: DirectoryStore
    private let texts: AliasErrorTexts
    private let unknownHost: String
    private let listFiles = ListFiles()
    private let resolver: Mutex<(generation: Int, resolver: AliasResolver)?>

    /// `report` gets lines about the directory file and about what mappings cannot do. `callout`: the routines that mapping
    /// templates may call.
    package init(
        configuration: MTAConfiguration, callout: @escaping @Sendable (MappingCallout) -> String? = { _ in nil },
        report: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        texts = AliasErrorTexts(configuration.mta.errorTexts)
        unknownHost = configuration.mta.errorTexts["unknown_host"] ?? "unknown host or domain"
        let directory = DirectoryStore(path: configuration.directoryFile, report: report)
        self.directory = directory
        var context = Self.context(configuration, directory, report)
        context.callout = callout
        self.context = context
        content = ContentPolicy(configuration, report: report)
        let databases = configuration.databases
        engine = RewriteEngine(
            rules: configuration.rewriteRules, mappings: configuration.mappings,
            channels: ConfiguredChannels(table: configuration.channels), localHost: configuration.channels.localHost,
            context: context, unknownHostText: unknownHost, domainRules: databases.domainRules)
        tables = AccessTables(
            mappings: configuration.mappings, context: context, paranoia: configuration.mta.mappingParanoia,
            showsAccessErrors: configuration.mta.showsAccessErrors, unknownHostText: unknownHost,
            accessFailureText: texts.accessFailure, options: configuration.mta.access)
        let options = configuration.mta.addresses
        reversal = AddressReversal(
            mappings: configuration.mappings, context: context, database: databases.reverse, bits: options.reverseBits)
        let rules = [configuration.rewriteRules, databases.domainRules].compactMap { $0 }
        let isReversed = configuration.channels.channels.map(\.reversesAddresses)
        headersDependOnDestination =
            rules.contains(where: \.headersDependOnDestination)
            || reversal.isActive && (reversal.isChannelSpecific || Set(isReversed).count > 1)
            || configuration.channels.channels.contains {
                $0.usesRestrictedEncoding || $0.routesExported || $0.routesImported
            }
        forwarding = AddressForwarding(
            mappings: configuration.mappings, context: context, database: databases.forward, bits: options.forwardBits)
        resolver = Mutex(nil)
    }

    /// The lookups of the configuration, and the directory's domains for `$}domain,attribute{`.
    private static func context(
        _ configuration: MTAConfiguration, _ directory: DirectoryStore, _ report: @escaping @Sendable (String) -> Void
    ) -> MappingContext {
        var context = configuration.mappingContext(report: report)
        context.domainAttribute = { domain, attribute in
            guard case .found(let found) = directory.current.directory.domain(domain) else { return nil }
            let isName = ["_domain_name_", "_canonical_name_"].contains(attribute.lowercased())
            return isName ? found.name : found.value(attribute)
        }
        return context
    }

    package var localHost: String { configuration.channels.localHost }

    /// Whether the directory knows the domain as ours; false when it cannot be asked.
    package func isLocal(domain: String) -> Bool {
        if case .found = directory.current.directory.domain(domain) { true } else { false }
    }

    /// The directory entry of who logs in as `login`: a uid of the default domain, `uid@domain`, or an address.
    package func user(forLogin login: String) -> Aliases.DirectoryAnswer<DirectoryEntry> {
        directory.current.directory.user(forLogin: login, defaultDomain: configuration.defaultDomain)
    }

    /// Whether the status of a user and of the domain lets the user in; holding mail back does not keep its owner out.
    package func mayLogIn(_ entry: DirectoryEntry) -> Bool {
        guard case .found(let domain) = directory.current.directory.domain(entry.domain) else { return false }
        return [.active, .hold, .overquota].contains(EntryStatus.effective(of: entry, in: domain))
    }

    /// The channel that a client's address leads to as an envelope From, for switching at connect (channels
    /// specification, 6.2).
    package func channel(ofClientLiteral literal: String) -> Channel? {
        let query = RewriteEngine.Query(
            "postmaster@\(literal)", kind: .envelope, direction: .backward,
            sourceChannel: configuration.channels.local?.name ?? "l", directory: locality())
        guard case .rewritten(let rewritten) = engine.rewrite(query) else { return nil }
        return configuration.channels.channel(named: rewritten.channel)
    }

    /// Asks the alias sources about one address, without rewriting or access tables, for `test alias`.
    package func lookUpAliases(_ mailbox: Mailbox, channel: Channel, sender: String) -> [AliasLookup] {
        var lookups: [AliasLookup] = []
        let (current, _) = snapshot()
        let query = AliasQuery(
            address: mailbox, channel: AliasChannel(channel),
            poster: Poster(envelopeFrom: Mailbox(sender), sourceChannel: channel.name), now: SystemClock.wallSeconds)
        _ = current.answer(query) { lookups.append($0) }
        return lookups
    }

    /// What a recipient came to.
    package enum Result: Sendable {
        /// Never empty.
        case accepted([RoutedRecipient])
        case refused(RoutingRefusal)
    }

    /// Routes one recipient: rewriting, ORIG_* tables, aliases again and again, SEND_ACCESS and MAIL_ACCESS on each result.
    /// `recipient`: the part of the envelope that is kept whatever the address becomes. `isReprocessing`: the address has
    /// been accepted before, so that the ORIG_* tables are not asked and nothing is deferred again (channel-programs
    /// specification, 11). `expandsNow`: nothing is deferred although it is accepted now, for `test rewrite`. `findings`
    /// gets what the tables want besides.
    package func route(
        _ mailbox: Mailbox, recipient: QueueRecipientFacts, channel: Channel, completion: HostCompletion,
        facts: AccessFacts, isReprocessing: Bool = false, expandsNow: Bool = false,
        findings: AccessFindings? = nil, trace: RouteTrace? = nil
    ) -> Result {
        let mailbox = channel.usesRestrictedEncoding ? mailbox.decoded : mailbox
        let (current, lookups) = snapshot()
        let host = recipientHost(channel, mailbox, completion)
        if let trace, mailbox.domain.isEmpty {
            trace.add(.completed(address: mailbox.description, host: host ?? localHost))
        }
        var isFirst = true
        var effects = AccessEffects()
        var refusal: RoutingRefusal?
        let expander = RecipientExpander(
            resolver: current, maxLevels: configuration.mta.maxAliasLevels, texts: texts,
            poster: Poster(envelopeFrom: Mailbox(facts.sender), sourceChannel: channel.name, user: facts.user),
            now: SystemClock.wallSeconds, isReprocessing: isReprocessing || expandsNow,
            detourHost: channel.aliasDetourHost,
            observe: trace.map { trace in { trace.add(.lookedUp($0)) } })
        let expansion = expander.expand(
            mailbox,
            rewrite: { address in
                defer { isFirst = false }
                return rewrite(address, channel, defaultHost: isFirst ? host : nil, lookups, trace)
            },
            accept: { address, destination in
                guard !isReprocessing else { return nil }
                let verdict = tables.judge(
                    .original, facts, recipient: recipient, channel: destination, address: address.description,
                    trace: trace)
                findings?.add(verdict.effects)
                effects = verdict.effects
                refusal = verdict.refusal
                return verdict.refusal.map { AliasFailure($0.code, EnhancedStatus(5, 7, 1), $0.text) }
            }, forward: { address, _ in forward(address, recipient, facts, trace) })
        if let refusal { return .refused(refusal) }
        var finalFacts = facts
        finalFacts.conversionTags += effects.conversionTags
        return finish(
            expansion, recipient, finalFacts, effects, defersLists: !isReprocessing && !expandsNow, findings, trace)
    }

    /// FORWARD mapping and forward database (aliases specification, 9.2 step 5).
    private func forward(
        _ address: Mailbox, _ recipient: QueueRecipientFacts, _ facts: AccessFacts, _ trace: RouteTrace?
    ) -> RecipientExpander.Forwarding {
        guard forwarding.isActive else { return .unchanged }
        let question = forwarding.decide(
            address.description, source: "\(facts.sourceChannel)|\(facts.sender)|",
            flags: facts.flags(notify: recipient.notify))
        trace?.add(.forwarded(question))
        return question.decision(texts)
    }

    private func finish(
        _ expansion: RecipientExpansion, _ recipient: QueueRecipientFacts, _ facts: AccessFacts,
        _ effects: AccessEffects, defersLists: Bool, _ findings: AccessFindings?, _ trace: RouteTrace?
    ) -> Result {
        if let reply = expansion.reply {
            return .refused(
                RoutingRefusal(
                    code: reply.code, status: reply.status.description, text: reply.text, detail: reply.detail))
        }
        var collector = RecipientCollector(
            facts: recipient, channels: configuration.channels, defersLists: defersLists)
        var refusal: RoutingRefusal?
        // What a vacation reply would answer: the reply itself is not built yet, and the mailbox copy is complete without.
        for found in expansion.recipients where !found.isAutoreply {
            let address = found.address.description
            let verdict = tables.judge(
                .final, facts, recipient: recipient, channel: found.channel, address: address, trace: trace)
            findings?.add(verdict.effects)
            if let refused = verdict.refusal {
                refusal = refused
                continue
            }
            collector.add(
                found, heldReason: effects.isHeld || verdict.effects.isHeld ? "access table" : nil,
                isDropped: effects.isDropped || verdict.effects.isDropped)
        }
        if collector.routed.isEmpty {
            return .refused(refusal ?? RoutingRefusal(code: 550, status: "5.1.1", text: texts.unknownAlias))
        }
        return .accepted(collector.routed)
    }

    private func rewrite(
        _ address: Mailbox, _ source: Channel, defaultHost: String?, _ lookups: DirectoryLocality, _ trace: RouteTrace?
    ) -> RecipientExpander.Routing {
        var address = address
        if address.route.isEmpty, let host = lookups.routingHost(ofDomain: address.domain) { address.route = [host] }
        let query = RewriteEngine.Query(
            address.description, kind: .envelope, direction: .forward, sourceChannel: source.name,
            defaultHost: defaultHost, directory: lookups)
        switch rewrite(query, trace) {
        case .failed(let code, let text):
            let status = EnhancedStatus(code) ?? EnhancedStatus(5, 1, 2)
            return .failure(AliasFailure(status.isTemporary ? 450 : 550, status, text))
        case .rewritten(let rewritten):
            guard let mailbox = Mailbox(rewritten.address),
                let channel = configuration.channels.channel(named: rewritten.channel)
            else {
                let detail = "rewriting gave \(rewritten.address), which is no address"
                return .failure(AliasFailure(550, EnhancedStatus(5, 1, 2), unknownHost, detail: detail))
            }
            if isPostmaster(mailbox, of: channel) {
                let own = Mailbox(localPart: mailbox.localPart, domain: localHost)
                return rewrite(own, source, defaultHost: nil, lookups, trace)
            }
            return .channel(
                address: mailbox, host: rewritten.host, name: channel.name,
                aliases: channel.looksUpAliases ? AliasChannel(channel) : nil)
        }
    }

    /// Keyword `aliaspostmaster`: the postmaster of the channel's host is that of the local host (aliases
    /// specification, 2.4).
    private func isPostmaster(_ mailbox: Mailbox, of channel: Channel) -> Bool {
        mailbox.localPart.utf8.count == 10 && channel.settings["aliaspostmaster"] != nil
            && mailbox.localPart.asciiLowercased == "postmaster" && mailbox.route.isEmpty
            && mailbox.domain.asciiLowercased == channel.officialHost.asciiLowercased
            && channel.officialHost.asciiLowercased != localHost.asciiLowercased
    }

    private func rewrite(_ query: RewriteEngine.Query, _ trace: RouteTrace?) -> RewriteEngine.Outcome {
        guard let trace else { return engine.rewrite(query) }
        let (outcome, steps) = engine.explain(query)
        var looksUpAliases = false
        if case .rewritten(let rewritten) = outcome {
            looksUpAliases = configuration.channels.channel(named: rewritten.channel)?.looksUpAliases ?? false
        }
        trace.add(
            .rewritten(address: query.address, outcome: outcome, trace: steps, looksUpAliases: looksUpAliases))
        return outcome
    }

    /// What completes a recipient without a domain: the user's own domain with `authhost`, the second `defaulthost`, on
    /// submission channels the only one, else the local host, which is also that of `<postmaster>` everywhere.
    func recipientHost(_ channel: Channel, _ mailbox: Mailbox, _ completion: HostCompletion) -> String? {
        if mailbox.domain.isEmpty, mailbox.localPart.lowercased() == "postmaster" { return nil }
        if let own = completion.ownDomain(channel) { return own }
        let hosts = channel.defaultHosts
        return hosts.count > 1 ? hosts[1] : channel.isSubmission ? hosts.first : nil
    }

    func locality() -> DirectoryLocality { locality(directory.current.directory) }

    private func locality(_ directory: any Directory) -> DirectoryLocality {
        let options = configuration.mta.addresses
        return DirectoryLocality(directory: directory, ownHosts: [localHost] + options.hostAliases, options: options)
    }

    private func snapshot() -> (AliasResolver, DirectoryLocality) {
        let (current, generation) = directory.current
        let made = resolver.withLock { cached in
            if let cached, cached.generation == generation { return cached.resolver }
            let options = configuration.mta.addresses
            let made = AliasResolver(
                magic: options.aliasMagic, aliasDomains: options.aliasDomains, file: configuration.aliases,
                directory: current,
                settings: DirectorySource.Settings(
                    deliveryOptions: configuration.mta.deliveryOptions, defaultDomain: configuration.defaultDomain,
                    localHosts: Set([localHost, configuration.hostname] + options.hostAliases), texts: texts,
                    searchesUplevel: options.searchesUplevel),
                environment: environment)
            cached = (generation, made)
            return made
        }
        return (made, locality(current))
    }

    private var environment: AliasEnvironment {
        let (mappings, context, paths, files) = (configuration.mappings, context, configuration.paths, listFiles)
        return AliasEnvironment(
            readFile: { files.text(paths.expand($0)) },
            probeMapping: { table, probe in
                guard let result = mappings.probe(table, probe, context: context),
                    result.flags.has("Y") || result.flags.has("T")
                else { return nil }
                return result.output
            })
    }
}

extension Mailbox {
    /// Without restricted encoding (RFC 1137).
    var decoded: Mailbox { Mailbox(RestrictedEncoding.decoded(description)) ?? self }
}

extension AliasChannel {
    init(_ channel: Channel) {
        let matching: SubaddressMatching =
            switch channel.subaddress {
            case .exact: .exact
            case .wild: .wild
            case .relaxed: .relaxed
            }
        self.init(
            name: channel.name, isLocal: channel.name == "l", subaddress: matching,
            aliasMagic: channel.integer("aliasmagic"), aliasWild: channel.has("aliaswild"),
            viaAliasRequired: channel.requiresAlias)
    }
}

extension AliasErrorTexts {
    init(_ given: [String: String]) {
        self.init()
        func set(_ name: String, _ text: inout String) { if let value = given[name] { text = value } }
        set("unknown_alias", &unknownAlias)
        set("disabled_user", &disabledUser)
        set("disabled_group", &disabledGroup)
        set("inactive_user", &inactiveUser)
        set("inactive_group", &inactiveGroup)
        set("deleted_user", &deletedUser)
        set("deleted_group", &deletedGroup)
        set("over_quota", &overQuota)
        set("access_failure", &accessFailure)
    }
}
