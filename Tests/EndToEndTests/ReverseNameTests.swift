import SystemCalls
import Testing

/// The client's name from the DNS (channels specification, 4.10 and 6.2), and fields of the header that a channel refuses
/// mail for, in the running system.
@Suite(.serialized) struct ReverseNameTests {
    private func start(
        _ keywords: [String], records: [String] = [], lines: String = ""
    ) throws -> (TestInstance, NameServer?) {
        let instance = try TestInstance()
        try instance.addUser("anna")
        for keyword in keywords {
            let words = keyword.split(separator: " ").map(String.init)
            if words.count > 1 {
                try instance.set("channel:\(words[0])", words[1])
            } else {
                try instance.martlet("config", "set", "channel:\(keyword)")
            }
        }
        var server: NameServer?
        if !records.isEmpty {
            let made = try NameServer(scratch: instance.scratch, records: records)
            try instance.set("mta.dns_resolver", "127.0.0.1@\(made.port)")
            server = made
        }
        let file = "\(instance.root)/config/martlet.conf"
        try Files.replace(file, with: try Files.read(file) + Array("\n\(lines)\n".utf8))
        try instance.start()
        return (instance, server)
    }

    private func trace(_ instance: TestInstance, from source: String) throws -> String {
        let peer = try SMTPPeer(port: instance.port, source: source)
        _ = try peer.reply()
        #expect(try peer.command("EHLO said.example").code == 250)
        #expect(try peer.command("MAIL FROM:<a@sender.example>").code == 250)
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(try peer.command("DATA").code == 354)
        #expect(try peer.command("Subject: from \(source)\r\n\r\nx\r\n.").code == 250)
        var text = ""
        #expect(
            eventually {
                text = instance.mailbox("anna").first { $0.contains("Subject: from \(source)") } ?? ""
                return !text.isEmpty
            })
        return text.replacing("\r\n", with: "\n").replacing("\n ", with: " ")
    }

    private static let records = [
        "2.0.0.127.in-addr.arpa. PTR named.example.", "named.example. A 127.0.0.2",
        "3.0.0.127.in-addr.arpa. PTR liar.example.", "liar.example. A 192.0.2.9",
    ]

    /// Both name and address in `Received:`; `[unknown]` without a name; a name that does not lead back has an asterisk.
    @Test func identnoneShowsTheName() throws {
        let (instance, server) = try start(
            ["tcp_local.identnone", "tcp_local.forwardchecktag"], records: Self.records)
        defer { withExtendedLifetime(server) {} }
        #expect(try trace(instance, from: "127.0.0.2").contains("from said.example (named.example [127.0.0.2]) by"))
        #expect(try trace(instance, from: "127.0.0.3").contains("from said.example (liar.example* [127.0.0.3]) by"))
        #expect(try trace(instance, from: "127.0.0.4").contains("from said.example ([unknown] [127.0.0.4]) by"))
    }

    /// `identnonesymbolic`: the name alone. A rewrite rule for the name switches the channel before the banner.
    @Test func nameSwitchesTheChannel() throws {
        let (instance, server) = try start(
            [
                "tcp_local.identnonesymbolic", "tcp_named.official_host_name tcp_named-daemon", "tcp_named.smtp",
                "tcp_named.allowswitchchannel", "tcp_named.maytlsserver",
            ],
            records: Self.records, lines: "[rewrites]\n  named.example  $U%$D@tcp_named-daemon\n")
        defer { withExtendedLifetime(server) {} }
        #expect(try trace(instance, from: "127.0.0.3").contains("from said.example (liar.example) by"))
        // The channel it is switched to does not show names.
        let switched = try trace(instance, from: "127.0.0.2")
        #expect(switched.contains("from said.example ([127.0.0.2]) by"), "\(switched)")
        #expect(instance.mailLog.contains { $0.contains(" tcp_named ") && $0.contains("ims-ms") })
        // The name is no word of the client's: it counts after STARTTLS as well.
        let secure = try instance.python(
            """
            import smtplib, ssl
            c = smtplib.SMTP("127.0.0.1", \(instance.port), source_address=("127.0.0.2", 0))
            context = ssl._create_unverified_context()
            assert c.starttls(context=context)[0] == 220
            c.sendmail("a@sender.example", ["anna@example.test"], "Subject: secure\\r\\n\\r\\nx\\r\\n")
            c.quit()
            """)
        #expect(secure.exit == .exited(0), "\(secure.output)")
        #expect(
            eventually { instance.mailLog.contains { $0.contains(" tcp_named    ims-ms       EES ") } },
            "\(instance.mailLog)")
    }

    /// The `Solicitation:` field (RFC 3865) at the end of the data, and `utf8strict`.
    @Test func fieldsThatAreRefused() throws {
        let (instance, _) = try start([
            "tcp_local.sourcenosolicit net.example:ADV", "ims-ms.destinationnosolicit org.example:ADV",
            "tcp_local.utf8strict",
        ])
        let peer = try SMTPPeer(port: instance.port, source: "127.0.0.2")
        _ = try peer.reply()
        #expect(try peer.command("EHLO said.example").text.contains("\nSMTPUTF8"))
        func send(_ header: [UInt8], _ parameters: String = "") throws -> SMTPPeer.Reply {
            #expect(try peer.command("MAIL FROM:<a@sender.example>\(parameters)").code == 250)
            #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
            #expect(try peer.command("DATA").code == 354)
            try peer.send(header + Array("\r\nx\r\n.\r\n".utf8))
            return try peer.reply()
        }
        for refused in ["net.example:adv", "org.example:ADV", "com.example:X,\r\n net.example:ADV"] {
            let reply = try send(Array("Solicitation: \(refused)\r\n".utf8))
            #expect(reply.code == 550, "\(refused): \(reply)")
        }
        #expect(try send(Array("Solicitation: com.example:X\r\n".utf8)).code == 250)
        let odd = Array("Subject: gr".utf8) + [0xFC] + Array("n\r\n".utf8)
        #expect(try send(odd) == .init(code: 550, text: "5.6.0 message contains unnegotiated 8bit"))
        #expect(
            try send(odd, " BODY=8BITMIME SMTPUTF8") == .init(code: 550, text: "5.6.0 header is not valid UTF-8"))
        #expect(try send(Array("Subject: gr\u{fc}n\r\n".utf8), " BODY=8BITMIME SMTPUTF8").code == 250)
    }
}
