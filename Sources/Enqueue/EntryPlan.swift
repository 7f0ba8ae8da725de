package import Channels
package import Envelope

/// A recipient after routing: where it goes.
package struct RoutedRecipient: Hashable, Sendable {
    package var channel: String
    /// The destination host.
    package var host: String
    package var recipient: QueueRecipient
    package var heldReason: String?

    package init(channel: String, host: String, recipient: QueueRecipient, heldReason: String? = nil) {
        self.channel = channel
        self.host = host
        self.recipient = recipient
        self.heldReason = heldReason
    }
}

/// Divides the recipients of a message into entries: one copy for each destination channel, and for each host or
/// recipient where the channel says so (`single_sys`, `single`; job-controller specification, 9.3).
package enum EntryPlan {
    /// How a channel divides its recipients.
    package enum Division: Sendable {
        /// One entry for the channel.
        case byChannel
        /// One for each host: `single_sys`, and every channel that is sorted by host.
        case byHost
        /// One for each recipient: `single`.
        case byRecipient
    }

    /// `division`: of the channel with that name; `officialHost`: what the entry of an undivided channel is for.
    /// A recipient that is there twice is kept once.
    package static func entries(
        _ recipients: [RoutedRecipient], priority: Priority, heldReason: String?,
        division: (String) -> Division, officialHost: (String) -> String
    ) -> [QueueEntry] {
        var entries: [QueueEntry] = []
        var places: [Key: Int] = [:]
        for (number, routed) in recipients.enumerated() {
            let division = division(routed.channel)
            let host = division == .byChannel ? officialHost(routed.channel) : routed.host
            let held = routed.heldReason ?? heldReason
            let key = Key(
                channel: routed.channel, host: host, held: held, number: division == .byRecipient ? number : -1)
            if let place = places[key] {
                if !entries[place].recipients.contains(where: { $0.address == routed.recipient.address }) {
                    entries[place].recipients.append(routed.recipient)
                }
                continue
            }
            places[key] = entries.count
            entries.append(
                QueueEntry(
                    channel: routed.channel, host: host, recipients: [routed.recipient], priority: priority,
                    heldReason: held))
        }
        return entries
    }

    private struct Key: Hashable {
        var channel: String
        var host: String
        var held: String?
        var number: Int
    }
}

/// The part of a recipient that stays whatever its address becomes.
package struct QueueRecipientFacts: Hashable, Sendable {
    /// As the client wrote it, without brackets.
    package var given: String
    package var originalRecipient: String?
    package var notify: NotifyConditions

    package init(given: String, originalRecipient: String? = nil, notify: NotifyConditions = []) {
        self.given = given
        self.originalRecipient = originalRecipient
        self.notify = notify
    }

    func recipient(address: String) -> QueueRecipient {
        QueueRecipient(address: address, given: given, originalRecipient: originalRecipient, notify: notify)
    }
}

extension EntryPlan.Division {
    /// How the keywords of a channel say; SMTP channels always divide by host, since each host is a connection.
    package init(_ channel: Channel?) {
        guard let channel else {
            self = .byChannel
            return
        }
        switch channel.copies {
        case .single: self = .byRecipient
        case .perSystem: self = .byHost
        case .multiple: self = channel.proto == .none || channel.daemon != nil ? .byChannel : .byHost
        }
    }
}
