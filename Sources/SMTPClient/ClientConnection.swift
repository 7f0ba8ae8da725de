import DNS
import NIOCore
import NIOPosix
import NIOTLS
import SASL
import SMTP

/// One connection to a server: the shell around `SMTP.ClientSession`. It lives on one event loop; bytes and time-outs
/// go into the session, its actions are carried out here, in the channel handler, without a hop per line.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let target: ConnectionTarget
    let context: ClientContext
    /// The host wanted, for the log.
    let wanted: String
    /// Nil without TLS.
    private var tls: ServerHelloReader?
    private let openedAt = NIODeadline.now()
    /// The AUTH exchange that goes on.
    var exchange: ClientMechanism?
    private let policy: TLSPolicy
    private var openCompletion: ((Result<ClientConnection, ConnectionFailure>) -> Void)?
    private var gate: BannerGate
    var session: ClientSession
    var channel: (any Channel)?
    /// Transactions begun on this connection, for ATTEMPT_TRANSACTIONS_PER_SESSION.
    var transactions = 0
    /// Transactions under way, the oldest first; at most two.
    var inFlight: [InFlight] = []
    /// The server takes another transaction: the next entry may be given to ``deliver(_:_:)`` at once, and goes out in
    /// the same packet as what was written before.
    var onReadyForNext: (() -> Void)?
    private var isOpen = false
    /// Content is being converted for the next transaction.
    var isPreparing = false
    private var isPerforming = false
    private var isReading = false
    private var timer: Scheduled<Void>?
    private var timerDue = NIODeadline.distantFuture
    private var deadline = NIODeadline.distantFuture
    /// `TCP|local|port|remote|port`.
    private(set) var transport: String
    private(set) var banner = ""
    private var closeReason = ""

    private init(
        _ target: ConnectionTarget, wanted: String, _ manner: ConnectionPlan.Manner, context: ClientContext,
        _ completion: @escaping (Result<ClientConnection, ConnectionFailure>) -> Void
    ) {
        self.target = target
        self.wanted = wanted
        self.context = context
        policy = TLSPolicy(context.settings, host: target.host, wanted: wanted)
        gate = BannerGate(context.settings, manner, policy)
        session = ClientSession(gate.options)
        openCompletion = completion
        transport = target.isSocketFile ? "UNIX|\(target.address)" : "TCP|||\(target.address)|\(target.port)"
    }

    /// Connects and says hello. `completion` runs once, on the loop: with a connection that takes mail, or why not.
    static func open(
        _ target: ConnectionTarget, wanted: String, _ manner: ConnectionPlan.Manner, context: ClientContext,
        _ completion: @escaping (Result<ClientConnection, ConnectionFailure>) -> Void
    ) {
        let connection = ClientConnection(target, wanted: wanted, manner, context: context, completion)
        let bound = NIOLoopBound(connection, eventLoop: context.loop)
        do {
            var bootstrap = ClientBootstrap(group: context.loop)
                .connectTimeout(TimeAmount(seconds: context.settings.timeouts.connect))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(bound.value)
                    }
                }
            if let local = context.settings.interfaceAddress, !target.isSocketFile {
                bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: local, port: 0))
            }
            let address =
                try target.isSocketFile
                ? SocketAddress(unixDomainSocketPath: target.address)
                : SocketAddress(ipAddress: target.address, port: Int(target.port))
            bootstrap.connect(to: address).assumeIsolated().whenFailure { connection.connectFailed($0) }
        } catch {
            connection.connectFailed(error)
        }
    }

    private func connectFailed(_ error: any Error) {
        let text = "\(target.host) [\(target.address)] port \(target.port): \(ConnectError.words(error))"
        log(.failed, text)
        opened(.failure(ConnectionFailure(.unreachable, status: "4.4.1", text: text)))
    }

    /// Takes another transaction now.
    var isReady: Bool { isOpen && !isPreparing && session.acceptsTransaction }

    /// `host (TCP|local|port|remote|port)`, as the log and notifications show a remote host.
    var remote: String { context.settings.logsTransport ? "\(target.host) (\(transport))" : target.host }

    /// Ends the session: with QUIT when nothing is under way.
    func quit() {
        isOpen = false
        onReadyForNext = nil
        guard inFlight.isEmpty else {
            channel?.close(promise: nil)
            return
        }
        session.quit()
        perform()
    }
}

// MARK: Events of the channel

extension ClientConnection {
    func channelActive(context: ChannelHandlerContext) {
        channel = context.channel
        let local = context.localAddress
        if !target.isSocketFile {
            transport = "TCP|\(local?.ipAddress ?? "")|\(local?.port ?? 0)|\(target.address)|\(target.port)"
        }
        log(.opened, "")
        isOpen = true
        armTimer()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        let buffer = unwrapInboundIn(data)
        if let trace = self.context.settings.trace {
            String(buffer: buffer).split(whereSeparator: \.isNewline).forEach { trace("\(transport) < \($0)") }
        }
        buffer.withUnsafeReadableBytes { bytes in
            guard gate.isShut else { return session.receive(bytes) }
            guard let options = gate.receive(bytes) else { return }
            banner = gate.banner
            session = ClientSession(options)
            session.receive(gate.early)
            gate.open()
        }
        perform()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            continueContent()
            armTimer()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isReading = false
        isOpen = false
        session.connectionClosed()
        perform()
        timer?.cancel()
        log(.closed, closeReason)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted = event else { return context.fireUserInboundEventTriggered(event) }
        session.tlsEstablished()
        perform()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        channel = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if closeReason.isEmpty { closeReason = ConnectError.words(error) }
        session.handshakeFailed(ConnectError.words(error))
        perform()
        context.close(promise: nil)
    }
}

// MARK: Actions of the session

extension ClientConnection {
    /// Carries out what the session wants. What it causes may call this again; the outer call goes on then.
    func perform() {
        guard !isPerforming else { return }
        isPerforming = true
        while let action = session.next() {
            switch action {
            case .send(let bytes): write(bytes)
            case .ready(let extensions): ready(extensions)
            case .startTLS: startTLS()
            case .chooseMechanism(let offered): chooseMechanism(offered)
            case .challenge(let text): answer(challenge: text)
            case .authenticated: finishAuthentication()
            case .sendContent: startContent()
            case .completed(let results): finish(results)
            case .failed(let failure, let interrupted): fail(failure, interrupted)
            case .close: close("")
            }
        }
        isPerforming = false
        armTimer()
        if !isReading { channel?.flush() }
    }

    private func write(_ bytes: [UInt8]) {
        guard let channel else { return }
        if let trace = context.settings.trace { Self.lines(bytes).forEach { trace("\(transport) > \($0)") } }
        channel.write(channel.allocator.buffer(bytes: bytes), promise: nil)
    }

    /// Lines for the trace. What is no command of the dialogue could be a secret, and is not shown.
    private static func lines(_ bytes: [UInt8]) -> [String] {
        let commands = ["EHLO", "HELO", "LHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "QUIT"]
        return String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map { line in
            let verb = line.prefix { $0 != " " }
            return commands.contains(String(verb)) ? String(line) : verb == "AUTH" ? "AUTH (not shown)" : "(not shown)"
        }
    }

    private func startTLS() {
        guard let channel else { return }
        // The TLS handler keeps the end of this reading to itself.
        isReading = false
        do {
            channel.flush()
            let handler = try context.tls.handler(policy, host: target.host)
            let reader = ServerHelloReader(handler)
            try channel.pipeline.syncOperations.addHandlers([reader, handler], position: .first)
            tls = reader
        } catch {
            session.handshakeFailed("\(error)")
        }
    }

    private func ready(_ extensions: ServerExtensions) {
        opened(.success(self))
    }

    private func opened(_ result: Result<ClientConnection, ConnectionFailure>) {
        guard let completion = openCompletion else { return }
        openCompletion = nil
        completion(result)
    }

    private func fail(_ failure: ClientSession.Failure, _ interrupted: [[RecipientResult]]) {
        isOpen = false
        let failure = ConnectionFailure(failure, remote: remote)
        opened(.failure(failure))
        interrupt(failure, interrupted)
        close(failure.text)
    }

    func close(_ reason: String) {
        isOpen = false
        if closeReason.isEmpty { closeReason = reason }
        channel?.close(promise: nil)
    }

    private func log(_ action: ConnectionRecord.Action, _ diagnostic: String) {
        // Version and cipher of TLS at close (notifications and logging specification, 2.4).
        let protection = session.usesTLS ? tls?.description ?? "" : ""
        var record = ConnectionRecord(
            action: action, channel: context.settings.channel, transport: transport,
            application: "\(context.settings.isLMTP ? "LMTP" : "SMTP")/\(wanted)/\(target.host)"
                + (protection.isEmpty ? "" : "/\(protection)"),
            diagnostic: diagnostic)
        record.tls = String(protection.map { $0 == ":" ? "," : $0 })
        if action == .closed { record.seconds = (NIODeadline.now() - openedAt).nanoseconds / 1_000_000_000 }
        context.log.record(record)
    }
}

// MARK: Time

extension ClientConnection {
    /// Sets the limit for what is awaited now. The timer itself is moved only when it would come too late, so that a
    /// busy connection does not touch the loop's queue of timers.
    func armTimer() {
        guard channel != nil, let limit = limit(session.phase) else {
            deadline = .distantFuture
            return
        }
        deadline = .now() + TimeAmount(seconds: limit)
        if deadline < timerDue { schedule() }
    }

    private func schedule() {
        timer?.cancel()
        timerDue = deadline
        let bound = NIOLoopBound(self, eventLoop: context.loop)
        timer = context.loop.scheduleTask(deadline: deadline) { bound.value.timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerDue = .distantFuture
        guard deadline < .distantFuture else { return }
        guard deadline <= .now() else { return schedule() }
        if gate.isShut {
            return fail(.timedOut(.banner), [])
        }
        session.timedOut()
        perform()
    }

    /// Seconds; nil: no limit here, the delivery thread has one for idle connections. What has not left yet has a limit
    /// of its own (SMTP specification, 11.2, `…_TRANSMIT_TIME`).
    private func limit(_ phase: ClientSession.Phase) -> Double? {
        let times = context.settings.timeouts
        let isSending = channel?.isWritable == false
        switch phase {
        case .banner, .initialCommand, .hello, .startTLS, .handshake, .authentication, .remoteQueueStart, .dataCommand,
            .reset:
            return isSending ? times.transmit : times.status
        case .mail: return isSending ? times.mailTransmit : times.mail
        case .recipient: return isSending ? times.recipientTransmit : times.recipient
        case .content: return times.dataTransmit
        case .chunk: return isSending ? times.dataTransmit : times.data
        case .quit: return times.quit
        case .idle: return nil
        case .finalReply:
            if isSending { return times.dotTransmit }
            guard let first = inFlight.first else { return times.data }
            return times.dataReply(recipients: first.transaction.indexes.count, blocks: first.job.content.size / 1024)
        }
    }
}
