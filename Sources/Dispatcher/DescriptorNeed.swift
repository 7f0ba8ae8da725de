/// How many file descriptors the configuration may need at once. Dispatcher specification, section 6.3.
struct DescriptorNeed: Hashable, Sendable {
    /// Most connections in admission over all services, and descriptors for everything else.
    private static let admission = 1024
    private static let others = 64

    /// What the Dispatcher itself may need.
    var dispatcher: Int
    /// What one worker of each service may need.
    var workers: [Worker]

    struct Worker: Hashable, Sendable {
        var service: String
        var count: Int
    }

    init(_ services: [ServiceSettings]) {
        dispatcher = Self.admission + Self.others
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

    /// What the log says at the start, and whether each line is a warning.
    func report(limit: Int) -> [(text: String, isWarning: Bool)] {
        let advice = "raise the limit (LimitNOFILE, ulimit -n)"
        var lines: [(text: String, isWarning: Bool)] = []
        if dispatcher > limit {
            let text = "the Dispatcher may need \(dispatcher) file descriptors, the limit is \(limit): \(advice), "
            lines.append((text + "or lower MAX_PROCS or MAX_HANDOFFS", true))
        } else {
            lines.append(("file descriptors: at most \(dispatcher) needed, the limit is \(limit)", false))
        }
        for worker in workers where worker.count > limit {
            let text = "a worker of service \(worker.service) may need \(worker.count) file descriptors, "
            lines.append((text + "the limit is \(limit): \(advice), or lower MAX_CONNS", true))
        }
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
