import NIOCore
import NIOSSL
import SwiftASN1
import SystemCalls
import X509

/// Certificates of clients, for SASL EXTERNAL (smtp specification, 14 and 15.2): verified against the site's own roots,
/// never against those of the system, whom anybody can ask for a certificate.
struct ClientCertificates: Sendable {
    private static let mostCertificates = 10

    private let roots: CertificateStore

    /// `roots`: file with certificates in PEM.
    init(roots path: String) throws {
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        let documents = try PEMDocument.parseMultiple(pemString: text)
        roots = CertificateStore(try documents.map { try Certificate(pemDocument: $0) })
    }

    /// For the TLS handler: the handshake goes on in any case, with a verified chain or without.
    func verify(
        _ presented: [NIOSSLCertificate], _ promise: EventLoopPromise<NIOSSLVerificationResultWithMetadata>
    ) {
        promise.completeWithTask {
            guard presented.count <= Self.mostCertificates,
                let chain = try? presented.map({ try Certificate(derEncoded: $0.toDERBytes()) }),
                let verified = await verifiedChain(chain)
            else { return .certificateVerified(VerificationMetadata(nil)) }
            return .certificateVerified(VerificationMetadata(ValidatedCertificateChain(verified)))
        }
    }

    /// From the client's certificate to one of the roots by RFC 5280; and it has to be made for clients: one for servers
    /// only is none.
    private func verifiedChain(_ chain: [Certificate]) async -> [NIOSSLCertificate]? {
        guard let leaf = chain.first else { return nil }
        if let usage = try? leaf.extensions.extendedKeyUsage, !usage.contains(.clientAuth), !usage.contains(.any) {
            return nil
        }
        var verifier = Verifier(rootCertificates: roots) { RFC5280Policy() }
        let result = await verifier.validate(leaf: leaf, intermediates: CertificateStore(chain.dropFirst()))
        guard case .validCertificate(let verified) = result else { return nil }
        return try? verified.map { certificate in
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            return try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der)
        }
    }

    /// Who a certificate is for: its e-mail addresses, else the user id or the common name of its subject.
    static func names(_ certificate: NIOSSLCertificate) -> [String] {
        guard let der = try? certificate.toDERBytes(), let read = try? Certificate(derEncoded: der) else { return [] }
        return names(read)
    }

    static func names(_ certificate: Certificate) -> [String] {
        let addresses = ((try? certificate.extensions.subjectAlternativeNames) ?? nil).map { alternatives in
            alternatives.compactMap { if case .rfc822Name(let address) = $0 { address } else { nil } }
        }
        if let addresses, !addresses.isEmpty { return addresses }
        let attributes = certificate.subject.flatMap { Array($0) }
        for type in [ASN1ObjectIdentifier.userID, .RDNAttributeType.commonName] {
            let values = attributes.filter { $0.type == type }.compactMap { String($0.value) }
            if !values.isEmpty { return values }
        }
        return []
    }
}

extension ASN1ObjectIdentifier {
    /// `UID` (RFC 4519 section 2.39).
    fileprivate static let userID: ASN1ObjectIdentifier = [0, 9, 2342, 19_200_300, 100, 1, 1]
}
