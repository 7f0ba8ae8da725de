import DNS
import NIOCore
import NIOPosix
import SASL
import SMTP

/// AUTH (smtp specification, 15.3). Computing a proof takes long, so it is done beside the loop.
extension ClientConnection {
    func chooseMechanism(_ offered: [String]) {
        let security = context.settings.security
        let credentials: ClientMechanism.Credentials
        do {
            guard let found = try security.credentials(for: [target.host, wanted]) else {
                return session.goOn(without: "there are no credentials for \(target.host)")
            }
            credentials = found
        } catch {
            return session.goOn(without: "the credentials for \(target.host) cannot be read: \(error)")
        }
        let isProtected = session.usesTLS || security.showsSecretsWithoutTLS
        guard let name = ClientMechanism.choose(offered, credentials, isProtected: isProtected) else {
            let isUnprotected = ClientMechanism.choose(offered, credentials, isProtected: true) != nil
            return session.goOn(
                without: isUnprotected
                    ? "the server offers mechanisms only that would show the password without TLS"
                    : "the server offers no mechanism that can be used: \(offered.joined(separator: " "))")
        }
        let nonce = Base64.encode((0..<18).map { _ in UInt8.random(in: 0...255) })
        var exchange = ClientMechanism(name, credentials, nonce: nonce)
        let first = exchange.initialResponse().map { $0.isEmpty ? "=" : Base64.encode($0) }
        self.exchange = exchange
        session.authenticate(name.rawValue, initialResponse: first)
    }

    func answer(challenge text: String) {
        guard let exchange, let octets = Base64.decode(text.utf8) else {
            return session.cancelAuthentication("the server's challenge is not base64")
        }
        let bound = NIOLoopBound(self, eventLoop: context.loop)
        NIOThreadPool.singleton.runIfActive(eventLoop: context.loop) {
            var exchange = exchange
            let response = Result { () throws(ClientMechanism.Failure) in try exchange.respond(octets) }
            return (exchange, response)
        }.whenComplete { result in
            bound.value.answered(result.map { $0 })
        }
    }

    private func answered(
        _ result: Result<(ClientMechanism, Result<[UInt8], ClientMechanism.Failure>), any Error>
    ) {
        switch result {
        case .success((let exchange, .success(let response))):
            self.exchange = exchange
            session.respond(Base64.encode(response))
        case .success((_, .failure(let failure))): session.cancelAuthentication(failure.description)
        case .failure(let error): session.cancelAuthentication("\(error)")
        }
        perform()
    }

    func finishAuthentication() {
        do throws(ClientMechanism.Failure) {
            try exchange?.finish()
            session.acceptAuthentication()
        } catch {
            session.goOn(without: error.description)
        }
        exchange = nil
    }
}
