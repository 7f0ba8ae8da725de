import SystemCalls

/// A certification authority of a test, with OpenSSL.
struct TestAuthority {
    let directory: String
    var certificate: String { "\(directory)/ca.pem" }

    /// `name`: of the directory below `scratch`.
    init(scratch: String, name: String = "ca") throws {
        directory = "\(scratch)/\(name)"
        try Files.createDirectory(directory, mode: 0o755)
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Authority of a test")
    }

    /// Makes `STEM.pem` and `STEM.key`. `extensions`: lines of an extension section.
    func issue(_ stem: String, subject: String, extensions: String) throws {
        try Files.replace("\(stem).ext", with: Array(extensions.utf8))
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(stem).key", "-out",
            "\(stem).csr", "-subj", subject)
        try openssl(
            "x509", "-req", "-in", "\(stem).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "\(stem).ext", "-out", "\(stem).pem")
        // The MTA may be another user than the one who runs the tests.
        try Program("chmod", ["0644", "\(stem).key"], scratch: directory).wait()
    }

    /// A certificate for a server of that name.
    func issueServer(_ stem: String, name: String) throws {
        try issue(stem, subject: "/CN=\(name)", extensions: "subjectAltName=DNS:\(name)\n")
    }

    /// A certificate for a user with that address.
    func issueUser(_ stem: String, address: String, usage: String = "clientAuth") throws {
        try issue(
            stem, subject: "/CN=A user", extensions: "subjectAltName=email:\(address)\nextendedKeyUsage=\(usage)\n")
    }

    private func openssl(_ arguments: String...) throws {
        let finished = try Program("openssl", arguments, scratch: directory).wait()
        guard finished.exit == .exited(0) else {
            throw Program.Failure(description: "openssl \(arguments): \(finished.output)")
        }
    }
}

extension String {
    /// With every line break and run of blanks as one blank: fields are folded.
    var words: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

extension TestInstance {
    /// Runs Python with smtplib at hand: `client(host)` gives a session on the instance's port, `secure(host)` one after
    /// STARTTLS with a certificate that verifies for `host`; `load(cert)` makes the client show a certificate.
    func python(_ script: String, authority: String? = nil, port: UInt16? = nil) throws -> Program.Finished {
        let preamble = """
            import base64, hashlib, hmac, json, smtplib, socket, ssl, subprocess, sys, time
            context = ssl.create_default_context(cafile="\(root)/config/tls/server.pem")
            if \(authority == nil ? "False" : "True"):
                context.load_verify_locations("\(authority ?? "")")
            def load(stem):
                context.load_cert_chain(stem + ".pem", stem + ".key")
            def b64(octets):
                return base64.b64encode(octets if isinstance(octets, bytes) else octets.encode()).decode()
            def client(host="mail.\(Self.domain)"):
                c = smtplib.SMTP("127.0.0.1", \(port ?? self.port), local_hostname="client.example", timeout=30)
                c._host = host
                return c
            def secure(host="mail.\(Self.domain)"):
                c = client(host)
                c.ehlo()
                assert c.starttls(context=context)[0] == 220
                c.ehlo()
                return c
            def offered(c):
                return c.esmtp_features.get("auth", "").split()

            """
        return try Program("python3", ["-c", preamble + script], scratch: scratch).wait()
    }

    /// The certificate and key of the instance, by those of an authority.
    func install(_ stem: String, as name: String = "server") throws {
        for end in ["pem", "key"] {
            try Files.replace("\(root)/config/tls/\(name).\(end)", with: try Files.read("\(stem).\(end)"), mode: 0o644)
        }
    }
}
