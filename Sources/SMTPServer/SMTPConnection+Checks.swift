import Channels
import Configuration
import DNS
import Enqueue
import InternetMessage
import NIOCore
import SMTP
import SPF
import SystemCalls
import WorkerKit

/// The checks that wait for the DNS: `mailfromdnsverify` and SPF (access-and-filtering specification, 9 and 10).
extension SMTPConnection {
    // MARK: HELO

    /// HELO or EHLO; `spfhelo` checks the name first.
    func greet(_ name: String, _ extended: Bool) {
        heloPolicyField = nil
        guard channel.senderPolicyCheck.checksHELO, let subject = policySubject(helo: name, sender: nil) else {
            return accept(name, extended)
        }
        checkPolicy(subject) { connection, outcome in
            connection.heloPolicyField = ReceivedSPF.field(outcome, subject, identity: .helo)
            let options = connection.context.configuration.mta.senderPolicy
            if let refusal = SenderPolicyReplies.refusal(outcome, domain: name, options: options) {
                return connection.session.answered(.refuse(refusal))
            }
            connection.accept(name, extended)
        }
    }

    private func accept(_ name: String, _ extended: Bool) {
        helo = name
        saidEHLO = extended
        session.options.now = SystemClock.wallSeconds
        session.answered(.accept(nil))
    }

    // MARK: MAIL FROM

    /// What the DNS has to say of a sender before FROM_ACCESS is asked; `next` goes on with the transaction.
    func checkSender(_ mailbox: Mailbox?, _ next: @escaping (SMTPConnection, _ field: [UInt8]?) -> Void) {
        let bits = context.configuration.returnEnvelope(of: channel)
        if let mailbox, context.store == nil,
            let refusal = context.router.returnEnvelopeRefusal(mailbox, channel: channel, completion: completion)
        {
            let text = "\(refusal.text): \(mailbox)"
            return session.answered(.refuse(Reply(refusal.code, refusal.status, text)))
        }
        guard channel.verifiesSenderDomain || bits.contains(.mustResolve), let mailbox, !mailbox.domain.isEmpty,
            !mailbox.domain.hasPrefix("[")
        else { return checkSenderPolicy(mailbox, next) }
        var check = SenderDomainCheck(
            domain: mailbox.domain, blocked: context.configuration.mta.access.blockedSenderAddresses)
        check.allowsNullExchanger = !channel.verifiesSenderDomain && !bits.contains(.mustTakeMail)
        verify(check) { connection, outcome in
            let text = "invalid/no host in return address: \(mailbox)"
            switch outcome {
            case .exists: connection.checkSenderPolicy(mailbox, next)
            case .missing: connection.session.answered(.refuse(Reply(550, "5.1.8", text)))
            case .unknown: connection.session.answered(.refuse(Reply(450, "4.1.8", text)))
            }
        }
    }

    private func checkSenderPolicy(
        _ mailbox: Mailbox?, _ next: @escaping (SMTPConnection, _ field: [UInt8]?) -> Void
    ) {
        guard channel.senderPolicyCheck.sender == .atMailFrom, let subject = policySubject(helo: helo, sender: mailbox)
        else { return next(self, nil) }
        checkPolicy(subject) { connection, outcome in
            let options = connection.context.configuration.mta.senderPolicy
            if let refusal = SenderPolicyReplies.refusal(outcome, domain: subject.domain, options: options) {
                return connection.session.answered(.refuse(refusal))
            }
            next(connection, ReceivedSPF.field(outcome, subject, identity: .mailFrom))
        }
    }

    // MARK: RCPT TO

    /// `spfrcptto`: the check of MAIL FROM, put off until a recipient is good otherwise, and done once for a transaction.
    func checkPolicyAtRecipient(_ next: @escaping (SMTPConnection, Reply?) -> Void) {
        guard channel.senderPolicyCheck.sender == .atRecipient, let message,
            let subject = policySubject(helo: helo, sender: message.givenSender)
        else { return next(self, nil) }
        if let known = message.policy { return next(self, known.refusal) }
        checkPolicy(subject) { connection, outcome in
            let refusal = SenderPolicyReplies.refusal(
                outcome, domain: subject.domain, options: connection.context.configuration.mta.senderPolicy)
            connection.message?.policy = IncomingMessage.PolicyResult(refusal: refusal)
            connection.message?.traceFields.append(ReceivedSPF.field(outcome, subject, identity: .mailFrom))
            next(connection, refusal)
        }
    }

    // MARK: DNS

    /// `sender` nil: the HELO name itself is checked, or stands for an empty reverse path.
    private func policySubject(helo: String, sender: Mailbox?) -> SPFSubject? {
        SPFAddress(handed.remoteAddress.host).map { client in
            SPFSubject(
                client: client, localPart: sender?.localPart ?? "", domain: sender?.domain ?? "", helo: helo,
                receiver: context.header.localHost, time: SystemClock.wallSeconds)
        }
    }

    /// `completion` is called on the loop, at once when SPF_LOCAL or the domain itself needs no question.
    private func checkPolicy(
        _ subject: SPFSubject, _ completion: @escaping (SMTPConnection, SPFOutcome) -> Void
    ) {
        let options = context.configuration.mta.senderPolicy
        var subject = subject
        subject.localRecord = context.localPolicy(ofDomain: subject.domain)
        var limits = SPFLimits()
        limits.queries = options.maxQueries
        limits.recursion = options.maxRecursion
        let check = SPFCheck(subject, limits: limits)
        let late = SPFOutcome(.temperror, problem: "no result within \(options.maxTime) s")
        wait(
            .seconds(Int64(options.maxTime)), otherwise: late, completion
        ) { resolver, done in resolver.run(check, done) }
    }

    private func verify(
        _ check: SenderDomainCheck, _ completion: @escaping (SMTPConnection, SenderDomainCheck.Outcome) -> Void
    ) {
        wait(.seconds(60), otherwise: .unknown, completion) { resolver, done in
            resolver.run(check, done)
        }
    }

    /// Asks beside the loop and goes on with the session when the answer is there, or the time is up.
    func wait<Value: Sendable>(
        _ time: TimeAmount, otherwise late: Value, _ completion: @escaping (SMTPConnection, Value) -> Void,
        ask: (any DNSResolver, @escaping @Sendable (Value) -> Void) -> Void
    ) {
        guard let loop else { return }
        let pending = PendingCheck(self, completion)
        let bound = NIOLoopBound(pending, eventLoop: loop)
        pending.deadline = loop.scheduleTask(in: time) { bound.value.finish(late) }
        ask(context.resolver) { value in loop.execute { bound.value.finish(value) } }
    }
}

/// A check whose answer a session waits for; on the loop only.
private final class PendingCheck<Value> {
    private let connection: SMTPConnection
    private var completion: ((SMTPConnection, Value) -> Void)?
    var deadline: Scheduled<Void>?

    init(_ connection: SMTPConnection, _ completion: @escaping (SMTPConnection, Value) -> Void) {
        self.connection = connection
        self.completion = completion
    }

    func finish(_ value: Value) {
        guard let completion else { return }
        self.completion = nil
        deadline?.cancel()
        // The client may have gone meanwhile.
        guard connection.loop != nil else { return }
        completion(connection, value)
        connection.proceed()
    }
}
