import Glibc
import NIOCore
import NIOPosix
import SASL

/// The socket to Dovecot's authentication service, for one worker. Belongs to one event loop. Exchanges share it, each
/// with a time limit; when it breaks, all of them end, and the next one opens it anew.
final class DovecotConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias Completion = (DovecotAuthentication.Answer) -> Void

    /// Dovecot answers a wrong password after two seconds; whoever needs longer is in trouble.
    private static let answerLimit = TimeAmount.seconds(30)
    private static let connectLimit = TimeAmount.seconds(5)
    /// After a failure the next attempt waits so long.
    private static let pause = TimeAmount.seconds(1)
    private static let mostExchanges = 512

    private struct Waiting {
        var completion: Completion
        var limit: Scheduled<Void>
    }

    private let path: String
    private let loop: any EventLoop
    private let report: (String) -> Void
    /// What the service offers, once it has said so.
    private let offers: ([String]) -> Void
    private var state = DovecotAuthentication()
    private var channel: (any Channel)?
    private var isConnecting = false
    private var notBefore = NIODeadline.now()
    private var waiting: [UInt32: Waiting] = [:]
    /// Written once the service is ready.
    private var pending: [(id: UInt32, bytes: [UInt8])] = []
    private var lastID: UInt32 = 0

    init(
        path: String, loop: any EventLoop, report: @escaping (String) -> Void, offers: @escaping ([String]) -> Void
    ) {
        self.path = path
        self.loop = loop
        self.report = report
        self.offers = offers
    }

    /// Begins an exchange; returns its number, which ``proceed(_:_:_:)`` and ``cancel(_:)`` take.
    func begin(
        _ make: (UInt32) -> DovecotAuthentication.Request, _ completion: @escaping Completion
    ) -> UInt32 {
        lastID = lastID == .max ? 1 : lastID + 1
        let id = lastID
        guard waiting.count < Self.mostExchanges, waiting[id] == nil else {
            completion(.unavailable)
            return id
        }
        wait(id, completion)
        let bytes = DovecotAuthentication.bytes(make(id))
        if state.isReady, channel != nil {
            write(bytes)
        } else {
            pending.append((id, bytes))
            connect()
        }
        return id
    }

    /// The client's next response, in base64.
    func proceed(_ id: UInt32, _ response: String, _ completion: @escaping Completion) {
        guard state.isReady, channel != nil, waiting[id] == nil else { return completion(.unavailable) }
        wait(id, completion)
        write(DovecotAuthentication.bytes(continuing: id, response))
    }

    /// The client has given up.
    func cancel(_ id: UInt32) {
        waiting.removeValue(forKey: id)?.limit.cancel()
        if let index = pending.firstIndex(where: { $0.id == id }) {
            pending.remove(at: index)
        } else if state.isReady, channel != nil {
            write(DovecotAuthentication.bytes(cancelling: id))
        }
    }

    /// Opens the socket, unless it is open or an attempt has just failed.
    func connect() {
        guard channel == nil, !isConnecting else { return }
        guard NIODeadline.now() >= notBefore else { return failAll() }
        isConnecting = true
        state = DovecotAuthentication()
        let bound = NIOLoopBound(self, eventLoop: loop)
        ClientBootstrap(group: loop)
            .connectTimeout(Self.connectLimit)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(unixDomainSocketPath: path).assumeIsolated().whenFailure { error in
                self.isConnecting = false
                self.broken("\(self.path): \(error)")
            }
    }

    func close() {
        channel?.close(promise: nil)
    }

    // MARK: Channel events

    func channelActive(context: ChannelHandlerContext) {
        isConnecting = false
        channel = context.channel
        write(DovecotAuthentication.hello(processID: getpid()))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for event in state.receive(unwrapInboundIn(data).readableBytesView) {
            switch event {
            case .ready:
                offers(state.mechanisms)
                for (_, bytes) in pending { write(bytes) }
                pending = []
            case .answer(let id, let answer): finish(id, answer)
            case .broken(let text):
                report("\(path): \(text)")
                context.close(promise: nil)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        broken(nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Exchanges

    private func wait(_ id: UInt32, _ completion: @escaping Completion) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let limit = loop.scheduleTask(in: Self.answerLimit) { bound.value.timedOut(id) }
        waiting[id] = Waiting(completion: completion, limit: limit)
    }

    private func timedOut(_ id: UInt32) {
        let known = waiting[id]
        cancel(id)
        known?.completion(.unavailable)
    }

    private func finish(_ id: UInt32, _ answer: DovecotAuthentication.Answer) {
        guard let known = waiting.removeValue(forKey: id) else { return }
        known.limit.cancel()
        known.completion(answer)
    }

    private func broken(_ text: String?) {
        if let text { report(text) }
        channel = nil
        state = DovecotAuthentication()
        notBefore = .now() + Self.pause
        failAll()
    }

    private func failAll() {
        pending = []
        for id in Array(waiting.keys) { finish(id, .unavailable) }
    }

    private func write(_ bytes: [UInt8]) {
        guard let channel else { return }
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
    }
}
