import Channels
import Configuration
import DNS
import Enqueue
import Glibc
import InternetMessage
import Logging
import MasterKit
import NIOCore
import NIOPosix
import OptionSyntax
import Spool
import Synchronization
import SystemCalls
import TransactionLog
import WorkerKit

/// The worker image `tcp_smtp_server`: takes connections from the Dispatcher and speaks SMTP on them.
package enum SMTPServerProcess {
    /// Exit codes of the worker contract (dispatcher specification, 7.2): 75 temporary, 78 configuration error.
    private static let temporaryFailure: Int32 = 75
    private static let configurationError: Int32 = 78

    /// Runs until the Dispatcher lets the worker go; returns the exit code. `root`: the instance, from MARTLET_ROOT.
    package static func run(root: String?) -> Int32 {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let image = imageName
        let logger = Logger(label: image)
        guard let root else {
            logger.critical("MARTLET_ROOT is not set; this program is started by the dispatcher")
            return configurationError
        }
        let worker: WorkerProcess
        do {
            worker = try WorkerProcess(imageVersion: "\(image) \(ProductVersion.number)")
        } catch {
            logger.critical("\(error)")
            return configurationError
        }
        Processes.raiseDescriptorLimit()
        MemoryAllocator.keepFreedMemory()
        let load = MTAConfiguration.load(instanceRoot: root)
        guard let configuration = load.configuration else {
            for diagnostic in load.diagnostics.all { logger.error("\(diagnostic)") }
            return configurationError
        }
        guard let channel = initialChannel(configuration, worker.environment) else {
            logger.critical("the channel of this service does not exist: \(worker.environment.parameter)")
            return configurationError
        }
        do {
            let submitter = try makeSubmitter(configuration, root: root, logger: logger)
            let server = try SMTPServerLoop(root: root, logger: logger) { dovecot in
                ServerContext(
                    configuration: configuration, submitter: submitter, initialChannel: channel,
                    authenticator: Authenticator(), dovecot: try dovecot(configuration),
                    resolver: resolver(configuration, logger), logger: logger)
            }
            let code = worker.run(server.handlers(worker.environment))
            submitter.spool.close()
            return code
        } catch {
            logger.critical("\(error)")
            return temporaryFailure
        }
    }

    /// The name this program was started by: `tcp_smtp_server`, or `tcp_lmtp_server`, its other name.
    private static var imageName: String {
        let path = CommandLine.arguments.first ?? "tcp_smtp_server"
        return String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }

    static func initialChannel(_ configuration: MTAConfiguration, _ environment: WorkerEnvironment) -> Channels.Channel?
    {
        let service = configuration.dispatcher.service(environment.service)
        return ChannelSwitching(configuration.channels).initialChannel(
            parameter: service?.channel, isLMTP: imageName == "tcp_lmtp_server")
    }

    /// For SPF and `mailfromdnsverify`: `mta.dns_resolver`, else the system's resolvers.
    private static func resolver(_ configuration: MTAConfiguration, _ logger: Logger) -> DeferredResolver {
        DeferredResolver(ResolverConfiguration(servers: configuration.options.list("mta.dns_resolver"))) {
            logger.error("\($0)")
        }
    }

    private static func makeSubmitter(
        _ configuration: MTAConfiguration, root: String, logger: Logger
    ) throws -> MessageSubmitter {
        let notices = try NoticeSender(path: "\(configuration.paths.run)/job_controller.sock")
        return try MessageSubmitter(configuration: configuration, report: { logger.error("\($0)") }) {
            notices.send($0)
        }
    }
}

/// The event loop of a worker with its sessions.
private final class SMTPServerLoop: Sendable {
    private static let drainGrace = TimeAmount.seconds(300)
    /// Threads that write into mailboxes: a sync for every message, so that several wait at a time.
    private static let storeThreads = 15

    private let group: MultiThreadedEventLoopGroup
    private let pool: NIOThreadPool
    private let context: Mutex<ServerContext>
    private let root: String
    private let logger: Logger
    /// The sessions by their number; touched on the loop only.
    private let sessions: NIOLoopBoundBox<[ObjectIdentifier: SMTPConnection]>

    /// `make`: the first context; what it is given opens the socket to Dovecot, where the site has one.
    init(
        root: String, logger: Logger,
        make: ((MTAConfiguration) throws -> DovecotService?) throws -> ServerContext
    ) throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        let context = try make { try Self.dovecot($0, nil, group, logger) }
        pool = NIOThreadPool(numberOfThreads: context.store == nil ? 2 : Self.storeThreads)
        self.context = Mutex(context)
        self.root = root
        self.logger = logger
        sessions = NIOLoopBoundBox.makeBoxSendingValue([:], eventLoop: group.any())
        pool.start()
    }

    func handlers(_ environment: WorkerEnvironment) -> WorkerProcess.Handlers {
        var handlers = WorkerProcess.Handlers { self.serve($0) }
        handlers.drain = { self.drain() }
        handlers.abort = { self.onEach { $0.shutDownNow() } }
        handlers.reload = { self.reload(environment) }
        return handlers
    }

    /// Adopts a handed-over socket into the loop.
    private func serve(_ handed: HandedConnection) {
        guard let descriptor = handed.takeDescriptor() else { return }
        let socket = descriptor.release()
        let context = context.withLock { $0 }
        let (pool, sessions) = (pool, sessions)
        ClientBootstrap(group: group)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = SMTPConnection(handed, context: context, pool: pool) { ended in
                        sessions.value[ObjectIdentifier(ended)] = nil
                    }
                    sessions.value[ObjectIdentifier(connection)] = connection
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .withConnectedSocket(socket)
            .whenFailure { _ in handed.finish(reason: "not adopted") }
    }

    /// Sessions go on as long as they have something to say; after the grace period each is told 421 at its next command
    /// between transactions, so that none holds the worker for ever (dispatcher specification, 7.2).
    private func drain() {
        group.any().scheduleTask(in: Self.drainGrace) { self.onEach { $0.shutDown() } }
    }

    private func onEach(_ body: @escaping @Sendable (SMTPConnection) -> Void) {
        let sessions = sessions
        group.any().execute {
            for connection in Array(sessions.value.values) { body(connection) }
        }
    }

    /// A new snapshot for new sessions; one with an error changes nothing.
    private func reload(_ environment: WorkerEnvironment) {
        let load = MTAConfiguration.load(instanceRoot: root)
        guard let configuration = load.configuration,
            let channel = SMTPServerProcess.initialChannel(configuration, environment)
        else {
            for diagnostic in load.diagnostics.all { logger.error("reload: \(diagnostic)") }
            logger.error("reload: the configuration has errors, the old one stays in force")
            return
        }
        let known = context.withLock { $0.dovecot }
        let dovecot = (try? Self.dovecot(configuration, known, group, logger)) ?? nil
        context.withLock { context in
            context.submitter.configure(configuration)
            context = ServerContext(
                configuration: configuration, submitter: context.submitter, initialChannel: channel,
                authenticator: context.authenticator, dovecot: dovecot, resolver: context.resolver, logger: logger)
        }
    }

    /// The service of `auth_socket`; the one there was when its path has not changed.
    private static func dovecot(
        _ configuration: MTAConfiguration, _ known: DovecotService?, _ group: MultiThreadedEventLoopGroup,
        _ logger: Logger
    ) throws -> DovecotService? {
        guard let path = configuration.security.authenticationSocket else { return nil }
        if let known, known.path == path { return known }
        return try DovecotService.make(path: path, loop: group.any()) { logger.error("auth_socket: \($0)") }.wait()
    }
}
