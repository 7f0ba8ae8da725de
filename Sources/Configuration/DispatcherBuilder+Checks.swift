import OptionSyntax
import SystemCalls

/// Values that do not fit together, and values that are no addresses or names. Dispatcher specification, section 4.
extension DispatcherBuilder {
    private func location(_ service: ServiceConfiguration, _ option: String) -> SourceLocation {
        let path = OptionPath([.init("dispatcher"), .init("service", service.name)]).appending(option)
        return options[path.description]?.location ?? options["dispatcher.\(option)"]?.location ?? service.location
    }

    /// An error for this service alone.
    mutating func leaveOut(
        _ service: inout ServiceConfiguration, _ fault: String, at location: SourceLocation, advice: String
    ) {
        service.leaveOut(fault)
        diagnostics.error(fault, at: location, leavesOut: "service \(service.name)", advice: advice)
    }

    /// Workers run as the MTA user and as nobody else (section 3.2, USER).
    mutating func checkUser(_ name: String?, _ service: ServiceConfiguration) {
        guard let name, name != (try? MTAUser.configured(paths))?.identity.name else { return }
        diagnostics.warning(
            "service \(service.name): user \(name) is ignored, workers run as the MTA user", at: service.location,
            advice: "name the MTA user in restricted.cnf")
    }

    /// Texts that must be addresses or host names.
    mutating func checkNames(_ service: inout ServiceConfiguration) {
        let address = service.interfaceAddress
        if !address.isEmpty, SocketAddress(host: address, port: 0).addressBytes == nil {
            leaveOut(
                &service, "service \(service.name): interface_address \(address) is not an IP address",
                at: location(service, "interface_address"),
                advice: "write one IPv4 or IPv6 address without brackets; for several addresses define several services"
            )
        }
        let lists = service.dnsVerifyDomains
        for list in lists where !Self.isHostName(list) {
            diagnostics.warning(
                "service \(service.name): dns_verify_domain \(list) is neither a host name nor an address and is not"
                    + " asked", at: location(service, "dns_verify_domain"))
        }
        service.dnsVerifyDomains = lists.filter(Self.isHostName)
    }

    /// Labels of letters, digits, hyphens and underscores; a dotted quad has that form too.
    static func isHostName(_ text: String) -> Bool {
        let labels = (text.hasSuffix(".") ? text.dropLast() : text[...])
            .split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { byte in
                        byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte.isASCIIAlphanumeric
                    }
            }
    }

    mutating func clamp(_ service: inout ServiceConfiguration) {
        let place = service.location
        if service.minProcs > service.maxProcs {
            diagnostics.warning(
                "service \(service.name): min_procs \(service.minProcs) is above max_procs \(service.maxProcs), which"
                    + " is raised to it", at: place)
            service.maxProcs = service.minProcs
        }
        clampMinConns(&service)
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

    /// MIN_CONNS is brought into 1…MAX_CONNS; when somebody set it to something else, with a word.
    private mutating func clampMinConns(_ service: inout ServiceConfiguration) {
        let clamped = min(max(service.minConns, 1), service.maxConns)
        defer { service.minConns = clamped }
        let key = OptionPath([.init("dispatcher"), .init("service", service.name)]).appending("min_conns").description
        guard clamped != service.minConns, case .file(let place)? = options.effective(key)?.origin else { return }
        diagnostics.warning(
            "service \(service.name): min_conns \(service.minConns) is not from 1 to max_conns \(service.maxConns);"
                + " \(clamped) is used", at: place)
    }

    /// The second service that claims a port is left out.
    mutating func checkPorts(_ services: inout [ServiceConfiguration]) {
        var taken: [(address: String, port: UInt16, service: ServiceConfiguration)] = []
        for index in services.indices where services[index].enabled {
            let service = services[index]
            for port in service.tcpPorts + service.sslPorts {
                let address = service.interfaceAddress
                guard
                    let other = taken.first(where: {
                        $0.port == port && ($0.address == address || $0.address.isEmpty || address.isEmpty)
                    })
                else { continue }
                leaveOut(
                    &services[index],
                    "service \(service.name) claims port \(port), which service \(other.service.name) has"
                        + " (\(other.service.location))", at: location(service, "tcp_ports"),
                    advice: "choose another port or another interface_address")
            }
            guard services[index].enabled else { continue }
            taken += (service.tcpPorts + service.sslPorts).map { (service.interfaceAddress, $0, service) }
        }
    }
}

extension UInt8 {
    fileprivate var isASCIIAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
