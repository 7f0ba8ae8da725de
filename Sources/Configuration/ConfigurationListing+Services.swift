import OptionSyntax

/// Options of services as they count: inherited, computed and brought into range, each with its origin.
/// Dispatcher specification, sections 3.1, 4 and 5.1.
extension MTAConfiguration {
    func serviceRows() -> [Row] {
        let names = OptionCatalogue.names(in: "dispatcher.service").filter { name in
            OptionCatalogue.all["dispatcher.service.\(name)"]?.kind != .ignored
        }
        var rows: [Row] = []
        for group in options.groups("dispatcher", "service") {
            let path = OptionPath([.init("dispatcher"), .init("service", group.name)])
            guard let service = dispatcher.service(group.name) else {
                // The section of the Dispatcher itself has one option that counts.
                rows.append(row(path.appending("debug"), nil))
                continue
            }
            rows += names.map { row(path.appending($0), service) }
        }
        return rows
    }

    private func row(_ path: OptionPath, _ service: ServiceConfiguration?) -> Row {
        let entry = options[path.description]
        let given = options.effective(path.description)
        let value = service?.text(of: path.option) ?? given?.value ?? ""
        let origin = Self.origin(path.option, value, given)
        let setting = OptionSetting(
            path, value, scope: entry?.scope ?? .role, at: entry?.location ?? SourceLocation(file: "", line: 0))
        return Row(setting: setting, origin: origin)
    }

    private static func origin(
        _ option: String, _ value: String, _ given: (value: String, origin: OptionOrigin)?
    ) -> OptionOrigin {
        guard let given else {
            return value.isEmpty || ["image", "parameter"].contains(option) ? .builtIn : .computed
        }
        // Symbolic names were replaced.
        if ["image", "logfilename"].contains(option) { return given.origin }
        if isSame(given.value, value) { return given.origin }
        return option == "enable" ? .computed : .clamped(from: given.origin)
    }

    /// The same integer, or the same list, in whatever spelling.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        if let number = IntegerValue.parse(left) { return number == IntegerValue.parse(right) }
        func words(_ text: String) -> [Substring] { text.split { $0 == " " || $0 == "," || $0 == "\t" } }
        return left == right || words(left) == words(right)
    }
}

extension ServiceConfiguration {
    /// The value of an option as it counts; nil for those that are kept as they were set.
    func text(of option: String) -> String? {
        switch option {
        case "backlog": String(backlog)
        case "busy_reply": String(busyReply)
        case "dns_verify_domain": dnsVerifyDomains.joined(separator: " ")
        case "enable": enabled ? "1" : "0"
        case "historical_time": String(historicalTime)
        case "ident": ident ? "1" : "0"
        case "image": image
        case "interface_address": interfaceAddress
        case "logfilename": logFile
        case "max_conns": String(maxConns)
        case "max_conns_per_client": String(maxConnsPerClient)
        case "max_handoffs": String(maxHandoffs)
        case "max_idle_time": String(maxIdleTime)
        case "max_life_conns": String(maxLifeConns)
        case "max_life_time": String(maxLifeTime)
        case "max_procs": String(maxProcs)
        case "max_shutdown": String(maxShutdown)
        case "min_conns": String(minConns)
        case "min_procs": String(minProcs)
        case "parameter": parameter
        case "pregreet_delay": String(pregreetDelay)
        case "stacksize": String(stackSize)
        default: nil
        }
    }
}
