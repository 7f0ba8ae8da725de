import NIOSSL
import SMTP

/// What TLS has to be like on one connection. The one place that decides it: what is learnt of a destination in other
/// ways (DANE, MTA-STS) will be decided here as well.
struct TLSPolicy: Hashable, Sendable {
    var use: ClientSession.TLSUse
    /// Name that the server's certificate has to be for, with a chain to a root that is trusted; nil: any certificate
    /// will do, it is better than none (RFC 7435).
    var verifiedName: String?

    /// Keywords of the channel decide: opportunistic TLS verifies nothing, required TLS name and chain (smtp
    /// specification, 14). A line of TLS_POLICY_FILE for the host, or for the one that was wanted, comes before them.
    init(_ settings: ClientSettings, host: String, wanted: String) {
        switch settings.security.rules.value(for: [host, wanted]) {
        case .never: use = .never
        case .ifOffered: use = .ifOffered
        case .encrypt: use = .required
        case .verify(let name):
            use = .required
            verifiedName = name ?? host
        case nil:
            use = settings.tls
            verifiedName = use == .required ? host : nil
        }
    }
}

/// The TLS contexts of a run of the client; making one reads the system's certificates, so it is made once.
final class ClientTLS {
    private let trustedCertificates: String?
    /// Shown to servers that ask for one.
    private let own: ClientSecurity.CertificateFiles?
    private var contexts: [Bool: NIOSSLContext] = [:]

    init(trustedCertificates: String?, own: ClientSecurity.CertificateFiles?) {
        self.trustedCertificates = trustedCertificates
        self.own = own
    }

    /// The handler to put in front of a connection; throws when certificates cannot be read.
    func handler(_ policy: TLSPolicy, host: String) throws -> NIOSSLClientHandler {
        let wanted = policy.verifiedName ?? host
        // Server Name Indication is for names, not for addresses (RFC 6066 section 3).
        let name = wanted.hasPrefix("[") ? nil : wanted
        return try NIOSSLClientHandler(context: context(verifies: policy.verifiedName != nil), serverHostname: name)
    }

    private func context(verifies: Bool) throws -> NIOSSLContext {
        if let known = contexts[verifies] { return known }
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.minimumTLSVersion = .tlsv12
        settings.certificateVerification = verifies ? .fullVerification : .none
        if let trustedCertificates { settings.additionalTrustRoots = [.file(trustedCertificates)] }
        if let own {
            settings.certificateChain = try NIOSSLCertificate.fromPEMFile(own.certificate).map { .certificate($0) }
            settings.privateKey = .privateKey(try NIOSSLPrivateKey(file: own.key, format: .pem))
        }
        let made = try NIOSSLContext(configuration: settings)
        contexts[verifies] = made
        return made
    }
}
