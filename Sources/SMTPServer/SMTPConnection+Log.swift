import Channels
import Enqueue
import Envelope
import NIOCore
import SMTP
import SystemCalls
import TransactionLog

/// What a session writes into the transaction log.
extension SMTPConnection {
    /// `SMTP`, the application field of connection entries; with version and cipher of TLS at close, and with LOG_TLS
    /// always (notifications and logging specification, 2.4 and 2.6).
    private func application(_ action: ConnectionLogEntry.Action) -> String {
        let name = session.options.service == .lmtp ? "LMTP" : "SMTP"
        guard let tls, handshake == nil, action == .closed || context.logsTLS else { return name }
        return "\(name)/\(tls.description)"
    }

    /// `TLSv1.3,cipher`, with LOG_TLS.
    private var loggedTLS: String {
        guard context.logsTLS, let tls, handshake == nil else { return "" }
        return String(tls.description.map { $0 == ":" ? "," : $0 })
    }

    /// For the entries of messages that come over this connection.
    var loggedConnection: LoggedConnection {
        var connection = LoggedConnection()
        connection.transport = transport
        connection.application = session.options.service == .lmtp ? "LMTP" : "SMTP"
        connection.tls = loggedTLS
        return connection
    }

    func log(_ action: ConnectionLogEntry.Action, user: String = "", diagnostic: String = "") {
        guard channel.isLogging else { return }
        var entry = ConnectionLogEntry(
            action, channel: channel.name, isInbound: true, transport: transport,
            application: application(action), username: user, diagnostic: diagnostic)
        entry.tls = loggedTLS
        if action == .closed { entry.seconds = (NIODeadline.now() - startedAt).nanoseconds / 1_000_000_000 }
        context.submitter.log.write(entry)
    }

    var modifiers: TransferModifiers {
        var modifiers: TransferModifiers = session.options.service == .lmtp ? .lmtp : saidEHLO ? .esmtp : []
        if session.options.usesTLS { modifiers.insert(.tls) }
        if session.options.isAuthenticated { modifiers.insert(.authenticated) }
        if pipelines { modifiers.insert(.pipelining) }
        return modifiers
    }

    /// A J entry for a refused recipient, as many as MAX_J_ENTRIES in a session.
    func logRefusal(_ refusal: RoutingRefusal, given: String) {
        countRefusal()
        guard channel.isLogging, refusalsLogged < context.mostRefusalsLogged else { return }
        refusalsLogged += 1
        var entry = entry(.enqueueRefused)
        entry.originalRecipient = "rfc822;\(given)"
        entry.currentRecipient = given
        entry.initialRecipient = given
        entry.reason = refusal.detail.isEmpty ? refusal.text : "\(refusal.text) (\(refusal.detail))"
        entry.diagnostic =
            "\(refusal.code) \(refusal.status) \(refusal.text)"
            + (refusalsLogged == context.mostRefusalsLogged ? " (further rejections in this session not logged)" : "")
        context.submitter.log.write([entry])
    }

    /// A refused recipient (notifications-logging specification, section 3, Rejected).
    private func countRefusal() {
        let isFirst = message?.hasRefusals == false
        message?.hasRefusals = true
        context.submitter.counters?.update(channel.name) { counters in
            counters.add(.rejectedRecipients)
            if isFirst { counters.add(.rejectedMessages) }
        }
    }

    /// The connection counts for the channel that it has now, until its end.
    func countOpened() {
        countedChannel = channel.name
        context.submitter.counters?.update(channel.name) { counters in
            counters.add(.totalInAssociations)
            counters.add(.currentInAssociations)
        }
    }

    func countClosed() {
        guard let counted = countedChannel else { return }
        countedChannel = nil
        context.submitter.counters?.update(counted) { $0.add(.currentInAssociations, -1) }
    }

    /// One that was refused before its session began.
    func countRejected() {
        context.submitter.counters?.update(channel.name) { $0.add(.rejectedInAssociations) }
    }

    /// A B entry, as many as MAX_B_ENTRIES in a session.
    func logBadCommand(_ verb: String, _ reply: Reply) {
        guard channel.isLogging, badCommandsLogged < context.mostBadCommandsLogged else { return }
        badCommandsLogged += 1
        var entry = entry(.badCommand)
        entry.currentRecipient = verb
        entry.diagnostic = reply.text
        context.submitter.log.write([entry])
    }

    /// V entries for the recipients of a transaction that the client neither ended nor gave up by a command.
    func logAbort(_ reason: AbortReason) {
        guard channel.isLogging, let message, reason == .timedOut || reason == .sessionEnded else { return }
        var entry = entry(.aborted)
        entry.diagnostic =
            !closeReason.isEmpty
            ? closeReason
            : reason == .timedOut ? "the client said nothing for too long" : "the session ended before the message"
        var entries = message.recipients.map { recipient in
            var entry = entry
            entry.destinationChannel = recipient.channel
            entry.originalRecipient =
                recipient.recipient.originalRecipient ?? "rfc822;\(recipient.recipient.given)"
            entry.currentRecipient = recipient.recipient.address
            entry.initialRecipient = recipient.recipient.given
            return entry
        }
        if context.store != nil {
            entries = message.given.map { given in
                var entry = entry
                entry.originalRecipient = "rfc822;\(given)"
                entry.currentRecipient = given
                entry.initialRecipient = given
                return entry
            }
        }
        context.submitter.log.write(entries)
    }

    /// What all entries of messages that are not taken have in common.
    private func entry(_ action: MessageAction) -> MessageLogEntry {
        var entry = MessageLogEntry(action)
        entry.modifiers = modifiers
        entry.sourceChannel = channel.name
        entry.sender = message?.sender ?? ""
        entry.username = (user?.identity).map { "*\($0)" } ?? ""
        entry.sourceSystem = submission.sourceSystem
        entry.connection = loggedConnection
        return entry
    }

    var submission: Submission {
        Submission(
            clientAddress: forwarded.address ?? handed.remoteAddress.host, helo: forwarded["HELO"]?.text ?? helo,
            user: user?.identity ?? "", usedTLS: session.options.usesTLS)
    }
}
