import Channels
import Enqueue
import Envelope
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

    func log(_ action: ConnectionLogEntry.Action, user: String = "", diagnostic: String = "") {
        guard channel.isLogging else { return }
        context.submitter.log.write(
            ConnectionLogEntry(
                action, channel: channel.name, isInbound: true, transport: transport,
                application: application(action), username: user, diagnostic: diagnostic))
    }

    var modifiers: TransferModifiers {
        var modifiers: TransferModifiers = session.options.service == .lmtp ? .lmtp : saidEHLO ? .esmtp : []
        if session.options.usesTLS { modifiers.insert(.tls) }
        if session.options.isAuthenticated { modifiers.insert(.authenticated) }
        return modifiers
    }

    /// A J entry for a refused recipient, as many as MAX_J_ENTRIES in a session.
    func logRefusal(_ refusal: RoutingRefusal, given: String) {
        countRefusal()
        guard channel.isLogging, refusalsLogged < context.mostRefusalsLogged else { return }
        refusalsLogged += 1
        var entry = MessageLogEntry(.enqueueRefused)
        entry.modifiers = modifiers
        entry.sourceChannel = channel.name
        entry.sender = message?.sender ?? ""
        entry.originalRecipient = "rfc822;\(given)"
        entry.currentRecipient = given
        entry.sourceSystem = submission.sourceSystem
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

    var submission: Submission {
        Submission(
            clientAddress: forwarded.address ?? handed.remoteAddress.host, helo: forwarded["HELO"]?.text ?? helo,
            user: user?.identity ?? "", usedTLS: session.options.usesTLS)
    }
}
