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
    }

    private static func fit(_ limit: Int, _ services: [ServiceSettings]) -> (DispatcherSettings, [String]) {
        var settings = DispatcherSettings(services: services, runDirectory: "", logFile: "")
        let lines = settings.fit(descriptors: limit)
        return (settings, lines.filter(\.isWarning).map(\.text))
    }

    /// "Refuse to start a service that cannot fit, with numbers in the message" (section 13).
    @Test func servicesThatCannotFitAreLeftOut() {
        let small = Self.service { $0.tcpPorts = [25] }
        let large = Self.service {
            $0.name = "LARGE"
            $0.tcpPorts = [2525]
            $0.maxConns = 1000
        }
        #expect(Self.fit(65_536, [small, large]).1 == [])
        let (left, lines) = Self.fit(4096, [small, large])
        #expect(left.services.map(\.name) == ["SMTP"])
        #expect(lines.count == 1 && lines[0].contains("8064") && lines[0].contains("4096"))
        // 1024 descriptors: fewer connections in admission, and all services run. 100: nothing runs.
        let (tight, said) = Self.fit(1024, [small])
        #expect(tight.services.count == 1 && tight.mostInAdmission == 1024 - 64 - 1 - 10 - 5)
        #expect(said.count == 1)
        let (none, refusals) = Self.fit(200, [small, large])
        #expect(none.services.isEmpty || none.services.map(\.name) == ["SMTP"])
        #expect(refusals.contains { $0.contains("service LARGE does not start") })
    }

    @Test func identQueriesCount() {
        let plain = Self.service { $0.tcpPorts = [25] }
        let asking = Self.service {
            $0.tcpPorts = [25]
            $0.ident = true
        }
        #expect(DescriptorNeed([asking]).dispatcher - DescriptorNeed([plain]).dispatcher == 256)
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
