import AddressRewriting
package import Channels
import Configuration
import Envelope
package import InternetMessage

/// Rewrites and reverses the addresses of a message header on its way to its channels (aliases specification, 9.3).
/// What comes out as it was keeps its octets; of the others only the address itself is replaced.
package struct HeaderRewriting: Sendable {
    /// Addresses of one message that are looked at; the rest stays as it is.
    static let mostAddresses = 1000

    private static let fields: [(name: String, direction: AddressDirection)] = [
        ("From", .backward), ("To", .forward), ("Cc", .forward), ("Bcc", .forward), ("Sender", .backward),
        ("Reply-To", .backward), ("Resent-To", .forward), ("Resent-Cc", .forward), ("Resent-Bcc", .forward),
        ("Resent-From", .backward), ("Resent-Sender", .backward), ("Resent-Reply-To", .backward),
    ]

    /// What becomes of the addresses of one field.
    private struct FieldChange: Equatable {
        var index: Int
        var pieces: [HeaderBlock.Piece]
    }

    let router: Router
    let source: Channel
    /// Completes addresses without a domain (channels specification, 4.9); nil: the local host.
    let defaultHost: String?
    /// Addresses without a domain stay so.
    let leavesBare: Bool
    /// The channels that the outcome may differ between; never empty.
    let destinations: [String]

    /// Changes the header. False: the destinations want different headers, and it was left alone.
    func apply(to header: inout HeaderBlock) -> Bool {
        let lookups = router.locality()
        var wanted: [FieldChange]?
        for destination in destinations {
            let changes = changes(header, destination, lookups)
            if let wanted, wanted != changes { return false }
            wanted = changes
        }
        for change in wanted ?? [] { header.replace(change.pieces, inFieldAt: change.index) }
        return true
    }

    private func changes(
        _ header: HeaderBlock, _ destination: String, _ lookups: DirectoryLocality
    ) -> [FieldChange] {
        var changes: [FieldChange] = []
        var budget = Self.mostAddresses
        for (index, field) in header.fields.enumerated() where budget > 0 {
            guard let direction = Self.direction(of: field, in: header) else { continue }
            let list = HeaderAddressList.parse(header.bytes[field.value], limit: budget)
            // What cannot be read as a whole is not ours to change in part.
            guard list.firstError == nil else { continue }
            budget -= list.addresses.count
            let pieces = list.addresses.compactMap { address in
                rewritten(address.mailbox, direction, destination, lookups).flatMap {
                    Self.piece($0, in: address.range, of: header.bytes)
                }
            }
            if !pieces.isEmpty { changes.append(FieldChange(index: index, pieces: pieces)) }
        }
        return changes
    }

    /// What becomes of one address in the header of mail on a channel: rewriting, completion, reversal and written form.
    func form(of mailbox: Mailbox, _ direction: AddressDirection, on destination: String) -> String {
        rewritten(mailbox, direction, destination, router.locality()) ?? mailbox.description
    }

    private static func direction(of field: HeaderBlock.Field, in header: HeaderBlock) -> AddressDirection? {
        fields.first { header.isNamed($0.name, field) }?.direction
    }

    /// The new form of an address; nil when it stays. Case alone is no difference.
    private func rewritten(
        _ mailbox: Mailbox, _ direction: AddressDirection, _ destination: String, _ lookups: DirectoryLocality
    ) -> String? {
        if mailbox.domain.isEmpty, mailbox.route.isEmpty, leavesBare { return nil }
        let given = mailbox.description
        let address = source.usesRestrictedEncoding ? RestrictedEncoding.decoded(given) : given
        let query = RewriteEngine.Query(
            address, kind: .header, direction: direction, sourceChannel: source.name,
            destinationChannel: destination, defaultHost: defaultHost, directory: lookups)
        // An address that no channel is for, or that cannot be looked up now, is the recipient's to make sense of.
        guard case .rewritten(let rewritten) = router.engine.rewrite(query) else { return nil }
        let result = router.outward(
            router.reversed(rewritten.address, direction, source: source.name, destination: destination),
            of: rewritten.channel, direction, destination: destination)
        return Mailbox(result) == nil || equalIgnoringCase(result.utf8, given.utf8) ? nil : result
    }

    /// A source route needs angle brackets around it.
    private static func piece(_ text: String, in range: Range<Int>, of bytes: [UInt8]) -> HeaderBlock.Piece? {
        guard text.utf8.first == UInt8(ascii: "@") else {
            return HeaderBlock.Piece(range: range, text: Array(text.utf8))
        }
        switch bytes[..<range.lowerBound].last(where: { $0 > 32 }) {
        case UInt8(ascii: "<"): return HeaderBlock.Piece(range: range, text: Array(text.utf8))
        case UInt8(ascii: ")"): return nil
        default: return HeaderBlock.Piece(range: range, text: Array("<\(text)>".utf8))
        }
    }
}

extension Router {
    /// How the header of a message to these recipients is rewritten; nil when all of it is left to the reprocess
    /// channel. Whose header must not be the same as that of others is sent there too.
    package func headerRewriting(
        source: Channel, completion: HostCompletion, recipients: [RoutedRecipient]
    ) -> HeaderRewriting? {
        var destinations: [String] = []
        for recipient in recipients where recipient.channel != RecipientCollector.channel {
            if !destinations.contains(recipient.channel) { destinations.append(recipient.channel) }
            if !headersDependOnDestination { break }
        }
        guard let first = destinations.first else { return nil }
        let canSplit = configuration.channels.channel(named: RecipientCollector.channel) != nil
        return HeaderRewriting(
            router: self, source: source, defaultHost: senderHost(source, completion),
            leavesBare: leavesBare(source, completion),
            destinations: canSplit ? destinations : [first])
    }

    /// An address as the header of mail on a channel has it, when it names a recipient and when it names a sender.
    package struct HeaderForms: Hashable, Sendable {
        package var channel: String
        package var recipient: String
        package var sender: String

        package init(channel: String, recipient: String, sender: String) {
            self.channel = channel
            self.recipient = recipient
            self.sender = sender
        }
    }

    /// The header forms of an address on each of the channels, for `martlet explain`.
    package func headerForms(
        of mailbox: Mailbox, source: Channel, completion: HostCompletion, on channels: [String]
    ) -> [HeaderForms] {
        let rewriting = HeaderRewriting(
            router: self, source: source, defaultHost: senderHost(source, completion),
            leavesBare: leavesBare(source, completion), destinations: channels)
        return channels.map { channel in
            HeaderForms(
                channel: channel, recipient: rewriting.form(of: mailbox, .forward, on: channel),
                sender: rewriting.form(of: mailbox, .backward, on: channel))
        }
    }

    /// All recipients on the way to the channel that makes a message of its own for each header.
    package func deferred(_ recipients: [RoutedRecipient]) -> [RoutedRecipient] {
        deferred(recipients, to: RecipientCollector.channel)
    }

    /// What may share a header: recipients for which this is the same.
    package func headerClass(of recipient: RoutedRecipient) -> String {
        let wanted = content.destination(recipient.channel)
        if wanted.namesRecipient { return "\(recipient.channel) \(recipient.recipient.address)" }
        return headersDependOnDestination || wanted != ContentPolicy.Destination() ? recipient.channel : ""
    }

    /// The written form on the destination channel (channels specification, 4.13): `restricted`, and the source route
    /// through the local host that `exproute` of the channel the address belongs to, or `improute` of the destination,
    /// asks for.
    func outward(
        _ address: String, of own: String, _ direction: AddressDirection, destination: String
    ) -> String {
        guard let channel = configuration.channels.channel(named: destination) else { return address }
        let written = channel.usesRestrictedEncoding ? RestrictedEncoding.encoded(address) : address
        guard own != destination, var mailbox = Mailbox(written), mailbox.route.isEmpty,
            !equalIgnoringCase(mailbox.domain.utf8, localHost.utf8)
        else { return written }
        func counts(_ option: String) -> Bool {
            direction == .backward || configuration.options.boolean("mta.\(option)_forward")
        }
        let isExported = configuration.channels.channel(named: own)?.routesExported ?? false
        guard isExported && counts("exproute") || channel.routesImported && counts("improute") else { return written }
        mailbox.route = [localHost]
        return mailbox.description
    }

    /// Reversal of a header address, where the destination channel has it (aliases specification, 9.3 step 2).
    func reversed(_ address: String, _ direction: AddressDirection, source: String, destination: String) -> String {
        guard reversal.isActive, configuration.channels.channel(named: destination)?.reversesAddresses ?? true else {
            return address
        }
        let subject = AddressReversal.Subject(
            address: address, kind: .header, direction: direction, sourceChannel: source,
            destinationChannel: destination)
        return reversal.decide(subject)?.result ?? address
    }
}
