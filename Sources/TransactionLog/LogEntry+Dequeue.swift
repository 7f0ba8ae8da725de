package import Envelope

extension MessageLogEntry {
    /// The entry for what an attempt did for one recipient (notifications-logging specification, 2.2 and 2.3).
    /// `othersSettled`: another recipient of the copy was settled in the same attempt. `size`: octets of the content, in a
    /// Q entry what was handled before the failure. `now`: milliseconds since 1970. `banner`: of the remote server.
    package static func dequeue(
        _ message: QueuedMessage, entry number: Int, attempts: Int, outcome: RecipientOutcome, othersSettled: Bool,
        size: Int, now: Int64, banner: String = "", modifiers: TransferModifiers = []
    ) -> MessageLogEntry? {
        guard message.entries.indices.contains(number),
            message.entries[number].recipients.indices.contains(outcome.recipient)
        else { return nil }
        let entry = message.entries[number]
        let recipient = entry.recipients[outcome.recipient]
        var line = MessageLogEntry(
            MessageAction(outcome.result, othersSettled: othersSettled, notify: recipient.notify))
        line.modifiers = modifiers
        line.sourceChannel = entry.channel
        line.blocks = blockCount(ofBytes: size)
        line.sender = message.sender
        line.originalRecipient = recipient.originalRecipient ?? "rfc822;\(recipient.given)"
        line.currentRecipient = recipient.address
        line.initialRecipient = recipient.given
        line.notify = recipient.notify
        line.filename = "\(entry.channel)/\(EntryName(message: message.id, entry: number, attempts: attempts))"
        line.envelopeID = message.envelopeID
        line.messageID = message.messageIDHeader
        line.username = message.submission.user.isEmpty ? "" : "*" + message.submission.user
        line.priority = entry.priority
        if line.action == .rejected || line.action == .rejectedSilently { line.reason = outcome.text }
        if outcome.remote.isEmpty {
            line.diagnostic = outcome.result == .delivered ? "" : outcome.text
        } else {
            line.sourceSystem = String(outcome.remote.prefix { $0 != " " })
            line.remoteMTA = outcome.remote + (banner.isEmpty ? "" : " (\(banner))")
            line.diagnostic = "smtp;\(outcome.text)"
            line.connection.application = modifiers.contains(.lmtp) ? "LMTP" : "SMTP"
            if let start = outcome.remote.lastIndex(of: "("), outcome.remote.hasSuffix(")") {
                line.connection.transport = String(outcome.remote[start...].dropFirst().dropLast())
            }
        }
        line.queueSeconds = max(0, (now - message.arrival) / 1000)
        return line
    }
}

extension MessageAction {
    /// D, R or K, Q or Z.
    init(_ result: RecipientOutcome.Result, othersSettled: Bool, notify: NotifyConditions) {
        switch result {
        case .delivered, .relayed: self = .dequeued
        case .failedPermanently: self = notify.forbidsFailure ? .rejectedSilently : .rejected
        case .failedTemporarily: self = othersSettled ? .readyAgain : .failedTemporarily
        }
    }
}

extension NotifyConditions {
    /// NOTIFY=NEVER; beside FAILURE it does not count (notifications-logging specification, 1.2).
    fileprivate var forbidsFailure: Bool { contains(.never) && !contains(.failure) }
}
