import Channels
package import Configuration
package import Envelope
package import TransactionLog

/// The channel that has no queue: a recipient that leads there is dropped when the message is enqueued, and the log says
/// so (channel-programs specification, 9).
enum Bitbucket {
    static let channel = "bitbucket"
}

extension MessageSubmitter {
    /// Takes the entries of the bitbucket out of a message and writes their E and D records. A message without entries is
    /// not to be submitted. `size`: octets of the content. `modifiers`: as for ``submit(_:content:modifiers:logsFirst:completion:)``.
    package func drop(
        _ message: inout QueuedMessage, size: Int, modifiers: TransferModifiers?,
        connection: LoggedConnection = LoggedConnection()
    ) {
        guard message.entries.contains(where: { $0.channel == Bitbucket.channel }) else { return }
        var dropped = message
        dropped.entries.removeAll { $0.channel != Bitbucket.channel }
        message.entries.removeAll { $0.channel == Bitbucket.channel }
        guard let modifiers else { return }
        let enqueued = Self.enqueueEntries(dropped, size: size, modifiers, connection).map { entry in
            var entry = entry
            entry.filename = ""
            return entry
        }
        let dequeued = enqueued.map { entry in
            var entry = entry
            entry.action = .dequeued
            entry.modifiers = []
            entry.sourceChannel = Bitbucket.channel
            entry.destinationChannel = ""
            return entry
        }
        log.write(enqueued + dequeued)
    }
}

extension AccessEffects {
    /// Where the recipients of a message go that is discarded as a whole: `filter_discard` and `filter_jettison` 2 keep it
    /// in the channel of that name for a while, anything else drops it.
    package func disposed(_ recipients: [RoutedRecipient], by configuration: MTAConfiguration) -> [RoutedRecipient] {
        guard disposal != nil || isDropped else { return recipients }
        let mta = configuration.mta
        let isKept = disposal.map { ($0 == .discard ? mta.filterDiscard : mta.filterJettison) == 2 } ?? false
        let kept = isKept ? configuration.channels.channel(named: "filter_discard") : nil
        return recipients.map { recipient in
            var recipient = recipient
            recipient.channel = kept?.name ?? Bitbucket.channel
            recipient.host = kept?.officialHost ?? Bitbucket.channel
            recipient.heldReason = nil
            recipient.list = nil
            return recipient
        }
    }
}
