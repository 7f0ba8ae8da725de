import Glibc
import SystemCalls
import Testing

@testable import Dispatcher

/// What the Dispatcher says of itself while real workers serve real connections.
@Suite struct StatisticsEndToEndTests {
    @Test func connectionsAndHistory() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo) { $0.historicalTime = 3600 }])
        let client = try #require(TestClient(port: fixture.port))
        _ = try #require(client.greetingPID())
        let open = fixture.ask("connections echo")
        #expect(open.contains(#"{"id":1,"worker":1,"local":"127.0.0.1:\#(fixture.port)","remote":"127.0.0.1:"#))
        client.say("quit")
        #expect(client.line() == "")
        fixture.wait(for: "DONE") { fixture.ask("status").contains("\"completed\":1") }
        #expect(fixture.ask("connections ECHO") == #"{"name":"ECHO","omitted":0,"connections":[]}"#)
        let history = fixture.ask("history ECHO")
        #expect(history.hasPrefix(#"{"name":"ECHO","historical_time":3600,"overwritten":0,"connections":[{"id":1,"#))
        #expect(history.contains(#""in":5,"out":5,"reason":"closed"}"#))
        let second = try #require(TestClient(port: fixture.port))
        let pid = try #require(second.greetingPID())
        kill(pid, SIGKILL)
        fixture.wait(for: "the end") { fixture.ask("history ECHO").contains("\"reason\":\"the worker ended\"") }
        #expect(fixture.ask("history ECHO").contains("\"workers\":[{\"pid\":\(pid),\"number\":1,\"total\":2,"))
        #expect(fixture.ask("history NOBODY").contains("no service is named NOBODY"))
        fixture.shutDown()
    }

    /// HISTORICAL_TIME is 0 unless set: nothing is kept but the totals.
    @Test func metricsAndTotals() throws {
        let fixture = try DispatcherFixture()
        fixture.start([
            fixture.service(image: TestImage.echo) { settings in
                (settings.maxProcs, settings.maxConns) = (1, 1)
            }
        ])
        let client = try #require(TestClient(port: fixture.port))
        _ = try #require(client.greetingPID())
        let full = fixture.ask("metrics")
        #expect(full.contains(#"martlet_service_saturated{service=\"ECHO\"} 1\n"#))
        #expect(full.contains(#"martlet_service_handoff_seconds_count{service=\"ECHO\"} 1\n"#))
        #expect(fixture.ask("status").contains(#""state":"at-capacity""#))
        client.say("quit")
        #expect(client.line() == "")
        fixture.wait(for: "DONE") { fixture.ask("status").contains("\"completed\":1") }
        #expect(fixture.ask("metrics").contains(#"martlet_service_saturations_total{service=\"ECHO\"} 1\n"#))
        #expect(fixture.ask("history ECHO").contains(#""connections":[],"workers":[]"#))
        fixture.shutDown()
    }

    /// Every bit with a meaning produces records, the Dispatcher's in dispatcher.log, the workers' in LOGFILE.
    @Test func debugRecords() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo) { $0.debug = .max }]) { $0.debug = .max }
        let client = try #require(TestClient(port: fixture.port))
        let pid = try #require(client.greetingPID())
        client.say("quit")
        #expect(client.line() == "")
        fixture.wait(for: "DONE") { fixture.ask("status").contains("\"completed\":1") }
        fixture.wait(for: "the statistics") { fixture.log.contains("service ECHO: 0 connections, peak") }
        fixture.shutDown()
        let log = fixture.log
        for text in [
            "command: shutdown", "command client 1 is connected", "options of ECHO: IMAGE=", "HISTORICAL_TIME=0",
            "connection 1 from 127.0.0.1:", "service ECHO: 1 of 50 connections", "IMTA_WORKER_ID=1",
            "said HELO, runs echo 1", "sent REDY", "gets CONN id=1", "worker ECHO-1 (pid \(pid)) gets DRAN",
            "connection 1 ended after 0 seconds, 5 bytes in, 5 out: closed", "served 1 connections in",
        ] {
            #expect(log.contains(text), "\(text)")
        }
        let output = try Files.list(fixture.directory.path).filter { $0.hasPrefix("echo.log-") }.map { name in
            String(decoding: try Files.read(fixture.directory.path + "/" + name), as: UTF8.self)
        }.joined()
        for text in [
            "(   1): worker 1 of ECHO starts, pid \(pid)", "(   1): sends REDY", "(   1): takes connection 1 from",
            "): connection 1 ended after 0 seconds: closed", "(   1): drains, 0 connections open",
            "(   1): worker ends, 0 connections open",
        ] {
            #expect(output.contains(text), "\(text)")
        }
    }

    @Test func withoutDebugOnlyNotices() throws {
        let fixture = try DispatcherFixture()
        fixture.start([fixture.service(image: TestImage.echo)])
        fixture.waitForReady(1)
        fixture.shutDown()
        #expect(fixture.log.contains("ready") && !fixture.log.contains("options of"))
        #expect(!fixture.log.contains("command") && !fixture.log.contains("REDY"))
    }
}
