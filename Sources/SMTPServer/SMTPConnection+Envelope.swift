import Aliases
import Channels
import Configuration
import Enqueue
import Envelope
import InternetMessage
import SMTP
import Spool
import SystemCalls
import WorkerKit

/// MAIL and RCPT: the policy behind the session's questions.
extension SMTPConnection {
    func mail(_ argument: ArraySlice<UInt8>) {
        restoreLimits()
        guard context.store != nil || context.submitter.spool.hasRoom else {
            return session.answered(.refuse(Reply(452, "4.3.1", "Insufficient system storage, try again later")))
        }
        session.options.now = SystemClock.wallSeconds
        switch sender(argument) {
        case .failure(let reply): session.answered(.refuse(reply))
        case .success(let (path, parameters)):
            checkSender(path.mailbox) { $0.accept(path.mailbox, parameters, policyField: $1) }
        }
    }

    /// The path of MAIL FROM with its parameters. UTF-8 in the path counts when SMTPUTF8 stands behind it; else the asterisk
    /// rule is for it (smtp specification, 7.4).
    private func sender(_ argument: ArraySlice<UInt8>) -> Result<(SMTPPath, MailParameters), Reply> {
        for allowUTF8 in session.options.offersSMTPUTF8 ? [true, false] : [false] {
            switch SMTPPath.parsePrefix(argument, allowUTF8: allowUTF8) {
            case .failure(let error):
                if allowUTF8 { continue }
                return .failure(Reply(553, error.status.description, "\(error.reason): \(Self.shown(argument))"))
            case .success(let (path, rest)):
                switch MailParameters.parse(rest, options: session.options) {
                case .failure(let reply): return .failure(reply)
                case .success(let parameters):
                    if parameters.needsSMTPUTF8 == allowUTF8 || SevenBit.isSevenBit(path.given.utf8) {
                        return .success((path, parameters))
                    }
                }
            }
        }
        return .failure(Reply(553, "5.6.7", "address is not valid UTF-8: \(Self.shown(argument))"))
    }

    /// FROM_ACCESS, once for each transaction.
    private func accept(_ given: Mailbox?, _ parameters: MailParameters, policyField: [UInt8]?) {
        // The store takes the sender as the front end says.
        let sender =
            context.store == nil
            ? context.router.sender(given, channel: channel, completion: completion) : given?.address ?? ""
        let findings = AccessFindings()
        let judgement = context.router.judgeSender(facts(sender, given), findings: findings)
        let effects = findings.effects
        context.systemLog.say(effects.notes)
        switch judgement {
        case .refused(let refusal):
            let reply = Reply(refusal.code, refusal.status, "\(refusal.text): \(sender)")
            answer(.refuse(reply), after: effects.delay.beforeReply)
        case .accepted(let sender):
            if let tooLarge = lowerLimits(effects.limits, size: parameters.size) {
                return answer(.refuse(tooLarge), after: effects.delay.beforeReply)
            }
            var message = IncomingMessage(sender: sender, parameters: parameters, now: session.options.now)
            message.givenSender = given
            message.effects = effects
            message.delay = effects.delay.transaction
            message.traceFields = [policyField, heloPolicyField].compactMap { $0 }
            self.message = message
            session.hasBinaryBody = parameters.body == .binaryMIME
            answer(.accept(.mailAccepted(parameters)), after: effects.delay.beforeReply)
        }
    }

    /// What access tables are told of the transaction.
    func facts(_ sender: String, _ given: Mailbox? = nil) -> AccessFacts {
        var facts = AccessFacts(
            portAccessProbe: transport, applicationInformation: applicationInformation, sourceChannel: channel.name,
            sender: sender, isAuthenticated: session.options.isAuthenticated, usesTLS: session.options.usesTLS,
            saidEHLO: saidEHLO, user: submission.user)
        facts.submitType = session.submitType
        if context.configuration.mta.access.usesGivenSender { facts.givenSender = given?.description ?? "" }
        facts.recipientsPresented = message?.presented ?? 0
        facts.recipientsAccepted = message?.given.count ?? 0
        facts.conversionTags = message?.effects.conversionTags ?? []
        return facts
    }

    /// What is to be waited before the reply to the recipient that was asked about last.
    func takeDelay() -> Int {
        defer { addressDelay = 0 }
        return max(addressDelay, message?.delay ?? 0)
    }

    func recipient(_ argument: ArraySlice<UInt8>) {
        message?.presented += 1
        let allowsUTF8 = message?.parameters.needsSMTPUTF8 == true
        switch SMTPPath.parsePrefix(argument, allowUTF8: allowsUTF8) {
        case .failure(let error):
            let reply = Reply(553, error.status.description, "\(error.reason): \(Self.shown(argument))")
            answer(.refuse(reply), after: takeDelay())
        case .success(let (path, rest)):
            guard let mailbox = path.mailbox else {
                let reply = Reply(553, "5.1.3", "address is empty: \(path.given)")
                return answer(.refuse(reply), after: takeDelay())
            }
            switch RecipientParameters.parse(rest, allowsUTF8: allowsUTF8) {
            case .failure(let reply): answer(.refuse(reply), after: takeDelay())
            case .success(let parameters): recipient(mailbox, path, parameters)
            }
        }
    }

    private func recipient(_ mailbox: Mailbox, _ path: SMTPPath, _ parameters: RecipientParameters) {
        if let store = context.store {
            return session.answered(storeRecipient(mailbox, path, parameters, of: store))
        }
        let facts = facts(message?.sender ?? "", message?.givenSender)
        let kept = QueueRecipientFacts(
            given: path.given, originalRecipient: parameters.originalRecipient,
            notify: NotifyConditions(parameters.notify))
        let findings = AccessFindings()
        let result = context.router.route(
            mailbox, recipient: kept, channel: channel, completion: completion, facts: facts, findings: findings)
        take(findings.effects)
        switch result {
        case .refused(let refusal):
            logRefusal(refusal, given: path.given)
            let reply = Reply(refusal.code, refusal.status, "\(refusal.text): \(path.given)")
            answer(.refuse(reply), after: takeDelay())
        case .accepted(let routed):
            if let tooLarge = sizeRefusal(routed, given: path.given) {
                return answer(.refuse(tooLarge), after: takeDelay())
            }
            if let solicited = solicitationRefusal(routed) {
                return answer(.refuse(solicited), after: takeDelay())
            }
            checkPolicyAtRecipient { connection, refusal in
                if let refusal { return connection.answer(.refuse(refusal), after: connection.takeDelay()) }
                connection.keep(routed)
                connection.message?.given.append(path.given)
                connection.message?.originalRecipient = parameters.originalRecipient.map {
                    String($0.drop { $0 != ";" }.dropFirst())
                }
                let reply = Reply(250, "2.1.5", "\(path.given)\(parameters.isEmpty ? "" : " and options") OK.")
                connection.answer(.accept(reply), after: connection.takeDelay())
            }
        }
    }

    /// What the recipient tables want: holding and dropping has been done to the recipient, the rest concerns the message.
    private func take(_ effects: AccessEffects) {
        context.systemLog.say(effects.notes)
        addressDelay = effects.delay.beforeReply
        let known = message?.delay ?? 0
        message?.delay = max(known, effects.delay.transaction)
        var whole = AccessEffects()
        whole.disposal = effects.disposal
        whole.headerFields = effects.headerFields
        whole.subjectTags = effects.subjectTags
        message?.effects.add(whole)
    }

    /// Above `expandlimit` recipients go to the channel that expands off line.
    private func keep(_ routed: [RoutedRecipient]) {
        let isOver = context.router.isOverExpandLimit(message?.given.count ?? 0, channel)
        message?.recipients += isOver ? context.router.deferred(routed, by: channel) : routed
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
            let channel = context.configuration.channels.channel(named: recipient.channel)
            guard
                case .octets(let allowed)? = channel?.exceededSizeLimit(
                    octets: size, lines: nil, blockSize: mta.blockSize)
            else { continue }
            return Reply(
                550, "5.2.3", "channel limit of \(allowed / 1024) kilobytes on message size exceeded: \(given)")
        }
        return nil
    }

    /// SOLICIT of MAIL FROM against `destinationnosolicit` of the destination channels (RFC 3865).
    private func solicitationRefusal(_ routed: [RoutedRecipient]) -> Reply? {
        guard let words = message?.parameters.solicitations, !words.isEmpty else { return nil }
        let channels = Set(routed.map(\.channel)).compactMap { context.configuration.channels.channel(named: $0) }
        return Solicitation.firstMatch(words, refused: channels.flatMap(\.refusedSolicitationsTo))
            .map { .solicitationRefused($0) }
    }

    /// What a client wrote, for a reply; the reply's own rules make it harmless.
    private static func shown(_ argument: ArraySlice<UInt8>) -> String {
        let trimmed = argument.drop { $0 == 0x20 || $0 == UInt8(ascii: "<") }.prefix(256)
        return String(decoding: trimmed, as: UTF8.self)
    }
}
