import Configuration
import DNS
import Glibc
import Mappings
import OptionSyntax
import ProcessPool
import SystemCalls

/// The executable `dispatcher`: the configuration of an instance, run.
package enum DispatcherProcess {
    /// Exit code for a configuration with errors (sysexits.h, EX_CONFIG).
    private static let configurationError: Int32 = 78

    /// The configuration could not be loaded: the findings.
    private struct BadConfiguration: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs until SIGTERM; returns the exit code. `root`: the instance, from MARTLET_ROOT.
    package static func run(root: String?) -> Int32 {
        guard let root else {
            complain("MARTLET_ROOT is not set; start the instance with martlet run")
            return configurationError
        }
        if getenv(TakeOver.checkVariable) != nil { return check(root) }
        var takeOver: TakeOver?
        do {
            takeOver = try TakeOver.begin()
            let configuration = try load(root)
            var settings = DispatcherSettings(configuration, root: root)
            settings.inheritedListeners = DispatcherService.activatedListeners()
            settings.user = try MTAUser.toTakeOn(configuration.paths)?.identity.name
            settings.endsWithParent = getenv("MARTLET_SUPERVISED") != nil
            let consults = PortAccess(configuration.mappings) != nil
            // The counts outlive reloads of the table.
            let throttle = ThrottleCallout()
            try DispatcherService(settings: settings) {
                // A table that was absent at the start is not consulted until the next one (specification, section 8).
                let configuration = try load(root)
                var context = configuration.mappingContext { complain($0) }
                context.callout = { throttle.answer($0) }
                guard consults, let access = PortAccess(configuration.mappings, context: context) else {
                    return .everybody
                }
                return ConnectionAdmission { access.decide($0) }
            }.run(takeOver)
            return 0
        } catch {
            complain("\(error)")
            takeOver?.goBack("\(error)")
            return error is BadConfiguration || error is MTAUser.Failure ? configurationError : 1
        }
    }

    /// Whether this program could take the place of the Dispatcher whose state is on descriptor 3: 0 when it can.
    private static func check(_ root: String) -> Int32 {
        do {
            let state = try TakeOverState(text: String(decoding: Images.content(3), as: UTF8.self))
            let settings = DispatcherSettings(try load(root), root: root)
            guard let obstacle = TakeOver.obstacle(state, settings) else { return 0 }
            complain(obstacle)
            return 1
        } catch {
            complain("\(error)")
            return error is BadConfiguration ? configurationError : 1
        }
    }

    private static func load(_ root: String) throws -> MTAConfiguration {
        let load = MTAConfiguration.load(instanceRoot: root)
        guard let configuration = load.configuration else {
            throw BadConfiguration(
                description: load.diagnostics.all.filter { $0.severity == .error }.map(\.description)
                    .joined(separator: "\n"))
        }
        return configuration
    }

    static func complain(_ text: String) {
        let line = Array("dispatcher: \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}

extension DispatcherSettings {
    init(_ configuration: MTAConfiguration, root: String) {
        let services = configuration.dispatcher.services.filter(\.enabled).map(ServiceSettings.init)
        self.init(
            services: services, runDirectory: configuration.paths.run,
            logFile: "\(configuration.paths.log)/dispatcher.log")
        debug = DebugAreas.effective(option: configuration.dispatcher.debug) { name in
            getenv(name).map { String(cString: $0) }
        }
        hostName = configuration.hostname
        resolver.servers = configuration.options.list("mta.dns_resolver")
        workerEnvironment = ["MARTLET_ROOT=\(root)", "MALLOC_ARENA_MAX=2"]
        if let zone = getenv("TZ") { workerEnvironment.append("TZ=\(String(cString: zone))") }
    }
}

extension ServiceSettings {
    init(_ service: ServiceConfiguration) {
        self.init(name: service.name, image: service.image, logFile: service.logFile)
        tcpPorts = service.tcpPorts
        if !service.sslPorts.isEmpty {
            DispatcherProcess.complain(
                "service \(service.name): ssl_ports stay closed, this release has no TLS; use tcp_ports")
        }
        interfaceAddress = service.interfaceAddress.isEmpty ? nil : service.interfaceAddress
        parameter = service.parameter
        backlog = service.backlog
        debug = service.debug
        dnsVerifyDomains = service.dnsVerifyDomains
        ident = service.ident
        busyReply = service.busyReply
        maxConnsPerClient = service.maxConnsPerClient
        pregreetDelay = service.pregreetDelay
        historicalTime = service.historicalTime
        minProcs = service.minProcs
        maxProcs = service.maxProcs
        minConns = service.minConns
        maxConns = service.maxConns
        maxShutdown = service.maxShutdown
        maxHandoffs = service.maxHandoffs
        maxLifeConns = service.maxLifeConns
        maxLifeTime = service.maxLifeTime
        maxIdleTime = service.maxIdleTime
        stackSize = service.stackSize
    }
}
