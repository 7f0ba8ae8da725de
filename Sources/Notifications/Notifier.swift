import Channels
package import Configuration
package import Enqueue
package import Envelope
import InternetMessage
import Spool
import SystemCalls
import TransactionLog

/// Makes notifications durable: to the `process` channel, with an empty envelope From, under an id that is the same
/// whenever the same attempt is reported again (notifications-logging specification, 1.1).
package final class Notifier: Sendable {
    let configuration: MTAConfiguration
    let submitter: MessageSubmitter
    private let library: NotificationLibrary
    let terms: ReturnTerms

    /// `report` gets lines about files of texts, each once.
    package init(
        configuration: MTAConfiguration, submitter: MessageSubmitter, report: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.submitter = submitter
        library = NotificationLibrary(configuration, report: report)
        terms = ReturnTerms(configuration, report: report)
    }

    /// One attempt's outcomes that the sender is to be told of.
    package struct Occasion: Sendable {
        package var kind: NotificationKind
        package var message: QueuedMessage
        /// Index of the entry in the message.
        package var entry: Int
        package var attempt: Int
        package var outcomes: [RecipientOutcome]
        /// What earlier attempts did, oldest first.
        package var history: [EarlierAttempts]

        package init(
            kind: NotificationKind, message: QueuedMessage, entry: Int, attempt: Int, outcomes: [RecipientOutcome],
            history: [EarlierAttempts] = []
        ) {
            self.kind = kind
            self.message = message
            self.entry = entry
            self.attempt = attempt
            self.outcomes = outcomes
            self.history = history
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
        let addressees: Addressees
        do {
            addressees = try self.addressees(occasion, entry, isWanted: !wanted.isEmpty, content)
        } catch {
            return completion("\(error)")
        }
        let done = { @Sendable [self] (problem: String?) in
            if problem == nil, occasion.kind.isWarning {
                log(occasion, isSent: addressees.author != nil, size: content.size)
            }
            completion(problem)
        }
        guard !addressees.all.isEmpty else { return done(nil) }
        let draft = draft(
            occasion, entry, wanted.isEmpty ? occasion.outcomes : wanted, addressees, size: content.size)
        send(letters(draft, addressees, occasion, entry)[...], entry, content, done)
    }

    /// W about each recipient that the author has been warned of (`isSent`), or K where he wants no word (section 2.3): the
    /// only place that writes them, before the entry of the attempt.
    private func log(_ occasion: Occasion, isSent: Bool, size: Int) {
        let channel = configuration.channels.channel(named: occasion.message.entries[occasion.entry].channel)
        guard channel?.isLogging == true else { return }
        let now = SystemClock.wallNanoseconds / 1_000_000
        submitter.log.write(
            occasion.outcomes.compactMap { outcome in
                guard
                    var line = MessageLogEntry.dequeue(
                        occasion.message, entry: occasion.entry, attempts: occasion.attempt, outcome: outcome,
                        othersSettled: false, size: size, now: now)
                else { return nil }
                let isWanted = occasion.kind.isWanted(line.notify)
                line.action = isWanted ? .warned : .rejectedSilently
                return isSent || !isWanted ? line : nil
            })
    }

    /// A notification, and who gets it.
    private struct Letter: Sendable {
        var draft: Draft
        var addressees: [String]
    }

    /// One for all addressees; with `postheadonly` the postmaster's copy, which has only the header of the message, is one
    /// of its own.
    private func letters(
        _ draft: Draft, _ addressees: Addressees, _ occasion: Occasion, _ entry: QueueEntry
    ) -> [Letter] {
        let channel = configuration.channels.channel(named: entry.channel)
        guard channel?.sendsPostmasterHeaderOnly == true, let postmaster = addressees.postmaster,
            !draft.report.returnsHeadersOnly
        else { return [Letter(draft: draft, addressees: addressees.all)] }
        var copy = draft
        copy.report.returnsHeadersOnly = true
        guard let author = addressees.author else { return [Letter(draft: copy, addressees: [postmaster])] }
        copy.identity = submitter.newIdentity()
        copy.identity.id = MessageID.derived(
            from: draft.identity.id, entry: 0, attempt: 0, recipients: [], occasion.kind.derivation)
        copy.report.messageID = "\(copy.identity.envelopeID)@\(configuration.channels.localHost)"
        copy.report.boundaryID = boundaryID(copy.identity.id)
        return [Letter(draft: draft, addressees: [author]), Letter(draft: copy, addressees: [postmaster])]
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

    private func enqueue(
        _ draft: Draft, _ addressees: [String], _ entry: QueueEntry, _ original: ReturnedContent, isLarge: Bool,
        _ completion: @escaping @Sendable (String?) -> Void
    ) {
        do {
            let start = try original.beginning(Self.mostOfHeader)
            let header = Self.header(of: start)
            var draft = draft
            (draft.report.texts, draft.report.subject) = library.texts(for: draft.report, header: header)
            let opening = draft.report.opening(originalHeader: header)
            let isEightBit = opening.contains { $0 > 127 }
            let content: SpoolContent
            if draft.report.returnsHeadersOnly {
                content = .inline([opening, header, draft.report.closing])
            } else if isLarge {
                content = try .large(copy(draft, opening, original))
            } else {
                content = .inline([opening, try original.beginning(original.size), draft.report.closing])
            }
            submit(draft, addressees, entry, content, isEightBit: isEightBit, completion)
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
        _ draft: Draft, _ addressees: [String], _ entry: QueueEntry, _ content: SpoolContent, isEightBit: Bool,
        _ completion: @escaping @Sendable (String?) -> Void
    ) {
        let source = configuration.channels.channel(named: entry.channel)
        let destination = source?.notificationChannel ?? "process"
        let host = configuration.channels.channel(named: destination)?.officialHost ?? "process-daemon"
        let message = QueuedMessage(
            id: draft.identity.id, arrival: draft.identity.arrival, sourceChannel: entry.channel,
            sender: envelopeSender(source), envelopeID: draft.identity.envelopeID,
            body: body(draft.report, isEightBit: isEightBit), needsSMTPUTF8: draft.report.isInternational,
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

    /// What the report is made of: the body that it returns, and what its texts have beyond US-ASCII (RFC 6531 section 3.1
    /// wants 8BITMIME for UTF-8).
    private func body(_ report: DeliveryReport, isEightBit: Bool) -> BodyType {
        let own: BodyType = report.isInternational || isEightBit ? .eightBitMIME : .sevenBit
        if report.returnsHeadersOnly { return report.message.body == .sevenBit ? own : .eightBitMIME }
        return report.message.body == .sevenBit ? own : report.message.body
    }

    /// Empty, or the postmaster where RETURN_ENVELOPE says so.
    private func envelopeSender(_ channel: Channel?) -> String {
        let bits = configuration.returnEnvelope(of: channel)
        let isEmpty = bits.isDisjoint(with: [.noticesFromPostmaster, .emptyIsPostmaster])
        return isEmpty ? "" : "postmaster@\(configuration.channels.localHost)"
    }

    /// The message id field of the log: that of the notification, then that of the message it is about (section 2.2).
    private static func messageIDs(_ report: DeliveryReport) -> String {
        let original = report.message.messageIDHeader
        return "<\(report.messageID)>" + (original.isEmpty ? "" : ",\(original)")
    }

    /// Octets that are searched for the end of the header: what a header may have, and the trace fields since.
    static let mostOfHeader = 512 << 10

    /// The header at the start of a message, its empty line included.
    static func header(of start: [UInt8]) -> [UInt8] {
        guard case .success(let scan) = HeaderBlock.scan(start, limits: .init(fields: 100_000, octets: start.count))
        else {
            return []
        }
        return Array(start[..<scan.bodyStart])
    }
}
