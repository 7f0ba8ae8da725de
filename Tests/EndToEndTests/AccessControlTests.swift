import SystemCalls
import Testing

/// Access tables, SPF and `mailfromdnsverify` in the running system (access-and-filtering specification, 3 to 10). A
/// stranger comes from 127.0.0.2, which INTERNAL_IP does not know.
@Suite(.serialized) struct AccessControlTests {
    private static let stranger = "127.0.0.2"

    /// An instance with lines behind its martlet.conf, keywords on tcp_local, and a name server with `records`.
    private func start(
        _ lines: String = "", keywords: [String] = [], records: [String] = [], settings: [(String, String)] = []
    ) throws -> (TestInstance, NameServer?) {
        let instance = try TestInstance(settings: settings)
        for user in ["anna", "bert"] { try instance.addUser(user) }
        for keyword in keywords { try instance.martlet("config", "set", "channel:tcp_local.\(keyword)") }
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

    private func session(_ instance: TestInstance, helo: String = "client.example") throws -> SMTPPeer {
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        _ = try peer.reply()
        #expect(try peer.command("EHLO \(helo)").code == 250)
        return peer
    }

    private static let zone = [
        "good.example. TXT \"v=spf1 ip4:127.0.0.0/8 -all\"", "bad.example. TXT \"v=spf1 -ip4:127.0.0.2 +all\"",
        "all.example. TXT \"v=spf1 -all exp=why.all.example\"", "why.all.example. TXT \"not from %{i}\"",
        "soft.example. TXT \"v=spf1 ~all\"", "wrong.example. TXT \"v=spf1 nonsense\"", "plain.example. A 127.0.0.9",
        "mx.example. MX 10 mx.mx.example.", "wild.example. A 127.0.0.66",
    ]

    /// Example 23 of the channels specification, A-15, and the defaults.
    @Test func senderPolicyAtMailFrom() throws {
        let (instance, server) = try start(keywords: ["spfmailfrom"], records: Self.zone)
        defer { withExtendedLifetime(server) {} }
        let peer = try session(instance)
        func mail(_ sender: String) throws -> SMTPPeer.Reply {
            let reply = try peer.command("MAIL FROM:<\(sender)>")
            if reply.code == 250 { _ = try peer.command("RSET") }
            return reply
        }
        #expect(try mail("a@good.example").code == 250)
        #expect(try mail("a@bad.example") == .init(code: 550, text: "5.7.23 SPF validation failed"))
        #expect(
            try mail("a@all.example")
                == .init(code: 550, text: "5.7.23 SPF validation failed; all.example explains: not from 127.0.0.2"))
        #expect(try mail("a@soft.example").code == 250)
        #expect(try mail("a@plain.example").code == 250)
        #expect(try mail("a@wrong.example") == .init(code: 550, text: "5.7.23 SPF validation failed"))
        #expect(try mail("").code == 250)
        #expect(
            try peer.deliver(from: "a@good.example", to: "anna@example.test", "Subject: spf\r\n\r\nx").code == 250)
        let message = try #require(instance.arrivals("anna").first).replacing("\r\n", with: "\n")
        #expect(message.contains("Received-SPF: pass\n client-ip=127.0.0.2;\n envelope-from=\"a@good.example\";"))
        try instance.set("mta.spf_smtp_status_fail", "2")
        try instance.martlet("reload")
        let accepted = eventually {
            guard let peer = try? SMTPPeer(port: instance.port, source: Self.stranger), (try? peer.reply()) != nil,
                (try? peer.command("EHLO x.example")) != nil
            else { return false }
            return (try? peer.command("MAIL FROM:<a@bad.example>"))?.code == 250
        }
        #expect(accepted, "example 23: an explicit fail is accepted")
    }

    @Test func senderPolicyOfHELOAndAtRecipient() throws {
        let (instance, server) = try start(
            "[mapping:SPF_LOCAL]\n  partner.example  v=spf1$ redirect=good.example\n",
            keywords: ["spfhelo", "spfrcptto"], records: Self.zone)
        defer { withExtendedLifetime(server) {} }
        let refused = try SMTPPeer(port: instance.port, source: Self.stranger)
        _ = try refused.reply()
        #expect(try refused.command("EHLO bad.example") == .init(code: 550, text: "5.7.23 SPF validation failed"))
        #expect(try refused.command("EHLO good.example").code == 250)
        #expect(try refused.command("MAIL FROM:<a@bad.example>").code == 250)
        #expect(try refused.command("RCPT TO:<nobody@example.test>").text.hasPrefix("5.1.1 "))
        #expect(
            try refused.command("RCPT TO:<anna@example.test>")
                == .init(code: 550, text: "5.7.23 SPF validation failed"))
        #expect(try refused.command("RCPT TO:<anna@example.test>").code == 550)
        #expect(try refused.command("RSET").code == 250)
        #expect(
            try refused.deliver(from: "a@partner.example", to: "anna@example.test", "Subject: l\r\n\r\nx").code == 250)
        let message = try #require(instance.arrivals("anna").first).replacing("\r\n", with: "\n")
        #expect(message.contains("identity=helo") && message.contains("identity=mailfrom"))
    }

    /// Section 9 and A-23.
    @Test func senderDomainIsVerified() throws {
        let (instance, server) = try start(
            keywords: ["mailfromdnsverify"], records: Self.zone,
            settings: [("mta.blocked_mail_from_ips", "[127.0.0.66]")])
        defer { withExtendedLifetime(server) {} }
        let peer = try session(instance)
        for (sender, code) in [
            ("a@mx.example", 250), ("a@plain.example", 250), ("a@nowhere.example", 550), ("a@wild.example", 550),
            ("a@[127.0.0.2]", 250), ("", 250),
        ] {
            let reply = try peer.command("MAIL FROM:<\(sender)>")
            #expect(reply.code == code, "\(sender): \(reply)")
            if code == 550 { #expect(reply.text == "5.1.8 invalid/no host in return address: \(sender)") }
            if code == 250 { #expect(try peer.command("RSET").code == 250) }
        }
    }

    /// Flags of section 5: `$B`, `$V`, `$A`, `$T`, `$S`, `$D`.
    @Test func flagsOfAccessTables() throws {
        let (instance, _) = try start(
            """
            [mapping:FROM_ACCESS]
              *|SMTP/*|MAIL|tcp_local|few@*|*   $Y$S1,1
              *|SMTP/*|MAIL|tcp_local|slow@*|*  $Y$D-50
              *|SMTP/*|MAIL|tcp_local|tag@*|*   $Y$T$A[seen]|X-Seen:$ yes
            [mapping:SEND_ACCESS]
              tcp_local|drop@*|*|*              $Y$B
              tcp_local|all@*|*|bert@*          $Y$V
            """)
        let peer = try session(instance)
        #expect(try peer.command("MAIL FROM:<few@remote.example> SIZE=1025").code == 552)
        #expect(try peer.command("MAIL FROM:<few@remote.example>").code == 250)
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(
            try peer.command("RCPT TO:<bert@example.test>")
                == .init(code: 452, text: "4.2.3 too many recipients specified"))
        #expect(try peer.command("RSET").code == 250)
        #expect(try peer.command("MAIL FROM:<more@remote.example> SIZE=1025").code == 250)
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(try peer.command("RCPT TO:<bert@example.test>").code == 250)
        #expect(try peer.command("RSET").code == 250)
        let started = SystemClock.monotonicNanoseconds
        #expect(try peer.command("MAIL FROM:<slow@remote.example>").code == 250)
        #expect(SystemClock.monotonicNanoseconds - started >= 450_000_000)
        #expect(try peer.command("RSET").code == 250)
        for sender in ["drop", "all"] {
            #expect(try peer.command("MAIL FROM:<\(sender)@remote.example>").code == 250)
            for user in ["anna", "bert"] { #expect(try peer.command("RCPT TO:<\(user)@example.test>").code == 250) }
            #expect(try peer.command("DATA").code == 354)
            #expect(try peer.command("Subject: \(sender)\r\n\r\nx\r\n.").code == 250)
        }
        #expect(
            try peer.deliver(from: "tag@remote.example", to: "anna@example.test", "Subject: last\r\n\r\nx").code == 250)
        let message = try #require(instance.arrivals("anna").first).replacing("\r\n", with: "\n")
        #expect(message.contains("Subject: [seen] last\n") && message.contains("X-seen: yes\n"))
        #expect(instance.mailbox("anna").count == 1 && instance.mailbox("bert").isEmpty)
        let log = instance.words(ofLog: "mail.log_current")
        #expect(log.contains("tcp_local bitbucket EE") && log.contains("bitbucket D "), "\(log)")
    }

    /// TRANSACTION_LIMIT_RCPT_TO, texts of the site, MAX_HELO_DOMAIN_LENGTH, S-29.
    @Test func optionsOfTheServer() throws {
        let (instance, _) = try start(settings: [
            ("channel:tcp_local.options.ALLOW_TRANSACTIONS_PER_SESSION", "1"),
            ("channel:tcp_local.options.TRANSACTION_LIMIT_RCPT_TO", "1"),
            ("channel:tcp_local.options.MAX_HELO_DOMAIN_LENGTH", "14"),
            ("channel:tcp_local.options.EHLO_ADDITION", "XMINE|XYOURS 1"),
            ("channel:tcp_local.options.TIMEOUT_MULTIPLIER", "1"),
            ("channel:tcp_local.options.COMMAND_RECEIVE_TIME", "3"),
            ("channel:tcp_local.recipientlimit", "1"),
            ("mta.error_text_recipient_over", "enough of them"), ("mta.use_permanent_error", "16"),
        ])
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        _ = try peer.reply()
        #expect(
            try peer.command("EHLO a.very.long.name.example") == .init(code: 501, text: "5.5.4 Domain name too long"))
        let ehlo = try peer.command("EHLO short.example").text
        #expect(ehlo.contains("\nXMINE\nXYOURS 1\nSIZE "), "\(ehlo)")
        #expect(try peer.command("MAIL FROM:<a@remote.example>").code == 250)
        #expect(try peer.command("RCPT TO:<anna@example.test>").code == 250)
        #expect(
            try peer.command("RCPT TO:<anna@example.test>") == .init(code: 550, text: "4.2.3 enough of them"))
        #expect(try peer.command("RSET").code == 250)
        #expect(try peer.command("MAIL FROM:<a@remote.example>").code == 250)
        #expect(
            try peer.command("RCPT TO:<anna@example.test>")
                == .init(code: 451, text: "4.5.3 No more transactions allowed"))
        // S-29: the limit is 3 seconds here.
        #expect(try peer.reply(seconds: 10) == .init(code: 421, text: "4.4.2 Timeout while waiting for command."))
        #expect(peer.isClosed())
    }

    /// BANNER_PURGE_DELAY, and `$D` of PORT_ACCESS.
    @Test func earlyTalkersAreNotHeard() throws {
        let (instance, _) = try start(settings: [("channel:tcp_local.options.BANNER_PURGE_DELAY", "60")])
        let peer = try SMTPPeer(port: instance.port, source: Self.stranger)
        try peer.send("HELO early.example\r\n")
        #expect(try peer.reply().code == 220)
        #expect(try peer.command("NOOP").text == "2.5.0 Ok.")
    }

    /// Section 8, with the configuration that `martlet init` makes: no form of an address takes a stranger's mail out, and
    /// an internal client's goes.
    @Test func defaultConfigurationIsNoOpenRelay() throws {
        let instance = try TestInstance()
        let sink = try SMTPSink(scratch: instance.scratch)
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        let peer = try session(instance)
        let forms = [
            "v@other.example", "v%other.example@example.test", "v%other.example@[127.0.0.1]", "v%other.example",
            "other.example!v@example.test", "other.example!v", "a.example!other.example!v@example.test",
            "@example.test:v@other.example", "@[127.0.0.1]:v@other.example",
            "@mail.example.test,@example.test:v@other.example",
            "\"v@other.example\"@example.test", "\"v%other.example\"@example.test", "\"v@other.example\"",
            "\"other.example!v\"@example.test", "v@[203.0.113.77]", "v@[IPv6:2001:db8::77]", "v@[127.0.0.1]",
            "v@tcp_local-daemon", "v@other.example@example.test", "v@other.example.",
        ]
        for sender in ["bob@remote.example", "", "anna@example.test", "v@[127.0.0.1]"] {
            #expect(try peer.command("MAIL FROM:<\(sender)>").code == 250)
            for form in forms {
                let reply = try peer.command("RCPT TO:<\(form)>")
                #expect(reply.code / 100 == 5, "\(form) from \(sender): \(reply)")
            }
            #expect(try peer.command("DATA").code == 503)
            #expect(try peer.command("RSET").code == 250)
        }
        let inside = try SMTPPeer(port: instance.port)
        try inside.greet()
        let reply = try inside.deliver(from: "anna@example.test", to: "v@other.example", "Subject: out\r\n\r\nx")
        #expect(reply.code == 250)
        #expect(sink.arrivals().count == 1)
    }

    /// MeterMaid: a rate for each sender, and greylisting with its reply (section 11).
    @Test func throttlingAndGreylisting() throws {
        let (instance, _) = try start(
            """
            [mapping:FROM_ACCESS]
              *|SMTP/*|MAIL|tcp_local|*@busy.example|*  \\
                $C$[IMTA_LIB:check_metermaid.so,throttle,rate,$2]$N$X4.7.1|Too$ many$ messages$E
            [mapping:ORIG_MAIL_ACCESS]
              TCP|*|*|*|*|SMTP/*|MAIL|tcp_local|*@new.example|*|*  \\
                $C$[IMTA_LIB:check_metermaid.so,greylisting,grey,$2,$5,$7]$N$X4.2.3|Temporary$ rejection$ -$ Try$ again$ later$E
            """,
            settings: [
                ("metermaid.local_table:rate.table_type", "throttle"), ("metermaid.local_table:rate.quota", "2"),
                ("metermaid.local_table:rate.quota_time", "3600"),
                ("metermaid.local_table:grey.table_type", "greylisting"),
                ("metermaid.local_table:grey.block_time", "1"),
            ])
        let peer = try session(instance)
        for number in 1...4 {
            let reply = try peer.command("MAIL FROM:<a@busy.example>")
            if number <= 2 {
                #expect(reply.code == 250)
                #expect(try peer.command("RSET").code == 250)
            } else {
                #expect(reply == .init(code: 450, text: "4.7.1 Too many messages: a@busy.example"))
            }
        }
        #expect(try peer.command("MAIL FROM:<b@new.example>").code == 250)
        let later = SMTPPeer.Reply(
            code: 450, text: "4.2.3 Temporary rejection - Try again later: anna@example.test")
        #expect(try peer.command("RCPT TO:<anna@example.test>") == later)
        let passes = eventually { (try? peer.command("RCPT TO:<anna@example.test>"))?.code == 250 }
        #expect(passes)
    }

    /// `$K`: "replaces the Sender address (FROM_ACCESS, needs authrewrite)" (access-and-filtering specification, 5.3).
    @Test func replacedAuthenticatedAddressBecomesSender() throws {
        let (instance, _) = try start(
            """
            [mapping:FROM_ACCESS]
              *|key@*|*  $Y$Kowner@example.com
            """, settings: [("channel:tcp_local.authrewrite", "2")])
        let peer = try session(instance)
        for sender in ["key@remote.example", "other@remote.example"] {
            let reply = try peer.deliver(
                from: sender, to: "anna@\(TestInstance.domain)", "From: x@remote.example\r\nSubject: K\r\n\r\nx")
            #expect(reply.code == 250)
        }
        let messages = instance.arrivals("anna", count: 2)
        #expect(messages.count == 2)
        #expect(messages.filter { $0.contains("\nSender: owner@example.com\n") }.count == 1, "\(messages)")
    }
}
