import Configuration
import DNS
import Glibc
import InternetMessage
import Mappings
import MeterMaid
import OptionSyntax
import ProcessPool
import Synchronization
import SystemCalls

/// The executable `dispatcher`: the configuration of an instance, run.
package enum DispatcherProcess {
    /// Exit code for a configuration with errors (sysexits.h, EX_CONFIG).
    private static let configurationError: Int32 = 78

    /// The configuration could not be loaded: the findings.
    private struct BadConfiguration: Error, CustomStringConvertible {
        let description: String
    }

    /// Why this program cannot take the place of the running one.
    private struct CannotTakeOver: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
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
            guard configuration.dispatcher.enabled else {
                throw BadConfiguration(description: "dispatcher.enable is 0: the Dispatcher is not to run")
            }
            var settings = DispatcherSettings(configuration, root: root)
            settings.inheritedListeners = DispatcherService.activatedListeners()
            settings.user = try MTAUser.toTakeOn(configuration.paths)?.identity.name
            settings.endsWithParent = getenv("MARTLET_SUPERVISED") != nil
            if let takeOver, let obstacle = TakeOver.obstacle(takeOver.state, settings) {
                throw CannotTakeOver(obstacle)
            }
            let consults = PortAccess(configuration.mappings) != nil
            // The counts outlive reloads of the table.
            let throttle = ThrottleCallout()
            let unapplied = Mutex<[String]>([])
            settings.unapplied = { unapplied.withLock { $0 } }
            let atStart = configuration.options
            try DispatcherService(settings: settings) {
                let current = try load(root)
                var changed = current.options.needingRestart(since: atStart).map(\.name)
                // A table that was absent at the start is not consulted until the next one (specification, section 8).
                var context = current.mappingContext { complain($0) }
                let meters = MeterMaidCallout(current) { complain($0) }
                context.callout = { throttle.answer($0) ?? meters.answer($0) }
                let access = PortAccess(current.mappings, context: context)
                if !consults, access != nil { changed.append("mapping:PORT_ACCESS") }
                unapplied.withLock { [changed] in $0 = changed }
                guard consults, let access else { return .everybody }
                return ConnectionAdmission { access.decide($0) }
            }.run(takeOver, throttle: throttle)
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
            let state = try TakeOver.state(in: 3)
            let configuration = try load(root)
            let settings = DispatcherSettings(configuration, root: root)
            guard configuration.dispatcher.enabled else {
                complain("dispatcher.enable is 0")
                return 1
            }
            let obstacle = TakeOver.obstacle(state, settings) ?? TakeOver.closedPort(state, settings)
            guard let obstacle else { return 0 }
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
        let wanted = configuration.dispatcher.services
        let hasCertificate = configuration.tlsCertificate.map(Files.exists) ?? false
        self.init(
            services: wanted.filter(\.enabled).map { ServiceSettings($0, hasCertificate: hasCertificate) },
            runDirectory: configuration.paths.run,
            logFile: "\(configuration.paths.log)/dispatcher.log")
        debug = DebugAreas.effective(option: configuration.dispatcher.debug) { name in
            getenv(name).map { String(cString: $0) }
        }
        hostName = configuration.hostname
        product = ProductVersion.text
        logVersions = configuration.dispatcher.logVersions
        flushesDebug = configuration.options.boolean("mta.debug_flush")
        noticeSeverity = configuration.options.integer("mta.sndopr_priority") ?? noticeSeverity
        remarks = wanted.compactMap { service in
            service.fault.map { "service \(service.name) is left out: \($0)" }
        }
        if !hasCertificate {
            remarks += wanted.filter { $0.enabled && !$0.sslPorts.isEmpty && $0.needsCertificate }.map { service in
                "service \(service.name): ssl_ports stay closed until base.tls_certificate names a certificate"
            }
        }
        resolver.servers = configuration.options.list("mta.dns_resolver")
        // Dispatcher specification, section 7.2 item 4.
        workerEnvironment = [
            "MARTLET_ROOT=\(root)", "SERVERROOT=\(configuration.paths.root)",
            "CONFIGROOT=\(configuration.paths.config)", "MALLOC_ARENA_MAX=2",
        ]
        if let zone = getenv("TZ") { workerEnvironment.append("TZ=\(String(cString: zone))") }
        let log = RefusalLog(configuration)
        recordRefusal = { log.write($0, probe: $1, text: $2) }
    }
}

extension ServiceSettings {
    init(_ service: ServiceConfiguration, hasCertificate: Bool) {
        self.init(name: service.name, image: service.image, logFile: service.logFile)
        tcpPorts = service.tcpPorts
        sslPorts = service.needsCertificate && !hasCertificate ? [] : service.sslPorts
        defaultChannel = service.channel ?? defaultChannel
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
