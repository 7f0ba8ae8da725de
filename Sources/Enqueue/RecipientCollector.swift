package import Aliases
import Channels
import Envelope
import InternetMessage

/// Makes routed recipients of what the expansion of one recipient found.
struct RecipientCollector {
    let facts: QueueRecipientFacts
    let channels: ChannelTable
    /// The copies of a list with an envelope From, header fields or limits of its own are another message: they are
    /// made by the reprocess channel, which gets the address of the list. False in that channel itself.
    let defersLists: Bool

    private(set) var routed: [RoutedRecipient] = []
    private var deferred: Set<Mailbox> = []

    init(facts: QueueRecipientFacts, channels: ChannelTable, defersLists: Bool) {
        self.facts = facts
        self.channels = channels
        self.defersLists = defersLists && channels.channel(named: Self.channel) != nil
    }

    static let channel = "reprocess"

    /// `heldReason`, `isDropped`: of the access tables.
    mutating func add(_ found: RecipientExpansion.Recipient, heldReason: String?, isDropped: Bool = false) {
        var recipient = facts
        if isDropped {
            routed.append(
                RoutedRecipient(
                    channel: Bitbucket.channel, host: Bitbucket.channel,
                    recipient: recipient.recipient(address: found.address.description)))
            return
        }
        if let list = found.list { recipient.notify = list.adjusted(recipient.notify) }
        // The outermost alias that hides what it stands for, whichever hop it was on.
        let shownAddress = facts.shownAddress ?? (found.notificationAddress ?? intermediate(found))?.description
        let list = found.list.flatMap { $0.hasOwnEnvelope ? $0 : nil }
        if let list, let address = found.listAddress, defersLists {
            guard deferred.insert(address).inserted else { return }
            postpone(address, recipient, heldReason, list)
        } else if found.isDeferred {
            recipient.shownAddress = shownAddress
            postpone(found.address, recipient, found.heldReason ?? heldReason, nil)
        } else {
            recipient.shownAddress = shownAddress
            routed.append(
                RoutedRecipient(
                    channel: found.channel, host: found.host,
                    recipient: recipient.recipient(address: found.address.description),
                    heldReason: found.heldReason ?? heldReason, list: list))
        }
    }

    /// `useintermediate` of the channel: the address that a mailbox there was made of (channels specification, 4.10).
    private func intermediate(_ found: RecipientExpansion.Recipient) -> Mailbox? {
        guard let channel = channels.channel(named: found.channel), channel.noticeForms == .intermediate,
            found.address.domain.asciiLowercased == channel.officialHost.asciiLowercased
        else { return nil }
        return found.precedingAddress
    }

    private mutating func postpone(
        _ address: Mailbox, _ recipient: QueueRecipientFacts, _ heldReason: String?, _ list: ListParameters?
    ) {
        routed.append(
            RoutedRecipient(
                channel: Self.channel, host: channels.channel(named: Self.channel)?.officialHost ?? Self.channel,
                recipient: recipient.recipient(address: address.description), heldReason: heldReason, list: list))
    }
}

extension ListParameters {
    /// What a post to the list is refused with (aliases specification, 5.3): larger than `[BLOCKLIMIT]` blocks, or more
    /// than `[LINELIMIT]` lines.
    package func refusal(size: Int, lines: Int, blockSize: Int) -> RoutingRefusal? {
        if blockLimit > 0, size > blockLimit.multipliedReportingOverflow(by: blockSize).partialValue {
            return RoutingRefusal(
                code: 550, status: "5.2.3", text: "list limit of \(blockLimit) blocks on message size exceeded")
        }
        guard lineLimit > 0, lines > lineLimit else { return nil }
        return RoutingRefusal(code: 550, status: "5.2.3", text: "list limit of \(lineLimit) lines exceeded")
    }

    /// `[NODELAY_NOTIFICATIONS]`: no word about delays of list mail; what the sender asked for is kept otherwise.
    fileprivate func adjusted(_ notify: NotifyConditions) -> NotifyConditions {
        guard delayNotifications == false else { return notify }
        if notify.isEmpty { return .failure }
        return notify == .delay ? .never : notify.subtracting(.delay)
    }
}
