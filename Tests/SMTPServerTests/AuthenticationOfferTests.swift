import Configuration
import NIOSSL
import SASL
import Testing

@testable import SMTPServer

@Suite struct AuthenticationOfferTests {
    private static let usual = ["PLAIN", "LOGIN", "SCRAM-SHA-256"]

    private func offer(
        _ mechanisms: [String] = [], plain: Bool = false, tokens: Bool = false, binding: Bool = false,
        certificate: Bool = false, outside: [String]? = nil
    ) -> [String] {
        var security = SecurityOptions()
        security.mechanisms = mechanisms
        security.hasPlainPasswords = plain
        return AuthenticationOffer(security, takesTokens: tokens)
            .mechanisms(hasBinding: binding, hasCertificate: certificate, outside: outside).map(\.rawValue)
    }

    @Test func eachMechanismUnderItsCondition() {
        #expect(offer() == Self.usual)
        #expect(offer(binding: true) == Self.usual + ["SCRAM-SHA-256-PLUS"])
        #expect(offer(certificate: true) == Self.usual + ["EXTERNAL"])
        #expect(offer(tokens: true) == Self.usual + ["OAUTHBEARER", "XOAUTH2"])
        #expect(offer(plain: true) == Self.usual)
        #expect(offer(["CRAM-MD5", "PLAIN", "SCRAM-SHA-1"], plain: true) == ["PLAIN", "SCRAM-SHA-1", "CRAM-MD5"])
        #expect(offer(["CRAM-MD5", "PLAIN"]) == ["PLAIN"])
        #expect(offer(["EXTERNAL", "NTLM"]) == [])
    }

    /// What Dovecot cannot do is not offered, nor what would have to be bound to a TLS that it does not see.
    @Test func usersOutside() {
        #expect(
            offer(binding: true, outside: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "GSSAPI"])
                == ["PLAIN", "SCRAM-SHA-256"])
        #expect(offer(outside: ["PLAIN", "XOAUTH2"]) == ["PLAIN", "XOAUTH2"])
        #expect(offer(["CRAM-MD5"], outside: ["CRAM-MD5"]) == ["CRAM-MD5"])
        #expect(offer(certificate: true, outside: ["PLAIN"]) == ["PLAIN", "EXTERNAL"])
    }

    @Test func cipherSuites() throws {
        #expect(try CipherSuites.adjusted([]) == CipherSuites.usual)
        let weak = NIOTLSCipher.TLS_RSA_WITH_AES_128_GCM_SHA256
        #expect(!CipherSuites.usual.contains(weak))
        let adjusted = try CipherSuites.adjusted([
            "+tls_rsa_with_aes_128_gcm_sha256", "-TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        ])
        #expect(adjusted.last == weak && adjusted.count == CipherSuites.usual.count)
        for wrong in [["TLS_RSA_WITH_AES_128_GCM_SHA256"], ["+RC4"], ["-"], TLSNames.all.map { "-" + $0 }] {
            #expect(throws: CipherSuites.Malformed.self) { try CipherSuites.adjusted(wrong) }
        }
    }

    private enum TLSNames {
        static let all = [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        ]
    }

    /// One name tried from many addresses is slow too; its owner has some attempts for nothing.
    @Test func namesAreSlowedDownWhereverTheyAreTriedFrom() {
        let authenticator = Authenticator()
        let delays = (0..<8).map { number in
            authenticator.delay(afterFailureOf: "192.0.2.\(number)", name: number.isMultiple(of: 2) ? "anna" : "Anna")
                / 1_000_000_000
        }
        #expect(delays == [0, 0, 0, 0, 0, 1, 2, 4])
        authenticator.succeeded("192.0.2.99", name: "ANNA")
        #expect(authenticator.delay(afterFailureOf: "192.0.2.100", name: "anna") == 0)
    }
}
