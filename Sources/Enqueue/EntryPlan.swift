package import Aliases
package import Channels
package import Envelope

/// A recipient after routing: where it goes.
package struct RoutedRecipient: Hashable, Sendable {
    package var channel: String
    /// The destination host.
    package var host: String
    package var recipient: QueueRecipient
    package var heldReason: String?
    /// The list whose copy it gets; nil for a copy of the message as it is.
    package var list: ListParameters?

    package init(
        channel: String, host: String, recipient: QueueRecipient, heldReason: String? = nil,
        list: ListParameters? = nil
    ) {
        self.list = list
        self.channel = channel
        self.host = host
        self.recipient = recipient
        self.heldReason = heldReason
    }
}

/// Divides the recipients of a message into entries: one copy for each destination channel, and for each host or
/// recipient where the channel says so (channels specification, 4.3).
package enum EntryPlan {
    /// How a channel divides its recipients.
    package struct Division: Hashable, Sendable {
        package enum Copies: Sendable {
            /// One entry for the channel.
            case byChannel
            /// One for each host: `single_sys`, and every channel that is sorted by host.
            case byHost
            /// One for each recipient: `single`.
            case byRecipient
        }

        package var copies: Copies
        /// Most recipients of an entry (`addrsperfile`); nil without limit.
        package var limit: Int?

        package init(_ copies: Copies, limit: Int? = nil) {
            self.copies = copies
            self.limit = limit
        }
    }

    /// `division`: of the channel with that name; `officialHost`: what the entry of an undivided channel is for.
    /// A recipient that is there twice is kept once.
    /// `notBefore`, `deliverBy`: of every entry.
    package static func entries(
        _ recipients: [RoutedRecipient], priority: Priority, notBefore: Int64 = 0, deliverBy: DeliverBy? = nil,
        heldReason: String?, division: (String) -> Division, officialHost: (String) -> String
    ) -> [QueueEntry] {
        var entries: [QueueEntry] = []
        var divisions: [String: Division] = [:]
        var places: [Key: Int] = [:]
        var seen: Set<Seen> = []
        for routed in recipients {
            let division = divisions[routed.channel] ?? division(routed.channel)
            divisions[routed.channel] = division
            let host = division.copies == .byChannel ? officialHost(routed.channel) : lowercased(routed.host)
            let key = Key(channel: routed.channel, host: host, held: routed.heldReason ?? heldReason)
            guard seen.insert(Seen(key: key, address: routed.recipient.address)).inserted else { continue }
            if let place = places[key], division.hasRoom(entries[place].recipients.count) {
                entries[place].recipients.append(routed.recipient)
                continue
            }
            places[key] = entries.count
            entries.append(
                QueueEntry(
                    channel: key.channel, host: key.host, recipients: [routed.recipient], priority: priority,
                    notBefore: notBefore, deliverBy: deliverBy, heldReason: key.held))
        }
        return entries
    }

    /// Host names compare without case; the entry has the name in lower case.
    private static func lowercased(_ host: String) -> String {
        host.utf8.contains { $0 &- 65 < 26 } ? host.lowercased() : host
    }

    private struct Key: Hashable {
        var channel: String
        var host: String
        var held: String?
    }

    private struct Seen: Hashable {
        var key: Key
        var address: String
    }
}

/// The part of a recipient that stays whatever its address becomes.
package struct QueueRecipientFacts: Hashable, Sendable {
    /// As the client wrote it, without brackets.
    package var given: String
    package var originalRecipient: String?
    package var notify: NotifyConditions
    /// What notifications name in place of the address; nil: the address.
    package var shownAddress: String?

    package init(
        given: String, originalRecipient: String? = nil, notify: NotifyConditions = [], shownAddress: String? = nil
    ) {
        self.shownAddress = shownAddress
        self.given = given
        self.originalRecipient = originalRecipient
        self.notify = notify
    }

    func recipient(address: String) -> QueueRecipient {
        var recipient = QueueRecipient(
            address: address, given: given, originalRecipient: originalRecipient, notify: notify)
        recipient.shownAddress = shownAddress
        return recipient
    }
}

extension EntryPlan.Division {
    /// As the keywords of a channel say.
    package init(_ channel: Channel?) {
        guard let channel else {
            self.init(.byChannel)
            return
        }
        let copies: Copies =
            switch channel.copies {
            case .single: .byRecipient
            case .perSystem: .byHost
            case .multiple: .byChannel
            }
        self.init(copies, limit: channel.addressesPerEntry)
    }

    fileprivate func hasRoom(_ count: Int) -> Bool {
        if copies == .byRecipient { return false }
        guard let limit else { return true }
        return count < limit
    }
}
