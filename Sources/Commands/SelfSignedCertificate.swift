import Crypto
import FoundationEssentials
import SwiftASN1
import SystemCalls
import X509

/// The certificate of a new instance: for its own host name, signed by its own key, good for trying TLS and for clients
/// that do not verify. A site puts its own in its place.
enum SelfSignedCertificate {
    private static let lifetime: TimeInterval = 10 * 366 * 86_400

    /// Writes `server.pem` and `server.key` (P-256) into `directory`.
    static func make(host: String, in directory: String) throws {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName(host) }
        let now = Date()
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: now - 3600, notValidAfter: now + lifetime, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames([.dnsName(host)])
            },
            issuerPrivateKey: .init(key))
        try Files.replace("\(directory)/server.key", with: Array(key.pemRepresentation.utf8), mode: 0o600)
        try Files.replace(
            "\(directory)/server.pem", with: Array(try certificate.serializeAsPEM().pemString.utf8), mode: 0o644)
    }
}
