package import AddressRewriting
import Aliases
package import Channels
import Configuration
package import Envelope
package import InternetMessage

/// The way of an envelope From (aliases specification, 9.1), and of the addresses that `test rewrite` is asked about.
extension Router {
    /// Completes, rewrites and reverses an envelope From. The empty reverse path is never rewritten, and stays so unless
    /// RETURN_ENVELOPE replaces it. An address that leads to no channel is kept as it is.
    package func sender(_ mailbox: Mailbox?, channel: Channel, completion: HostCompletion) -> String {
        guard let given = mailbox else {
            let isReplaced = configuration.returnEnvelope(of: channel).contains(.emptyIsPostmaster)
            return isReplaced ? "postmaster@\(localHost)" : ""
        }
        let mailbox = channel.usesRestrictedEncoding ? given.decoded : given
        let isBare = mailbox.domain.isEmpty && mailbox.route.isEmpty
        // `nodefaulthost`: nothing is completed (channels specification, 4.9).
        if isBare, leavesBare(channel, completion) { return mailbox.description }
        let host = senderHost(channel, completion)
        let query = RewriteEngine.Query(
            mailbox.description, kind: .envelope, direction: .backward, sourceChannel: channel.name,
            defaultHost: host, directory: locality())
        if case .rewritten(let rewritten) = engine.rewrite(query) { return reversed(rewritten.address, channel) }
        return mailbox.domain.isEmpty
            ? Mailbox(localPart: mailbox.localPart, domain: host ?? localHost).description
            : mailbox.description
    }

    /// Simple reversal: no destination is known yet (aliases specification, 9.1 step 4).
    private func reversed(_ address: String, _ channel: Channel) -> String {
        guard configuration.mta.addresses.reversesEnvelope, reversal.isActive else { return address }
        let subject = AddressReversal.Subject(
            address: address, kind: .envelope, direction: .backward, sourceChannel: channel.name)
        return reversal.decide(subject)?.result ?? address
    }

    /// What FROM_ACCESS says of a transaction.
    package enum SenderJudgement: Hashable, Sendable {
        /// `sender`: the envelope From, which the table may have replaced.
        case accepted(sender: String)
        case refused(RoutingRefusal)
    }

    /// Asks FROM_ACCESS about the envelope From of `facts` (access-and-filtering specification, 3). `findings` gets what
    /// the table wants besides.
    package func judgeSender(
        _ facts: AccessFacts, findings: AccessFindings? = nil, trace: RouteTrace? = nil
    ) -> SenderJudgement {
        let verdict = tables.judgeSender(facts, trace: trace)
        findings?.add(verdict.effects)
        if let refusal = verdict.refusal { return .refused(refusal) }
        return .accepted(sender: verdict.newSender ?? facts.sender)
    }

    /// Rewrites and reverses one address and tells what was tried, for `test rewrite`.
    package func explain(
        _ address: String, kind: AddressKind, direction: AddressDirection, sourceChannel: String,
        destinationChannel: String? = nil
    ) -> (outcome: RewriteEngine.Outcome, trace: [RewriteTraceStep]) {
        let host = configuration.channels.channel(named: sourceChannel).flatMap { channel in
            kind == .header || direction == .backward
                ? senderHost(channel, HostCompletion())
                : Mailbox(address).flatMap { recipientHost(channel, $0, HostCompletion()) }
        }
        var (outcome, trace) = engine.explain(
            RewriteEngine.Query(
                address, kind: kind, direction: direction, sourceChannel: sourceChannel,
                destinationChannel: destinationChannel, defaultHost: host, directory: locality()))
        guard case .rewritten(var rewritten) = outcome else { return (outcome, trace) }
        if isReversed(kind, direction, destinationChannel) {
            let subject = AddressReversal.Subject(
                address: rewritten.address, kind: kind, direction: direction, sourceChannel: sourceChannel,
                destinationChannel: destinationChannel ?? "")
            if let result = reversal.decide(subject)?.result { rewritten.address = result }
        }
        if kind == .header, let destinationChannel {
            rewritten.address = outward(
                rewritten.address, of: rewritten.channel, direction, destination: destinationChannel)
        }
        outcome = .rewritten(rewritten)
        return (outcome, trace)
    }

    /// Never an envelope To; not on a channel with `noreverse`.
    private func isReversed(_ kind: AddressKind, _ direction: AddressDirection, _ destination: String?) -> Bool {
        switch (kind, direction) {
        case (.envelope, .forward): return false
        case (.envelope, .backward): return configuration.mta.addresses.reversesEnvelope
        case (.header, _):
            let channel = destination.flatMap { configuration.channels.channel(named: $0) }
            return channel?.reversesAddresses ?? true
        }
    }

    /// What completes a sender without a domain; nil: the local host (channels specification, 4.9).
    func senderHost(_ channel: Channel, _ completion: HostCompletion) -> String? {
        completion.ownDomain(channel) ?? channel.defaultHosts.first
            ?? (channel.usesRemoteHost ? completion.clientLiteral : nil)
    }

    /// `nodefaulthost`: senders and header addresses without a domain stay so.
    func leavesBare(_ channel: Channel, _ completion: HostCompletion) -> Bool {
        channel.refusesDefaultHost && completion.ownDomain(channel) == nil
    }

    /// How the addresses of a message that has been accepted before are completed: as at its first acceptance.
    package func completion(of submission: Submission) -> HostCompletion {
        var completion = HostCompletion()
        let address = submission.clientAddress
        if !address.isEmpty { completion.clientLiteral = address.contains(":") ? "[IPv6:\(address)]" : "[\(address)]" }
        if !submission.user.isEmpty, case .found(let entry) = user(forLogin: submission.user) {
            completion.authenticatedDomain = Mailbox(entry.mail)?.domain
        }
        return completion
    }
}
