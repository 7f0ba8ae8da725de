import Configuration
import Crypto
import NIOSSL
import SwiftASN1
import SystemCalls
import X509

/// The TLS of a worker under one configuration: its certificates, each with a context of the library (smtp
/// specification, 14).
struct ServerTLS: Sendable {
    /// A certificate with what has to be known of it.
    struct Identity: Sendable {
        let context: NIOSSLContext
        /// DNS names of the certificate in lower case; `*.example.com` among them.
        let names: [String]
        /// tls-server-end-point (RFC 5929 section 4); nil: not defined for this certificate.
        let endPoint: [UInt8]?
    }

    /// For clients that name no server, or one that no certificate is for.
    let usual: Identity
    private let named: [String: Identity]
    let clients: ClientCertificates?

    /// Whether the name that the client asks for decides anything.
    var dependsOnName: Bool { !named.isEmpty }

    /// Nil without a certificate: then STARTTLS is not offered. `report`: for lines about further certificates that
    /// cannot be used; the others are.
    init?(_ configuration: MTAConfiguration, report: (String) -> Void) throws {
        guard let certificate = configuration.tlsCertificate, let key = configuration.tlsKey,
            Files.exists(certificate)
        else { return nil }
        let security = configuration.security
        clients = try security.clientRoots.map { try ClientCertificates(roots: $0) }
        let files = SecurityOptions.CertificateFiles(certificate: certificate, key: key)
        usual = try Self.identity(files, security)
        var named: [String: Identity] = [:]
        for files in security.namedCertificates {
            do {
                let identity = try Self.identity(files, security)
                for name in identity.names where named[name] == nil { named[name] = identity }
            } catch {
                report("certificate \(files.certificate) cannot be used: \(error)")
            }
        }
        self.named = named
    }

    /// The certificate for a server name (RFC 6066 section 3): exactly that name, else one with an asterisk.
    func identity(forName name: String?) -> Identity {
        guard let name = name?.lowercased() else { return usual }
        if let identity = named[name] { return identity }
        guard let dot = name.firstIndex(of: ".") else { return usual }
        // A certificate of its own for that name, even with an asterisk, comes behind the usual one's exact name.
        return usual.names.contains(name) ? usual : named["*" + name[dot...]] ?? usual
    }

    /// TLS 1.2 and 1.3 with the library's modern cipher suites unless options say otherwise.
    private static func identity(
        _ files: SecurityOptions.CertificateFiles, _ security: SecurityOptions
    ) throws -> Identity {
        let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
        var settings = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem)))
        settings.minimumTLSVersion = security.leastVersion == .tls13 ? .tlsv13 : .tlsv12
        settings.maximumTLSVersion = security.mostVersion.map { $0 == .tls12 ? .tlsv12 : .tlsv13 }
        settings.cipherSuiteValues = try CipherSuites.adjusted(security.cipherAdjustments)
        // RFC 9325 section 3.5: no renegotiation; the library has none on a server.
        settings.renegotiationSupport = .none
        if security.clientRoots != nil {
            // Who shows none, or one that does not verify, is a client like any other without a certificate.
            settings.certificateVerification = .optionalVerification
            settings.trustRoots = .certificates([])
        }
        let leaf = try chain.first.map { try Certificate(derEncoded: $0.toDERBytes()) }
        return Identity(
            context: try NIOSSLContext(configuration: settings), names: leaf.map(names) ?? [],
            endPoint: try chain.first.flatMap { try endPoint(of: $0.toDERBytes(), leaf?.signatureAlgorithm) })
    }

    private static func names(_ certificate: Certificate) -> [String] {
        guard let alternatives = try? certificate.extensions.subjectAlternativeNames else { return [] }
        return alternatives.compactMap {
            if case .dnsName(let name) = $0 { name.lowercased() } else { nil }
        }
    }

    /// The hash of the certificate with the hash function of its signature, SHA-256 in place of MD5 and SHA-1; not
    /// defined for signatures without one (RFC 5929 section 4.1).
    static func endPoint(of der: [UInt8], _ algorithm: Certificate.SignatureAlgorithm?) -> [UInt8]? {
        switch algorithm {
        case .ecdsaWithSHA256, .sha256WithRSAEncryption, .sha1WithRSAEncryption: Array(SHA256.hash(data: der))
        case .ecdsaWithSHA384, .sha384WithRSAEncryption: Array(SHA384.hash(data: der))
        case .ecdsaWithSHA512, .sha512WithRSAEncryption: Array(SHA512.hash(data: der))
        default: nil
        }
    }
}
