package import Channels
package import Configuration
import DNS
import Enqueue
package import Logging
package import MasterKit
import Notifications
import OptionSyntax
import Spool
import SystemCalls

/// The executable `tcp_smtp_client`: the channel of a job, from the configuration of the instance.
package enum SMTPClientProcess {
    /// Exit codes of the worker contract: 75 temporary, 78 configuration error.
    private static let temporaryFailure: Int32 = 75
    private static let configurationError: Int32 = 78

    /// Runs until the Job Controller has no more work; returns the exit code. Root and channel come from the environment
    /// that the Job Controller made.
    package static func run() -> Int32 {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logger = Logger(label: "tcp_smtp_client")
        guard let environment = MasterEnvironment() else {
            logger.critical("no channel to deliver: this program is started by the job_controller")
            return configurationError
        }
        let load = MTAConfiguration.load(instanceRoot: environment.root)
        guard let configuration = load.configuration,
            let channel = configuration.channels.channel(named: environment.channel)
        else {
            for diagnostic in load.diagnostics.all where diagnostic.severity == .error { logger.error("\(diagnostic)") }
            logger.critical("channel \(environment.channel) cannot be run")
            return configurationError
        }
        do {
            return try run(configuration, channel, environment, logger)
        } catch {
            logger.critical("\(error)")
            return temporaryFailure
        }
    }

    /// Delivers for `channel`; for `ims_master` as well, when its store is reached by LMTP.
    package static func run(
        _ configuration: MTAConfiguration, _ channel: Channels.Channel, _ environment: MasterEnvironment,
        _ logger: Logger
    ) throws -> Int32 {
        let session = try WorkSession(environment.sessionOptions)
        Processes.raiseDescriptorLimit()
        MemoryAllocator.keepFreedMemory()
        let notices = try NoticeSender(path: environment.jobControllerSocket)
        let submitter = try MessageSubmitter(
            configuration: configuration, isDelivering: true, report: { logger.error("\($0)") },
            notify: { notices.send($0) })
        let notifier = Notifier(configuration: configuration, submitter: submitter) { logger.error("\($0)") }
        var settings = ClientSettings(
            channel, localHost: configuration.channels.localHost, own: OwnHost(configuration),
            loopValue: Installation.xloop(configuration))
        settings.trustedCertificates = configuration.tlsCA
        try settings.security.readFiles(configuration.symbols.expandingPath)
        if channel.hasLMTPStore { settings.beStoreClient(of: channel, defaultDomain: configuration.defaultDomain) }
        if channel.connectsCanonical {
            let router = Router(configuration: configuration) { logger.error("\($0)") }
            settings.canonicalHost = { router.canonicalHost($0, channel: channel) }
        }
        settings.addressAccess = AddressAccess(
            configuration.mappings, context: configuration.mappingContext { logger.error("\($0)") },
            channel: channel.name)
        settings.dequeueAccess = DequeueAccess(
            configuration.mappings, context: configuration.mappingContext { logger.error("\($0)") },
            channel: channel.name, includeRetries: configuration.options.integer("mta.include_retries") ?? 0)
        if settings.wantsTrace { settings.trace = { logger.info("\($0)") } }
        let resolver = LazyResolver(ResolverConfiguration(configuration, nameservers: settings.nameservers))
        let client = SMTPClientProgram(
            settings: settings, source: SessionWorkSource(session, reportsStress: settings.isLMTP), resolver: resolver,
            notifier: { request, completion in
                notifier.notify(request.occasion, content: ReturnedContent(request.job.content), completion: completion)
            },
            log: CountedDeliveryLog(
                log: channel.isLogging ? ClientLog(submitter.log, channel) : NoDeliveryLog(),
                counters: submitter.counters))
        let code = client.run(session)
        submitter.spool.close()
        return code
    }
}

extension Channels.Channel {
    /// `ims-ms` with option STORE=lmtp (channel-programs specification, 5).
    package var hasLMTPStore: Bool { name.hasPrefix("ims-ms") && options["store"]?.lowercased() == "lmtp" }
}

extension ClientSettings {
    /// LMTP to the store of this site: the one that `daemon` names, else one on this host.
    mutating func beStoreClient(of channel: Channels.Channel, defaultDomain: String) {
        isLMTP = true
        mostThreads = channel.options["deliver_threads"].flatMap { Int($0) }.map { min(max($0, 1), 1000) } ?? 15
        storeDomain = defaultDomain
        selection.mx = .none
        if selection.port == 25 { selection.port = 225 }
        if selection.daemon == nil { selection.daemon = "[127.0.0.1]" }
    }
}

extension OwnHost {
    init(_ configuration: MTAConfiguration) {
        let ports = configuration.dispatcher.services.filter { $0.enabled && $0.interfaceAddress != "127.0.0.1" }
            .flatMap(\.tcpPorts)
        self.init(
            names: [configuration.hostname, configuration.channels.localHost],
            addresses: Set(NetworkInterfaces.addresses()), ports: Set(ports))
    }
}

extension ResolverConfiguration {
    /// The channel's `nameservers`, else `mta.dns_resolver`: `address` or `address@port`, several of them; without
    /// either the system's resolvers.
    init(_ configuration: MTAConfiguration, nameservers: [String]) {
        self.init(servers: nameservers.isEmpty ? configuration.options.list("mta.dns_resolver") : nameservers)
    }
}
