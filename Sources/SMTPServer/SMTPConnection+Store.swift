import Aliases
import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import MessageStore
import NIOCore
import NIOPosix
import SMTP
import SystemCalls
import TransactionLog

/// LMTP: from RCPT to the mailbox, with a reply for each recipient (RFC 2033; channel-programs specification, 3).
extension SMTPConnection {
    /// RCPT: a mailbox of this store, or 550; never relayed.
    func storeRecipient(
        _ address: Mailbox, _ path: SMTPPath, _ parameters: RecipientParameters, of store: LMTPStore
    ) -> ServerAnswer {
        switch store.mailboxes.find(address, directory: known) {
        case .mailbox(let name):
            message?.mailboxes.append(name)
            message?.given.append(path.given)
            return .accept(Reply(250, "2.1.5", "\(path.given)\(parameters.isEmpty ? "" : " and options") OK."))
        case .unknown:
            return refuse(550, "5.1.1", replyText("unknown_user") ?? "unknown or illegal user", path.given)
        case .closed:
            return refuse(450, "4.2.0", replyText("inactive_user") ?? "mailbox temporarily disabled", path.given)
        case .unavailable:
            return refuse(451, "4.3.0", "directory temporarily unavailable", path.given)
        }
    }

    /// `error_text_NAME` of the site (smtp specification, 5).
    private func replyText(_ name: String) -> String? { context.configuration.mta.errorTexts[name] }

    private func refuse(_ code: Int, _ status: String, _ text: String, _ given: String) -> ServerAnswer {
        logRefusal(RoutingRefusal(code: code, status: status, text: text), given: given)
        return .refuse(Reply(code, status, "\(text): \(given)"))
    }

    private func known(_ address: String) -> LocalMailboxes.Known {
        switch context.router.user(forLogin: address) {
        case .notFound: .unknown
        case .unavailable: .unavailable
        case .found(let entry):
            context.router.mayLogIn(entry) ? .user(name: entry.name, domain: entry.domain) : .closed
        }
    }

    /// The final dot: into every mailbox, on a thread that may wait for the disk, before the replies.
    func deliver(
        _ message: IncomingMessage, _ identity: MessageSubmitter.Identity, _ facts: HeaderFacts,
        _ content: LMTPStore.Message.Content, to store: LMTPStore
    ) {
        guard let loop else { return }
        if let loop = facts.heldReason {
            // Nothing can be held where nothing is queued.
            return answer(.refuse(Reply(554, "5.4.6", "mail \(loop)")))
        }
        let letter = LMTPStore.Message(sender: message.sender, identity: identity, content: content)
        let mailboxes = message.mailboxes
        let bound = NIOLoopBound((self, message, facts), eventLoop: loop)
        pool.runIfActive(eventLoop: loop) { store.deliver(letter, to: mailboxes) }.whenComplete { result in
            let (connection, message, facts) = bound.value
            switch result {
            case .success(let failures): connection.delivered(message, identity, facts, letter.size, failures)
            case .failure:
                connection.answer(.refuse(Reply(451, "4.3.2", "Service shutting down, try again later")))
            }
        }
    }

    private func delivered(
        _ message: IncomingMessage, _ identity: MessageSubmitter.Identity, _ facts: HeaderFacts, _ size: Int,
        _ failures: [StoreFailure?]
    ) {
        let accepted = Reply(250, "2.5.0", "Ok, envelope id \(identity.envelopeID)@\(context.header.localHost)")
        logDeliveries(message, identity, facts, size, failures)
        answer(
            .acceptEach(
                failures.map { failure in
                    // What went wrong in detail is for the log: it names files.
                    switch failure?.status {
                    case nil: accepted
                    case "4.2.2": Reply(452, "4.2.2", "Insufficient storage in the mailbox, try again later")
                    default: Reply(451, "4.3.0", "Mailbox cannot be written, try again later")
                    }
                }))
    }

    /// A D or Q record for each recipient.
    private func logDeliveries(
        _ message: IncomingMessage, _ identity: MessageSubmitter.Identity, _ facts: HeaderFacts, _ size: Int,
        _ failures: [StoreFailure?]
    ) {
        guard channel.isLogging else { return }
        var base = MessageLogEntry(.dequeued)
        base.modifiers = modifiers
        base.sourceChannel = channel.name
        base.blocks = blockCount(ofBytes: size)
        base.sender = message.sender
        base.envelopeID = identity.envelopeID
        base.messageID = facts.messageID
        base.sourceSystem = submission.sourceSystem
        base.priority = facts.priority
        base.queueSeconds = 0
        base.connection = loggedConnection
        context.submitter.log.write(
            zip(message.given, failures).map { given, failure in
                var entry = base
                entry.originalRecipient = "rfc822;\(given)"
                entry.currentRecipient = given
                entry.initialRecipient = given
                if let failure {
                    entry.action = .failedTemporarily
                    entry.diagnostic = failure.text
                }
                return entry
            })
    }
}

extension LMTPStore.Message {
    /// Octets of the content.
    var size: Int {
        switch content {
        case .bytes(let pieces): pieces.reduce(0) { $0 + $1.count }
        case .scratch(let file): file.size
        }
    }
}
