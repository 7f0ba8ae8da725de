/// How many file descriptors the configuration may need at once. Dispatcher specification, section 6.3.
struct DescriptorNeed: Hashable, Sendable {
    private static let others = 64

    /// What the Dispatcher itself may need.
    var dispatcher: Int
    /// What one worker of each service may need.
    var workers: [Worker]

    struct Worker: Hashable, Sendable {
        var service: String
        var count: Int
    }

    /// `admission`: most connections in admission over all services.
    init(_ services: [ServiceSettings], admission: Int = 1024) {
        dispatcher = Self.others
        dispatcher.add(admission)
        if services.contains(where: \.ident) { dispatcher.add(IdentQueries.most) }
        workers = []
        for service in services {
            let limits = service.limits()
            let ports = (service.tcpPorts + service.sslPorts).count { $0 != 0 }
            dispatcher.add(ports)
            dispatcher.add(limits.maxProcs, times: 2)
            dispatcher.add(ports, times: limits.maxHandoffs)
            var worker = Self.others
            worker.add(limits.maxConns, times: 8)
            workers.append(Worker(service: service.name, count: worker))
        }
    }
}

extension DispatcherSettings {
    /// Fewer connections in admission than this are no service.
    private static let leastInAdmission = 64

    /// Brings the settings within a limit of open files: services that cannot fit are left out, and fewer connections
    /// may wait for admission. What the log says about it, and whether each line is a warning. Sections 6.3 and 13.
    mutating func fit(descriptors limit: Int) -> [(text: String, isWarning: Bool)] {
        let advice = "raise the limit (LimitNOFILE, ulimit -n)"
        var lines: [(text: String, isWarning: Bool)] = []
        for worker in DescriptorNeed(services).workers where worker.count > limit {
            services.removeAll { $0.name == worker.service }
            lines.append(
                (
                    "service \(worker.service) does not start: a worker may need \(worker.count) file descriptors, the "
                        + "limit is \(limit): \(advice), or lower MAX_CONNS", true
                ))
        }
        let most = mostInAdmission
        while true {
            let need = DescriptorNeed(services, admission: mostInAdmission).dispatcher
            if need <= limit || services.isEmpty { break }
            let without = DescriptorNeed(services, admission: 0).dispatcher
            if limit - without >= Self.leastInAdmission {
                mostInAdmission = limit - without
                lines.append(
                    ("only \(mostInAdmission) connections, not \(most), may wait for admission: \(advice)", true))
            } else {
                let service = services.removeLast()
                lines.append(
                    (
                        "service \(service.name) does not start: with it the Dispatcher may need \(need) file "
                            + "descriptors, the limit is \(limit): \(advice), or lower MAX_PROCS or MAX_HANDOFFS", true
                    ))
            }
        }
        let need = DescriptorNeed(services, admission: mostInAdmission).dispatcher
        lines.append(("file descriptors: at most \(need) needed, the limit is \(limit)", false))
        return lines
    }
}

extension Int {
    /// Adds `value` × `factor`; the most that fits when the result is larger.
    fileprivate mutating func add(_ value: Int, times factor: Int = 1) {
        let (product, tooMuch) = value.multipliedReportingOverflow(by: factor)
        let (sum, overflow) = addingReportingOverflow(tooMuch ? .max : product)
        self = overflow ? .max : sum
    }
}
