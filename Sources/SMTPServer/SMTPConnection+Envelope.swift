import Aliases
import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import SMTP
import Spool
import WorkerKit

/// MAIL, RCPT and VRFY: the policy behind the session's questions.
extension SMTPConnection {
    func mail(_ argument: ArraySlice<UInt8>) -> ServerAnswer {
        guard context.submitter.spool.hasRoom else {
            return .refuse(Reply(452, "4.3.1", "Insufficient system storage, try again later"))
        }
        switch SMTPPath.parsePrefix(argument) {
        case .failure(let error):
            return .refuse(Reply(553, error.status.description, "\(error.reason): \(Self.shown(argument))"))
        case .success(let (path, rest)):
            switch MailParameters.parse(rest, options: session.options) {
            case .failure(let reply): return .refuse(reply)
            case .success(let parameters):
                let sender = context.router.sender(path.mailbox, channel: channel, completion: completion)
                return accept(sender, parameters)
            }
        }
    }

    /// FROM_ACCESS, once for each transaction.
    private func accept(_ sender: String, _ parameters: MailParameters) -> ServerAnswer {
        switch context.router.judgeSender(facts(sender)) {
        case .refused(let refusal):
            return .refuse(Reply(refusal.code, refusal.status, "\(refusal.text): \(sender)"))
        case .accepted(let sender, let isHeld):
            message = IncomingMessage(sender: sender, parameters: parameters)
            message?.heldReason = isHeld ? "access table" : nil
            return .accept(parameters.isEmpty ? nil : Reply(250, "2.5.0", "Address and options OK."))
        }
    }

    /// What access tables are told of the transaction.
    private func facts(_ sender: String) -> AccessFacts {
        AccessFacts(
            portAccessProbe: transport, applicationInformation: "SMTP/\(helo)", sourceChannel: channel.name,
            sender: sender, isAuthenticated: session.options.isAuthenticated, usesTLS: session.options.usesTLS,
            saidEHLO: saidEHLO, user: submission.user)
    }

    /// What is to be waited before the reply to the recipient that was asked about last.
    func takeDelay() -> Int {
        defer { addressDelay = 0 }
        return max(addressDelay, message?.delay ?? 0)
    }

    func recipient(_ argument: ArraySlice<UInt8>) -> ServerAnswer {
        switch SMTPPath.parsePrefix(argument) {
        case .failure(let error):
            return .refuse(Reply(553, error.status.description, "\(error.reason): \(Self.shown(argument))"))
        case .success(let (path, rest)):
            guard let mailbox = path.mailbox else {
                return .refuse(Reply(553, "5.1.3", "address is empty: \(path.given)"))
            }
            switch RecipientParameters.parse(rest) {
            case .failure(let reply): return .refuse(reply)
            case .success(let parameters): return recipient(mailbox, path, parameters)
            }
        }
    }

    private func recipient(
        _ mailbox: Mailbox, _ path: SMTPPath, _ parameters: RecipientParameters
    ) -> ServerAnswer {
        let facts = facts(message?.sender ?? "")
        let kept = QueueRecipientFacts(
            given: path.given, originalRecipient: parameters.originalRecipient,
            notify: NotifyConditions(parameters.notify))
        let delays = AccessDelays()
        let result = context.router.route(
            mailbox, recipient: kept, channel: channel, completion: completion, facts: facts, delays: delays)
        addressDelay = delays.longest.beforeReply
        let known = message?.delay ?? 0
        message?.delay = max(known, delays.longest.transaction)
        switch result {
        case .refused(let refusal):
            logRefusal(refusal, given: path.given)
            return .refuse(Reply(refusal.code, refusal.status, "\(refusal.text): \(path.given)"))
        case .accepted(let routed):
            if let tooLarge = sizeRefusal(routed, given: path.given) { return .refuse(tooLarge) }
            let isOver = context.router.isOverExpandLimit(message?.given.count ?? 0, channel)
            message?.recipients += isOver ? context.router.deferred(routed, by: channel) : routed
            message?.given.append(path.given)
            return .accept(Reply(250, "2.1.5", "\(path.given)\(parameters.isEmpty ? "" : " and options") OK."))
        }
    }

    /// SIZE of MAIL FROM against `blocklimit` of the destination channels (smtp specification, 4.1).
    private func sizeRefusal(_ routed: [RoutedRecipient], given: String) -> Reply? {
        guard let size = message?.parameters.size else { return nil }
        let mta = context.configuration.mta
        for recipient in routed {
            if let list = recipient.list,
                let refusal = list.refusal(size: Int(size), lines: 0, blockSize: mta.blockSize)
            {
                return Reply(refusal.code, refusal.status, "\(refusal.text): \(given)")
            }
            guard let blocks = context.configuration.channels.channel(named: recipient.channel)?.blockLimit,
                size / Int64(mta.blockSize) > Int64(blocks)
            else { continue }
            return Reply(
                550, "5.2.3",
                "channel limit of \(mta.bytes(ofBlocks: blocks) / 1024) kilobytes on message size exceeded: \(given)")
        }
        return nil
    }

    /// VRFY says whether an address looks local, and nothing more (HIDE_VERIFY, smtp specification, 5).
    func verification(_ argument: ArraySlice<UInt8>) -> Reply {
        guard case .success(let (path, _)) = SMTPPath.parsePrefix(argument), let mailbox = path.mailbox else {
            return Reply(553, "5.1.3", "address cannot be read: \(Self.shown(argument))")
        }
        let isLocal = mailbox.domain.isEmpty || context.router.isLocal(domain: mailbox.domain)
        return isLocal
            ? Reply(252, "2.5.0", "Possible local address <\(path.given)>")
            : Reply(252, "2.5.0", "Possible remote address not checked")
    }

    /// What a client wrote, for a reply; the reply's own rules make it harmless.
    private static func shown(_ argument: ArraySlice<UInt8>) -> String {
        let trimmed = argument.drop { $0 == 0x20 || $0 == UInt8(ascii: "<") }.prefix(256)
        return String(decoding: trimmed, as: UTF8.self)
    }
}
