package import Channels
import Configuration

/// Recipients and messages that are not for now: `expandlimit`, `expandchannel`, `holdlimit`, and limits on the size of a
/// message (channels specification, section 4.8).
extension Router {
    /// Whether a recipient that comes after `count` good ones is left to the channel that expands off line.
    package func isOverExpandLimit(_ count: Int, _ source: Channel) -> Bool {
        guard let limit = source.expandLimit else { return false }
        return count >= limit && canExpandElsewhere(source)
    }

    /// Whether a message with `count` recipients waits, held, on the channel that expands off line.
    package func isOverHoldLimit(_ count: Int, _ source: Channel) -> Bool {
        guard let limit = source.holdLimit else { return false }
        return count > limit && canExpandElsewhere(source)
    }

    private func canExpandElsewhere(_ source: Channel) -> Bool {
        source.mayExpandElsewhere && configuration.channels.channel(named: source.expandChannel) != nil
    }

    /// The recipients on the way to the `expandchannel` of their source channel, each with the address it came to.
    package func deferred(_ recipients: [RoutedRecipient], by source: Channel) -> [RoutedRecipient] {
        deferred(recipients, to: source.expandChannel)
    }

    func deferred(_ recipients: [RoutedRecipient], to name: String) -> [RoutedRecipient] {
        let host = configuration.channels.channel(named: name)?.officialHost
        return recipients.map { recipient in
            // What is thrown away stays thrown away: nobody asks the access tables again.
            guard recipient.channel != Bitbucket.channel else { return recipient }
            var recipient = recipient
            recipient.channel = name
            recipient.host = host ?? recipient.host
            return recipient
        }
    }

    /// What a message of this size is refused with at its end, when nobody declared the size before: every recipient is a
    /// list that does not take it. A list among other recipients sends the post back by itself.
    package func listRefusal(of recipients: [RoutedRecipient], size: Int, lines: Int) -> RoutingRefusal? {
        var refusal: RoutingRefusal?
        for recipient in recipients {
            guard let list = recipient.list,
                let found = list.refusal(size: size, lines: lines, blockSize: configuration.mta.blockSize)
            else { return nil }
            refusal = refusal ?? found
        }
        return refusal
    }
}
