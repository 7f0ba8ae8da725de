import NIOSSL
import SMTP

/// Which cipher suites TLS 1.2 may use. Those of TLS 1.3 are all good and are not a matter of configuration.
enum CipherSuites {
    /// With forward secrecy and authenticated encryption only (RFC 9325 section 4.2).
    static let usual: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    /// What is wrong with an adjustment.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// The usual suites after `ssladjustciphersuites`: `+NAME` adds one, `-NAME` takes one away.
    static func adjusted(_ adjustments: [String]) throws(Malformed) -> [NIOTLSCipher] {
        var suites = usual
        for adjustment in adjustments {
            let name = adjustment.dropFirst().uppercased()
            guard let number = TLSServerHello.names.first(where: { $0.value == name })?.key,
                adjustment.hasPrefix("+") || adjustment.hasPrefix("-")
            else {
                throw Malformed(description: "ssladjustciphersuites: \(adjustment) is not +NAME or -NAME of a suite")
            }
            let suite = NIOTLSCipher(rawValue: number)
            suites.removeAll { $0 == suite }
            if adjustment.hasPrefix("+") { suites.append(suite) }
        }
        guard !suites.isEmpty else { throw Malformed(description: "ssladjustciphersuites leaves no cipher suite") }
        return suites
    }
}
