import Configuration
import NIOSSL
import SystemCalls

/// The TLS of a worker under one configuration (smtp specification, 14).
enum ServerTLS {
    /// The context of all connections: the site's certificate chain and key in PEM, TLS 1.2 and 1.3 with the library's
    /// modern cipher suites. Nil without a certificate: then STARTTLS is not offered.
    static func context(_ configuration: MTAConfiguration) throws -> NIOSSLContext? {
        guard let certificate = configuration.tlsCertificate, let key = configuration.tlsKey,
            Files.exists(certificate)
        else { return nil }
        var settings = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        settings.minimumTLSVersion = .tlsv12
        // RFC 9325 section 3.5: no renegotiation; the library has none on a server.
        settings.renegotiationSupport = .none
        return try NIOSSLContext(configuration: settings)
    }
}
