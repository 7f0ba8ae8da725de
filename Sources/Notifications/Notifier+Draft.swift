import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage

/// What a notification says, and who gets it.
extension Notifier {
    struct Draft: Sendable {
        var report: DeliveryReport
        var identity: MessageSubmitter.Identity
    }

    /// Who gets a notification.
    struct Addressees {
        /// The sender, or who takes his place.
        var author: String?
        /// Who gets a copy.
        var postmaster: String?

        var all: [String] { [author, postmaster].compactMap { $0 } }
    }

    /// `disable_delivery_receipt`: no receipts of success (section 1.1).
    func isSuppressed(_ kind: NotificationKind) -> Bool {
        kind.isReceipt && configuration.options.boolean("mta.disable_delivery_receipt")
    }

    /// The sender, unless it is empty; the postmaster where the channel asks for a copy (section 1.6).
    func addressees(
        _ occasion: Occasion, _ entry: QueueEntry, isWanted: Bool, _ content: ReturnedContent
    ) throws -> Addressees {
        var addressees = Addressees()
        let hasAuthor = !configuration.isNobody(occasion.message.sender)
        if isWanted, hasAuthor || occasion.kind.isReceipt { addressees.author = try author(occasion, content) }
        guard !occasion.kind.isReceipt, let channel = configuration.channels.channel(named: entry.channel) else {
            return addressees
        }
        let isCopied: Bool =
            switch occasion.kind.isWarning ? channel.warningCopy : channel.failureCopy {
            case .always: true
            case .unlessEmptySender: hasAuthor
            case .onlyUndeliverable: !hasAuthor
            case .never: false
            }
        let postmaster = "postmaster@\(configuration.channels.localHost)"
        // What cannot be delivered to the postmaster is not told to him again, and again.
        let isHis =
            !hasAuthor
            && occasion.outcomes.allSatisfy { outcome in
                entry.recipients.indices.contains(outcome.recipient)
                    && entry.recipients[outcome.recipient].given.lowercased() == postmaster.lowercased()
            }
        if isCopied, !isHis, addressees.author != postmaster { addressees.postmaster = postmaster }
        return addressees
    }

    /// The envelope From; with `use_errors_to` and `use_warnings_to` the address of `Errors-to:` and `Warnings-to:`,
    /// where there is one, and nobody when that field is blank (section 1.1). Nothing is ever sent for an empty sender, nor
    /// of failures and delays for what stands in its place.
    private func author(_ occasion: Occasion, _ content: ReturnedContent) throws -> String? {
        let sender = occasion.message.sender
        guard !sender.isEmpty else { return nil }
        let (option, field) =
            occasion.kind.isWarning ? ("use_warnings_to", "Warnings-to") : ("use_errors_to", "Errors-to")
        guard !occasion.kind.isReceipt, configuration.options.boolean("mta.\(option)") else { return sender }
        let header = Self.header(of: try content.beginning(Self.mostOfHeader))
        guard case .success(let scan) = HeaderBlock.scan(header), let index = scan.header.firstIndex(of: field) else {
            return sender
        }
        let value = scan.header.unfoldedValue(of: scan.header.fields[index])
        if value.isEmpty { return nil }
        let address = HeaderAddressList.parse(value[...], limit: 1).addresses.first?.mailbox
        return address.flatMap { $0.domain.isEmpty ? nil : $0.description } ?? sender
    }

    func draft(
        _ occasion: Occasion, _ entry: QueueEntry, _ outcomes: [RecipientOutcome], _ addressees: Addressees, size: Int
    ) -> Draft {
        var identity = submitter.newIdentity()
        identity.id = MessageID.derived(
            from: occasion.message.id, entry: occasion.entry, attempt: occasion.attempt,
            recipients: occasion.outcomes.map(\.recipient), occasion.kind.derivation)
        let localHost = configuration.channels.localHost
        let channel = configuration.channels.channel(named: entry.channel)
        let shown = ShownRecipients(entry, channel)
        var report = DeliveryReport(
            kind: occasion.kind, message: occasion.message, entry: shown.entry, outcomes: shown.outcomes(outcomes),
            localHost: localHost,
            channelHost: channel?.officialHost ?? localHost,
            returnAddress: channel?.returnAddress ?? configuration.mta.returnAddress ?? "postmaster@\(localHost)",
            returnPersonal: channel?.returnPersonal,
            messageID: "\(identity.envelopeID)@\(localHost)", boundaryID: boundaryID(identity.id),
            date: String(decoding: identity.date, as: UTF8.self),
            arrivalDate: headerDate(occasion.message.arrival / 1000),
            returnsHeadersOnly: terms.returnsHeadersOnly(occasion.message, size: size))
        report.addressee = addressees.author ?? ""
        report.usualPersonal = configuration.mta.returnPersonal
        report.time = waitingTime(occasion.message, entry, now: identity.arrival)
        report.history = history(occasion, shown)
        report.notaryDecode = configuration.options.integer("mta.notary_decode") ?? -1
        return Draft(report: report, identity: identity)
    }

    private func headerDate(_ seconds: Int64) -> String {
        String(decoding: submitter.headerDate(seconds), as: UTF8.self)
    }

    /// The last attempts, as many as HISTORY_TO_RETURN says (section 1.5); none without RETURN_DELIVERY_HISTORY.
    private func history(_ occasion: Occasion, _ shown: ShownRecipients) -> [DeliveryReport.EarlierAttempt] {
        guard configuration.mta.returnDeliveryHistory, !occasion.kind.isReceipt else { return [] }
        let all = occasion.history.flatMap { attempts in
            // Into the year 10000: what a date has digits for.
            attempts.times.filter { (0..<253_402_300_800).contains($0) }.map { (time: $0, outcomes: attempts.outcomes) }
        }
        return all.suffix(max(1, configuration.mta.historyToReturn)).map { attempt in
            DeliveryReport.EarlierAttempt(date: headerDate(attempt.time), outcomes: shown.outcomes(attempt.outcomes))
        }
    }

    private func waitingTime(_ message: QueuedMessage, _ entry: QueueEntry, now: Int64) -> WaitingTime {
        let countsHours = configuration.mta.noticesCountHours
        let channel = configuration.channels.channel(named: entry.channel)
        let priority = Channel.DeliveryPriority(rank: Int(entry.priority.rawValue))
        let unit: Int64 = countsHours ? 3_600_000 : 86_400_000
        return WaitingTime(
            queued: Int(max(0, now - message.arrival) / unit),
            allowed: channel.flatMap { configuration.channels.notices($0, priority).last } ?? 0,
            countsHours: countsHours)
    }

    /// 22 characters that no part of a message can contain by accident.
    func boundaryID(_ id: MessageID) -> String {
        let second = MessageID.derived(from: id, entry: 0, attempt: 0, recipients: [], .failureNotification)
        return id.description + second.description
    }
}

/// An entry as a report shows it: the form of each recipient that the sender may see (channels specification,
/// `suppressfinal`; aliases specification, section 2.1).
private struct ShownRecipients {
    private(set) var entry: QueueEntry
    /// Another address is shown of one of them.
    private var hidesAny = false

    init(_ entry: QueueEntry, _ channel: Channel?) {
        self.entry = entry
        for index in entry.recipients.indices {
            let recipient = entry.recipients[index]
            let hidesFinal = channel?.noticeForms == .original && !recipient.given.isEmpty
            let shown = hidesFinal ? recipient.given : recipient.shownAddress ?? recipient.address
            self.entry.recipients[index].address = shown
            if shown != recipient.address { hidesAny = true }
        }
    }

    /// Remote systems name addresses in their replies, in whatever form they know them by: where an address is hidden,
    /// all that look like one become the address that is shown.
    func outcomes(_ outcomes: [RecipientOutcome]) -> [RecipientOutcome] {
        guard hidesAny else { return outcomes }
        return outcomes.map { outcome in
            guard entry.recipients.indices.contains(outcome.recipient) else { return outcome }
            var outcome = outcome
            outcome.text = Self.replacingAddresses(outcome.text, by: entry.recipients[outcome.recipient].address)
            return outcome
        }
    }

    private static func replacingAddresses(_ text: String, by shown: String) -> String {
        var output = ""
        var rest = text[...]
        while !rest.isEmpty {
            let word = rest.prefix { !" \t<>(),;:".contains($0) }
            output += word.contains("@") ? shown : String(word)
            rest = rest[word.endIndex...]
            if let end = rest.popFirst() { output.append(end) }
        }
        return output
    }
}
