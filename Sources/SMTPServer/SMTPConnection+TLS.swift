import Channels
import NIOCore
import NIOSSL
import NIOTLS
import SMTP
import WorkerKit

/// What is known of the TLS of a connection.
struct ConnectionTLS {
    let identity: ServerTLS.Identity
    let handler: NIOSSLServerHandler
    let observer: ServerHelloObserver
    /// Who the client's certificate is for, when it has shown one that verifies.
    var clientNames: [String] = []

    /// `TLSv1.3:TLS_AES_256_GCM_SHA384` (access-and-filtering specification, 3).
    var description: String {
        let version: String? =
            switch handler.tlsVersion {
            case .tlsv13: "1.3"
            case .tlsv12: "1.2"
            default: nil
            }
        return TLSServerHello.description(version: version, suite: observer.suite)
    }
}

/// STARTTLS, and TLS from the first octet.
extension SMTPConnection {
    /// Puts TLS between the socket and this handler; the handshake begins at once.
    func beginTLS(_ handlerContext: ChannelHandlerContext) {
        guard let settings = context.tls else {
            handlerContext.close(promise: nil)
            return
        }
        let pipeline = handlerContext.pipeline.syncOperations
        do {
            // Closest to the socket, in this order: observer, reader of the name, TLS.
            let observer = ServerHelloObserver()
            try pipeline.addHandler(observer, position: .first)
            if settings.dependsOnName {
                let bound = NIOLoopBound((self, observer, handlerContext), eventLoop: handlerContext.eventLoop)
                let reader = SNIHandler { result in
                    let (connection, observer, handlerContext) = bound.value
                    let name: String? = if case .hostname(let name) = result { name } else { nil }
                    return handlerContext.eventLoop.makeCompletedFuture {
                        try connection.addTLS(settings.identity(forName: name), observer, handlerContext)
                    }
                }
                try pipeline.addHandler(ByteToMessageHandler(reader), position: .after(observer))
            } else {
                try addTLS(settings.usual, observer, handlerContext)
            }
        } catch {
            handlerContext.close(promise: nil)
            return
        }
        let bound = NIOLoopBound((self, handlerContext), eventLoop: handlerContext.eventLoop)
        handshake = handlerContext.eventLoop.scheduleTask(in: .seconds(Int64(context.handshakeSeconds))) {
            let (connection, handlerContext) = bound.value
            connection.closeReason = "TLS handshake not completed in time"
            handlerContext.close(promise: nil)
        }
    }

    private func addTLS(
        _ identity: ServerTLS.Identity, _ observer: ServerHelloObserver, _ handlerContext: ChannelHandlerContext
    ) throws {
        let handler: NIOSSLServerHandler
        if let clients = context.tls?.clients {
            handler = NIOSSLServerHandler(
                context: identity.context, configuration: .init(),
                customVerificationCallbackWithMetadata: { clients.verify($0, $1) })
        } else {
            handler = NIOSSLServerHandler(context: identity.context)
        }
        tls = ConnectionTLS(identity: identity, handler: handler, observer: observer)
        try handlerContext.pipeline.syncOperations.addHandler(handler, position: .before(self))
    }

    func handshakeCompleted() {
        handshake?.cancel()
        handshake = nil
        if let certificate = tls?.handler.peerValidatedCertificateChain?.first {
            tls?.clientNames = ClientCertificates.names(certificate)
        }
        if session.isStarted { forgetWhatCameInTheClear() }
        channel = context.switching.afterTLS(channel)
        if let user { channel = context.switching.afterAuthentication(channel, submitChannel: user.submitChannel) }
        session.tlsEstablished()
        setOptions(usesTLS: true)
        if session.isStarted { proceed() } else { startSession() }
    }

    /// RFC 3207 section 4.2: somebody in between may have said it. What a trusted peer has said by XCLIENT stays.
    private func forgetWhatCameInTheClear() {
        helo = claimed["HELO"]?.text ?? ""
        saidEHLO = claimed["PROTO"]?.text == "ESMTP"
        heloPolicyField = nil
        forwarded = ClientAttributes()
        if claimed["LOGIN"] == nil { user = nil }
        channel = context.channel(ofClient: handed.remoteAddress)
        // The name has come from the DNS, or from that peer.
        switchByName()
    }

    /// The options of the present channel, which may have been switched.
    func setOptions(usesTLS: Bool) {
        session.options = context.options(
            channel, client: handed.remoteAddress, usesTLS: usesTLS, isAuthenticated: user != nil)
        session.options.authenticationMechanisms = context.mechanisms(channel, usesTLS: usesTLS, tls)
    }

    /// `SMTP/helo`, over TLS `SMTP/TLSv1.3:cipher/helo` (access-and-filtering specification, 3).
    var applicationInformation: String {
        let name = session.options.service == .lmtp ? "LMTP" : "SMTP"
        return tls.map { "\(name)/\($0.description)/\(helo)" } ?? "\(name)/\(helo)"
    }
}
