import Channels
import Configuration
import DNS
import Enqueue
import Logging
import MasterKit
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

    private static func run(
        _ configuration: MTAConfiguration, _ channel: Channels.Channel, _ environment: MasterEnvironment,
        _ logger: Logger
    ) throws -> Int32 {
        let session = try WorkSession(environment.sessionOptions)
        Processes.raiseDescriptorLimit()
        let notices = try NoticeSender(path: environment.jobControllerSocket)
        let submitter = try MessageSubmitter(
            configuration: configuration, report: { logger.error("\($0)") }, notify: { notices.send($0) })
        let notifier = Notifier(configuration: configuration, submitter: submitter)
        var settings = ClientSettings(
            channel, localHost: configuration.channels.localHost, own: OwnHost(configuration),
            loopValue: Installation.xloop(configuration))
        settings.trustedCertificates = configuration.tlsCA
        let resolver = LazyResolver(ResolverConfiguration(configuration, nameservers: settings.nameservers))
        let client = SMTPClientProgram(
            settings: settings, source: SessionWorkSource(session), resolver: resolver,
            notifier: { request, completion in
                notifier.notify(request.occasion, content: ReturnedContent(request.job.content), completion: completion)
            },
            log: channel.isLogging ? ClientLog(submitter.log, channel) : NoDeliveryLog())
        let code = client.run(session)
        submitter.spool.close()
        return code
    }
}

extension OwnHost {
    init(_ configuration: MTAConfiguration) {
        let ports = configuration.dispatcher.services.filter { $0.enabled && $0.interfaceAddress != "127.0.0.1" }
            .flatMap(\.tcpPorts)
        self.init(
            names: [configuration.hostname, configuration.channels.localHost], addresses: [], ports: Set(ports))
    }
}

extension ResolverConfiguration {
    /// The channel's `nameservers`, else `mta.dns_resolver`: `address` or `address@port`, several of them; without
    /// either the system's resolvers.
    init(_ configuration: MTAConfiguration, nameservers: [String]) {
        self.init(servers: nameservers.isEmpty ? configuration.options.list("mta.dns_resolver") : nameservers)
    }
}
