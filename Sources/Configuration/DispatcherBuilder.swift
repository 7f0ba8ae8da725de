import OptionSyntax
import SystemCalls

/// Makes the typed Dispatcher configuration out of the options, with the cross-checks of dispatcher specification,
/// section 4. A service that cannot work is left out; the others run.
struct DispatcherBuilder {
    let options: OptionStore
    let paths: InstancePaths
    private let symbols: SymbolTable
    private let hostname: String
    /// What ``OptionChecks`` found, by name in small letters.
    private let faults: [String: String]
    var diagnostics = Diagnostics()

    init(
        _ options: OptionStore, paths: InstancePaths, symbols: SymbolTable, hostname: String,
        faults: [String: String] = [:]
    ) {
        self.options = options
        self.paths = paths
        self.symbols = symbols
        self.hostname = hostname
        self.faults = faults
    }

    /// Dispatcher specification, section 5.1.
    private static let images = [
        "SMTP": "tcp_smtp_server", "SMTP_SUBMIT": "tcp_smtp_server", "LMTPSS": "tcp_lmtp_server",
        "LMTPSN": "tcp_lmtpn_server", "ADMIN": "http_admin",
    ]
    private static let parameters = [
        "SMTP_SUBMIT": "CHANNEL=tcp_submit", "LMTPSS": "CHANNEL=tcp_lmtpss", "LMTPSN": "CHANNEL=tcp_lmtpsn",
    ]

    /// The name of the section that holds options of the Dispatcher process itself.
    static let ownSection = "DISPATCHER"

    mutating func build() -> DispatcherConfiguration {
        var services: [ServiceConfiguration] = []
        for (name, location) in options.groups("dispatcher", "service") where name.uppercased() != Self.ownSection {
            services.append(service(name, at: location))
        }
        checkPorts(&services)
        if options.boolean("dispatcher.use_nslog") {
            diagnostics.warning(
                "dispatcher.use_nslog has no effect: there is no nslog logger, debug output goes to dispatcher.log",
                at: options["dispatcher.use_nslog"]?.location, advice: "remove it")
        }
        return DispatcherConfiguration(
            enabled: options.boolean("dispatcher.enable"),
            debug: options.mask("dispatcher.service:\(Self.ownSection).debug"),
            logVersions: options.integer("dispatcher.log_versions") ?? 5, services: services)
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
        if let fault = faults[name.lowercased()] { service.leaveOut(fault) }
        setImage(&service, options.string(key("image")))
        checkUser(options.string(key("user")), service)
        checkNames(&service)
        clamp(&service)
        let (product, overflow) = service.maxConns.multipliedReportingOverflow(by: service.maxProcs)
        service.backlog = options.integer(key("backlog")) ?? max(5, overflow ? 65535 : min(product, 65535))
        return service
    }

    /// `%s` is the node name, one level of the host name (section 5.3).
    private func logFile(_ service: String, _ given: String?) -> String {
        let name = given ?? "IMTA_LOG:\(service.lowercased())_server.log"
        let path = symbols.expandingPath(name)
        let expanded = path.hasPrefix("/") ? path : "\(paths.log)/\(path)"
        let node = String(hostname.prefix { $0 != "." })
        return expanded.split(separator: "%s", omittingEmptySubsequences: false).joined(separator: node)
    }

    private mutating func setImage(_ service: inout ServiceConfiguration, _ given: String?) {
        guard let image = given ?? Self.images[service.name.uppercased()].map({ "IMTA_BIN:" + $0 }) else {
            leaveOut(
                &service, "service \(service.name) has no image", at: service.location,
                advice: "set dispatcher.service:\(service.name).image to the program its workers run")
            return
        }
        var path = symbols.expandingPath(image)
        if path.lowercased().hasSuffix(".exe") { path.removeLast(4) }
        service.image = path.hasPrefix("/") ? path : "\(paths.bin)/\(path)"
    }
}

extension ServiceConfiguration {
    /// The service does not run, for the reason `fault`.
    mutating func leaveOut(_ fault: String) {
        guard self.fault == nil else { return }
        self.fault = fault
        enabled = false
    }
}
