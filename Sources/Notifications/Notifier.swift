import Channels
package import Configuration
package import Enqueue
package import Envelope
import InternetMessage
import Spool
import SystemCalls

/// The content of the message that a notification is about, to be read from any offset.
package struct ReturnedContent: Sendable {
    /// Octets.
    package var size: Int
    /// Up to `maximum` octets from `offset` on; empty at the end.
    package var read: @Sendable (_ offset: Int, _ maximum: Int) throws -> [UInt8]

    package init(size: Int, read: @escaping @Sendable (_ offset: Int, _ maximum: Int) throws -> [UInt8]) {
        self.size = size
        self.read = read
    }

    package init(_ bytes: [UInt8]) {
        self.init(size: bytes.count) { offset, maximum in
            offset < bytes.count ? Array(bytes[offset..<min(bytes.count, offset + maximum)]) : []
        }
    }

    /// The first `limit` octets, or all when there are fewer, in as many reads as it takes.
    func beginning(_ limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit, case let chunk = try read(bytes.count, limit - bytes.count), !chunk.isEmpty {
            bytes += chunk
        }
        return bytes
    }
}

/// Makes notifications durable: to the `process` channel, with an empty envelope From, under an id that is the same
/// whenever the same attempt is reported again (notifications-logging specification, 1.1).
package final class Notifier: Sendable {
    private let configuration: MTAConfiguration
    private let submitter: MessageSubmitter

    package init(configuration: MTAConfiguration, submitter: MessageSubmitter) {
        self.configuration = configuration
        self.submitter = submitter
    }

    /// One attempt's outcomes that the sender is to be told of.
    package struct Occasion: Sendable {
        package var kind: NotificationKind
        package var message: QueuedMessage
        /// Index of the entry in the message.
        package var entry: Int
        package var attempt: Int
        package var outcomes: [RecipientOutcome]

        package init(
            kind: NotificationKind, message: QueuedMessage, entry: Int, attempt: Int, outcomes: [RecipientOutcome]
        ) {
            self.kind = kind
            self.message = message
            self.entry = entry
            self.attempt = attempt
            self.outcomes = outcomes
        }
    }

    /// Enqueues the notification, then calls `completion` on any thread: nil, or why it could not be done. When nobody is
    /// to be told, that is at once. Content too large for memory is copied by a thread of its own.
    package func notify(
        _ occasion: Occasion, content: ReturnedContent, completion: @escaping @Sendable (_ problem: String?) -> Void
    ) {
        guard occasion.message.entries.indices.contains(occasion.entry), !isSuppressed(occasion.kind) else {
            return completion(nil)
        }
        let entry = occasion.message.entries[occasion.entry]
        let wanted = occasion.outcomes.filter { outcome in
            entry.recipients.indices.contains(outcome.recipient)
                && occasion.kind.isWanted(entry.recipients[outcome.recipient].notify)
        }
        let addressees = addressees(occasion, entry, isWanted: !wanted.isEmpty)
        guard !addressees.isEmpty else { return completion(nil) }
        let draft = draft(occasion, entry, wanted.isEmpty ? occasion.outcomes : wanted, size: content.size)
        send(letters(draft, addressees, occasion, entry)[...], entry, content, completion)
    }

    /// A notification, and who gets it.
    private struct Letter: Sendable {
        var draft: Draft
        var addressees: [String]
    }

    /// One for all addressees; with `postheadonly` the postmaster's copy, which has only the header of the message, is one
    /// of its own.
    private func letters(
        _ draft: Draft, _ addressees: [String], _ occasion: Occasion, _ entry: QueueEntry
    ) -> [Letter] {
        let channel = configuration.channels.channel(named: entry.channel)
        let own = addressees.filter { $0 != occasion.message.sender }
        guard channel?.sendsPostmasterHeaderOnly == true, !own.isEmpty, !draft.report.returnsHeadersOnly else {
            return [Letter(draft: draft, addressees: addressees)]
        }
        var copy = draft
        copy.report.returnsHeadersOnly = true
        guard own.count < addressees.count else { return [Letter(draft: copy, addressees: own)] }
        copy.identity = submitter.newIdentity()
        copy.identity.id = MessageID.derived(
            from: draft.identity.id, entry: 0, attempt: 0, recipients: [], occasion.kind.derivation)
        copy.report.messageID = "\(copy.identity.envelopeID)@\(configuration.channels.localHost)"
        copy.report.boundaryID = boundaryID(copy.identity.id)
        return [
            Letter(draft: draft, addressees: addressees.filter { !own.contains($0) }),
            Letter(draft: copy, addressees: own),
        ]
    }

    private func send(
        _ letters: ArraySlice<Letter>, _ entry: QueueEntry, _ content: ReturnedContent,
        _ completion: @escaping @Sendable (_ problem: String?) -> Void
    ) {
        guard let letter = letters.first else { return completion(nil) }
        let goOn = { @Sendable [self] (problem: String?) in
            if let problem { return completion(problem) }
            send(letters.dropFirst(), entry, content, completion)
        }
        let isLarge =
            content.size > submitter.spool.options.largeThreshold && !letter.draft.report.returnsHeadersOnly
        let work = { @Sendable [self] in
            enqueue(letter.draft, letter.addressees, entry, content, isLarge: isLarge, goOn)
        }
        guard isLarge else { return work() }
        // Without a thread the caller waits for it.
        do { try SystemThread.tryStart("notification", work) } catch { work() }
    }

    /// `disable_delivery_receipt`: no receipts of success (section 1.1).
    private func isSuppressed(_ kind: NotificationKind) -> Bool {
        kind.derivation == .successNotification && configuration.options.boolean("mta.disable_delivery_receipt")
    }

    /// The sender, unless it is empty; the postmaster where the channel asks for a copy (section 1.6).
    private func addressees(_ occasion: Occasion, _ entry: QueueEntry, isWanted: Bool) -> [String] {
        var addressees: [String] = []
        let sender = occasion.message.sender
        if !sender.isEmpty, isWanted { addressees.append(sender) }
        guard let channel = configuration.channels.channel(named: entry.channel) else { return addressees }
        let isCopied: Bool =
            switch occasion.kind == .delayed ? channel.warningCopy : channel.failureCopy {
            case .always: true
            case .unlessEmptySender: !sender.isEmpty
            case .onlyUndeliverable: sender.isEmpty
            case .never: false
            }
        let postmaster = "postmaster@\(configuration.channels.localHost)"
        if isCopied, occasion.kind.action == "failed" || occasion.kind == .delayed, sender != postmaster {
            addressees.append(postmaster)
        }
        return addressees
    }

    private struct Draft: Sendable {
        var report: DeliveryReport
        var identity: MessageSubmitter.Identity
    }

    private func draft(
        _ occasion: Occasion, _ entry: QueueEntry, _ outcomes: [RecipientOutcome], size: Int
    ) -> Draft {
        var identity = submitter.newIdentity()
        identity.id = MessageID.derived(
            from: occasion.message.id, entry: occasion.entry, attempt: occasion.attempt,
            recipients: occasion.outcomes.map(\.recipient), occasion.kind.derivation)
        let localHost = configuration.channels.localHost
        let channel = configuration.channels.channel(named: entry.channel)
        let report = DeliveryReport(
            kind: occasion.kind, message: occasion.message, entry: shown(entry, channel), outcomes: outcomes,
            localHost: localHost,
            channelHost: channel?.officialHost ?? localHost,
            returnAddress: channel?.returnAddress ?? configuration.mta.returnAddress ?? "postmaster@\(localHost)",
            returnPersonal: channel?.returnPersonal ?? configuration.mta.returnPersonal ?? "Internet Mail Delivery",
            messageID: "\(identity.envelopeID)@\(localHost)", boundaryID: boundaryID(identity.id),
            date: String(decoding: identity.date, as: UTF8.self),
            arrivalDate: String(
                decoding: submitter.headerDate(occasion.message.arrival / 1000), as: UTF8.self),
            returnsHeadersOnly: returnsHeadersOnly(occasion.message, size: size))
        return Draft(report: report, identity: identity)
    }

    /// The entry as the report shows it: the form of each recipient that the sender may see (channels specification,
    /// `suppressfinal`; aliases specification, section 2.1).
    private func shown(_ entry: QueueEntry, _ channel: Channel?) -> QueueEntry {
        var entry = entry
        for index in entry.recipients.indices {
            let recipient = entry.recipients[index]
            let hidesFinal = channel?.noticeForms == .original && !recipient.given.isEmpty
            entry.recipients[index].address =
                hidesFinal ? recipient.given : recipient.shownAddress ?? recipient.address
        }
        return entry
    }

    /// RET, and the limits on what is returned (section 1.5).
    private func returnsHeadersOnly(_ message: QueuedMessage, size: Int) -> Bool {
        let (whole, rest) = size.quotientAndRemainder(dividingBy: configuration.mta.blockSize)
        let blocks = rest == 0 ? whole : whole + 1
        if let limit = configuration.mta.bounceBlockLimit, blocks > limit { return true }
        switch message.returnContent {
        case .headers: return true
        case .full: return false
        case .unspecified:
            if let limit = configuration.mta.contentReturnBlockLimit { return blocks > limit }
            return false
        }
    }

    /// 22 characters that no part of a message can contain by accident.
    private func boundaryID(_ id: MessageID) -> String {
        let second = MessageID.derived(from: id, entry: 0, attempt: 0, recipients: [], .failureNotification)
        return id.description + second.description
    }

    private func enqueue(
        _ draft: Draft, _ addressees: [String], _ entry: QueueEntry, _ original: ReturnedContent, isLarge: Bool,
        _ completion: @escaping @Sendable (String?) -> Void
    ) {
        do {
            let start = try original.beginning(Self.mostOfHeader)
            let header = Self.header(of: start)
            let opening = draft.report.opening(originalHeader: header)
            let content: SpoolContent
            if draft.report.returnsHeadersOnly {
                content = .inline([opening, header, draft.report.closing])
            } else if isLarge {
                content = try .large(copy(draft, opening, original))
            } else {
                content = .inline([opening, try original.beginning(original.size), draft.report.closing])
            }
            submit(draft, addressees, entry, content, completion)
        } catch {
            completion("\(error)")
        }
    }

    private func copy(
        _ draft: Draft, _ opening: [UInt8], _ original: ReturnedContent
    ) throws -> LargeContent {
        let writer = try submitter.spool.beginLargeContent(draft.identity.id)
        do {
            try writer.append(opening)
            var offset = 0
            while case let chunk = try original.read(offset, 256 << 10), !chunk.isEmpty {
                try writer.append(chunk)
                offset += chunk.count
            }
            try writer.append(draft.report.closing)
            return try writer.finish()
        } catch {
            writer.abandon()
            throw error
        }
    }

    private func submit(
        _ draft: Draft, _ addressees: [String], _ entry: QueueEntry, _ content: SpoolContent,
        _ completion: @escaping @Sendable (String?) -> Void
    ) {
        let source = configuration.channels.channel(named: entry.channel)
        let destination = source?.notificationChannel ?? "process"
        let host = configuration.channels.channel(named: destination)?.officialHost ?? "process-daemon"
        let message = QueuedMessage(
            id: draft.identity.id, arrival: draft.identity.arrival, sourceChannel: entry.channel,
            sender: envelopeSender(source), envelopeID: draft.identity.envelopeID,
            body: body(draft.report), needsSMTPUTF8: draft.report.isInternational,
            messageIDHeader: Self.messageIDs(draft.report),
            entries: [
                QueueEntry(
                    channel: destination, host: host,
                    recipients: addressees.map { QueueRecipient(address: $0, given: $0) })
            ])
        // The R record of the failed recipient comes after this E record (section 1.1).
        submitter.submit(
            message, content: content, modifiers: source?.isLogging == true ? [] : nil, logsFirst: true
        ) { result in
            switch result {
            case .success: completion(nil)
            case .failure(let error): completion(error.description)
            }
        }
    }

    /// What the report is made of: the body that it returns, and UTF-8 of its own (RFC 6531 section 3.1 wants 8BITMIME
    /// then).
    private func body(_ report: DeliveryReport) -> BodyType {
        let own: BodyType = report.isInternational ? .eightBitMIME : .sevenBit
        if report.returnsHeadersOnly { return report.message.body == .sevenBit ? own : .eightBitMIME }
        return report.message.body == .sevenBit ? own : report.message.body
    }

    /// Empty, or the postmaster where bit 0 of `returnenvelope` or `return_envelope` says so.
    private func envelopeSender(_ channel: Channel?) -> String {
        let bits =
            channel?.integer("returnenvelope").flatMap { UInt32(exactly: $0) } ?? configuration.mta.returnEnvelope
        return bits & 1 == 0 ? "" : "postmaster@\(configuration.channels.localHost)"
    }

    /// The message id field of the log: that of the notification, then that of the message it is about (section 2.2).
    private static func messageIDs(_ report: DeliveryReport) -> String {
        let original = report.message.messageIDHeader
        return "<\(report.messageID)>" + (original.isEmpty ? "" : ",\(original)")
    }

    /// Octets that are searched for the end of the header: what a header may have, and the trace fields since.
    private static let mostOfHeader = 512 << 10

    /// The header at the start of a message, its empty line included.
    private static func header(of start: [UInt8]) -> [UInt8] {
        guard case .success(let scan) = HeaderBlock.scan(start, limits: .init(fields: 100_000, octets: start.count))
        else {
            return []
        }
        return Array(start[..<scan.bodyStart])
    }
}
