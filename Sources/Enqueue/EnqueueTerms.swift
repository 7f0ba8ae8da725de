package import Channels
package import Envelope
import InternetMessage
import SystemCalls

/// What the size and the header of a message mean on its way into the queue, by the keywords of its channels (channels
/// specification, sections 4.4, 4.5 and 4.8).
package struct EnqueueTerms: Sendable {
    /// `Priority:` of the header, or that of the entry that is enqueued again.
    package var priority = Priority.normal
    /// Octets of the message.
    package var size: Int
    /// Lines of the message; nil when nobody counted them.
    package var lines: Int?
    /// Octets of an MTA block.
    package var blockSize: Int
    /// `Deferred-delivery:`, seconds since 1970; nil without it.
    package var deferredUntil: Int64?
    /// HOLDFOR or HOLDUNTIL of MAIL FROM (RFC 4865), seconds since 1970; 0: none.
    package var releaseTime: Int64 = 0
    /// BY of MAIL FROM (RFC 2852).
    package var deliverBy: DeliverBy?
    package var source: Channel
    /// Seconds since 1970.
    package var now: Int64

    package init(
        _ facts: HeaderFacts, size: Int, lines: Int? = nil, blockSize: Int, source: Channel,
        now: Int64 = SystemClock.wallSeconds
    ) {
        priority = facts.priority
        deferredUntil = facts.deferredUntil
        self.size = size
        self.lines = lines
        self.blockSize = blockSize
        self.source = source
        self.now = now
    }

    /// Whether the message has more than so many blocks.
    private func exceeds(blocks: Int?) -> Bool {
        guard let blocks else { return false }
        let (octets, overflow) = blocks.multipliedReportingOverflow(by: blockSize)
        return !overflow && size > octets
    }

    private func exceeds(lines limit: Int?) -> Bool {
        guard let limit, let lines else { return false }
        return lines > limit
    }

    /// The priority on a destination channel. A message over a limit goes one step down, where the next limit is that of
    /// its new priority.
    func priority(on channel: Channel) -> Priority {
        var priority = priority
        if priority == .urgent, exceeds(blocks: channel.priorityBlockLimit(.urgent)) { priority = .normal }
        if priority == .normal, exceeds(blocks: channel.priorityBlockLimit(.normal)) { priority = .nonurgent }
        if priority == .nonurgent, exceeds(blocks: channel.priorityBlockLimit(.nonurgent)) { priority = .secondClass }
        return priority
    }

    /// When delivery on a destination channel may begin, 0 for at once: `Deferred-delivery:`, and the `after` keywords. A
    /// date further ahead than the lower of the limits of source and destination is not honoured.
    func notBefore(on channel: Channel) -> Int64 {
        let delay = channel.startDelay(Int(priority(on: channel).rawValue))
        return max(releaseTime, deferral(on: channel), delay > 0 ? now + Int64(delay) : 0)
    }

    private func deferral(on channel: Channel) -> Int64 {
        guard let deferredUntil, deferredUntil > now else { return 0 }
        let limits = [channel.deferredDestinationSeconds, source.deferredSourceSeconds].compactMap { $0 }
        guard let limit = limits.min(), deferredUntil - now <= Int64(limit) else { return 0 }
        return deferredUntil
    }

    /// What the size of the message is refused with on a destination channel: `blocklimit`, `linelimit`.
    package func refusal(on channel: Channel) -> RoutingRefusal? {
        let limit = channel.exceededSizeLimit(octets: Int64(size), lines: lines.map(Int64.init), blockSize: blockSize)
        let text: String
        switch limit {
        case nil: return nil
        case .octets(let allowed): text = "channel limit of \(allowed / 1024) kilobytes on message size exceeded"
        case .lines(let allowed): text = "channel limit of \(allowed) lines exceeded"
        }
        return RoutingRefusal(code: 550, status: "5.2.3", text: text)
    }

    /// The recipients on the channels that take them: `alternatechannel` gets those of a channel one of whose limits is
    /// exceeded, `enqueueremoveroute` takes source routes off, `restricted` writes local parts without quotes.
    package func placed(_ recipients: [RoutedRecipient], _ channels: ChannelTable) -> [RoutedRecipient] {
        var counts: [String: Int] = [:]
        for recipient in recipients { counts[recipient.channel, default: 0] += 1 }
        let alternates = counts.reduce(into: [String: String]()) { found, item in
            guard let alternate = channels.channel(named: item.key)?.alternate,
                channels.channel(named: alternate.channel) != nil,
                exceeds(blocks: alternate.blocks) || exceeds(lines: alternate.lines)
                    || alternate.recipients.map({ item.value > $0 }) == true
            else { return }
            found[item.key] = alternate.channel
        }
        let stripping = Set(counts.keys.filter { channels.channel(named: $0)?.removesRouteAtEnqueue == true })
        let restricted = Set(counts.keys.filter { channels.channel(named: $0)?.usesRestrictedEncoding == true })
        guard !alternates.isEmpty || !stripping.isEmpty || !restricted.isEmpty else { return recipients }
        return recipients.map { recipient in
            var recipient = recipient
            if stripping.contains(recipient.channel), var mailbox = Mailbox(recipient.recipient.address),
                !mailbox.route.isEmpty
            {
                mailbox.route = []
                recipient.recipient.address = mailbox.description
            }
            if restricted.contains(recipient.channel) {
                recipient.recipient.address = RestrictedEncoding.encoded(recipient.recipient.address)
            }
            if let alternate = alternates[recipient.channel] { recipient.channel = alternate }
            return recipient
        }
    }
}

extension EntryPlan {
    /// The entries of a message, as the keywords of its channels say.
    package static func entries(
        _ recipients: [RoutedRecipient], terms: EnqueueTerms, heldReason: String?, channels: ChannelTable
    ) -> [QueueEntry] {
        var entries = entries(
            terms.placed(recipients, channels), priority: terms.priority, heldReason: heldReason,
            division: { Division(channels.channel(named: $0)) },
            officialHost: { channels.channel(named: $0)?.officialHost ?? $0 })
        for index in entries.indices {
            guard let channel = channels.channel(named: entries[index].channel) else { continue }
            entries[index].priority = terms.priority(on: channel)
            entries[index].notBefore = terms.notBefore(on: channel)
            entries[index].deliverBy = terms.deliverBy
        }
        return entries
    }
}
