import Glibc
import SystemCalls
import Testing

/// A message comes in through the Dispatcher and goes out: the main job, with real processes and real peers.
@Suite(.serialized) struct DeliveryTests {
    @Test func swaksDeliversIntoAMaildir() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        let swaks = try Program(
            "swaks",
            [
                "--server", "127.0.0.1:\(instance.port)", "--from", "a@example.com", "--to",
                "anna@\(TestInstance.domain)", "--header", "Subject: hello", "--body", "line one\n.starts with a dot",
            ], scratch: instance.scratch
        ).wait()
        #expect(swaks.exit == .exited(0), "\(swaks.output)")
        #expect(swaks.output.contains("250 2.1.5 anna@\(TestInstance.domain) OK."))
        let messages = instance.arrivals("anna")
        let message = try #require(messages.first)
        #expect(message.hasPrefix("Return-path: <a@example.com>\n"))
        #expect(message.contains("\nReceived: from "))
        #expect(message.contains(" by mail.\(TestInstance.domain)\n"))
        #expect(message.contains("\nSubject: hello\n"))
        #expect(message.contains("\n.starts with a dot\n"))
        #expect(!message.contains("\r"))
        _ = eventually { instance.mailLog.contains { $0.contains(" D ") || $0.contains(" DE ") } }
        let log = instance.mailLog
        #expect(log.contains { $0.contains("tcp_intranet ims-ms       EE ") }, "\(log)")
        #expect(log.contains { $0.contains("rfc822;anna@\(TestInstance.domain) anna@ims-ms-daemon") }, "\(log)")
        #expect(try instance.stop() == .exited(0))
    }

    @Test func smartHostTakesWhatGoesOut() throws {
        let instance = try TestInstance()
        let sink = try SMTPSink(scratch: instance.scratch)
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.deliver(
            from: "anna@\(TestInstance.domain)", to: "friend@far.example", "Subject: out\r\n\r\n..dots\r\nbody")
        #expect(reply.code == 250)
        #expect(reply.text.hasPrefix("2.5.0 Ok, envelope id "))
        let message = try #require(sink.arrivals().first)
        #expect(message.contains("X-Rcpt-Args: <friend@far.example>"))
        #expect(message.contains("Subject: out"))
        #expect(message.contains("\n.dots\n") || message.contains("\r\n.dots\r\n"))
        // The entry ends with its outcome: nothing waits any more.
        #expect(eventually { (try? instance.martlet("status"))?.contains("No messages in the queues.") == true })
    }

    @Test func severalRecipientsAreOneCopyForEachHost() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.addUser("bert")
        let sink = try SMTPSink(scratch: instance.scratch)
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.command("MAIL FROM:<anna@\(TestInstance.domain)>").code == 250)
        for recipient in ["friend@other.example", "x@other.example", "y@third.example", "bert@\(TestInstance.domain)"] {
            #expect(try peer.command("RCPT TO:<\(recipient)>").code == 250)
        }
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: many\r\n\r\nx\r\n.").code == 250)
        #expect(instance.arrivals("bert").count == 1)
        let taken = sink.arrivals(count: 2)
        #expect(taken.count == 2)
        #expect(taken.contains { $0.contains("friend@other.example") && $0.contains("x@other.example") })
        #expect(taken.contains { $0.contains("y@third.example") && !$0.contains("friend@other.example") })
    }

    @Test func refusedRecipientComesBackAsANotification() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        let sink = try SMTPSink(scratch: instance.scratch, options: ["-f", "RCPT"])
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.deliver(
            from: "anna@\(TestInstance.domain)", to: "nobody@third.example",
            "Subject: lost\r\nMessage-ID: <1@x>\r\n\r\nx")
        #expect(reply.code == 250)
        let report = try #require(instance.arrivals("anna").first)
        #expect(report.hasPrefix("Return-path: <>\n"))
        for part in [
            "Content-type: multipart/report;", "report-type=delivery-status", "Content-type: message/delivery-status",
            "Original-recipient: rfc822;nobody@third.example", "Final-recipient: rfc822;nobody@third.example",
            "Action: failed", "Status: 5.", "Diagnostic-code: smtp;5", "Content-type: message/rfc822", "Subject: lost",
            "Subject: Delivery Notification: Delivery has failed",
        ] {
            #expect(report.contains(part), "\(part) is missing in \(report)")
        }
        _ = eventually { instance.mailLog.contains { $0.contains(" R ") } }
        let log = instance.mailLog
        let enqueued = log.firstIndex { $0.contains("tcp_local    process      E ") }
        let rejected = log.firstIndex { $0.contains("tcp_local                 R") }
        #expect(enqueued != nil && rejected != nil, "\(log)")
        if let enqueued, let rejected { #expect(enqueued < rejected) }
    }

    @Test func emptySenderGetsNoNotification() throws {
        let instance = try TestInstance()
        try instance.addUser("postmaster")
        let sink = try SMTPSink(scratch: instance.scratch, options: ["-f", "RCPT"])
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(try peer.deliver(from: "", to: "nobody@third.example", "Subject: lost\r\n\r\nx").code == 250)
        #expect(
            eventually { instance.mailLog.contains { $0.contains("tcp_local                 R") } },
            "\(instance.mailLog)")
        #expect(!instance.mailLog.contains { $0.contains(" process ") })
    }

    @Test func queueSurvivesARestart() throws {
        let instance = try TestInstance()
        let port = try TestInstance.freePort()
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(port))
        try instance.set("channel:tcp_local.backoff", "PT1S")
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(
            try peer.deliver(from: "a@\(TestInstance.domain)", to: "b@far.example", "Subject: kept\r\n\r\nx").code
                == 250)
        #expect(
            eventually { instance.mailLog.contains { $0.contains("tcp_local                 Q") } },
            "\(instance.mailLog)")
        try instance.stop()
        let sink = try SMTPSink(scratch: instance.scratch, port: port)
        try instance.start()
        #expect(sink.arrivals().first?.contains("Subject: kept") == true)
    }

    @Test func mailExchangerIsFoundInTheDNS() throws {
        let instance = try TestInstance()
        let sink = try SMTPSink(scratch: instance.scratch)
        let resolver = try NameServer(
            scratch: instance.scratch,
            records: ["far.example. MX 10 mx.far.example.", "mx.far.example. A 127.0.0.1"])
        try instance.set("mta.dns_resolver", "127.0.0.1@\(resolver.port)")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        #expect(
            try peer.deliver(from: "a@\(TestInstance.domain)", to: "b@far.example", "Subject: mx\r\n\r\nx").code == 250)
        #expect(sink.arrivals().first?.contains("Subject: mx") == true, "\(instance.mailLog)")
    }

    @Test func largeMessageArrivesWhole() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        let sink = try SMTPSink(scratch: instance.scratch)
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        let lines = (0..<40_000).map { ".line \($0) of a large message with some text to fill it" }
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        for recipient in ["anna@\(TestInstance.domain)", "far@far.example"] {
            let reply = try peer.deliver(
                from: "a@\(TestInstance.domain)", to: recipient,
                "Subject: large\r\n\r\n" + lines.map { "." + $0 }.joined(separator: "\r\n"))
            #expect(reply.code == 250)
        }
        let message = try #require(instance.arrivals("anna").first)
        #expect(message.hasSuffix("\n\n" + lines.joined(separator: "\n") + "\n"))
        _ = eventually { sink.messages.first?.contains(lines.last ?? "") == true }
        let relayed = try #require(sink.messages.first)
        #expect(relayed.filter { $0 != "\r" }.contains("\n" + lines.joined(separator: "\n") + "\n"))
    }
}
