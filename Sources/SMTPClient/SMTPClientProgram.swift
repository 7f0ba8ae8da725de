package import MasterKit
import NIOCore
import NIOPosix
import Synchronization

/// The master program for channels that speak SMTP: delivers what the Job Controller has for one channel, many messages
/// at a time in one process.
package final class SMTPClientProgram: Sendable {
    private let settings: ClientSettings
    private let source: any WorkSource
    private let resolver: LazyResolver
    private let notifier: FailureNotifier
    private let log: any DeliveryLog
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let engine = Mutex<NIOLoopBound<DeliveryEngine>?>(nil)

    /// - Parameters:
    ///   - source: where work comes from; ``SessionWorkSource`` for the Job Controller.
    ///   - notifier: enqueues notifications; called on the event loop, must not block it for long.
    package init(
        settings: ClientSettings, source: any WorkSource, resolver: LazyResolver = LazyResolver(),
        notifier: @escaping FailureNotifier, log: any DeliveryLog = NoDeliveryLog()
    ) {
        self.settings = settings
        self.source = source
        self.resolver = resolver
        self.notifier = notifier
        self.log = log
    }

    /// For `main`: delivers while the session with the Job Controller lasts. Blocks; returns the exit code.
    package func run(_ session: WorkSession) -> Int32 {
        let ended = start()
        let code = session.run()
        stop()
        // Neither can fail: the promise is only ever fulfilled, and a group that cannot be shut down ends with us.
        try? ended.wait()
        try? group.syncShutdownGracefully()
        return code
    }

    /// Delivers until there is no more work, or ``stop()`` was called and what was under way has ended.
    package func run() async {
        let ended = start()
        try? await ended.get()
        // Connections that have said QUIT are not waited for: nothing of any message depends on the reply.
        try? await group.shutdownGracefully()
    }

    /// Finishes what is in hand, gives the rest back.
    package func stop() {
        let engine = engine.withLock { $0 }
        guard let engine else { return }
        engine.eventLoop.execute { engine.value.stop() }
    }

    private func start() -> EventLoopFuture<Void> {
        let loop = group.any()
        let ended = loop.makePromise(of: Void.self)
        loop.execute {
            let context = ClientContext(
                settings: self.settings, loop: loop, resolver: self.resolver, notifier: self.notifier, log: self.log)
            let engine = DeliveryEngine(context, self.source) {
                self.engine.withLock { $0 = nil }
                ended.succeed()
            }
            self.engine.withLock { $0 = NIOLoopBound(engine, eventLoop: loop) }
            engine.start()
        }
        return ended.futureResult
    }
}
