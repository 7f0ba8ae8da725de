import Channels
import Enqueue
import InternetMessage
import Mappings
import NIOCore
import SMTP
import SystemCalls
import TransactionLog
import WorkerKit

/// Who the client is when somebody else says so: PROXY headers, XCLIENT and XFORWARD.
extension SMTPConnection {
    /// A proxy that sends no header is let go.
    private static let proxyLimit = TimeAmount.seconds(30)

    // MARK: PROXY protocol

    /// Waits for the header where the channel wants one; false when there is nothing to wait for. On a port with TLS on
    /// connect the keyword has no effect (smtp specification, 16).
    func awaitsProxyHeader(_ handlerContext: ChannelHandlerContext) -> Bool {
        guard context.initialChannel.expectsProxyHeader, !handed.isImplicitTLS else { return false }
        guard context.trusted.proxies.contains(handed.connection.remoteAddress.host) else {
            refuseProxy("the address may not send a PROXY header (PROXY_HOSTS)", handlerContext)
            return true
        }
        proxyInput = []
        let bound = NIOLoopBound(self, eventLoop: handlerContext.eventLoop)
        handshake = handlerContext.eventLoop.scheduleTask(in: Self.proxyLimit) {
            guard bound.value.proxyInput != nil, let handlerContext = bound.value.handlerContext else { return }
            bound.value.refuseProxy("no PROXY header came in time", handlerContext)
        }
        return true
    }

    /// Octets of the header, and perhaps what comes behind it.
    func takeProxyHeader(_ bytes: [UInt8], _ handlerContext: ChannelHandlerContext) {
        let input = (proxyInput ?? []) + bytes
        proxyInput = input
        switch ProxyHeader.read(input[...]) {
        case .incomplete: break
        case .invalid(let reason): refuseProxy(reason, handlerContext)
        case .complete(let header, let length):
            proxyInput = nil
            handshake?.cancel()
            handshake = nil
            if let claimed = header.connection {
                become(
                    SystemCalls.SocketAddress(host: claimed.client, port: claimed.clientPort),
                    server: SystemCalls.SocketAddress(host: claimed.server, port: claimed.serverPort))
            }
            begin(handlerContext)
            let rest = input[length...]
            if !rest.isEmpty { receive(Array(rest)) }
        }
    }

    /// Closes without a word; the log has the reason.
    func refuseProxy(_ reason: String, _ handlerContext: ChannelHandlerContext) {
        proxyInput = nil
        log(.opened)
        countRejected()
        log(.rejected, diagnostic: reason)
        handlerContext.close(promise: nil)
    }

    /// From now on the client is another one, for access tables, logs, trace fields and the choice of the channel.
    private func become(_ client: SystemCalls.SocketAddress, server: SystemCalls.SocketAddress) {
        handed.become(client, server: server)
        completion.clientLiteral = client.literal
        channel = context.channel(ofClient: client)
        switchByName()
        let usesTLS = session.options.usesTLS
        if usesTLS { channel = context.switching.afterTLS(channel) }
        if let user {
            channel = context.switching.afterAuthentication(channel, submitChannel: user.submitChannel)
        }
        setOptions(usesTLS: usesTLS)
    }

    /// Who is trusted is the peer of the socket, whoever it speaks for.
    func trustPeer() {
        let peer = handed.connection.remoteAddress.host
        session.trust.takesXCLIENT = context.trusted.xclient.contains(peer)
        session.trust.takesXFORWARD = context.trusted.xforward.contains(peer)
    }

    // MARK: XCLIENT and XFORWARD

    func take(_ attributes: ClientAttributes, _ command: ClientAttributes.Command) {
        guard command == .xclient else {
            forwarded.merge(attributes)
            return session.answered(.accept(nil))
        }
        forwarded = ClientAttributes()
        claimed.merge(attributes)
        let peer = handed.connection
        let address = claimed.address ?? peer.remoteAddress.host
        let port = claimed.port ?? (claimed.address == nil ? peer.remoteAddress.port : 0)
        let server = SystemCalls.SocketAddress(
            host: claimed["DESTADDR"]?.text ?? peer.localAddress.host,
            port: claimed["DESTPORT"]?.text.flatMap { UInt16($0) } ?? peer.localAddress.port)
        if let login = claimed["LOGIN"] {
            user = login.text.map { Authenticator.User(identity: $0, mail: $0, submitChannel: nil) }
        }
        helo = claimed["HELO"]?.text ?? ""
        saidEHLO = claimed["PROTO"]?.text == "ESMTP"
        let client = SystemCalls.SocketAddress(host: address, port: port)
        // The name of the peer is none of the client's, whether the client's channel wants names or not.
        if claimed.address != nil || claimed["NAME"] != nil {
            let name = claimed["NAME"]?.text.flatMap { ReverseNameCheck.isHostName($0) ? $0 : nil }
            let isShown = context.channel(ofClient: client).identification.looksUpName
            reverseName = isShown ? name.map { .name($0) } ?? .unknown : .notLookedUp
        }
        become(client, server: server)
        if let refusal = accessRefusal() { return session.answered(.refuseAndClose(refusal)) }
        session.answered(.accept(nil))
    }

    /// What PORT_ACCESS says of the client as it is known now.
    private func accessRefusal() -> Reply? {
        guard let access = context.accessAtConnect(transport) else { return nil }
        session.trust.enablesPrivateCommands = access.enablesPrivateCommands
        guard access.isRefused else { return nil }
        log(.rejected, diagnostic: access.text)
        return Reply(554, "5.7.1", access.lines.first.map(String.init) ?? "Access denied")
    }
}
