import Channels
import NIOCore
import NIOPosix
import SASL
import SMTP
import SystemCalls
import TransactionLog
import WorkerKit

/// An AUTH exchange that goes on.
struct AuthenticationExchange {
    enum Kind {
        case own(any SASLMechanism)
        /// Dovecot has the users: what the client says goes there.
        case outside(DovecotService, id: UInt32?)
        /// Dovecot has said yes, and the client has to confirm the last word of the mechanism.
        case confirmation(user: String)
    }

    let name: SASLMechanismName
    var kind: Kind
    /// LOGIN by way of Dovecot: the name has come, so what follows is the password.
    var hasName = false
}

/// AUTH (RFC 4954).
extension SMTPConnection {
    func authenticate(_ mechanism: String, _ response: ArraySlice<UInt8>?) {
        endExchange()
        attemptedName = ""
        guard let name = SASLMechanismName(name: mechanism) else {
            return session.answered(.refuse(Reply(504, "5.5.4", "Unknown authentication mechanism")))
        }
        // `=` stands for a response of no octets (RFC 4954 section 4).
        let octets = response.map { $0.elementsEqual([UInt8(ascii: "=")]) ? [] : Base64.decode($0) }
        if case .some(nil) = octets { return authenticationFailed(.malformed) }
        if let service = context.dovecot, name != .external, !(name.usesToken && context.tokens != nil) {
            return relay(name, octets ?? nil, service)
        }
        let connection = SASLConnection(
            bindings: tls?.identity.endPoint.map { ["tls-server-end-point": $0] } ?? [:],
            offersBinding: session.options.authenticationMechanisms.contains { $0.hasSuffix("-PLUS") },
            hostName: session.options.hostName)
        var own = context.authenticator.begin(name, connection)
        let step = own.respond(octets ?? nil)
        proceed(name, own, step)
    }

    func authenticationResponse(_ line: ArraySlice<UInt8>) {
        guard let exchange, let octets = Base64.decode(line) else { return authenticationFailed(.malformed) }
        switch exchange.kind {
        case .own(var own):
            let step = own.respond(octets)
            proceed(exchange.name, own, step)
        case .outside(let service, let id?): relay(exchange.name, id, octets, service)
        case .outside: authenticationFailed(.malformed)
        case .confirmation(let user):
            guard octets.isEmpty else { return authenticationFailed(.malformed) }
            finish(context.authenticator.user(user, context.router, knowsAll: false))
        }
    }

    private func proceed(_ name: SASLMechanismName, _ own: any SASLMechanism, _ step: SASLStep) {
        exchange = AuthenticationExchange(name: name, kind: .own(own))
        let (authenticator, router) = (context.authenticator, context.router)
        let knowsAll = context.dovecot == nil
        if let name = step.name { attemptedName = name }
        switch step {
        case .challenge(let octets): session.answered(.challenge(Base64.encode(octets)))
        case .failed(let failure): authenticationFailed(failure)
        case .password(let attempt):
            if let user = authenticator.proven(attempt, router) { return finish(.accepted(user)) }
            decide { authenticator.verify(attempt, router) }
        case .proof(let proof): decide { authenticator.verify(proof, router) }
        case .succeeded(let name): decide { authenticator.user(name, router) }
        case .external(let wanted):
            finish(authenticator.external(tls?.clientNames ?? [], wanted: wanted, router, knowsAll: knowsAll))
        case .token(let token):
            guard let verifier = context.tokens else { return authenticationFailed(.refused) }
            decide { authenticator.token(token, verifier, router, knowsAll: knowsAll) }
        case .verifier(let user):
            do throws(Authenticator.Unavailable) {
                var own = own
                let step = own.provide(try authenticator.verifier(user, name.scramHash ?? .sha256, router))
                proceed(name, own, step)
            } catch {
                authenticationUnavailable()
            }
        }
    }

    /// Comparing a password takes long, so it is done beside the loop.
    private func decide(_ question: @escaping @Sendable () -> Authenticator.Outcome) {
        guard let loop else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        pool.runIfActive(eventLoop: loop) { question() }.whenComplete { result in
            bound.value.finish((try? result.get()) ?? .unavailable)
            bound.value.proceed()
        }
    }

    private func finish(_ outcome: Authenticator.Outcome) {
        switch outcome {
        case .accepted(let user): authenticated(user)
        case .notAuthorized: authenticationFailed(.notAuthorized)
        case .unavailable: authenticationUnavailable()
        case .refused:
            // A token that is not good is answered with the reason first (RFC 7628 section 3.2.3).
            guard let exchange, exchange.name.usesToken, case .own(var own) = exchange.kind else {
                return authenticationFailed(.refused)
            }
            let step = own.refuseToken()
            proceed(exchange.name, own, step)
        }
    }

    private func authenticated(_ user: Authenticator.User) {
        let mechanism = exchange?.name.rawValue ?? ""
        exchange = nil
        self.user = user
        context.authenticator.succeeded(handed.remoteAddress.host, name: attemptedName)
        let reply = Reply(235, "2.7.0", "\(mechanism) authentication successful.")
        session.answered(.accept(reply))
        channel = context.switching.afterAuthentication(channel, submitChannel: user.submitChannel)
        setOptions(usesTLS: session.options.usesTLS)
        log(.authentication, user: user.identity, diagnostic: reply.text)
    }

    private func authenticationUnavailable() {
        exchange = nil
        session.answered(.refuse(Reply(454, "4.7.0", "Temporary authentication failure")))
    }

    private func authenticationFailed(_ failure: SASLFailure) {
        endExchange()
        switch failure {
        case .malformed: session.answered(.refuse(Reply(501, "5.5.2", "Cannot decode the authentication response")))
        case .notAuthorized: session.answered(.refuse(Reply(535, "5.7.8", "Nobody may act for another user.")))
        case .refused: refuseSlowly()
        }
    }

    /// The more failures from an address or of a name, the later the answer.
    private func refuseSlowly() {
        let reply = Reply(535, "5.7.8", "Bad username or password (Authentication failed).")
        let delay = context.authenticator.delay(
            afterFailureOf: handed.remoteAddress.host, name: attemptedName)
        log(.authentication, user: attemptedName, diagnostic: reply.text)
        guard delay > 0, let loop else { return session.answered(.refuse(reply)) }
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: .nanoseconds(delay)) { bound.value.answer(.refuse(reply)) }
    }

    // MARK: Dovecot

    private func relay(_ name: SASLMechanismName, _ octets: [UInt8]?, _ service: DovecotService) {
        exchange = AuthenticationExchange(name: name, kind: .outside(service, id: nil))
        if name == .plain, let fields = octets?.split(separator: 0, omittingEmptySubsequences: false), fields.count == 3
        {
            attemptedName = String(decoding: fields[1], as: UTF8.self)
        } else if name == .login, let octets {
            noteLoginName(octets)
        }
        let (tls, local, remote) = (session.options.usesTLS, handed.localAddress.host, handed.remoteAddress.host)
        let id = service.onLoop.begin { id in
            DovecotAuthentication.Request(
                id: id, mechanism: name.rawValue, initialResponse: octets.map { Base64.encode($0) }, usesTLS: tls,
                localAddress: local, remoteAddress: remote)
        } _: {
            self.outsideAnswered($0)
        }
        if case .outside(_, nil)? = exchange?.kind { exchange?.kind = .outside(service, id: id) }
    }

    private func relay(_ name: SASLMechanismName, _ id: UInt32, _ octets: [UInt8], _ service: DovecotService) {
        if name == .login, exchange?.hasName == false { noteLoginName(octets) }
        service.onLoop.proceed(id, Base64.encode(octets)) { self.outsideAnswered($0) }
    }

    /// The first response of LOGIN; the second is a secret.
    private func noteLoginName(_ octets: [UInt8]) {
        attemptedName = String(decoding: octets, as: UTF8.self)
        exchange?.hasName = true
    }

    private func outsideAnswered(_ answer: DovecotAuthentication.Answer) {
        guard loop != nil, let exchange, case .outside = exchange.kind else { return }
        switch answer {
        case .challenge(let text): session.answered(.challenge(text))
        case .accepted(let user, let last?):
            attemptedName = user
            self.exchange = AuthenticationExchange(name: exchange.name, kind: .confirmation(user: user))
            session.answered(.challenge(last))
        case .accepted(let user, nil):
            attemptedName = user
            finish(context.authenticator.user(user, context.router, knowsAll: false))
        case .refused:
            self.exchange = nil
            refuseSlowly()
        case .unavailable: authenticationUnavailable()
        }
        proceed()
    }

    /// What the client has begun and does not go on with is not kept waiting for.
    func endExchange() {
        if case .outside(let service, let id?)? = exchange?.kind { service.onLoop.cancel(id) }
        exchange = nil
    }
}
