import Glibc
import SystemCalls
import Testing

/// What a running instance counts: notifications-logging specification, section 3; commands specification, 3.2.
@Suite(.serialized) struct CounterTests {
    /// One message that is delivered, one that is put off, one recipient that is refused.
    private func busyInstance() throws -> (TestInstance, SMTPSink) {
        let instance = try TestInstance()
        let sink = try SMTPSink(scratch: instance.scratch)
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.addUser("anna")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(
            try peer.deliver(from: "a@x.example", to: "anna@\(TestInstance.domain)", "Subject: 1\r\n\r\nx").code == 250)
        #expect(try peer.deliver(from: "a@x.example", to: "b@far.example", "Subject: 2\r\n\r\nx").code == 250)
        #expect(try peer.command("MAIL FROM:<a@x.example>").code == 250)
        #expect(try peer.command("RCPT TO:<nobody@\(TestInstance.domain)>").code == 550)
        _ = instance.arrivals("anna")
        _ = sink.arrivals()
        return (instance, sink)
    }

    private func scrape(_ instance: TestInstance) throws -> ExpositionText {
        try ExpositionText(try instance.martlet("status", "--prometheus"))
    }

    @Test func prometheusOfALivingInstance() throws {
        let (instance, sink) = try busyInstance()
        let isCounted = eventually {
            let metrics = try? scrape(instance)
            return metrics?["martlet_channel_dequeued_messages_total", ["channel": "tcp_local"]] == 1
                && metrics?["martlet_channel_dequeued_messages_total", ["channel": "ims-ms"]] == 1
        }
        #expect(isCounted)
        // From now on nobody is there.
        sink.stop()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.deliver(from: "a@x.example", to: "c@far.example", "Subject: 3\r\n\r\nx").code == 250)
        let local = ["channel": "tcp_local"]
        let isDeferred = eventually {
            let metrics = try? scrape(instance)
            return metrics?["martlet_channel_deferred_recipients_total", local.merging(["reason": "network"]) { $1 }]
                == 1
        }
        #expect(isDeferred)
        let metrics = try scrape(instance)
        for (name, labels, value) in [
            ("martlet_up", ["component": "job_controller"], 1),
            ("martlet_channel_messages", ["channel": "tcp_local", "state": "delayed"], 1),
            ("martlet_channel_received_messages_total", local, 2),
            ("martlet_channel_delivered_recipients_total", local, 1),
            ("martlet_channel_dequeued_first_attempt_total", local, 1),
            ("martlet_channel_bounced_recipients_total", ["channel": "tcp_local", "reason": "network"], 0),
            ("martlet_channel_submitted_messages_total", ["channel": "tcp_intranet"], 3),
            ("martlet_channel_rejected_recipients_total", ["channel": "tcp_intranet"], 1),
            ("martlet_channel_connections_total", ["channel": "tcp_local", "direction": "out"], 1),
            ("martlet_channel_queue_seconds_count", local, 1),
        ] as [(String, [String: String], Double)] {
            #expect(metrics[name, labels] == value, "\(name) \(labels): \(metrics[name, labels] ?? -1)")
        }
        #expect(
            (metrics["martlet_channel_connections_total", ["channel": "tcp_intranet", "direction": "in"]] ?? 0) >= 2)
        #expect((metrics["martlet_channel_stored_bytes", local] ?? 0) > 20)
        #expect((metrics["martlet_queue_free_bytes", [:]] ?? 0) > 0)
        #expect((metrics["martlet_channel_oldest_age_seconds", local] ?? -1) >= 0)
        // Labels are words of the configuration and of fixed lists, whatever clients send.
        #expect(!metrics.values.keys.contains { $0.labels.values.contains { $0.contains("example") } })
    }

    @Test func countersOfALivingInstance() throws {
        let (instance, _) = try busyInstance()
        func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        let isCounted = eventually {
            words((try? instance.martlet("imsimta", "counters", "-show")) ?? "").contains(
                "tcp_local Received 1 1 1 Stored 0 0 0 Delivered 1 1 1 (1 first time) Submitted 0 0 0")
        }
        #expect(isCounted)
        let table = words(try instance.martlet("imsimta", "counters", "-nochannels", "tcp_*"))
        #expect(table.contains("tcp_intranet Total In Assocs") && !table.contains("Received"))
        let intranet = words(try instance.martlet("counters", "--no-headers", "tcp_intranet"))
        #expect(intranet.contains("Submitted 2 2 2") && intranet.contains("Rejected 1 1 0"), "\(intranet)")
        // Example 21.
        #expect(try instance.martlet("imsimta", "counters", "-today") == "2 messages processed so far today\n")
        #expect(try instance.martlet("queue", "counters", "show", "-noheaders", "ims-ms").hasPrefix("ims-ms\n"))
        let path = instance.scratch + "/table"
        #expect(try instance.martlet("imsimta", "counters", "-show", "-output=\(path)").isEmpty)
        #expect(String(decoding: try Files.read(path), as: UTF8.self).contains("tcp_local"))
        // A new Job Controller goes on counting; what is open and what is stored stays right after a clear.
        try instance.martlet("restart", "job_controller")
        #expect(try instance.martlet("counters", "--no-headers", "ims-ms").contains("(1 first time)"))
        try instance.martlet("queue", "counters", "clear", "-associations")
        #expect(words(try instance.martlet("counters", "tcp_intranet")).contains("Submitted 2 2 2"))
        try instance.martlet("imsimta", "counters", "-clear")
        #expect(words(try instance.martlet("counters", "tcp_intranet")).contains("Submitted 0 0 0"))
        try instance.stop()
        // They can still be read; nobody knows of today.
        #expect(try instance.martlet("counters", "--json").contains("\"today\":null"))
        #expect(try instance.attempt(["counters", "--today"]).exit == .exited(75))
        #expect(try instance.martlet("imsimta", "counters", "-delete").isEmpty)
        let none = try instance.attempt(["counters"])
        #expect(none.exit == .exited(2) && none.output.contains("%COUNTERS-E-NOSEGMENT"), "\(none.output)")
    }
}

extension CounterTests {
    /// Over HTTP, as a browser and Prometheus have it.
    @Test func web() throws {
        let instance = try TestInstance()
        try instance.start()
        try instance.martlet("queue", "stop", "tcp_local")
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.deliver(from: "a@x.example", to: "b@far.example", "Subject: 2\r\n\r\nx").code == 250)
        let isQueued = eventually { (try? instance.martlet("web"))?.contains("<td class=\"n\">1</td>") == true }
        #expect(isQueued)
        let port = try TestInstance.freePort()
        let web = try Program(
            "\(TestInstance.binaries)/martlet", ["web", "--listen", "127.0.0.1:\(port)", "--root", instance.root],
            scratch: instance.scratch)
        #expect(eventually { web.output.contains("http://127.0.0.1:\(port)/") })
        func get(_ request: String, host: String = "127.0.0.1") throws -> String {
            let client = try SMTPPeer(port: port)
            try client.send(request + "\r\nHost: \(host):\(port)\r\n\r\n")
            return try client.rest()
        }
        let page = try get("GET / HTTP/1.1")
        #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n") && page.contains("tcp_local (stopped)"), "\(page)")
        let metrics = try get("GET /metrics HTTP/1.1")
        #expect(metrics.contains("Content-Type: text/plain; version=0.0.4"))
        let body = metrics.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""
        #expect(
            try ExpositionText(String(body))["martlet_channel_stopped", ["channel": "tcp_local"]] == 1, "\(metrics)")
        #expect(try get("GET /etc/passwd HTTP/1.1").hasPrefix("HTTP/1.1 404"))
        #expect(try get("GET / HTTP/1.1", host: "stranger.example").hasPrefix("HTTP/1.1 421"))
        #expect(try get("POST / HTTP/1.1").hasPrefix("HTTP/1.1 405"))
        #expect(try get("nonsense").hasPrefix("HTTP/1.1 400"))
        web.signal(SIGTERM)
        _ = try web.wait()
    }
}
