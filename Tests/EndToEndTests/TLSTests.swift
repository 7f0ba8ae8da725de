import SystemCalls
import Testing

/// TLS and AUTH with Python's smtplib and OpenSSL as the peer, and between two instances.
@Suite(.serialized) struct TLSTests {
    /// Runs Python with smtplib at hand; `client()` gives a session on the instance's port.
    private func python(_ instance: TestInstance, _ script: String) throws -> Program.Finished {
        let preamble = """
            import base64, hashlib, hmac, smtplib, socket, ssl, sys
            context = ssl.create_default_context(cafile="\(instance.root)/config/tls/server.pem")
            def client():
                c = smtplib.SMTP("127.0.0.1", \(instance.port), local_hostname="client.example", timeout=30)
                c._host = "mail.\(TestInstance.domain)"
                return c
            def secure():
                c = client()
                c.ehlo()
                assert c.has_extn("starttls") and not c.has_extn("auth"), c.esmtp_features
                assert c.starttls(context=context)[0] == 220
                c.ehlo()
                assert not c.has_extn("starttls"), c.esmtp_features
                return c

            """
        return try Program("python3", ["-c", preamble + script], scratch: instance.scratch).wait()
    }

    @Test func startTLSWithACertificateThatVerifiesThenAUTH() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        let finished = try python(
            instance,
            """
            for mechanism in ("auth_plain", "auth_login"):
                c = secure()
                assert c.esmtp_features["auth"].split() == ["PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "LOGIN", "PLAIN"], c.esmtp_features
                c.user, c.password = "anna", "a secret of tests"
                name = mechanism[5:].upper()
                print(c.auth(name, getattr(c, mechanism)))
                c.sendmail("anna@\(TestInstance.domain)", ["anna@\(TestInstance.domain)"], "Subject: " + name + "\\r\\n\\r\\nx\\r\\n")
                print(c.quit())
            """)
        #expect(finished.exit == .exited(0), "\(finished.output)")
        #expect(finished.output.contains("(235, b'2.7.0 PLAIN authentication successful.')"))
        #expect(finished.output.contains("(235, b'2.7.0 LOGIN authentication successful.')"))
        let messages = instance.arrivals("anna", count: 2)
        #expect(messages.count == 2)
        #expect(messages.allSatisfy { $0.contains(" with ESMTPSA ") || $0.contains(" with ESMTPSA\n") }, "\(messages)")
        #expect(
            eventually { instance.mailLog.contains { $0.contains("tcp_auth     ims-ms       EESA ") } },
            "\(instance.mailLog)")
    }

    /// F7 of the default configuration, and M5: only who has logged in may relay.
    @Test func relayingFromOutsideNeedsAUTH() throws {
        let instance = try TestInstance()
        let sink = try SMTPSink(scratch: instance.scratch)
        try instance.addUser("anna")
        try instance.set("channel:tcp_auth.sourceblocklimit", "1000")
        try instance.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try instance.set("channel:tcp_local.port", String(sink.port))
        try instance.start()
        let finished = try python(
            instance,
            """
            c = smtplib.SMTP("127.0.0.1", \(instance.port), source_address=("127.0.0.9", 0), timeout=30)
            c._host = "mail.\(TestInstance.domain)"
            c.starttls(context=context)
            c.ehlo()
            c.mail("anna@\(TestInstance.domain)")
            assert c.rcpt("friend@other.example")[0] == 550
            c.rset()
            c.login("anna@\(TestInstance.domain)", "a secret of tests")
            print(c.sendmail("anna@\(TestInstance.domain)", ["friend@other.example"], "Subject: out\\r\\n\\r\\nx\\r\\n"))
            """)
        #expect(finished.exit == .exited(0), "\(finished.output)")
        #expect(sink.arrivals().count == 1)
    }

    /// F8 of the default configuration: TLS from the first octet, then submission as ever.
    @Test func submissionPortWithTLSFromTheFirstOctet() throws {
        let instance = try TestInstance()
        let port = try TestInstance.freePort()
        try instance.addUser("anna")
        try instance.martlet("config", "unset", "dispatcher.service:SMTP_SUBMIT.enable")
        try instance.martlet("config", "unset", "dispatcher.service:SMTP_SUBMIT.tcp_ports")
        try instance.set("dispatcher.service:SMTP_SUBMIT.ssl_ports", String(port))
        try instance.start()
        let finished = try python(
            instance,
            """
            class Submission(smtplib.SMTP_SSL):
                def _get_socket(self, host, port, timeout):
                    plain = socket.create_connection((host, port), timeout)
                    return self.context.wrap_socket(plain, server_hostname="mail.\(TestInstance.domain)")
            c = Submission("127.0.0.1", \(port), context=context, timeout=30)
            print(c.mail("anna@\(TestInstance.domain)"))
            c.rset()
            c.login("anna", "a secret of tests")
            c.sendmail("anna@\(TestInstance.domain)", ["anna@\(TestInstance.domain)"], "Subject: s\\r\\n\\r\\nx\\r\\n")
            """)
        #expect(finished.exit == .exited(0), "\(finished.output)")
        #expect(finished.output.contains("(530, b'5.7.0 No AUTH command has been given.')"), "\(finished.output)")
        #expect(instance.arrivals("anna").first?.contains(" with ESMTPSA") == true)
    }

    /// SCRAM as RFC 5802 has it, with Python's own HMAC.
    @Test func scramProvesBothSides() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        let finished = try python(
            instance,
            """
            def scram(password):
                c = secure()
                first = "n=anna,r=clientnonce"
                code, text = c.docmd("AUTH SCRAM-SHA-256 " + base64.b64encode(("n,," + first).encode()).decode())
                assert code == 334, (code, text)
                server = base64.b64decode(text).decode()
                fields = dict(f.split("=", 1) for f in server.split(","))
                salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(fields["s"]), int(fields["i"]))
                key = hmac.digest(salted, b"Client Key", "sha256")
                final = "c=biws,r=" + fields["r"]
                signed = ",".join([first, server, final]).encode()
                signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
                proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
                code, text = c.docmd(base64.b64encode((final + ",p=" + proof).encode()).decode())
                if code == 334:
                    expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
                    assert base64.b64decode(text).decode() == "v=" + base64.b64encode(expected).decode()
                    code, text = c.docmd("")
                return code
            print(scram(b"a secret of tests"), scram(b"something else"))
            """)
        #expect(finished.exit == .exited(0), "\(finished.output)")
        #expect(finished.output.contains("235 535"), "\(finished.output)")
    }

    @Test func wrongPasswordsAreRefusedAndLogged() throws {
        let instance = try TestInstance(settings: [("mta.log_connection", "255")])
        try instance.addUser("anna")
        try instance.start()
        let finished = try python(
            instance,
            """
            c = secure()
            for user, password in (("anna", "wrong"), ("nobody", "a secret of tests"), ("anna", "")):
                response = base64.b64encode(("\\0" + user + "\\0" + password).encode()).decode()
                print(c.docmd("AUTH PLAIN " + response))
            print(c.docmd("AUTH PLAIN ****"))
            """)
        #expect(finished.exit == .exited(0), "\(finished.output)")
        let refusal = "(535, b'5.7.8 Bad username or password (Authentication failed).')"
        #expect(finished.output.components(of: refusal) == 2, "\(finished.output)")
        #expect(finished.output.contains("(501, b'5.5.2 Cannot decode the authentication response')"))
        #expect(!instance.log("").contains("wrong"))
    }

    /// Commands pushed in behind STARTTLS are never done (CVE-2011-0411), and a handshake of garbage disturbs nobody.
    @Test func hostileStartTLS() throws {
        let instance = try TestInstance()
        try instance.start()
        let injected = try SMTPPeer(port: instance.port)
        try injected.greet()
        try injected.send("STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
        #expect(try injected.reply().code == 554)
        #expect(injected.isClosed())
        let garbage = try SMTPPeer(port: instance.port)
        try garbage.greet()
        #expect(try garbage.command("STARTTLS").code == 220)
        try garbage.send("this is no ClientHello\r\nMAIL FROM:<evil@example.com>\r\n")
        #expect(garbage.isClosedAtLast())
        let neighbour = try SMTPPeer(port: instance.port)
        try neighbour.greet()
        #expect(try neighbour.command("NOOP").code == 250)
    }

    /// Mail between two instances goes under TLS when the other side offers it; with `musttlsclient` only when its
    /// certificate is good.
    @Test func outgoingMailUsesTLS() throws {
        let receiver = try TestInstance()
        let sink = try SMTPSink(scratch: receiver.scratch)
        try receiver.set("channel:tcp_local.daemon", "[127.0.0.1]")
        try receiver.set("channel:tcp_local.port", String(sink.port))
        try receiver.start()
        let sender = try TestInstance()
        let names = try NameServer(scratch: sender.scratch, records: ["mail.\(TestInstance.domain). A 127.0.0.1"])
        try sender.set("mta.dns_resolver", "127.0.0.1@\(names.port)")
        try sender.set("channel:tcp_local.daemon", "mail.\(TestInstance.domain)")
        try sender.set("channel:tcp_local.port", String(receiver.port))
        try sender.set("channel:tcp_local.backoff", "PT1S")
        try sender.start()
        try send("opportunistic", sender)
        #expect(
            sink.arrivals().first?.contains(" with ESMTPS") == true, "\(sink.arrivals())\n\(sender.mailLog)")
        #expect(eventually { sender.mailLog.contains { $0.contains("tcp_local                 DEPSC ") } })

        try sender.stop()
        try sender.martlet("config", "set", "channel:tcp_local.musttlsclient")
        try sender.start()
        try send("required", sender)
        #expect(
            eventually {
                sender.words(ofLog: "mail.log_current").contains("the certificate of the server cannot be verified")
            }, "\(sender.mailLog)")
        #expect(sink.arrivals().count == 1)
        try sender.stop()
        try sender.set("base.tls_ca", "\(receiver.root)/config/tls/server.pem")
        try sender.start()
        #expect(sink.arrivals(count: 2).count == 2, "\(sender.mailLog)")
    }

    private func send(_ subject: String, _ instance: TestInstance) throws {
        let peer = try SMTPPeer(port: instance.port)
        try peer.greet()
        let reply = try peer.deliver(
            from: "a@\(TestInstance.domain)", to: "friend@far.example", "Subject: \(subject)\r\n\r\nx")
        #expect(reply.code == 250)
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
