import Configuration
import Testing

/// Ranges and port lists of services. Dispatcher specification, section 4.
@Suite struct ServiceLimitsTests {
    private func service(_ lines: String) throws -> ServiceConfiguration {
        var files = Samples.defaults.legacy
        files["dispatcher.cnf"] = "[SERVICE=SMTP]\n\(lines)\n"
        let load = Samples.legacy(files)
        return try #require(load.configuration, "\(load.findings)").dispatcher.services[0]
    }

    /// "plain-text ports; `0` disables the service", whatever separates it; a 0 among the TLS ports is no port.
    @Test(
        arguments: [
            ("PORT=25", true, [25], []), ("PORT=0", false, [], []), ("PORT=25\t0", false, [25], []),
            ("PORT=25,0", false, [25], []), ("PORT=25\nTLS_PORT=0", true, [25], []),
            ("PORT=25\nTLS_PORT=465", true, [25], [465]),
        ] as [(String, Bool, [UInt16], [UInt16])])
    func zeroAmongThePorts(lines: String, isEnabled: Bool, ports: [UInt16], tlsPorts: [UInt16]) throws {
        let service = try service(lines)
        #expect(service.enabled == isEnabled)
        #expect(service.tcpPorts == ports && service.sslPorts == tlsPorts)
    }

    @Test func minProcsIsBounded() throws {
        let raised = try service("PORT=25\nMIN_PROCS=1000\nMAX_PROCS=5")
        #expect(raised.minProcs == 1000 && raised.maxProcs == 1000)
        let load = Samples.small("dispatcher.service:SMTP.tcp_ports = 25\ndispatcher.service:SMTP.min_procs = 1001")
        #expect(load.findings.contains { $0.contains("min_procs") && $0.contains("error") }, "\(load.findings)")
    }

    @Test func capacityNeverOverflows() throws {
        var service = try service("PORT=25")
        service.maxProcs = .max
        service.maxConns = 2
        #expect(service.capacity == .max)
    }
}
