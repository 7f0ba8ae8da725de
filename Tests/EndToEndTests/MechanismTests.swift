import SystemCalls
import Testing

/// SASL of the server with Python's own HMAC and OpenSSL's signatures as the peer (smtp specification, 15.2).
@Suite(.serialized) struct MechanismTests {
    private static let anna = "anna@\(TestInstance.domain)"

    /// SCRAM as RFC 5802 has it, with and without channel binding.
    static let scram = """
        def scram(c, mechanism, flag, password, binding=b"", user="anna"):
            name = "sha256" if "256" in mechanism else "sha1"
            first = "n=" + user + ",r=clientnonce"
            code, text = c.docmd("AUTH " + mechanism + " " + b64(flag + first))
            if code != 334: return code
            server = base64.b64decode(text).decode()
            fields = dict(f.split("=", 1) for f in server.split(","))
            salted = hashlib.pbkdf2_hmac(name, password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
            key = hmac.digest(salted, b"Client Key", name)
            final = "c=" + b64(flag.encode() + binding) + ",r=" + fields["r"]
            signed = ",".join([first, server, final]).encode()
            signature = hmac.digest(hashlib.new(name, key).digest(), signed, name)
            code, text = c.docmd(b64(final + ",p=" + b64(bytes(a ^ b for a, b in zip(key, signature)))))
            if code == 334:
                expected = hmac.digest(hmac.digest(salted, b"Server Key", name), signed, name)
                assert base64.b64decode(text).decode() == "v=" + b64(expected)
                code, text = c.docmd("")
            return code
        def endpoint(c):
            return hashlib.sha256(c.sock.getpeercert(True)).digest()

        """

    @Test func scramWithChannelBinding() throws {
        let instance = try TestInstance(
            settings: [("base.sasl_mechanisms", "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-1 SCRAM-SHA-1-PLUS")])
        try instance.martlet(
            "user", "add", "anna", "--password-stdin", "--scram-sha-1", input: "a secret of tests\n")
        try instance.start()
        let finished = try instance.python(
            Self.scram + """
                secret, flag = "a secret of tests", "p=tls-server-end-point,,"
                c = secure()
                print("offer", " ".join(c.esmtp_features["auth"].split()[:5]))
                for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-1"):
                    c = secure()
                    print("plain", scram(c, mechanism, "n,,", secret))
                    c = secure()
                    print("bound", scram(c, mechanism + "-PLUS", flag, secret, endpoint(c)))
                c = secure()
                print("wrong binding", scram(c, "SCRAM-SHA-256-PLUS", flag, secret, bytes(32)))
                print("wrong password", scram(c, "SCRAM-SHA-256-PLUS", flag, "other", endpoint(c)))
                c = secure()
                print("downgraded", scram(c, "SCRAM-SHA-256", "y,,", secret))
                print("exporter", scram(c, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", secret))
                """)
        let output = finished.output
        #expect(finished.exit == .exited(0), "\(output)")
        #expect(
            output.contains("offer PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-1 SCRAM-SHA-1-PLUS"), "\(output)")
        #expect(output.ranges(of: "plain 235").count == 2, "\(output)")
        #expect(output.ranges(of: "bound 235").count == 2, "\(output)")
        #expect(output.contains("wrong binding 535"), "\(output)")
        #expect(output.contains("wrong password 535"), "\(output)")
        #expect(output.contains("downgraded 501"), "\(output)")
        #expect(output.contains("exporter 501"), "\(output)")
    }

    /// CRAM-MD5 only where the site keeps passwords in the clear, and only for users whose password is kept so.
    @Test func cramMD5WhereThePasswordIsKept() throws {
        let instance = try TestInstance(settings: [("base.sasl_mechanisms", "CRAM-MD5 PLAIN")])
        try instance.martlet("user", "add", "anna", "--password-stdin", "--plain", input: "a secret of tests\n")
        try instance.addUser("bert")
        try instance.start()
        let script = """
            c = secure()
            print("offered", "CRAM-MD5" in offered(c))
            if "CRAM-MD5" in offered(c):
                for user, password in (("anna", "a secret of tests"), ("anna", "x"), ("bert", "a secret of tests")):
                    c = secure()
                    c.user, c.password = user, password
                    try:
                        print(user, c.auth("CRAM-MD5", c.auth_cram_md5, initial_response_ok=False))
                    except smtplib.SMTPAuthenticationError as e:
                        print(user, e.smtp_code)
                c = secure()
                print("early", c.docmd("AUTH CRAM-MD5 " + b64("anna " + "0" * 32))[0])
            """
        #expect(try instance.python(script).output.contains("offered False"))
        try instance.set("base.has_plain_passwords", "1")
        try instance.martlet("reload")
        var output = ""
        #expect(
            try eventually {
                output = try instance.python(script).output
                return output.contains("offered True")
            })
        #expect(output.contains("anna (235, b'2.7.0 CRAM-MD5 authentication successful.')"), "\(output)")
        #expect(output.contains("anna 535"), "\(output)")
        #expect(output.contains("bert 535"), "\(output)")
        #expect(output.contains("early 501"), "\(output)")
    }

    /// OAUTHBEARER and XOAUTH2 with tokens that OpenSSL has signed.
    @Test func tokensOfAnAuthorizationServer() throws {
        let instance = try TestInstance()
        let keys = "\(instance.scratch)/keys.json"
        for setting in [
            ("base.oauth_issuer", "https://id.example"), ("base.oauth_audience", "smtp"), ("base.oauth_jwks", keys),
        ] { try instance.set(setting.0, setting.1) }
        try instance.addUser("anna")
        try instance.addUser("bert")
        let make = """
            def url(octets): return b64(octets).replace("+", "-").replace("/", "_").replace("=", "")
            directory = "\(instance.scratch)/"
            def key(name): subprocess.run(["openssl", "genrsa", "-out", directory + name, "2048"], check=True)
            def token(name="rsa.pem", **claims):
                values = dict(iss="https://id.example", aud="smtp", exp=time.time() + 600, email="\(Self.anna)")
                values.update(claims)
                signed = url(json.dumps({"alg": "RS256", "kid": "k"})) + "." + url(json.dumps(values))
                signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", directory + name],
                    input=signed.encode(), capture_output=True, check=True).stdout
                return signed + "." + url(signature)

            """
        _ = try instance.python(
            make + """
                key("rsa.pem"); key("other.pem")
                n = subprocess.run(["openssl", "rsa", "-in", directory + "rsa.pem", "-noout", "-modulus"],
                    capture_output=True, check=True).stdout.decode().strip().split("=")[1]
                keys = {"keys": [{"kty": "RSA", "kid": "k", "e": "AQAB", "n": url(bytes.fromhex(n))}]}
                open("\(keys)", "w").write(json.dumps(keys))
                """)
        try instance.start()
        let finished = try instance.python(
            make + """
                def bearer(c, token, name=""):
                    return c.docmd("AUTH OAUTHBEARER " + b64("n," + name + ",\\1auth=Bearer " + token + "\\1\\1"))
                c = secure()
                print("offer", " ".join(c.esmtp_features["auth"].split()[:6]))
                print("good", bearer(secure(), token()))
                print("named", bearer(secure(), token(), "a=anna"))
                print("other", bearer(secure(), token(), "a=bert"))
                print("google", secure().docmd("AUTH XOAUTH2 " + b64("user=anna\\1auth=Bearer " + token() + "\\1\\1")))
                c = secure()
                code, text = bearer(c, token(exp=time.time() - 600))
                print("expired", code, base64.b64decode(text), c.docmd("AQ=="))
                for bad in (token("other.pem"), token(iss="x"), token(aud="web"), token(email="zoe@\(TestInstance.domain)")):
                    c = secure()
                    code, text = bearer(c, bad)
                    c.docmd("AQ==")
                    print("bad", code, c.noop()[0])
                print("garbage", bearer(secure(), "abc")[0], secure().docmd("AUTH OAUTHBEARER AAAA"))
                """)
        let output = finished.output
        #expect(finished.exit == .exited(0), "\(output)")
        #expect(
            output.contains("offer PLAIN LOGIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS OAUTHBEARER XOAUTH2"), "\(output)")
        #expect(output.contains("good (235, b'2.7.0 OAUTHBEARER authentication successful.')"), "\(output)")
        #expect(output.contains("named (235, "), "\(output)")
        #expect(output.contains("other (535, b'5.7.8 Nobody may act for another user.')"), "\(output)")
        #expect(output.contains("google (235, b'2.7.0 XOAUTH2 authentication successful.')"), "\(output)")
        #expect(output.contains(#"expired 334 b'{"status":"invalid_token"}' (535"#), "\(output)")
        #expect(output.ranges(of: "bad 334 250").count == 4, "\(output)")
        #expect(output.contains("garbage 334 (501"), "\(output)")
    }

    /// `plaintextmincipher` 0: AUTH is offered in the clear (smtp specification, 15.2); worked example S-3.
    @Test func s3AuthenticationInTheClearWhereTheSiteWantsIt() throws {
        let instance = try TestInstance(
            settings: [("base.plaintextmincipher", "0"), ("base.sasl_mechanisms", "PLAIN LOGIN")])
        try instance.addUser("anna")
        try instance.start()
        let finished = try instance.python(
            """
            c = client()
            c.ehlo()
            print("offer", c.esmtp_features["auth"])
            print(c.docmd("AUTH PLAIN " + b64("\\0anna\\0a secret of tests")))
            """)
        #expect(finished.output.contains("offer  PLAIN LOGIN LOGIN PLAIN"), "\(finished.output)")
        #expect(
            finished.output.contains("(235, b'2.7.0 PLAIN authentication successful.')"), "\(finished.output)")
    }

    /// Cancelled, over-long and malformed exchanges leave the session as it was.
    @Test func exchangesThatComeToNothing() throws {
        let instance = try TestInstance()
        try instance.addUser("anna")
        try instance.start()
        let finished = try instance.python(
            """
            c = secure()
            print(c.docmd("AUTH LOGIN"), c.docmd("*"))
            print(c.docmd("AUTH SCRAM-SHA-256 " + b64("n,,n=anna,r=abc"))[0], c.docmd("*"))
            print(c.docmd("AUTH SCRAM-SHA-256 " + b64("n,,n=anna,r=abc"))[0], c.docmd(b64("c=biws,r=abc,p=AAAA"))[0])
            print(c.docmd("AUTH LOGIN")[0], c.docmd("QUFB" * 3073))
            print(c.docmd("AUTH DIGEST-MD5"), c.docmd("AUTH EXTERNAL ="))
            print(c.docmd("AUTH PLAIN " + b64("\\0anna\\0a secret of tests")), c.docmd("AUTH PLAIN AAAA"))
            """)
        let output = finished.output
        #expect(finished.exit == .exited(0), "\(output)")
        #expect(output.contains("(334, b'VXNlcm5hbWU6') (501, b'5.7.0 Authentication cancelled.')"), "\(output)")
        #expect(output.contains("334 (501, b'5.7.0 Authentication cancelled.')"), "\(output)")
        #expect(output.contains("334 501"), "\(output)")
        #expect(output.contains("334 (500, b'5.5.6 Authentication exchange line is too long')"), "\(output)")
        #expect(output.contains("(504, b'5.5.4 Unknown authentication mechanism') (504"), "\(output)")
        #expect(output.contains("(235, b'2.7.0 PLAIN authentication successful.') (503"), "\(output)")
    }
}
