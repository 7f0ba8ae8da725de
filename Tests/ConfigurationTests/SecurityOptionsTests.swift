import Configuration
import Testing

/// TLS and SASL options of `base` (smtp specification, 14 and 15).
@Suite struct SecurityOptionsTests {
    private func security(_ lines: String) throws -> SecurityOptions {
        let load = Samples.small(lines)
        return try #require(load.configuration, "\(load.findings)").security
    }

    @Test func defaults() throws {
        let security = try security("")
        #expect(security == SecurityOptions())
        #expect(!security.allowsAuthenticationWithoutTLS && security.leastVersion == .tls12)
    }

    @Test func values() throws {
        let security = try security(
            """
            base.sslnicknames = "a.example, b.example"
            base.tlsminversion = TLSv1.3
            base.plaintextmincipher = 0
            base.sasl_mechanisms = "plain scram-sha-256"
            base.oauth_jwks = IMTA_TABLE:keys.json
            base.oauth_issuer = https://id.example
            base.oauth_audience = "smtp mail"
            """)
        #expect(
            security.namedCertificates.map(\.certificate) == [
                "/i/config/tls/a.example.pem", "/i/config/tls/b.example.pem",
            ])
        #expect(security.namedCertificates.map(\.key).last == "/i/config/tls/b.example.key")
        #expect(security.leastVersion == .tls13)
        #expect(security.allowsAuthenticationWithoutTLS)
        #expect(security.mechanisms == ["PLAIN", "SCRAM-SHA-256"])
        let tokens = try #require(security.tokens)
        #expect(tokens.keyFile == "/i/config/keys.json" && tokens.issuer == "https://id.example")
        #expect(tokens.audiences == ["smtp", "mail"] && tokens.nameClaim == "email")
    }

    @Test(arguments: [
        ("base.tlsminversion = TLS1.1", "TLS1.1 is not a version of TLS that is used"),
        ("base.tlsminversion = SSL3", "SSL3 is not a version"),
        ("base.tlsminversion = TLS1.3\nbase.tlsmaxversion = TLS1.2", "tlsmaxversion is less than"),
        ("base.sslnicknames = ../../etc/x", "is no name of a certificate"),
        ("base.oauth_jwks = keys.json", "without base.oauth_issuer and base.oauth_audience"),
    ])
    func errors(_ lines: String, _ text: String) {
        let load = Samples.small(lines)
        #expect(load.configuration == nil)
        #expect(load.findings.contains { $0.contains("error") && $0.contains(text) }, "\(load.findings)")
    }
}
