package import AddressRewriting
package import Aliases
package import Channels
package import Configuration
package import InternetMessage
import Mappings
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

    package init(clientLiteral: String? = nil) { self.clientLiteral = clientLiteral }
}

/// The way of an address through rewriting, access tables and aliases to channels. Immutable but for the directory, which
/// is read again when it changes; every method may be called from any thread.
package final class Router: Sendable {
    package let configuration: MTAConfiguration
    package let engine: RewriteEngine
    private let directory: DirectoryStore
    private let tables: AccessTables
    private let texts: AliasErrorTexts
    private let resolver: Mutex<(generation: Int, resolver: AliasResolver)?>

    /// `report` gets lines about the directory file.
    package init(configuration: MTAConfiguration, report: @escaping @Sendable (String) -> Void) {
        self.configuration = configuration
        texts = AliasErrorTexts(configuration.mta.errorTexts)
        let unknownHost = configuration.mta.errorTexts["unknown_host"] ?? "unknown host or domain"
        engine = RewriteEngine(
            rules: configuration.rewriteRules, mappings: configuration.mappings,
            channels: ConfiguredChannels(table: configuration.channels), localHost: configuration.channels.localHost,
            unknownHostText: unknownHost)
        directory = DirectoryStore(path: configuration.directoryFile, report: report)
        tables = AccessTables(
            mappings: configuration.mappings, context: MappingContext(), paranoia: configuration.mta.mappingParanoia,
            showsAccessErrors: configuration.mta.showsAccessErrors, unknownHostText: unknownHost,
            accessFailureText: texts.accessFailure)
        resolver = Mutex(nil)
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

    /// Completes and rewrites an envelope From. Nil stays nil: the empty reverse path is never rewritten. An address that
    /// leads to no channel is kept as it is (`return_envelope` bit 4 is not set).
    package func sender(_ mailbox: Mailbox?, channel: Channel, completion: HostCompletion) -> String {
        guard let mailbox else { return "" }
        let host = senderHost(channel, completion)
        let query = RewriteEngine.Query(
            mailbox.description, kind: .envelope, direction: .backward, sourceChannel: channel.name,
            defaultHost: host, directory: locality())
        if case .rewritten(let rewritten) = engine.rewrite(query) { return rewritten.address }
        return mailbox.domain.isEmpty
            ? Mailbox(localPart: mailbox.localPart, domain: host ?? localHost).description
            : mailbox.description
    }

    /// Rewrites one address and tells what was tried, for `test rewrite`.
    package func explain(
        _ address: String, kind: AddressKind, direction: AddressDirection, sourceChannel: String,
        destinationChannel: String? = nil
    ) -> (outcome: RewriteEngine.Outcome, trace: [RewriteTraceStep]) {
        engine.explain(
            RewriteEngine.Query(
                address, kind: kind, direction: direction, sourceChannel: sourceChannel,
                destinationChannel: destinationChannel, directory: locality()))
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
    /// specification, 11).
    package func route(
        _ mailbox: Mailbox, recipient: QueueRecipientFacts, channel: Channel, completion: HostCompletion,
        facts: AccessFacts, isReprocessing: Bool = false, trace: RouteTrace? = nil
    ) -> Result {
        let (current, lookups) = snapshot()
        let host = recipientHost(channel, mailbox)
        if let trace, mailbox.domain.isEmpty {
            trace.add(.completed(address: mailbox.description, host: host ?? localHost))
        }
        var isFirst = true
        var held = false
        var refusal: RoutingRefusal?
        let expander = RecipientExpander(
            resolver: current, maxLevels: configuration.mta.maxAliasLevels, texts: texts,
            poster: Poster(envelopeFrom: Mailbox(facts.sender), sourceChannel: channel.name),
            now: SystemClock.wallSeconds, isReprocessing: isReprocessing,
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
                    .original, facts, channel: destination, address: address.description, trace: trace)
                held = verdict.isHeld
                refusal = verdict.refusal
                return verdict.refusal.map { AliasFailure($0.code, EnhancedStatus(5, 7, 1), $0.text) }
            })
        if let refusal { return .refused(refusal) }
        return finish(expansion, recipient, facts, isHeld: held, trace)
    }

    private func finish(
        _ expansion: RecipientExpansion, _ recipient: QueueRecipientFacts, _ facts: AccessFacts, isHeld: Bool,
        _ trace: RouteTrace?
    ) -> Result {
        if let reply = expansion.reply {
            return .refused(
                RoutingRefusal(
                    code: reply.code, status: reply.status.description, text: reply.text, detail: reply.detail))
        }
        var routed: [RoutedRecipient] = []
        var refusal: RoutingRefusal?
        // What a vacation reply would answer: the reply itself is not built yet, and the mailbox copy is complete without.
        for found in expansion.recipients where !found.isAutoreply {
            let address = found.address.description
            let verdict = tables.judge(.final, facts, channel: found.channel, address: address, trace: trace)
            if let refused = verdict.refusal {
                refusal = refused
                continue
            }
            let held = found.heldReason ?? (isHeld || verdict.isHeld ? "access table" : nil)
            let channel = found.isDeferred ? "reprocess" : found.channel
            routed.append(
                RoutedRecipient(
                    channel: channel,
                    host: found.isDeferred ? officialHost(channel) : found.address.route.first ?? found.address.domain,
                    recipient: recipient.recipient(address: address), heldReason: held))
        }
        if routed.isEmpty {
            return .refused(refusal ?? RoutingRefusal(code: 550, status: "5.1.1", text: texts.unknownAlias))
        }
        return .accepted(routed)
    }

    private func rewrite(
        _ address: Mailbox, _ source: Channel, defaultHost: String?, _ lookups: DirectoryLocality, _ trace: RouteTrace?
    ) -> RecipientExpander.Routing {
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
            else { return .failure(AliasFailure(550, EnhancedStatus(5, 1, 2), "unknown host or domain")) }
            return .channel(
                address: mailbox, name: channel.name,
                aliases: channel.looksUpAliases ? AliasChannel(channel) : nil)
        }
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

    /// What completes a sender without a domain; nil: the local host (channels specification, 4.9).
    private func senderHost(_ channel: Channel, _ completion: HostCompletion) -> String? {
        channel.defaultHosts.first ?? (channel.usesRemoteHost ? completion.clientLiteral : nil)
    }

    /// What completes a recipient without a domain: the second `defaulthost`, on submission channels the only one, else
    /// the local host, which is also that of `<postmaster>` everywhere.
    private func recipientHost(_ channel: Channel, _ mailbox: Mailbox) -> String? {
        if mailbox.domain.isEmpty, mailbox.localPart.lowercased() == "postmaster" { return nil }
        let hosts = channel.defaultHosts
        return hosts.count > 1 ? hosts[1] : channel.isSubmission ? hosts.first : nil
    }

    private func officialHost(_ channel: String) -> String {
        configuration.channels.channel(named: channel)?.officialHost ?? channel
    }

    private func locality() -> DirectoryLocality { locality(directory.current.directory) }

    private func locality(_ directory: any Directory) -> DirectoryLocality {
        DirectoryLocality(directory: directory, ownHosts: [localHost], searchesUplevel: false)
    }

    private func snapshot() -> (AliasResolver, DirectoryLocality) {
        let (current, generation) = directory.current
        let made = resolver.withLock { cached in
            if let cached, cached.generation == generation { return cached.resolver }
            let made = AliasResolver(
                file: configuration.aliases, directory: current,
                settings: DirectorySource.Settings(
                    deliveryOptions: configuration.mta.deliveryOptions, defaultDomain: configuration.defaultDomain,
                    localHosts: [localHost, configuration.hostname], texts: texts),
                environment: environment)
            cached = (generation, made)
            return made
        }
        return (made, locality(current))
    }

    private var environment: AliasEnvironment {
        let mappings = configuration.mappings
        return AliasEnvironment(
            readFile: { path in (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) } },
            probeMapping: { table, probe in
                guard let result = mappings.probe(table, probe), result.flags.has("Y") || result.flags.has("T") else {
                    return nil
                }
                return result.output
            })
    }
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
