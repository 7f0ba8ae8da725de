import Aliases
import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import Logging
import OptionSyntax
import Spool
import SystemCalls

/// `reprocess`: the channel program of `process`, `reprocess` and `hold`. It routes each recipient anew and enqueues the
/// message again from its own channel (channel-programs specification).
package enum Reprocessing {
    package static func run() -> Int32 {
        ChannelProgram.run(
            "reprocess", threads: { _ in 4 },
            deliver: { program in
                let logger = program.logger
                let reprocessor = Reprocessor(
                    configuration: program.configuration, channel: program.channel, submitter: program.submitter
                ) { logger.error("\($0)") }
                return { reprocessor.deliver($0) }
            })
    }
}

/// Routes and enqueues copies again. `process` is visible: the second enqueue is its own. `reprocess` is transparent: it
/// acts as the channel that put the message there.
final class Reprocessor: Sendable {
    /// Larger than what the server takes: every enqueue adds a trace field.
    private static let headerLimits = HeaderBlock.Limits(fields: 20_000, octets: 512 << 10)

    private let configuration: MTAConfiguration
    private let channel: Channel
    private let submitter: MessageSubmitter
    private let router: Router
    private let header: HeaderPreparation

    /// `report` gets lines about the directory file.
    init(
        configuration: MTAConfiguration, channel: Channel, submitter: MessageSubmitter,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.channel = channel
        self.submitter = submitter
        router = Router(configuration: configuration, report: report)
        var header = HeaderPreparation(configuration)
        header.headerLimits = Self.headerLimits
        self.header = header
    }

    func deliver(_ copy: ChannelProgram.Copy) -> [RecipientOutcome] {
        let source = sourceChannel(copy)
        var outcomes: [RecipientOutcome] = []
        var routed: [RoutedRecipient] = []
        var good: [Int] = []
        for number in copy.pending {
            switch route(copy, number, source) {
            case .accepted(let found):
                if let refusal = limitRefusal(copy, found) {
                    outcomes.append(Self.outcome(number, refusal))
                    continue
                }
                routed += found
                good.append(number)
            case .refused(let refusal): outcomes.append(Self.outcome(number, refusal))
            }
        }
        guard !good.isEmpty else { return outcomes }
        var settled = copy
        settled.pending = good
        return outcomes + enqueue(settled, routed, source)
    }

    private static func outcome(_ recipient: Int, _ refusal: RoutingRefusal) -> RecipientOutcome {
        RecipientOutcome(
            recipient: recipient, result: refusal.isTemporary ? .failedTemporarily : .failedPermanently,
            status: refusal.status, text: refusal.text)
    }

    /// Limits of the mailing lists that a recipient came to.
    private func limitRefusal(_ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient]) -> RoutingRefusal? {
        let lists = routed.compactMap(\.list)
        guard lists.contains(where: { $0.blockLimit > 0 || $0.lineLimit > 0 }) else { return nil }
        let lines = lists.contains { $0.lineLimit > 0 } ? Self.lines(copy.stored.content) : 0
        for list in lists {
            let refusal = list.refusal(
                size: copy.stored.content.size, lines: lines ?? 0, blockSize: configuration.mta.blockSize)
            if let refusal { return refusal }
        }
        return nil
    }

    /// Lines of the message; nil when it cannot be read, which enqueueing it finds out again.
    private static func lines(_ content: StoredContent) -> Int? {
        var content = content
        content.rewind()
        var lines = 0
        do {
            while case let chunk = try content.next(), !chunk.isEmpty {
                lines += chunk.reduce(0) { $0 + ($1 == 10 ? 1 : 0) }
            }
        } catch {
            return nil
        }
        return lines
    }

    private func sourceChannel(_ copy: ChannelProgram.Copy) -> Channel {
        guard channel.name.hasPrefix("reprocess") else { return channel }
        return configuration.channels.channel(named: copy.stored.message.sourceChannel) ?? channel
    }

    private func route(_ copy: ChannelProgram.Copy, _ number: Int, _ source: Channel) -> Router.Result {
        let recipient = copy.entry.recipients[number]
        let message = copy.stored.message
        guard let mailbox = Mailbox(recipient.address).map(Self.withoutHoldRoute) else {
            return .refused(RoutingRefusal(code: 550, status: "5.1.3", text: "address cannot be read"))
        }
        return router.route(
            mailbox,
            recipient: QueueRecipientFacts(
                given: recipient.given, originalRecipient: recipient.originalRecipient, notify: recipient.notify),
            channel: source, completion: HostCompletion(),
            facts: AccessFacts(
                sourceChannel: source.name, sender: message.sender, isAuthenticated: !message.submission.user.isEmpty,
                usesTLS: message.submission.usedTLS, user: message.submission.user),
            // What comes to `process`, notifications, has not been judged yet; the others have.
            isReprocessing: !channel.name.hasPrefix("process"))
    }

    /// `@hold-daemon:dora@example.com`: the route only led to the channel.
    private static func withoutHoldRoute(_ mailbox: Mailbox) -> Mailbox {
        var mailbox = mailbox
        if mailbox.route.first?.asciiLowercased == "hold-daemon" { mailbox.route.removeFirst() }
        return mailbox
    }

    /// Enqueues one message for those who get it as it is, and one for each list whose copies differ.
    private func enqueue(
        _ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient], _ source: Channel
    ) -> [RecipientOutcome] {
        let first = MessageID.derived(
            from: copy.stored.message.id, entry: copy.number, attempt: copy.attempts, recipients: copy.pending,
            .requeue)
        var outcomes: [RecipientOutcome] = []
        for (number, recipients) in grouped(routed).enumerated() {
            let id =
                number == 0
                ? first
                : MessageID.derived(from: first, entry: number, attempt: 0, recipients: [], .requeue)
            outcomes = enqueue(copy, recipients, source, id)
            if outcomes.contains(where: { $0.result != .delivered }) { return outcomes }
        }
        return outcomes
    }

    /// Recipients that get the same content from the same sender, in the order of their first.
    private func grouped(_ routed: [RoutedRecipient]) -> [[RoutedRecipient]] {
        struct Key: Hashable {
            var list: ListParameters?
            var header: String
        }
        var places: [Key: Int] = [:]
        var groups: [[RoutedRecipient]] = []
        for recipient in routed {
            let key = Key(list: recipient.list, header: router.headerClass(of: recipient))
            if let place = places[key] {
                groups[place].append(recipient)
            } else {
                places[key] = groups.count
                groups.append([recipient])
            }
        }
        return groups
    }

    private func enqueue(
        _ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient], _ source: Channel, _ id: MessageID
    ) -> [RecipientOutcome] {
        do {
            let identity = submitter.newIdentity()
            let list = routed.first?.list
            let rewriting = router.headerRewriting(source: source, completion: HostCompletion(), recipients: routed)
            let prepared = try content(copy, identity, id, routed, rewriting)
            if let refusal = prepared.facts.refusal {
                return copy.all(.failedPermanently, refusal.status, refusal.text)
            }
            var message = copy.stored.message
            if message.body != .binaryMIME { message.body = prepared.body }
            message.id = id
            message.sourceChannel = source.name
            message.arrival = identity.arrival
            message.envelopeID = identity.envelopeID
            // A notification stays one: with a sender again, two lists could send each other's bounces for ever.
            if case .address(let sender)? = list?.envelopeFrom, !message.sender.isEmpty {
                message.sender = router.sender(sender, channel: source, completion: HostCompletion())
            }
            let channels = configuration.channels
            message.entries = EntryPlan.entries(
                routed, priority: copy.entry.priority, deliverBy: copy.entry.deliverBy,
                heldReason: prepared.facts.heldReason,
                division: { EntryPlan.Division(channels.channel(named: $0)) },
                officialHost: { channels.channel(named: $0)?.officialHost ?? $0 })
            return try submit(copy, message, prepared.content)
        } catch {
            return copy.all(.failedTemporarily, "4.3.0", "\(error)")
        }
    }

    private func submit(
        _ copy: ChannelProgram.Copy, _ message: QueuedMessage, _ content: SpoolContent
    ) throws -> [RecipientOutcome] {
        var message = message
        submitter.drop(&message, size: content.size, modifiers: channel.isLogging ? [] : nil)
        guard !message.entries.isEmpty else {
            if case .large(let large) = content { large.abandon() }
            return copy.all(.delivered, "2.0.0", "")
        }
        let answer = Answer<Result<SpoolLocation, SpoolError>>()
        // The D record of this copy comes after the E records.
        submitter.submit(message, content: content, modifiers: channel.isLogging ? [] : nil, logsFirst: true) {
            answer.put($0)
        }
        _ = try answer.take().get()
        return copy.all(.delivered, "2.0.0", "")
    }

    /// The content with a trace field of this channel in front; copied by way of a file when it is large.
    private func content(
        _ copy: ChannelProgram.Copy, _ identity: MessageSubmitter.Identity, _ id: MessageID,
        _ routed: [RoutedRecipient], _ rewriting: HeaderRewriting?
    ) throws -> (content: SpoolContent, facts: HeaderFacts, body: BodyType) {
        var content = copy.stored.content
        content.rewind()
        var start: [UInt8] = []
        // More than a header may have, so that the whole of it is there or it is refused.
        while start.count <= Self.headerLimits.octets, case let chunk = try content.next(), !chunk.isEmpty {
            start += chunk
        }
        let prepared = try prepare(copy, start, identity, routed, rewriting)
        let body = Array(start[prepared.bodyStart...])
        let isWhole = content.position == content.size
        let hasEightBit = copy.stored.message.body != .sevenBit
        guard !isWhole || prepared.header.count + body.count > submitter.spool.options.largeThreshold else {
            // Notifications say nothing of the octets in them.
            let (pieces, findings) = prepared.content(body, hasEightBit: hasEightBit ? true : nil)
            return (
                .inline(pieces), prepared.facts,
                BodyType(hasEightBit: hasEightBit, findings, prepared.wishes)
            )
        }
        let writer = ConvertingWriter(try submitter.spool.beginLargeContent(id), prepared)
        do {
            try writer.append(prepared.header)
            try writer.append(body)
            while case let chunk = try content.next(), !chunk.isEmpty { try writer.append(Array(chunk)) }
            return (
                .large(try writer.finish()), prepared.facts,
                BodyType(hasEightBit: hasEightBit, writer.findings, prepared.wishes)
            )
        } catch {
            writer.abandon()
            throw error
        }
    }

    /// A trace field of this channel, and what the destination wants: what the source wanted has been done, but for the
    /// `process` channel, which is its own source.
    private func prepare(
        _ copy: ChannelProgram.Copy, _ start: [UInt8], _ identity: MessageSubmitter.Identity,
        _ routed: [RoutedRecipient], _ rewriting: HeaderRewriting?
    ) throws -> HeaderPreparation.Prepared {
        let isSource = channel.name.hasPrefix("process")
        var work = router.messageWork(
            source: isSource ? router.content.source(channel.name) : ContentPolicy.Source(), recipients: routed)
        work.choice.differs = false
        work.sender = copy.stored.message.sender
        work.allowsUTF8 = copy.stored.message.needsSMTPUTF8
        work.isBinary = copy.stored.message.body == .binaryMIME
        let recipients = routed.map(\.recipient.given)
        let received = ReceivedField(
            origin: .internalChannel("\(channel.officialHost).\(router.localHost)"), host: header.localHost,
            product: configuration.mta.receivedVersion ?? ProductVersion.text, transmission: nil,
            envelopeID: identity.envelopeID,
            recipient: recipients.count == 1 && channel.showsReceivedFor ? recipients.first : nil,
            originalSender: originalSender(copy, routed), state: channel.argument("receivedstate"),
            date: identity.date, allowUTF8: work.allowsUTF8)
        return try header.prepare(
            start, received: received, completion: nil, list: routed.first?.list, rewriting: rewriting, work: work
        ).get()
    }

    /// The envelope From before a list took its place.
    private func originalSender(_ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient]) -> String? {
        guard channel.showsReceivedFrom, case .address? = routed.first?.list?.envelopeFrom,
            !copy.stored.message.sender.isEmpty
        else { return nil }
        return copy.stored.message.sender
    }
}
