import Channels
import NIOCore
import NIOPosix
import NIOSSL
import SASL
import SMTP
import SystemCalls
import TransactionLog
import WorkerKit

/// STARTTLS, TLS from the first octet, and AUTH.
extension SMTPConnection {
    /// A client that begins a handshake and does not end it is let go.
    private static let handshakeLimit = TimeAmount.seconds(60)

    // MARK: TLS

    /// Puts TLS between the socket and this handler; the handshake begins at once.
    func beginTLS(_ handlerContext: ChannelHandlerContext) {
        guard let tls = context.tls else {
            handlerContext.close(promise: nil)
            return
        }
        do {
            try handlerContext.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        } catch {
            handlerContext.close(promise: nil)
            return
        }
        let bound = NIOLoopBound(handlerContext, eventLoop: handlerContext.eventLoop)
        handshake = handlerContext.eventLoop.scheduleTask(in: Self.handshakeLimit) {
            bound.value.close(promise: nil)
        }
    }

    func handshakeCompleted() {
        handshake?.cancel()
        handshake = nil
        channel = context.switching.afterTLS(channel)
        session.tlsEstablished()
        setOptions(usesTLS: true)
        if session.isStarted { proceed() } else { startSession() }
    }

    /// The options of the present channel, which may have been switched.
    private func setOptions(usesTLS: Bool) {
        session.options = context.options(
            channel, client: handed.remoteAddress, usesTLS: usesTLS, isAuthenticated: user != nil)
    }

    // MARK: AUTH

    func authenticate(_ mechanism: String, _ response: ArraySlice<UInt8>?) {
        guard let name = SASLMechanismName(name: mechanism) else {
            return session.answered(.refuse(Reply(504, "5.5.4", "Unknown authentication mechanism")))
        }
        var exchange = context.authenticator.begin(name)
        guard let response else {
            let step = exchange.respond(nil)
            return proceed(name, exchange, step)
        }
        // `=` stands for a response of no octets (RFC 4954 section 4).
        guard let octets = response.elementsEqual([UInt8(ascii: "=")]) ? [] : Base64.decode(response) else {
            return authenticationFailed(.malformed)
        }
        let step = exchange.respond(octets)
        proceed(name, exchange, step)
    }

    func authenticationResponse(_ line: ArraySlice<UInt8>) {
        guard case (let name, var exchange)? = exchange, let octets = Base64.decode(line) else {
            return authenticationFailed(.malformed)
        }
        let step = exchange.respond(octets)
        proceed(name, exchange, step)
    }

    private func proceed(_ name: SASLMechanismName, _ exchange: any SASLMechanism, _ step: SASLStep) {
        self.exchange = (name, exchange)
        let (authenticator, router) = (context.authenticator, context.router)
        if let name = step.name { attemptedName = name }
        switch step {
        case .challenge(let octets): session.answered(.challenge(Base64.encode(octets)))
        case .failed(let failure): authenticationFailed(failure)
        case .password(let attempt): decide { authenticator.verify(attempt, router) }
        case .succeeded(let name): decide { authenticator.user(name, router) }
        case .verifier(let user):
            do throws(Authenticator.Unavailable) {
                var exchange = exchange
                let step = exchange.provide(try authenticator.verifier(user, router))
                proceed(name, exchange, step)
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
            switch try? result.get() {
            case .accepted(let user): bound.value.authenticated(user)
            case .refused: bound.value.authenticationFailed(.refused)
            case .unavailable, nil: bound.value.authenticationUnavailable()
            }
            bound.value.proceed()
        }
    }

    private func authenticated(_ user: Authenticator.User) {
        let mechanism = exchange?.name.rawValue ?? ""
        exchange = nil
        self.user = user
        context.authenticator.succeeded(handed.remoteAddress.host)
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
        exchange = nil
        switch failure {
        case .malformed: session.answered(.refuse(Reply(501, "5.5.2", "Cannot decode the authentication response")))
        case .notAuthorized: session.answered(.refuse(Reply(535, "5.7.8", "Nobody may act for another user.")))
        case .refused: refuseSlowly()
        }
    }

    /// The more failures from an address, the later the answer.
    private func refuseSlowly() {
        let reply = Reply(535, "5.7.8", "Bad username or password (Authentication failed).")
        let delay = context.authenticator.delay(afterFailureOf: handed.remoteAddress.host)
        log(.authentication, user: attemptedName, diagnostic: reply.text)
        guard delay > 0, let loop else { return session.answered(.refuse(reply)) }
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: .nanoseconds(delay)) { bound.value.answer(.refuse(reply)) }
    }
}
