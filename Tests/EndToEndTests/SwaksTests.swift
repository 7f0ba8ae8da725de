import SystemCalls
import Testing

/// swaks in its modes, and `openssl s_client`.
@Suite(.serialized) struct SwaksTests {
    private static let anna = "anna@\(TestInstance.domain)"

    /// An instance with a submission port for TLS from the first octet.
    private func instance() throws -> (TestInstance, UInt16) {
        let instance = try TestInstance(
            settings: [
                ("base.has_plain_passwords", "1"), ("base.sasl_mechanisms", "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256"),
            ])
        let port = try TestInstance.freePort()
        try instance.martlet("user", "add", "anna", "--password-stdin", "--plain", input: "secret\n")
        try instance.martlet("config", "unset", "dispatcher.service:SMTP_SUBMIT.enable")
        try instance.martlet("config", "unset", "dispatcher.service:SMTP_SUBMIT.tcp_ports")
        try instance.set("dispatcher.service:SMTP_SUBMIT.ssl_ports", String(port))
        try instance.start()
        return (instance, port)
    }

    private func swaks(_ instance: TestInstance, _ port: UInt16, _ arguments: [String]) throws -> Program.Finished {
        let fixed = [
            "--server", "127.0.0.1:\(port)", "--from", Self.anna, "--to", Self.anna, "--helo", "client.example",
            "--timeout", "20",
        ]
        return try Program("swaks", fixed + arguments, scratch: instance.scratch, environment: ["HOME=/"]).wait()
    }

    private static let credentials = ["--auth-user", "anna", "--auth-password", "secret"]

    /// Every protocol and option is one message that arrives, with the clause that tells how it came.
    @Test func everyMode() throws {
        let (instance, port) = try instance()
        let modes: [(options: [String], with: String, onConnect: Bool)] = [
            ([], "ESMTP", false), (["--protocol", "SMTP"], "SMTP", false), (["--pipeline"], "ESMTP", false),
            (["--tls"], "ESMTPS", false), (["--tls-optional"], "ESMTPS", false),
            (["--tls", "--pipeline"], "ESMTPS", false),
            (["--protocol", "ESMTPS"], "ESMTPS", false), (["--protocol", "ESMTPSA"], "ESMTPSA", false),
            (["--tls", "--auth", "PLAIN"], "ESMTPSA", false), (["--tls", "--auth", "LOGIN"], "ESMTPSA", false),
            (["--tls", "--auth", "CRAM-MD5"], "ESMTPSA", false),
            (["--tls", "--auth", "PLAIN", "--pipeline"], "ESMTPSA", false),
            (["--tls", "--auth-optional"], "ESMTPSA", false), (["--tls", "--ehlo", "x.example"], "ESMTPS", false),
            (["--tls-on-connect", "--auth", "PLAIN"], "ESMTPSA", true),
            (["--protocol", "SSMTPA"], "ESMTPSA", true),
            (["--tlsc", "--auth", "LOGIN", "--pipeline"], "ESMTPSA", true),
            (["--tls", "--tls-protocol", "tlsv1_2"], "ESMTPS", false),
            (["--tls", "--tls-protocol", "tlsv1_3"], "ESMTPS", false),
        ]
        for (number, mode) in modes.enumerated() {
            let isAuthenticated = mode.with.hasSuffix("A")
            let finished = try swaks(
                instance, mode.onConnect ? port : instance.port,
                ["--header", "Subject: mode \(number)."] + mode.options + (isAuthenticated ? Self.credentials : []))
            #expect(finished.exit == .exited(0), "\(mode): \(finished.output)")
        }
        let messages = instance.arrivals("anna", count: modes.count).map(\.words)
        #expect(messages.count == modes.count)
        for (number, mode) in modes.enumerated() {
            let message = messages.first { $0.contains("Subject: mode \(number). ") }
            #expect(message?.contains(" with \(mode.with) id ") == true, "\(mode): \(message ?? "did not arrive")")
        }
    }

    /// swaks exits with 0 when it could leave in good order at each stage; a client that is gone leaves nothing behind.
    @Test func quitAfterEachStage() throws {
        let (instance, _) = try instance()
        for options in [[], ["--tls"], ["--tls", "--pipeline"], ["--tls", "--auth", "PLAIN"] + Self.credentials] {
            for stage in ["CONNECT", "FIRST-HELO", "STARTTLS", "HELO", "AUTH", "MAIL", "RCPT"] {
                let finished = try swaks(instance, instance.port, ["--quit-after", stage] + options)
                #expect(finished.exit == .exited(0), "\(stage): \(finished.output)")
                #expect(finished.output.contains("221 2.3.0 Bye received. Goodbye."), "\(stage): \(finished.output)")
            }
            for stage in ["MAIL", "RCPT", "DATA"] {
                _ = try swaks(instance, instance.port, ["--drop-after", stage] + options)
            }
        }
        #expect(try swaks(instance, instance.port, ["--tls"]).exit == .exited(0))
        #expect(instance.arrivals("anna").count == 1)
    }

    /// What has to fail fails, with the exit code that swaks has for it.
    @Test func refusals() throws {
        let (instance, port) = try instance()
        let wrong = ["--auth-user", "anna", "--auth-password", "wrong"]
        for (options, code, port) in [
            (["--auth", "PLAIN"] + Self.credentials, 28, instance.port),
            (["--tls", "--auth", "PLAIN"] + wrong, 28, instance.port),
            (["--tls", "--auth", "LOGIN"] + wrong, 28, instance.port),
            (["--tls", "--auth", "CRAM-MD5"] + wrong, 28, instance.port), (["--tlsc"], 23, port),
            (["--tls", "--tls-protocol", "tlsv1_1"], 29, instance.port),
        ] {
            let finished = try swaks(instance, port, options)
            #expect(finished.exit == .exited(Int32(code)), "\(options): \(finished.exit) \(finished.output)")
        }
    }

    /// `--protocol LMTP` against `tcp_lmtp_server`: delivered when swaks has the reply, left in good order at each stage.
    @Test func lmtp() throws {
        let port = try TestInstance.freePort()
        let instance = try TestInstance(
            settings: [
                ("dispatcher.service:LMTPSS.enable", "1"), ("dispatcher.service:LMTPSS.tcp_ports", String(port)),
            ])
        for user in ["anna", "bert"] { try instance.addUser(user) }
        try instance.start()
        #expect(eventually { (try? SMTPPeer(port: port).reply().code) == 220 })
        let lmtp = ["--protocol", "LMTP"]
        let both = "\(Self.anna),bert@\(TestInstance.domain)"
        let modes = [[], ["--pipeline"], ["--to", both], ["--to", both, "--pipeline"]]
        for (number, mode) in modes.enumerated() {
            let finished = try swaks(instance, port, lmtp + ["--header", "Subject: mode \(number)."] + mode)
            #expect(finished.exit == .exited(0), "\(mode): \(finished.output)")
            let replies = finished.output.split(separator: "\n").filter { $0.contains("250 2.5.0 Ok, envelope id ") }
            #expect(replies.count == (mode.contains(both) ? 2 : 1), "\(mode): \(finished.output)")
            let message = instance.mailbox("anna").map(\.words).first { $0.contains("Subject: mode \(number). ") }
            #expect(message?.contains(" with LMTP id ") == true, "\(mode): \(message ?? "did not arrive")")
        }
        #expect(instance.mailbox("bert").count == 2)
        for stage in ["CONNECT", "FIRST-HELO", "HELO", "MAIL", "RCPT"] {
            let finished = try swaks(instance, port, lmtp + ["--quit-after", stage])
            #expect(finished.exit == .exited(0), "\(stage): \(finished.output)")
        }
        for stage in ["MAIL", "RCPT", "DATA"] { _ = try swaks(instance, port, lmtp + ["--drop-after", stage]) }
        // Another protocol, a stranger's domain, a name that nobody has.
        #expect(try swaks(instance, port, ["--protocol", "ESMTP"]).exit != .exited(0))
        for recipient in ["v@other.example", "nobody@\(TestInstance.domain)"] {
            #expect(try swaks(instance, port, lmtp + ["--to", recipient]).exit == .exited(24), "\(recipient)")
        }
        #expect(try swaks(instance, port, lmtp).exit == .exited(0))
        #expect(instance.mailbox("anna").count == modes.count + 1)
    }

    @Test func opensslClient() throws {
        let (instance, port) = try instance()
        let authority = [
            "-CAfile", "\(instance.root)/config/tls/server.pem", "-verify_return_error", "-crlf", "-quiet",
        ]
        let name = "mail.\(TestInstance.domain)"
        for target in [
            ["-starttls", "smtp", "-connect", "127.0.0.1:\(instance.port)"], ["-connect", "127.0.0.1:\(port)"],
        ] {
            let finished = try Program(
                "openssl", ["s_client", "-servername", name, "-verify_hostname", name] + target + authority,
                scratch: instance.scratch, input: "EHLO client.example\nAUTH PLAIN AGFubmEAc2VjcmV0\nQUIT\n"
            ).wait()
            #expect(finished.output.contains("235 2.7.0 PLAIN authentication successful."), "\(finished.output)")
            #expect(finished.output.contains("221 2.3.0 Bye received. Goodbye."), "\(finished.output)")
        }
    }
}
