package import InternetMessage

/// What an envelope To address came to after aliases and forwarding (aliases specification, 9.2).
package struct RecipientExpansion: Sendable {
    /// One final address. SEND_ACCESS and MAIL_ACCESS judge it (step 6).
    package struct Recipient: Hashable, Sendable {
        package var address: Mailbox
        /// The channel it rewrote to; for a deferred expansion the caller takes the reprocess channel instead.
        package var channel: String
        /// The host the channel delivers to.
        package var host = ""
        package var heldReason: String?
        package var isDeferred = false
        package var isAutoreply = false
        /// What notifications name instead of `address`; nil: `address`.
        package var notificationAddress: Mailbox?
        /// The alias or mailbox owner it came from in the last step; nil for the address that was given.
        package var precedingAddress: Mailbox?
        /// Parameters of the innermost list it came from that has an envelope of its own, else of the innermost.
        package var list: ListParameters?
        /// The address of that list.
        package var listAddress: Mailbox?
        /// Aliases it went through, 0 for an address that was none.
        package var level = 0
    }

    package struct Failure: Hashable, Sendable {
        /// The address that failed; the reply names the one the client gave.
        package var address: Mailbox
        package var failure: AliasFailure
    }

    package var recipients: [Recipient] = []
    package var failures: [Failure] = []

    /// Good if at least one address is legal (aliases specification, 3.5).
    package var isGood: Bool { !recipients.isEmpty }

    /// What to answer when nothing is good: a temporary failure before a permanent one, so that mail waits.
    package var reply: AliasFailure? {
        guard recipients.isEmpty else { return nil }
        return failures.first { $0.failure.isTemporary }?.failure ?? failures.first?.failure
    }
}

/// Runs one envelope To address through rewriting, aliases and forwarding, again and again until nothing changes.
package struct RecipientExpander {
    /// What rewriting says of an address (step 2).
    package enum Routing: Sendable {
        /// `host`: what the channel delivers to; `aliases`: nil for a channel whose addresses are not looked up.
        case channel(address: Mailbox, host: String, name: String, aliases: AliasChannel?)
        case failure(AliasFailure)
    }

    /// What the FORWARD mapping and the forward database say of an address (step 5).
    package enum Forwarding: Sendable {
        case unchanged
        /// `rewritesAgain`: goes back to step 2; `forwardsAgain`: and may be forwarded there once more.
        case changed(Mailbox, rewritesAgain: Bool, forwardsAgain: Bool, heldReason: String? = nil)
        case held(String)
        case failure(AliasFailure)
    }

    /// Default of `max_alias_levels`.
    package static let defaultMaxLevels = 10
    /// Addresses one recipient may become.
    package static let maxAddresses = 1_000_000

    private let resolver: AliasResolver
    private let maxLevels: Int
    private let texts: AliasErrorTexts
    private let poster: Poster
    private let now: Int64
    private let isReprocessing: Bool
    private let detourHost: String?
    private let observe: ((AliasLookup) -> Void)?

    /// `now`: seconds since 1970. `detourHost`: keyword `aliasdetourhost` of the source channel. `observe` is told of every
    /// source that is asked.
    package init(
        resolver: AliasResolver, maxLevels: Int = defaultMaxLevels, texts: AliasErrorTexts = AliasErrorTexts(),
        poster: Poster = Poster(), now: Int64, isReprocessing: Bool = false, detourHost: String? = nil,
        observe: ((AliasLookup) -> Void)? = nil
    ) {
        self.resolver = resolver
        self.observe = observe
        self.maxLevels = maxLevels
        self.texts = texts
        self.poster = poster
        self.now = now
        self.isReprocessing = isReprocessing
        self.detourHost = detourHost
    }

    /// An address on its way.
    private struct Step {
        var address: Mailbox
        /// Aliases it went through, outermost first; at most `maxLevels`.
        var chain: [Mailbox] = []
        var recipient: RecipientExpansion.Recipient
        var mayForward = true
        /// The alias gave it without a domain.
        var isBare = false
    }

    /// `accept`: called once, with the rewritten address the client gave and its channel, before aliases:
    /// ORIG_SEND_ACCESS and ORIG_MAIL_ACCESS (step 3); a failure it gives ends everything.
    package func expand(
        _ address: Mailbox, rewrite: (Mailbox) -> Routing,
        accept: (_ address: Mailbox, _ channel: String) -> AliasFailure? = { _, _ in nil },
        forward: (_ address: Mailbox, _ channel: String) -> Forwarding = { _, _ in .unchanged }
    ) -> RecipientExpansion {
        var result = RecipientExpansion()
        var seen: Set<String> = []
        var steps = [Step(address: address, recipient: .init(address: address, channel: ""))]
        var isFirst = true
        while var step = steps.popLast() {
            guard seen.count <= Self.maxAddresses else {
                result.recipients = []
                result.failures = [.init(address: address, failure: texts.misconfigured("too many addresses"))]
                return result
            }
            switch rewrite(step.address) {
            case .failure(let failure):
                result.failures.append(.init(address: step.address, failure: failure))
            case .channel(let rewritten, let host, let channel, let aliases):
                if isFirst, let failure = accept(rewritten, channel) {
                    result.failures.append(.init(address: rewritten, failure: failure))
                    return result
                }
                step.address = rewritten
                step.recipient.address = rewritten
                step.recipient.channel = channel
                step.recipient.host = host
                if let aliases {
                    lookUp(step, aliases, forward, &steps, &result, &seen)
                } else {
                    finish(step, forward, &steps, &result, &seen)
                }
            }
            isFirst = false
        }
        return result
    }

    /// Step 4.
    private func lookUp(
        _ step: Step, _ channel: AliasChannel, _ forward: (Mailbox, String) -> Forwarding, _ steps: inout [Step],
        _ result: inout RecipientExpansion, _ seen: inout Set<String>
    ) {
        let query = AliasQuery(
            address: step.address, channel: channel, poster: poster, now: now, isReprocessing: isReprocessing,
            isBare: step.isBare, detourHost: detourHost)
        guard !seen.contains(Self.expandedKey(step.address)) else { return }
        var sources = resolver.order(query)
        switch resolver.answer(query, from: &sources, observe: observe) {
        case .failure(let failure):
            result.failures.append(.init(address: step.address, failure: failure))
        case .notFound:
            finish(step, requiresAlias: channel.viaAliasRequired, forward, &steps, &result, &seen)
        case .addresses(let addresses):
            guard step.chain.count < maxLevels else {
                fail(step, "more than \(maxLevels) alias levels", &result)
                return
            }
            // Each alias is expanded once, however many lists name it; what it gives is in the result already.
            seen.insert(Self.expandedKey(step.address))
            for expanded in withMailbox(addresses, query, sources).reversed() {
                push(expanded, from: step, forward, &steps, &result, &seen)
            }
        }
    }

    private static func expandedKey(_ address: Mailbox) -> String {
        "expanded " + address.description.asciiLowercased
    }

    /// An alias that names itself means the mailbox: when a later source knows the address (the directory, where the
    /// alias file came first), what that source says takes its place.
    private func withMailbox(
        _ addresses: [ExpandedAddress], _ query: AliasQuery, _ sources: ArraySlice<Int>
    ) -> [ExpandedAddress] {
        var sources = sources
        guard !sources.isEmpty,
            let own = addresses.firstIndex(where: { !$0.isDeferred && $0.address.isSameAddress(as: query.address) }),
            case .addresses(let later) = resolver.answer(query, from: &sources, observe: observe)
        else { return addresses }
        var result = addresses
        result.replaceSubrange(own...own, with: withMailbox(later, query, sources))
        return result
    }

    private func push(
        _ expanded: ExpandedAddress, from step: Step, _ forward: (Mailbox, String) -> Forwarding,
        _ steps: inout [Step], _ result: inout RecipientExpansion, _ seen: inout Set<String>
    ) {
        var next = Step(address: expanded.address, chain: step.chain + [step.address], recipient: step.recipient)
        next.isBare = expanded.address.domain.isEmpty
        next.recipient.level += 1
        next.recipient.precedingAddress = step.address
        next.recipient.heldReason = expanded.heldReason ?? step.recipient.heldReason
        next.recipient.isAutoreply = expanded.isAutoreply || step.recipient.isAutoreply
        // A list without an envelope of its own leaves that of the list it is in.
        if let list = expanded.list, list.decidesEnvelope || step.recipient.list?.decidesEnvelope != true {
            next.recipient.list = list
            next.recipient.listAddress = step.address
        }
        if expanded.hidesBehindAlias, next.recipient.notificationAddress == nil {
            next.recipient.notificationAddress = step.address
        }
        if expanded.isDeferred {
            next.recipient.isDeferred = true
            add(next.recipient, &result, &seen)
        } else if expanded.address.isSameAddress(as: step.address) {
            // The alias names itself: the mailbox, delivered to the channel that matched.
            finish(next, forward, &steps, &result, &seen)
        } else if step.chain.contains(where: { $0.isSameAddress(as: expanded.address) }) {
            fail(next, "alias loop", &result)
        } else {
            steps.append(next)
        }
    }

    private func fail(_ step: Step, _ reason: String, _ result: inout RecipientExpansion) {
        let chain = (step.chain + [step.address]).map(\.description).joined(separator: " -> ")
        result.failures.append(.init(address: step.address, failure: texts.unknown(detail: "\(reason): \(chain)")))
    }

    /// Step 5. `requiresAlias`: an address that forwarding leaves on its channel is unknown there.
    private func finish(
        _ step: Step, requiresAlias: Bool = false, _ forward: (Mailbox, String) -> Forwarding,
        _ steps: inout [Step], _ result: inout RecipientExpansion, _ seen: inout Set<String>
    ) {
        var recipient = step.recipient
        switch step.mayForward ? forward(step.address, recipient.channel) : .unchanged {
        case .unchanged:
            break
        case .held(let reason):
            recipient.heldReason = reason
        case .failure(let failure):
            result.failures.append(.init(address: step.address, failure: failure))
            return
        case .changed(let address, let rewritesAgain, let forwardsAgain, let heldReason):
            recipient.heldReason = heldReason ?? recipient.heldReason
            guard rewritesAgain, !address.isSameAddress(as: step.address) else {
                recipient.address = address
                recipient.host = address.route.first ?? address.domain
                break
            }
            guard step.chain.count < maxLevels else { return fail(step, "more than \(maxLevels) levels", &result) }
            var next = Step(address: address, chain: step.chain + [step.address], recipient: recipient)
            next.mayForward = forwardsAgain
            next.isBare = address.domain.isEmpty
            steps.append(next)
            return
        }
        guard !requiresAlias else {
            result.failures.append(.init(address: step.address, failure: texts.unknown()))
            return
        }
        add(recipient, &result, &seen)
    }

    private func add(
        _ recipient: RecipientExpansion.Recipient, _ result: inout RecipientExpansion, _ seen: inout Set<String>
    ) {
        let key = recipient.channel + " " + recipient.address.description.asciiLowercased
        if seen.insert(key).inserted { result.recipients.append(recipient) }
    }
}
