import Glibc
import SystemCalls
import Testing

/// Destinations that hang, are stopped, or ask for their mail: job-controller specification, 6.3, 6.9 and 11.4.
@Suite(.serialized) struct DestinationTests {
    /// The hosts lead to the sink; `dead.example` leads to an address of its own.
    private func prepare(_ sinkPort: UInt16) throws -> (TestInstance, NameServer) {
        let instance = try TestInstance()
        let hosts = (0..<20).map { "h\($0).example. A 127.0.0.1" }
        let names = try NameServer(scratch: instance.scratch, records: hosts + ["dead.example. A 127.0.0.2"])
        try instance.set("mta.dns_resolver", "127.0.0.1@\(names.port)")
        try instance.set("channel:tcp_local.port", String(sinkPort))
        return (instance, names)
    }

    private func send(_ count: Int, _ instance: TestInstance, to: (Int) -> String) throws {
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        for number in 0..<count {
            let reply = try peer.deliver(
                from: "anna@\(TestInstance.domain)", to: "friend@\(to(number))", "Subject: \(number)\r\n\r\nx")
            #expect(reply.code == 250)
        }
    }

    /// One host takes connections and says nothing, and has a backlog that would fill the only process. The others get
    /// their mail meanwhile. Then the host is stopped, which a restart does not change, and started again.
    @Test func aHangingDestination() throws {
        let port = try TestInstance.freePort()
        let (instance, names) = try prepare(port)
        defer { withExtendedLifetime(names) {} }
        let hanging = try Sockets.listen(SocketAddress(host: "127.0.0.2", port: port), backlog: 100)
        let sink = try SMTPSink(scratch: instance.scratch, port: port)
        try instance.set("channel:tcp_local.maxjobs", "1")
        try instance.start()
        try instance.martlet("queue", "stop", "tcp_local")
        try send(60, instance) { _ in "dead.example" }
        try instance.martlet("queue", "start", "tcp_local")
        #expect(
            eventually {
                (try? instance.martlet("queue", "directory", "-state=active", "tcp_local"))?.contains("ZZ") == true
            })
        try send(40, instance) { "h\($0 % 20).example" }
        #expect(sink.arrivals(count: 40).count == 40)
        #expect(instance.mailLog.allSatisfy { !$0.contains("dead.example") || !$0.contains(" D ") })

        try instance.martlet("queue", "stop", "tcp_local", "--host", "dead.example")
        #expect(try instance.martlet("queue", "summarize").contains("  host dead.example (stopped)"))
        withExtendedLifetime(hanging) {}
    }

    /// Stopped before anything was tried, over a restart, and started again.
    @Test func aStoppedHost() throws {
        let port = try TestInstance.freePort()
        let (instance, names) = try prepare(port)
        defer { withExtendedLifetime(names) {} }
        let sink = try SMTPSink(scratch: instance.scratch, port: port)
        // While nothing runs.
        try instance.martlet("queue", "stop", "tcp_local", "--host", "h1.example")
        try instance.start()
        try send(3, instance) { "h\($0).example" }
        #expect(sink.arrivals(count: 2).count == 2)
        try instance.stop()
        try instance.start()
        try send(1, instance) { _ in "h4.example" }
        #expect(sink.arrivals(count: 3).count == 3)
        #expect(try instance.martlet("queue", "summarize").contains("  host h1.example (stopped)"))
        try instance.martlet("queue", "start", "tcp_local", "--host", "h1.example")
        #expect(sink.arrivals(count: 4).count == 4)
    }

    /// "Everything queued for the host" is tried when the host says that it is there (smtp specification, 10.3), although
    /// its next attempt is an hour away.
    @Test func etrnStartsWhatWaits() throws {
        let port = try TestInstance.freePort()
        let (instance, names) = try prepare(port)
        defer { withExtendedLifetime(names) {} }
        try instance.start()
        try send(2, instance) { "h\($0).example" }
        #expect(
            eventually { instance.mailLog.filter { $0.contains("tcp_local                 Q") }.count == 2 },
            "\(instance.mailLog)")
        let sink = try SMTPSink(scratch: instance.scratch, port: port)
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.command("ETRN h1.example")
        #expect(reply.code == 250, "\(reply)")
        #expect(sink.arrivals().count == 1)
        #expect(sink.messages.first?.contains("friend@h1.example") == true)
    }
}
