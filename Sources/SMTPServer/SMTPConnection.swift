import Channels
import Enqueue
import Envelope
import InternetMessage
import Logging
import Mappings
import NIOCore
import NIOPosix
import NIOTLS
import SASL
import SMTP
import SystemCalls
import TransactionLog
import WorkerKit

/// One SMTP session on its event loop: octets from the socket into the session's state machine, its actions out. No
/// line and no command leaves the loop; only the commit of a message is waited for.
final class SMTPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let context: ServerContext
    var handed: SessionPeer
    let pool: NIOThreadPool
    /// The source channel; TLS and AUTH may switch it.
    var channel: Channels.Channel
    var transport: String { handed.transport }
    /// Where addresses without a host are completed from.
    var completion: HostCompletion
    /// Octets of a PROXY header that has not come to its end; nil: none is awaited.
    var proxyInput: [UInt8]?
    /// What XCLIENT has said so far, and XFORWARD of the next message.
    var claimed = ClientAttributes()
    var forwarded = ClientAttributes()
    var session: ServerSession
    var helo = ""
    /// Of the client's address.
    var reverseName = ReceivedField.ReverseName.notLookedUp
    var saidEHLO = false
    var message: IncomingMessage?
    /// Hundredths of a second before the reply to one recipient.
    var addressDelay = 0
    /// FROM_ACCESS has lowered limits for the present transaction.
    var hasLoweredLimits = false
    /// Received-SPF of the HELO name.
    var heloPolicyField: [UInt8]?
    /// Who has logged in.
    var user: Authenticator.User? {
        didSet { completion.authenticatedDomain = user.flatMap { Mailbox($0.mail)?.domain } }
    }
    /// The AUTH exchange that goes on.
    var exchange: AuthenticationExchange?
    /// Who the client of that exchange says it is, for the log.
    var attemptedName = ""
    /// Nil without TLS.
    var tls: ConnectionTLS?
    /// Why the connection ended, when it was not the session that ended it.
    var closeReason = ""
    /// Ends a handshake, or the wait for a PROXY header, that does not come to an end.
    var handshake: Scheduled<Void>?
    private var output = ByteBuffer()
    private(set) var handlerContext: ChannelHandlerContext?
    private var isReading = false
    private var isProceeding = false
    private var lastProgress: UInt64 = 0
    private var lastProgressAt = NIODeadline.now()
    private var dataStartedAt: NIODeadline?
    private var stuckSince: NIODeadline?
    private var timer: Scheduled<Void>?
    private var delays = ReplyDelays()
    private var delayed: Scheduled<Void>?
    private var bytesIn = 0
    private var bytesOut = 0
    let startedAt = NIODeadline.now()
    var refusalsLogged = 0
    /// The channel that counts this connection as open.
    var countedChannel: String?
    var badCommandsLogged = 0
    /// The client sent a command of the envelope and more behind it, without waiting for the reply.
    var pipelines = false
    private let ended: (SMTPConnection) -> Void

    /// `ended` is called once, when the connection is closed.
    init(
        _ handed: HandedConnection, context: ServerContext, pool: NIOThreadPool,
        ended: @escaping (SMTPConnection) -> Void
    ) {
        self.context = context
        self.handed = SessionPeer(handed)
        self.pool = pool
        self.ended = ended
        channel = context.channel(ofClient: handed.remoteAddress)
        completion = HostCompletion(clientLiteral: handed.remoteAddress.literal)
        session = ServerSession(
            context.options(channel, client: handed.remoteAddress, usesTLS: false, isAuthenticated: false))
        session.options.authenticationMechanisms = context.mechanisms(channel, usesTLS: false, nil)
        trustPeer()
    }

    /// The loop of the connection; nil once it is closed.
    var loop: (any EventLoop)? { handlerContext?.eventLoop }

    // MARK: Channel events

    func handlerAdded(context handlerContext: ChannelHandlerContext) {
        self.handlerContext = handlerContext
    }

    func channelActive(context handlerContext: ChannelHandlerContext) {
        guard awaitsProxyHeader(handlerContext) else { return begin(handlerContext) }
        guard proxyInput != nil else { return }
        isReading = true
        handlerContext.read()
    }

    /// The client is known: the session begins, unless PORT_ACCESS is against it.
    func begin(_ handlerContext: ChannelHandlerContext) {
        log(.opened)
        countOpened()
        let access = context.accessAtConnect(transport)
        session.trust.enablesPrivateCommands = access?.enablesPrivateCommands == true
        if let refusal = access, refusal.isRefused {
            // Nothing can be said in the clear where TLS comes first.
            for line in handed.isImplicitTLS ? [] : refusal.lines { output.writeString(line + "\r\n") }
            countRejected()
            log(refusal.isRecorded ? .refusedByPortAccess : .rejected, diagnostic: refusal.text)
            flush()
            handlerContext.close(promise: nil)
            return
        }
        scheduleTimer(handlerContext.eventLoop)
        // `$D` of PORT_ACCESS: before the banner.
        let asked = access.flatMap { Int($0.delay) }?.magnitude ?? 0
        let wait = delays.take(Int(min(asked, UInt(AccessDelay.limit))))
        guard wait > 0 else { return startProtocol(handlerContext) }
        let bound = NIOLoopBound((self, handlerContext), eventLoop: handlerContext.eventLoop)
        delayed = handlerContext.eventLoop.scheduleTask(in: .milliseconds(Int64(wait) * 10)) {
            bound.value.0.startProtocol(bound.value.1)
        }
    }

    private func startProtocol(_ handlerContext: ChannelHandlerContext) {
        guard channel.identification.looksUpName else { return startTransport(handlerContext) }
        identify { connection in
            if let handlerContext = connection.handlerContext { connection.startTransport(handlerContext) }
        }
    }

    private func startTransport(_ handlerContext: ChannelHandlerContext) {
        guard handed.isImplicitTLS else { return purge(handlerContext) }
        beginTLS(handlerContext)
        isReading = true
        handlerContext.read()
    }

    /// BANNER_PURGE_DELAY: what a client says before the banner is thrown away (smtp specification, 2).
    private func purge(_ handlerContext: ChannelHandlerContext) {
        guard context.bannerPurgeDelay > 0 else { return startSession() }
        isReading = true
        handlerContext.read()
        let bound = NIOLoopBound(self, eventLoop: handlerContext.eventLoop)
        delayed = handlerContext.eventLoop.scheduleTask(in: .milliseconds(Int64(context.bannerPurgeDelay) * 10)) {
            let connection = bound.value
            let purged = connection.session.purgeInput()
            if purged > 0 {
                connection.context.logger.notice(
                    "\(purged) octets from \(connection.handed.remoteAddress.host) before the banner are thrown away")
            }
            connection.startSession()
        }
    }

    func startSession() {
        session.start()
        proceed()
    }

    func channelRead(context handlerContext: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        bytesIn += buffer.readableBytes
        if proxyInput != nil { return takeProxyHeader(Array(buffer.readableBytesView), handlerContext) }
        buffer.withUnsafeReadableBytes { session.receive($0) }
        proceed()
    }

    func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { session.receive($0) }
        proceed()
    }

    func channelReadComplete(context handlerContext: ChannelHandlerContext) {
        isReading = false
        readIfWanted()
    }

    /// A client that sends commands and does not read the replies waits, or they would fill the memory.
    func channelWritabilityChanged(context handlerContext: ChannelHandlerContext) {
        readIfWanted()
    }

    func userInboundEventTriggered(context handlerContext: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            guard proxyInput == nil else {
                return refuseProxy("the connection ended before its PROXY header did", handlerContext)
            }
            session.inputEnded()
            proceed()
        case TLSUserEvent.handshakeCompleted: handshakeCompleted()
        default: handlerContext.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context handlerContext: ChannelHandlerContext) {
        timer?.cancel()
        delayed?.cancel()
        handshake?.cancel()
        session.connectionLost()
        proceed()
        discardMessage()
        endExchange()
        // The site's text from the Dispatcher's probe (access-and-filtering specification, 2, `||`).
        let showsSiteText = context.submitter.log.options.connection.contains(.siteText)
        let siteText = showsSiteText ? handed.logText : ""
        log(.closed, diagnostic: closeReason.isEmpty ? siteText : closeReason)
        countClosed()
        handed.finish(bytesIn: bytesIn, bytesOut: bytesOut)
        ended(self)
        self.handlerContext = nil
    }

    /// Without ``channelInactive(context:)`` before, the socket could not be adopted.
    func handlerRemoved(context handlerContext: ChannelHandlerContext) {
        guard self.handlerContext != nil else { return }
        handed.finish(reason: "not adopted")
        ended(self)
        self.handlerContext = nil
    }

    func errorCaught(context handlerContext: ChannelHandlerContext, error: any Error) {
        if handshake != nil, closeReason.isEmpty {
            closeReason = "TLS handshake failed: \(TLSErrorText.reason("\(error)") ?? "connection lost")"
        }
        handlerContext.close(promise: nil)
    }

    // MARK: The worker's wishes

    /// No more transactions: 421 at the next command between two.
    func shutDown() {
        session.shutDown()
        proceed()
    }

    func shutDownNow() {
        session.shutDownNow()
        proceed()
    }

    // MARK: Actions

    /// Answers a question that had to wait.
    func answer(_ answer: ServerAnswer) {
        session.answered(answer)
        proceed()
    }

    /// Answers the question after so many hundredths of a second, as far as the session has any left. Unless it waits, who
    /// calls outside of ``proceed()`` goes on with that.
    func answer(_ answer: ServerAnswer, after hundredths: Int) {
        let wait = delays.take(hundredths)
        guard wait > 0, let loop else { return session.answered(answer) }
        let bound = NIOLoopBound((self, answer), eventLoop: loop)
        delayed = loop.scheduleTask(in: .milliseconds(Int64(wait) * 10)) {
            let (connection, answer) = bound.value
            connection.answer(answer)
        }
    }

    /// Does what the session wants until it waits for input or for an answer.
    ///
    /// What is answered at once while an action is done is no reason to begin anew: the loop goes on with it. Otherwise
    /// each of many pipelined transactions would stand on the stack on top of the one before.
    func proceed() {
        guard !isProceeding else { return }
        isProceeding = true
        var mustClose = false
        while let action = session.next() {
            switch action {
            case .reply(let reply): write(reply)
            case .badCommand(let verb, let reply): logBadCommand(verb, reply)
            case .greeting(let name, let extended): greet(name, extended)
            case .mail(let argument):
                pipelines = pipelines || session.hasInput
                mail(argument)
            case .recipient(let argument):
                pipelines = pipelines || session.hasInput
                recipient(argument)
            case .beginData: answer(beginData(), after: message?.delay ?? 0)
            case .content(let bytes): take(bytes)
            case .endOfData(let findings): finishData(findings)
            case .abort(let reason):
                logAbort(reason)
                discardMessage()
            case .authenticate(let mechanism, let response): authenticate(mechanism, response)
            case .authenticationResponse(let line): authenticationResponse(line)
            case .startTLS:
                flush()
                if let handlerContext { beginTLS(handlerContext) }
            case .verify(let argument): session.answered(.accept(verification(argument)))
            case .expand(let argument): session.answered(expansion(argument))
            case .remoteQueueStart(let argument): startRemoteQueue(argument)
            case .privateCommand(let verb, let argument): privateCommand(verb, argument)
            case .attributes(let command, let attributes): take(attributes, command)
            case .close: mustClose = true
            }
        }
        isProceeding = false
        flush()
        if mustClose {
            handlerContext?.close(promise: nil)
        } else {
            readIfWanted()
        }
    }

    private func write(_ reply: Reply) {
        var bytes: [UInt8] = []
        reply.serialize(into: &bytes)
        output.writeBytes(bytes)
    }

    private func flush() {
        guard output.readableBytes > 0, let handlerContext else { return }
        bytesOut += output.readableBytes
        let pending = output
        output = ByteBuffer()
        handlerContext.writeAndFlush(wrapOutboundOut(pending), promise: nil)
    }

    /// Asks the socket for more only when there is room for it: a client that sends faster than we commit waits in TCP.
    func readIfWanted() {
        guard !isReading, session.wantsInput, message?.stream?.isFull != true, let handlerContext,
            handlerContext.channel.isWritable
        else { return }
        isReading = true
        handlerContext.read()
    }

    // MARK: Time limits

    private func scheduleTimer(_ loop: any EventLoop) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        timer = loop.scheduleTask(in: context.times.tick) {
            bound.value.checkTime()
            if bound.value.handlerContext != nil { bound.value.scheduleTimer(loop) }
        }
    }

    private func checkTime() {
        let now = NIODeadline.now()
        guard !isStuck(now) else {
            handlerContext?.close(promise: nil)
            return
        }
        if session.timeout != .data { dataStartedAt = nil } else if dataStartedAt == nil { dataStartedAt = now }
        if session.progress != lastProgress {
            lastProgress = session.progress
            lastProgressAt = now
            if let dataStartedAt,
                !ServerTimeout.isTooSlow(
                    octets: session.contentOctets, seconds: (now - dataStartedAt).nanoseconds / 1_000_000_000)
            {
                return
            }
            if dataStartedAt == nil { return }
        }
        let limit: TimeAmount
        switch session.timeout {
        case .none: return
        case .command: limit = context.times.command
        case .data: limit = context.times.data
        }
        let isTooSlow = dataStartedAt.map {
            ServerTimeout.isTooSlow(octets: session.contentOctets, seconds: (now - $0).nanoseconds / 1_000_000_000)
        }
        if now - lastProgressAt >= limit || isTooSlow == true {
            session.timedOut()
            proceed()
        }
    }

    /// Whether the client has not taken replies for STATUS_TRANSMIT_TIME.
    private func isStuck(_ now: NIODeadline) -> Bool {
        guard let handlerContext, !handlerContext.channel.isWritable else {
            stuckSince = nil
            return false
        }
        let since = stuckSince ?? now
        stuckSince = since
        return now - since >= context.times.transmit
    }
}
