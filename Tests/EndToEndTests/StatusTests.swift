import Glibc
import SystemCalls
import Testing

/// `martlet status` with its pages, and what monitors read.
@Suite(.serialized) struct StatusTests {
    @Test func servicePageShowsConnectionsAndHistory() throws {
        let instance = try TestInstance()
        try instance.set("dispatcher.service:SMTP.historical_time", "600")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let page = try instance.martlet("status", "smtp")
        for part in ["STATISTICS", "concurrent connections", "CONNECTION", "127.0.0.1:\(instance.port)"] {
            #expect(page.contains(part), "\(part) is missing in \(page)")
        }
        #expect(!page.contains("\u{1B}"))
        // The connection that waited for the banner is over.
        let ended = eventually { (try? instance.martlet("status", "SMTP"))?.contains("Closed connections") == true }
        #expect(ended)
        let json = try instance.martlet("status", "SMTP", "--json")
        #expect(json.contains("\"connections\":{\"name\":\"SMTP\"") && json.contains("\"history\":{\"name\":\"SMTP\""))
        #expect(try instance.attempt(["status", "NOBODY"]).output.contains("no service is named NOBODY"))
    }

    @Test func prometheusShowsServicesAndQueues() throws {
        let instance = try TestInstance()
        #expect(try instance.martlet("status", "--prometheus").contains("martlet_up{component=\"dispatcher\"} 0"))
        try instance.start()
        let metrics = try instance.martlet("status", "--prometheus")
        for line in [
            "martlet_up{component=\"dispatcher\"} 1", "martlet_up{component=\"job_controller\"} 1",
            "martlet_service_up{service=\"SMTP\"} 1", "martlet_channel_jobs{channel=\"tcp_local\"} 0",
            "martlet_queue_messages 0",
        ] {
            #expect(metrics.split(separator: "\n").contains { $0 == line }, "\(line) is missing in \(metrics)")
        }
        #expect(try instance.attempt(["status", "--prometheus", "--json"]).exit != .exited(0))
    }

    /// Not on a terminal: page after page, without cursor movements, until it is interrupted.
    @Test func watchRepeats() throws {
        let instance = try TestInstance()
        try instance.start()
        let watch = try Program(
            "\(TestInstance.binaries)/martlet", ["status", "--watch", "--root", instance.root],
            scratch: instance.scratch)
        let repeats = eventually { watch.output.split(separator: "\n").count { $0.hasPrefix("SERVICE  PORTS") } >= 2 }
        #expect(repeats, "\(watch.output)")
        watch.signal(SIGINT)
        _ = try watch.wait()
        #expect(!watch.output.contains("\u{1B}"))
    }
}
