import OptionSyntax
import SystemCalls

/// Makes the typed Dispatcher configuration out of the options, with the cross-checks of dispatcher specification,
/// section 4.
struct DispatcherBuilder {
    private let options: OptionStore
    private let paths: InstancePaths
    private let symbols: SymbolTable
    private let hostname: String
    private(set) var diagnostics = Diagnostics()

    init(_ options: OptionStore, paths: InstancePaths, symbols: SymbolTable, hostname: String) {
        self.options = options
        self.paths = paths
        self.symbols = symbols
        self.hostname = hostname
    }

    private static let images = [
        "SMTP": "tcp_smtp_server", "SMTP_SUBMIT": "tcp_smtp_server", "LMTPSS": "tcp_lmtp_server",
        "ADMIN": "http_admin",
    ]
    private static let parameters = ["SMTP_SUBMIT": "CHANNEL=tcp_submit", "LMTPSS": "CHANNEL=tcp_lmtpss"]

    /// The name of the section that holds options of the Dispatcher process itself.
    private static let ownSection = "DISPATCHER"

    /// Workers run as the MTA user and as nobody else (dispatcher specification, section 3.2, USER).
    private mutating func checkUser(_ name: String?, _ service: ServiceConfiguration) {
        guard let name, name != (try? MTAUser.configured(paths))?.identity.name else { return }
        diagnostics.warning(
            "service \(service.name): user \(name) is ignored, workers run as the MTA user", at: service.location,
            advice: "name the MTA user in restricted.cnf")
    }

    mutating func build() -> DispatcherConfiguration {
        var services: [ServiceConfiguration] = []
        for (name, location) in options.groups("dispatcher", "service") where name.uppercased() != Self.ownSection {
            services.append(service(name, at: location))
        }
        checkPorts(services)
        return DispatcherConfiguration(
            enabled: options.boolean("dispatcher.enable"),
            debug: options.mask("dispatcher.service:\(Self.ownSection).debug"), services: services)
    }

    private mutating func service(_ name: String, at location: SourceLocation) -> ServiceConfiguration {
        let group = OptionPath([.init("dispatcher"), .init("service", name)])
        func key(_ option: String) -> String { group.appending(option).description }
        func integer(_ option: String) -> Int { options.integer(key(option)) ?? 0 }
        let ports = options.string(key("tcp_ports")) ?? ""
        let sslPorts = options.string(key("ssl_ports")) ?? ""
        // `PORT=0` disables the service; 0 among the TLS ports is no port and says nothing about the others.
        let disabledByPort = PortList.disables(ports)
        var service = ServiceConfiguration(
            name: name, enabled: options.boolean(key("enable")) && !disabledByPort, image: "",
            tcpPorts: PortList.parse(ports) ?? [], sslPorts: PortList.parse(sslPorts) ?? [],
            interfaceAddress: options.string(key("interface_address")) ?? "",
            parameter: options.string(key("parameter")) ?? Self.parameters[name.uppercased()] ?? "",
            logFile: logFile(name, options.string(key("logfilename"))), minProcs: integer("min_procs"),
            maxProcs: integer("max_procs"), minConns: integer("min_conns"), maxConns: integer("max_conns"),
            maxHandoffs: integer("max_handoffs"), maxShutdown: integer("max_shutdown"),
            maxLifeTime: integer("max_life_time"), maxLifeConns: integer("max_life_conns"),
            maxIdleTime: integer("max_idle_time"), historicalTime: integer("historical_time"), backlog: 0,
            stackSize: integer("stacksize"), debug: options.mask(key("debug")),
            dnsVerifyDomains: options.list(key("dns_verify_domain")), ident: options.boolean(key("ident")),
            busyReply: integer("busy_reply"), maxConnsPerClient: integer("max_conns_per_client"),
            pregreetDelay: integer("pregreet_delay"), location: location)
        checkUser(options.string(key("user")), service)
        setImage(&service, options.string(key("image")))
        clamp(&service)
        let (product, overflow) = service.maxConns.multipliedReportingOverflow(by: service.maxProcs)
        service.backlog = options.integer(key("backlog")) ?? max(5, overflow ? 65535 : min(product, 65535))
        return service
    }

    private func logFile(_ service: String, _ given: String?) -> String {
        let name = given ?? "IMTA_LOG:\(service.lowercased())_server.log"
        let path = symbols.expandingPath(name)
        let expanded = path.hasPrefix("/") ? path : "\(paths.log)/\(path)"
        return expanded.split(separator: "%s", omittingEmptySubsequences: false).joined(separator: hostname)
    }

    private mutating func setImage(_ service: inout ServiceConfiguration, _ given: String?) {
        guard let image = given ?? Self.images[service.name.uppercased()].map({ "IMTA_BIN:" + $0 }) else {
            diagnostics.error(
                "service \(service.name) has no image", at: service.location,
                advice: "set dispatcher.service:\(service.name).image to the program its workers run")
            return
        }
        var path = symbols.expandingPath(image)
        if path.lowercased().hasSuffix(".exe") { path.removeLast(4) }
        service.image = path.hasPrefix("/") ? path : "\(paths.bin)/\(path)"
    }

    private mutating func clamp(_ service: inout ServiceConfiguration) {
        let place = service.location
        if service.minProcs > service.maxProcs {
            diagnostics.warning(
                "service \(service.name): min_procs \(service.minProcs) is above max_procs \(service.maxProcs), which"
                    + " is raised to it", at: place)
            service.maxProcs = service.minProcs
        }
        service.minConns = min(max(service.minConns, 1), service.maxConns)
        if service.maxConns > 50 {
            diagnostics.warning(
                "service \(service.name): max_conns \(service.maxConns) is above 50, the documented limit", at: place)
        }
        if service.maxShutdown >= service.maxProcs, service.maxProcs > 1 {
            diagnostics.warning(
                "service \(service.name): max_shutdown \(service.maxShutdown) is not below max_procs"
                    + " \(service.maxProcs), so all workers may drain at once", at: place)
        }
        if service.dnsVerifyDomains.count > 5 {
            diagnostics.warning("service \(service.name): only the first five DNS lists are asked", at: place)
            service.dnsVerifyDomains = Array(service.dnsVerifyDomains.prefix(5))
        }
        if service.enabled, service.tcpPorts.isEmpty, service.sslPorts.isEmpty {
            diagnostics.warning(
                "service \(service.name) has no ports and stays idle", at: place,
                advice: "set dispatcher.service:\(service.name).tcp_ports, or enable = 0")
        }
    }

    private mutating func checkPorts(_ services: [ServiceConfiguration]) {
        var taken: [(address: String, port: UInt16, service: ServiceConfiguration)] = []
        for service in services where service.enabled {
            for port in service.tcpPorts + service.sslPorts {
                let address = service.interfaceAddress
                if let other = taken.first(where: {
                    $0.port == port && ($0.address == address || $0.address.isEmpty || address.isEmpty)
                }) {
                    diagnostics.error(
                        "service \(service.name) claims port \(port), which service \(other.service.name) has"
                            + " (\(other.service.location))", at: portLocation(service),
                        advice: "choose another port or another interface_address")
                }
                taken.append((address, port, service))
            }
        }
    }

    private func portLocation(_ service: ServiceConfiguration) -> SourceLocation {
        let name = OptionPath([.init("dispatcher"), .init("service", service.name)]).appending("tcp_ports").description
        return options[name]?.location ?? service.location
    }
}
