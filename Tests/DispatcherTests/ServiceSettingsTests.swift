import SystemCalls
import Testing

@testable import Dispatcher

@Suite struct ServiceSettingsTests {
    @Test func builtInDefaultsOfSection4() {
        let settings = ServiceSettings(name: "SMTP", image: "/x", logFile: "/y")
        let limits = settings.limits()
        #expect(limits.capacity == 50)
        #expect(settings.listenBacklog == 50)
        #expect((limits.minProcs, limits.minConns, limits.maxHandoffs) == (1, 3, 5))
    }

    /// E5 and E6 of the dispatcher specification, section 15, and "never below 5".
    @Test(arguments: [(10, 50, 500, Int32(500)), (5, 10, 50, 50), (1, 1, 1, 5)])
    func backlogIsTheCapacity(maxProcs: Int, maxConns: Int, capacity: Int, backlog: Int32) {
        var settings = ServiceSettings(name: "SMTP", image: "/x", logFile: "/y")
        settings.maxProcs = maxProcs
        settings.maxConns = maxConns
        #expect(settings.limits().capacity == capacity)
        #expect(settings.listenBacklog == backlog)
    }

    @Test func limitsAreBroughtIntoRange() {
        var settings = ServiceSettings(name: "SMTP", image: "/x", logFile: "/y")
        settings.minProcs = 7
        settings.maxProcs = 5
        settings.minConns = 90
        settings.maxConns = 0
        settings.maxShutdown = -1
        settings.maxLifeTime = .max
        let limits = settings.limits()
        #expect((limits.minProcs, limits.maxProcs, limits.minConns, limits.maxConns) == (7, 7, 1, 1))
        #expect(limits.maxShutdown == 1)
        #expect(limits.maxLifeTime > 0)
    }

    /// E4: `PORT=0` binds nothing.
    @Test func portZeroIsDisabled() {
        var settings = ServiceSettings(name: "SMTP", image: "/x", logFile: "/y")
        settings.tcpPorts = [0]
        settings.sslPorts = [465]
        let ports = ListeningPort.ports(of: settings)
        #expect(ports.map(\.address.port) == [465])
        #expect(ports.map(\.isImplicitTLS) == [true])
    }

    @Test func environmentOfAWorker() {
        var settings = ServiceSettings(name: "SMTP", image: "/x", logFile: "/y")
        settings.parameter = "CHANNEL=tcp_submit"
        settings.debug = 16_777_216
        let environment = settings.environment(worker: 3, base: ["SERVERROOT=/opt"])
        for entry in [
            "IMTA_SERVICE=SMTP", "IMTA_SERVICE_PARAMETER=CHANNEL=tcp_submit", "IMTA_MAX_CONNS=10",
            "IMTA_STACKSIZE=2048000", "IMTA_DISPATCHER_DEBUG=1000000", "IMTA_WORKER_ID=3", "SERVERROOT=/opt", "LANG=C",
        ] {
            #expect(environment.contains(entry))
        }
    }
}
