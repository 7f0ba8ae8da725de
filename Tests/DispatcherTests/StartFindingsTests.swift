import Testing

@testable import Dispatcher

@Suite struct StartFindingsTests {
    private static func service(_ change: (inout ServiceSettings) -> Void) -> ServiceSettings {
        var service = ServiceSettings(name: "SMTP", image: "/bin/true", logFile: "/dev/null")
        change(&service)
        return service
    }

    /// Ports + 2 × MAX_PROCS + ports × MAX_HANDOFFS + 1024 + 64; MAX_CONNS × 8 + 64.
    @Test func descriptors() {
        let need = DescriptorNeed([
            Self.service {
                $0.tcpPorts = [25, 0]
                $0.sslPorts = [465]
                $0.maxProcs = 10
                $0.maxHandoffs = 7
                $0.maxConns = 50
            }
        ])
        #expect(need.dispatcher == 2 + 20 + 14 + 1088)
        #expect(need.workers == [.init(service: "SMTP", count: 464)])
        #expect(need.report(limit: 1124).map(\.isWarning) == [false])
        #expect(need.report(limit: 1123).map(\.isWarning) == [true])
        #expect(need.report(limit: 463).map(\.isWarning) == [true, true])
        #expect(need.report(limit: 463)[1].text.contains("464"))
    }

    @Test func absurdNumbersDoNotTrap() {
        let need = DescriptorNeed([
            Self.service {
                $0.tcpPorts = [25]
                $0.maxProcs = .max
                $0.maxConns = .max
                $0.maxHandoffs = .max
            }
        ])
        #expect(need.dispatcher == .max)
        #expect(need.report(limit: .max).map(\.isWarning) == [false])
    }

    @Test func backlogIsClampedAndSaidOnce() {
        let services = [Self.service { $0.backlog = 5000 }, Self.service { $0.name = "SUBMIT" }]
        var settings = DispatcherSettings(services: services, runDirectory: "", logFile: "")
        #expect(
            settings.clampBacklogs(to: 4096) == "BACKLOG is more than net.core.somaxconn, 4096 is used (SMTP 5000)")
        #expect(settings.services.map(\.listenBacklog) == [4096, 50])
        #expect(settings.clampBacklogs(to: 4096) == nil)
    }
}
