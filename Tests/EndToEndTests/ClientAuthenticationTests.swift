import SystemCalls
import Testing

/// AUTH and TLS of the client towards another instance (smtp specification, 14, 15.3; worked example S-25).
@Suite(.serialized) struct ClientAuthenticationTests {
    /// A receiver that relays to a sink whoever has logged in, and a sender that has it as smart host.
    private struct Pair {
        let receiver: TestInstance
        let sink: SMTPSink
        let sender: TestInstance
        let names: NameServer

        /// `addresses`: further names that are the receiver.
        init(_ settings: [(String, String)] = [], mechanisms: String = "", addresses: [String] = []) throws {
            receiver = try TestInstance(settings: [("mta.log_connection", "255")])
            sink = try SMTPSink(scratch: receiver.scratch)
            try receiver.set("channel:tcp_local.daemon", "[127.0.0.1]")
            try receiver.set("channel:tcp_local.port", String(sink.port))
            try receiver.set("base.sslnicknames", "relay")
            if !mechanisms.isEmpty { try receiver.set("base.sasl_mechanisms", mechanisms) }
            try receiver.set("base.has_plain_passwords", "1")
            try receiver.martlet(
                "user", "add", "relay", "--password-stdin", "--plain", "--scram-sha-1", input: "relaysecret\n")
            sender = try TestInstance()
            names = try NameServer(
                scratch: sender.scratch,
                records: (["mail.\(TestInstance.domain)"] + addresses).map { "\($0). A 127.0.0.1" })
            for (name, value) in [
                ("mta.dns_resolver", "127.0.0.1@\(names.port)"),
                ("channel:tcp_local.daemon", "mail.\(TestInstance.domain)"),
                ("channel:tcp_local.port", String(receiver.port)), ("channel:tcp_local.backoff", "PT1S"),
                ("base.tls_ca", "\(receiver.root)/config/tls/server.pem"),
            ] + settings { try sender.set(name, value) }
        }

        func send(_ subject: String = "x", to recipient: String = "friend@far.example") throws {
            let peer = try SMTPPeer(port: sender.port)
            try peer.greet()
            let reply = try peer.deliver(
                from: "a@\(TestInstance.domain)", to: recipient, "Subject: \(subject)\r\n\r\nx")
            #expect(reply.code == 250)
        }

        func run() throws {
            try receiver.start()
            try sender.start()
            try send()
        }
    }

    private static let login = [
        ("channel:tcp_local.authusername", "relay"), ("channel:tcp_local.authpassword", "relaysecret"),
    ]

    /// Every mechanism in turn, as the only one that the server has.
    @Test func eachMechanism() throws {
        let pair = try Pair(Self.login + [("channel:tcp_local.options.ATTEMPT_TRANSACTIONS_PER_SESSION", "1")])
        try pair.sender.martlet("config", "set", "channel:tcp_local.mustsaslclient")
        try pair.receiver.start()
        try pair.sender.start()
        for (number, mechanism) in ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"].enumerated() {
            try pair.receiver.set("base.sasl_mechanisms", mechanism)
            try pair.receiver.martlet("reload")
            #expect(
                try eventually {
                    try pair.receiver.python("print(offered(secure()))").output.contains("['\(mechanism)', ")
                })
            try pair.send(mechanism)
            #expect(pair.sink.arrivals(count: number + 1).count == number + 1, "\(pair.sender.mailLog)")
            #expect(
                eventually { pair.receiver.log("").contains("\(mechanism) authentication successful.") },
                "\(pair.receiver.log(""))")
        }
        #expect(pair.sink.messages.allSatisfy { $0.words.contains(" with ESMTPSA id ") })
    }

    /// AUTH_FILE, with a wrong line for another host and the right one for ours.
    @Test func passwordFilePerHost() throws {
        let pair = try Pair()
        let file = "\(pair.sender.scratch)/secrets"
        try Files.replace(
            file, with: Array("# hosts\nother.example relay wrong\n.\(TestInstance.domain) relay relaysecret\n".utf8),
            mode: 0o644)
        try pair.sender.set("channel:tcp_local.options.AUTH_FILE", file)
        try pair.sender.martlet("config", "set", "channel:tcp_local.mustsaslclient")
        try pair.run()
        #expect(pair.sink.arrivals().first?.words.contains(" with ESMTPSA") == true, "\(pair.sender.mailLog)")
    }

    /// `mustsaslclient`: a refused password keeps the message; `maysaslclient`: it goes without.
    @Test func wrongPassword() throws {
        let pair = try Pair([("channel:tcp_local.authusername", "relay"), ("channel:tcp_local.authpassword", "wrong")])
        try pair.sender.martlet("config", "set", "channel:tcp_local.mustsaslclient")
        try pair.run()
        #expect(
            eventually {
                pair.sender.words(ofLog: "mail.log_current").contains(
                    "authentication is required: authentication was refused: 535 5.7.8")
            }, "\(pair.sender.mailLog)")
        #expect(pair.sink.messages.isEmpty)
        try pair.sender.stop()
        try pair.sender.martlet("config", "set", "channel:tcp_local.maysaslclient")
        try pair.sender.start()
        #expect(pair.sink.arrivals().first?.words.contains(" with ESMTPS id") == true, "\(pair.sender.mailLog)")
    }

    /// The password is not shown without TLS, unless AUTH_PLAINTEXT says so; a server that could see it gets nothing.
    @Test func passwordIsNotShownWithoutTLS() throws {
        let pair = try Pair(Self.login, mechanisms: "PLAIN LOGIN")
        try pair.receiver.set("base.plaintextmincipher", "0")
        try pair.sender.martlet("config", "set", "channel:tcp_local.mustsaslclient")
        try pair.sender.martlet("config", "set", "channel:tcp_local.notlsclient")
        try pair.run()
        #expect(
            eventually {
                pair.sender.words(ofLog: "mail.log_current").contains("would show the password without TLS")
            }, "\(pair.sender.mailLog)")
        try pair.sender.stop()
        try pair.sender.set("channel:tcp_local.options.AUTH_PLAINTEXT", "1")
        try pair.sender.start()
        #expect(pair.sink.arrivals().first?.words.contains(" with ESMTPA") == true, "\(pair.sender.mailLog)")
    }

    /// EXTERNAL with the client's own certificate, and an empty `externalidentity`.
    @Test func external() throws {
        let pair = try Pair()
        let authority = try TestAuthority(scratch: pair.receiver.scratch)
        try authority.issueUser("\(authority.directory)/relay", address: "relay@\(TestInstance.domain)")
        try Program("chmod", ["755", pair.receiver.scratch], scratch: pair.receiver.scratch).wait()
        try pair.receiver.set("base.tls_client_ca", authority.certificate)
        try pair.sender.set("channel:tcp_local.options.TLS_CERTIFICATE", "\(authority.directory)/relay.pem")
        try pair.sender.set("channel:tcp_local.options.TLS_KEY", "\(authority.directory)/relay.key")
        try pair.sender.set("channel:tcp_local.externalidentity", "relay@\(TestInstance.domain)")
        try pair.sender.martlet("config", "set", "channel:tcp_local.mustsaslclient")
        try pair.run()
        #expect(pair.sink.arrivals().first?.words.contains(" with ESMTPSA") == true, "\(pair.sender.mailLog)")
        #expect(
            eventually { pair.receiver.log("").contains("EXTERNAL authentication successful.") },
            "\(pair.receiver.log(""))")
    }

    /// TLS_POLICY_FILE: `verify` refuses a certificate for another name, `encrypt` takes any, `never` is clear.
    @Test func policyPerHost() throws {
        let hosts: [(name: String, rule: String, with: String)] = [
            ("named.example", "verify mail.\(TestInstance.domain)", "ESMTPS"), ("strict.example", "verify", ""),
            ("any.example", "encrypt", "ESMTPS"), ("clear.example", "never", "ESMTP"), ("may.example", "may", "ESMTPS"),
        ]
        let pair = try Pair(addresses: hosts.map(\.name))
        let file = "\(pair.sender.scratch)/policy"
        let lines = hosts.map { "\($0.name) \($0.rule)\n" }.joined()
        try Files.replace(file, with: Array(lines.utf8), mode: 0o644)
        try pair.sender.set("channel:tcp_local.options.TLS_POLICY_FILE", file)
        try pair.sender.martlet("config", "unset", "channel:tcp_local.daemon")
        try pair.receiver.start()
        try pair.sender.start()
        for host in hosts { try pair.send("to \(host.name).", to: "friend@\(host.name)") }
        let messages = pair.sink.arrivals(count: 4).map(\.words)
        for host in hosts {
            let message = messages.first { $0.contains("Subject: to \(host.name). ") }
            #expect(
                host.with.isEmpty ? message == nil : message?.contains(" with \(host.with) id ") == true,
                "\(host) \(message ?? "") \(pair.sender.mailLog)")
        }
        #expect(
            eventually { pair.sender.words(ofLog: "mail.log_current").contains("TLS is required") },
            "\(pair.sender.mailLog)")
    }

    /// S-25: `notlsclient`, peer offers STARTTLS -> STARTTLS not sent. `musttlsclient`, peer does not offer -> no MAIL
    /// sent, message kept.
    @Test func s25() throws {
        let pair = try Pair()
        try pair.sender.martlet("config", "set", "channel:tcp_local.notlsclient")
        try pair.run()
        #expect(pair.sink.arrivals().first?.words.contains(" with ESMTP id") == true, "\(pair.sender.mailLog)")
        try pair.sender.stop()
        try pair.receiver.martlet("config", "set", "channel:tcp_intranet.notlsserver")
        try pair.receiver.martlet("reload")
        try pair.sender.martlet("config", "set", "channel:tcp_local.musttlsclient")
        try pair.sender.start()
        try pair.send("kept")
        #expect(
            eventually {
                pair.sender.words(ofLog: "mail.log_current").contains(
                    "TLS is required: the server does not offer STARTTLS")
            }, "\(pair.sender.mailLog)")
        #expect(pair.sink.messages.count == 1)
    }
}
