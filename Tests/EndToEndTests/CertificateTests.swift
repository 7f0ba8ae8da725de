import SystemCalls
import Testing

/// Certificates of server and client, versions and cipher suites (smtp specification, 14).
@Suite(.serialized) struct CertificateTests {
    /// Each name has its certificate; a name that no certificate is for gets the usual one.
    @Test func certificateByServerName() throws {
        let instance = try TestInstance(settings: [("base.sslnicknames", "other.example wild missing")])
        let authority = try TestAuthority(scratch: instance.scratch)
        try authority.issueServer("\(authority.directory)/other", name: "mx.other.example")
        try authority.issueServer("\(authority.directory)/wild", name: "*.wild.example")
        try instance.install("\(authority.directory)/other", as: "other.example")
        try instance.install("\(authority.directory)/wild", as: "wild")
        try instance.start()
        let finished = try instance.python(
            """
            for name in ("mx.other.example", "a.wild.example", "mail.\(TestInstance.domain)", "MX.Other.Example"):
                print(name, secure(name).noop())
            for name in ("unknown.example", "other.example", "a.b.wild.example"):
                try:
                    secure(name)
                    print(name, "verified")
                except ssl.SSLCertVerificationError:
                    print(name, "refused")
            """, authority: authority.certificate)
        #expect(finished.exit == .exited(0), "\(finished.output)")
        #expect(finished.output.ranges(of: "(250, ").count == 4, "\(finished.output)")
        #expect(finished.output.ranges(of: "refused").count == 3, "\(finished.output)")
        #expect(instance.log("").contains("wild.pem") == false)
        #expect(instance.log("").contains("missing.pem"))
    }

    /// A new certificate counts for new sessions after `martlet reload`; sessions that are under way go on.
    @Test func certificateIsReloadedWithoutRestart() throws {
        let instance = try TestInstance()
        let authority = try TestAuthority(scratch: instance.scratch)
        try authority.issueServer("\(authority.directory)/new", name: "mail.\(TestInstance.domain)")
        try instance.start()
        let finished = try instance.python(
            """
            old = secure()
            before = old.sock.getpeercert(True)
            for end in ("pem", "key"):
                open("\(instance.root)/config/tls/server." + end, "w").write(
                    open("\(authority.directory)/new." + end).read())
            subprocess.run(["\(instance.binaries)/martlet", "reload", "--root", "\(instance.root)"], check=True)
            for _ in range(100):
                c = secure()
                if c.sock.getpeercert(True) != before: break
                time.sleep(0.1)
            print("changed", c.sock.getpeercert(True) != before, c.noop())
            print("old", old.noop(), old.mail("anna@\(TestInstance.domain)"))
            """, authority: authority.certificate)
        #expect(finished.exit == .exited(0), "\(finished.output)")
        #expect(finished.output.contains("changed True (250, "), "\(finished.output)")
        #expect(finished.output.contains("old (250, b'2.5.0 Ok.') (250, "), "\(finished.output)")
    }

    /// EXTERNAL is offered to who has shown a certificate of the site's authority, and to nobody else; others are clients
    /// as ever.
    @Test func externalByClientCertificate() throws {
        let instance = try TestInstance()
        let authority = try TestAuthority(scratch: instance.scratch)
        let stranger = try TestAuthority(scratch: instance.scratch, name: "stranger")
        let anna = "anna@\(TestInstance.domain)"
        try authority.issueUser("\(authority.directory)/anna", address: anna)
        try authority.issueUser("\(authority.directory)/nobody", address: "nobody@\(TestInstance.domain)")
        try authority.issueUser("\(authority.directory)/server", address: anna, usage: "serverAuth")
        try stranger.issueUser("\(stranger.directory)/anna", address: anna)
        try instance.set("base.tls_client_ca", authority.certificate)
        try instance.addUser("anna")
        try instance.addUser("bert")
        try instance.start()
        let finished = try instance.python(
            """
            c = secure()
            print("none", "EXTERNAL" in offered(c), c.docmd("AUTH EXTERNAL =")[0])
            for who in ("\(stranger.directory)/anna", "\(authority.directory)/server"):
                load(who)
                c = secure()
                print("bad", "EXTERNAL" in offered(c), c.noop()[0])
            load("\(authority.directory)/nobody")
            c = secure()
            print("nobody", c.docmd("AUTH EXTERNAL ="))
            load("\(authority.directory)/anna")
            for name in ("", "anna", "\(anna)", "bert"):
                c = secure()
                assert "EXTERNAL" in offered(c)
                print("name", name, c.docmd("AUTH EXTERNAL " + (b64(name) or "=")))
            c = secure()
            print("asked", c.docmd("AUTH EXTERNAL"), c.docmd(""))
            c.sendmail("\(anna)", ["\(anna)"], "Subject: external\\r\\n\\r\\nx\\r\\n")
            """)
        #expect(finished.exit == .exited(0), "\(finished.output)")
        let output = finished.output
        #expect(output.contains("none False 504"), "\(output)")
        #expect(output.ranges(of: "bad False 250").count == 2, "\(output)")
        #expect(output.contains("nobody (535, "), "\(output)")
        #expect(output.ranges(of: "(235, b'2.7.0 EXTERNAL authentication successful.')").count == 4, "\(output)")
        #expect(output.contains("name bert (535, b'5.7.8 Nobody may act for another user.')"), "\(output)")
        #expect(output.contains("asked (334, b'') (235"), "\(output)")
        #expect(instance.arrivals("anna").first?.contains(" with ESMTPSA") == true)
    }

    private static let gcm = ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]
    private static let cbc = ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"]

    /// Which clients of OpenSSL get through with a least version and an adjustment of the cipher suites.
    @Test(arguments: [
        (
            "TLS1.2", "", [["-tls1_2"], ["-tls1_3"], gcm],
            [["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], cbc]
        ),
        ("TLS1.3", "", [["-tls1_3"]], [["-tls1_2"]]),
        (
            "TLS1.2", "+TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA -TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", [cbc],
            [gcm]
        ),
    ])
    func versionsAndSuites(least: String, adjustment: String, taken: [[String]], refused: [[String]]) throws {
        let instance = try TestInstance(settings: [("base.tlsminversion", least), ("mta.log_connection", "255")])
        if !adjustment.isEmpty { try instance.set("base.ssladjustciphersuites", adjustment) }
        try instance.start()
        for client in taken + refused {
            let arguments =
                ["s_client", "-starttls", "smtp", "-connect", "127.0.0.1:\(instance.port)", "-crlf", "-quiet"] + client
            let finished = try Program("openssl", arguments, scratch: instance.scratch, input: "NOOP\nQUIT\n").wait()
            let isThrough = finished.output.contains("221 2.3.0 Bye received. Goodbye.")
            #expect(isThrough == taken.contains(client), "\(client): \(finished.output)")
            guard isThrough else { continue }
            let suite = client[0] == "-tls1_3" ? "TLSv1.3:TLS_" : "TLSv1.2:TLS_ECDHE_ECDSA_WITH_"
            #expect(eventually { instance.log("").contains(" SMTP/\(suite)") }, "\(instance.log(""))")
        }
        #expect(eventually { instance.log("").contains("TLS handshake failed") }, "\(instance.log(""))")
    }

    /// A client that never ends its handshake is let go; one that sends garbage at once.
    @Test func handshakesThatAreNone() throws {
        let instance = try TestInstance(
            settings: [("base.tls_handshake_time", "1"), ("mta.log_connection", "255")])
        try instance.start()
        for octets in ["", "\u{16}\u{3}\u{1}\u{0}\u{5}", "this is no ClientHello, whatever follows\r\nQUIT\r\n"] {
            let peer = try SMTPPeer(port: instance.port)
            try peer.greet()
            #expect(try peer.command("STARTTLS").code == 220)
            try peer.send(octets)
            #expect(peer.isClosedAtLast(), "\(octets.debugDescription)")
        }
        #expect(
            eventually { instance.log("").contains("TLS handshake not completed in time") }, "\(instance.log(""))")
        let neighbour = try SMTPPeer(port: instance.port)
        try neighbour.greet()
        #expect(try neighbour.command("NOOP").code == 250)
    }

    /// `notlsserver`, `musttlsserver` and `tlsswitchchannel` (channels specification, 4.6 and 6).
    @Test func keywordsOfTheServer() throws {
        let instance = try TestInstance(settings: [("channel:tcp_intranet.tlsswitchchannel", "tcp_auth")])
        try instance.start()
        let script = """
            c = client()
            c.ehlo()
            print("clear", c.mail("a@\(TestInstance.domain)"))
            c = secure()
            print("secure", c.mail("a@\(TestInstance.domain)"))
            """
        let switched = try instance.python(script)
        #expect(switched.output.contains("clear (250, "), "\(switched.output)")
        // tcp_auth has mustsaslserver.
        #expect(
            switched.output.contains("secure (530, b'5.7.0 No AUTH command has been given.')"), "\(switched.output)")
        try instance.martlet("config", "set", "channel:tcp_intranet.musttlsserver")
        try instance.martlet("reload")
        #expect(
            try eventually {
                try instance.python(script).output.contains("clear (530, b'5.7.0 No STARTTLS command has been given.')")
            })
        try instance.martlet("config", "set", "channel:tcp_intranet.notlsserver")
        try instance.martlet("reload")
        #expect(
            try eventually {
                let peer = try SMTPPeer(port: instance.port)
                _ = try peer.reply()
                let offer = try peer.command("EHLO client.example").text
                return try !offer.contains("STARTTLS") && peer.command("STARTTLS").code == 502
            })
    }
}
