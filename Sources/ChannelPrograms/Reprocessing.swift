import Aliases
import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import Logging
import Notifications
import OptionSyntax
import Spool
import SystemCalls
import TransactionLog

/// `reprocess`: the channel program of `process`, `reprocess` and `hold`. It routes each recipient anew and enqueues the
/// message again from its own channel (channel-programs specification).
package enum Reprocessing {
    package static func run() -> Int32 {
        ChannelProgram.run(
            "reprocess", threads: { _ in 4 }, relayReceipt: .expanded,
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
        // The recipient of the copy that each of them came from.
        var origins: [Int] = []
        var good: [Int] = []
        var expanded: Set<Int> = []
        for number in copy.pending {
            switch route(copy, number, source) {
            case .accepted(let found):
                if let refusal = limitRefusal(copy, found) {
                    outcomes.append(Self.outcome(number, refusal))
                    continue
                }
                let isExpanded = found.contains { $0.list?.hasOwnSender == true }
                if isExpanded, copy.entry.recipients[number].notify.contains(.success) { expanded.insert(number) }
                routed += isExpanded ? found.map(Self.withoutReceipt) : found
                origins += found.map { _ in number }
                good.append(number)
            case .refused(let refusal): outcomes.append(Self.outcome(number, refusal))
            }
        }
        guard !good.isEmpty else { return outcomes }
        var settled = copy
        settled.pending = good
        return outcomes
            + enqueue(settled, routed, origins, source).map { outcome in
                var outcome = outcome
                if outcome.result == .delivered, expanded.contains(outcome.recipient) { outcome.result = .relayed }
                return outcome
            }
    }

    /// Receipts of members would go to the owner of the list, who has not asked for any: the sender is told that the list
    /// has the message (RFC 3461 section 5.2.7.3).
    private static func withoutReceipt(_ routed: RoutedRecipient) -> RoutedRecipient {
        guard routed.list?.hasOwnSender == true, routed.recipient.notify.contains(.success) else { return routed }
        var routed = routed
        routed.recipient.notify.subtract(.success)
        if routed.recipient.notify.isEmpty { routed.recipient.notify = .never }
        return routed
    }

    private static func outcome(_ recipient: Int, _ refusal: RoutingRefusal) -> RecipientOutcome {
        RecipientOutcome(
            recipient: recipient, result: refusal.isTemporary ? .failedTemporarily : .failedPermanently,
            status: refusal.status, text: refusal.text)
    }

    /// Limits of the mailing lists that a recipient came to, and of its channels.
    private func limitRefusal(_ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient]) -> RoutingRefusal? {
        let lists = routed.compactMap(\.list)
        let channels = Set(routed.map(\.channel)).compactMap { configuration.channels.channel(named: $0) }
        guard
            lists.contains(where: { $0.blockLimit > 0 || $0.lineLimit > 0 })
                || channels.contains(where: { $0.blockLimit != nil || $0.lineLimit != nil })
        else { return nil }
        let needsLines = lists.contains { $0.lineLimit > 0 } || channels.contains { $0.lineLimit != nil }
        let lines = needsLines ? Self.lines(copy.stored.content) ?? 0 : 0
        let terms = EnqueueTerms(
            HeaderFacts(), size: copy.stored.content.size, lines: lines, blockSize: configuration.mta.blockSize,
            source: channel)
        return channels.lazy.compactMap { terms.refusal(on: $0) }.first
            ?? lists.lazy.compactMap { $0.refusal(size: terms.size, lines: lines, blockSize: terms.blockSize) }.first
    }

    /// Whether a channel on the way has a limit on lines.
    private func wantsLines(_ routed: [RoutedRecipient]) -> Bool {
        Set(routed.map(\.channel)).contains { name in
            let channel = configuration.channels.channel(named: name)
            return channel?.lineLimit != nil || channel?.alternate?.lines != nil
        }
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
                given: recipient.given, originalRecipient: recipient.originalRecipient, notify: recipient.notify,
                shownAddress: recipient.shownAddress),
            channel: source, completion: completion(copy, source),
            facts: AccessFacts(
                sourceChannel: source.name, sender: message.sender, isAuthenticated: !message.submission.user.isEmpty,
                usesTLS: message.submission.usedTLS, user: message.submission.user),
            // What comes to `process`, notifications, has not been judged yet; the others have.
            isReprocessing: !channel.name.hasPrefix("process"))
    }

    /// As the channel shown completed addresses when it took the message; `process` and `hold` know no client.
    private func completion(_ copy: ChannelProgram.Copy, _ source: Channel) -> HostCompletion {
        source.name == channel.name ? HostCompletion() : router.completion(of: copy.stored.message.submission)
    }

    /// `@hold-daemon:dora@example.com`: the route only led to the channel.
    private static func withoutHoldRoute(_ mailbox: Mailbox) -> Mailbox {
        var mailbox = mailbox
        if mailbox.route.first?.asciiLowercased == "hold-daemon" { mailbox.route.removeFirst() }
        return mailbox
    }

    /// Enqueues one message for those who get it as it is, and one for each list whose copies differ. All are made before
    /// the first is handed over, and then are written together: what fails fails before anything is in the queue. Should
    /// a write fail all the same, only recipients who have something in it are tried again.
    private func enqueue(
        _ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient], _ origins: [Int], _ source: Channel
    ) -> [RecipientOutcome] {
        // Without the attempt: a copy that is tried again after a failure gives the same messages, and what of them is
        // in the queue already is known by its id.
        let first = MessageID.derived(
            from: copy.stored.message.id, entry: copy.number, attempt: 0, recipients: copy.pending, .requeue)
        do {
            let groups = grouped(routed, origins)
            let made = try messages(copy, groups.map(\.recipients), source, first)
            let answers = made.map { submit($0.message, $0.content, headerLines: $0.headerLines) }
            return Self.outcomes(copy.pending, zip(groups, answers).map { ($0.origins, $1?.take()) })
        } catch let refusal as RoutingRefusal {
            return copy.all(.failedPermanently, refusal.status, refusal.text)
        } catch {
            return copy.all(.failedTemporarily, "4.3.0", "\(error)")
        }
    }

    /// Whether the content may come to a file of its own. Quoted-printable makes three octets of one, and fields are added.
    private func mayBeLarge(_ copy: ChannelProgram.Copy) -> Bool {
        3 * copy.stored.content.size + (64 << 10) > submitter.spool.options.largeThreshold
    }

    private typealias Made = (message: QueuedMessage, content: SpoolContent, headerLines: [String])

    /// One message for each group. When one cannot be made, nothing stays of those before.
    private func messages(
        _ copy: ChannelProgram.Copy, _ groups: [[RoutedRecipient]], _ source: Channel, _ first: MessageID
    ) throws -> [Made] {
        var made: [Made] = []
        do {
            for (number, recipients) in groups.enumerated() {
                let id =
                    number == 0
                    ? first : MessageID.derived(from: first, entry: number, attempt: 0, recipients: [], .requeue)
                made.append(try message(copy, recipients, source, id))
            }
            return made
        } catch {
            for case .large(let large) in made.map(\.content) { large.abandon() }
            throw error
        }
    }

    /// Recipients that get the same content from the same sender, in the order of their first.
    private func grouped(
        _ routed: [RoutedRecipient], _ origins: [Int]
    ) -> [(recipients: [RoutedRecipient], origins: Set<Int>)] {
        struct Key: Hashable {
            var list: ListParameters?
            var header: String
        }
        var places: [Key: Int] = [:]
        var groups: [(recipients: [RoutedRecipient], origins: Set<Int>)] = []
        for (recipient, origin) in zip(routed, origins) {
            let key = Key(list: recipient.list, header: router.headerClass(of: recipient))
            if let place = places[key] {
                groups[place].recipients.append(recipient)
                groups[place].origins.insert(origin)
            } else {
                places[key] = groups.count
                groups.append(([recipient], [origin]))
            }
        }
        return groups
    }

    private func message(
        _ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient], _ source: Channel, _ id: MessageID
    ) throws -> Made {
        do {
            return try make(copy, routed, source, id)
        } catch let error as SpoolError where error.code == .exists {
            // A file of an earlier attempt that was made otherwise, by another configuration perhaps. It may be in the
            // queue; a message that comes twice is better than none.
            let other = MessageID.derived(
                from: id, entry: 0, attempt: copy.attempts + 1, recipients: [], .requeue)
            return try make(copy, routed, source, other)
        }
    }

    /// What a message is known by. A large one has the same content each time it is made, so that the file of an earlier
    /// attempt can be told to be its own: its date is that at which the copy came to this channel.
    private func identity(_ copy: ChannelProgram.Copy, _ id: MessageID) -> MessageSubmitter.Identity {
        var identity = submitter.newIdentity()
        identity.id = id
        guard mayBeLarge(copy) else { return identity }
        let seconds = copy.stored.message.arrival / 1000
        identity.envelopeID = EnvelopeIDGenerator.fixed(seconds: seconds, number: id.rawValue)
        identity.date = submitter.headerDate(seconds)
        return identity
    }

    private func make(
        _ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient], _ source: Channel, _ id: MessageID
    ) throws -> Made {
        let identity = identity(copy, id)
        let list = routed.first?.list
        let rewriting = router.headerRewriting(
            source: source, completion: completion(copy, source), recipients: routed)
        let (content, facts, body) = try content(copy, identity, routed, rewriting)
        if let refusal = facts.refusal {
            if case .large(let large) = content { large.abandon() }
            throw refusal
        }
        var message = copy.stored.message
        if message.body != .binaryMIME { message.body = body }
        message.id = identity.id
        message.sourceChannel = source.name
        message.arrival = identity.arrival
        message.envelopeID = identity.envelopeID
        // A notification stays one: with a sender again, two lists could send each other's bounces for ever.
        if case .address(let sender)? = list?.envelopeFrom, !configuration.isNobody(message.sender) {
            message.sender = router.sender(sender, channel: source, completion: HostCompletion())
        }
        var terms = EnqueueTerms(
            facts, size: content.size, lines: wantsLines(routed) ? Self.lines(copy.stored.content) : nil,
            blockSize: configuration.mta.blockSize, source: source)
        terms.priority = copy.entry.priority
        terms.deliverBy = copy.entry.deliverBy
        message.entries = EntryPlan.entries(
            routed, terms: terms, heldReason: facts.heldReason, channels: configuration.channels)
        return (message, content, facts.loggedLines)
    }

    private func submit(
        _ message: QueuedMessage, _ content: SpoolContent, headerLines: [String]
    ) -> Answer<Result<SpoolLocation, SpoolError>>? {
        var message = message
        submitter.drop(&message, size: content.size, modifiers: channel.isLogging ? [] : nil)
        guard !message.entries.isEmpty else {
            if case .large(let large) = content { large.abandon() }
            return nil
        }
        let answer = Answer<Result<SpoolLocation, SpoolError>>()
        // The D record of this copy comes after the E records.
        submitter.submit(
            message, content: content, modifiers: channel.isLogging ? [] : nil, headerLines: headerLines,
            logsFirst: true
        ) {
            answer.put($0)
        }
        return answer
    }

    /// The content with a trace field of this channel in front; copied by way of a file when it is large.
    private func content(
        _ copy: ChannelProgram.Copy, _ identity: MessageSubmitter.Identity,
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
        let writer = ConvertingWriter(try submitter.spool.beginLargeContent(identity.id, resuming: true), prepared)
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
        var source = isSource ? router.content.source(channel.name) : ContentPolicy.Source()
        // CHARSET-CONVERSION sees the channel that the message came from.
        source.name = sourceChannel(copy).name
        var work = router.messageWork(source: source, recipients: routed)
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
            start, received: received, completion: nil, list: routed.first?.list, rewriting: rewriting, work: work,
            logged: submitter.log.header(at: .enqueue, keyword: channel.loggedHeader)
        ).get()
    }

    /// The envelope From before a list took its place.
    private func originalSender(_ copy: ChannelProgram.Copy, _ routed: [RoutedRecipient]) -> String? {
        guard channel.showsReceivedFrom, case .address? = routed.first?.list?.envelopeFrom,
            !configuration.isNobody(copy.stored.message.sender)
        else { return nil }
        return copy.stored.message.sender
    }
}
