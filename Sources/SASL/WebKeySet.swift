import Crypto
import CryptoExtras
import FoundationEssentials

/// The public keys of an authorization server (JWK Set, RFC 7517), with which its tokens are verified. Keys of kinds that
/// are not supported, and secret ones, are passed over.
package struct WebKeySet: Sendable {
    /// How a token is signed (RFC 7518 section 3.1, RFC 8037). There is no `none` and nothing with a shared secret.
    package enum Algorithm: String, Sendable {
        case rs256 = "RS256"
        case es256 = "ES256"
        case edDSA = "EdDSA"
    }

    /// Why a text is no key set.
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    private enum PublicKey: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)

        var algorithm: Algorithm {
            switch self {
            case .rsa: .rs256
            case .p256: .es256
            case .ed25519: .edDSA
            }
        }

        func verifies(_ signature: [UInt8], of signed: [UInt8]) -> Bool {
            switch self {
            case .rsa(let key):
                key.isValidSignature(
                    _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: signed),
                    padding: .insecurePKCS1v1_5)
            case .p256(let key):
                (try? P256.Signing.ECDSASignature(rawRepresentation: signature)).map {
                    key.isValidSignature($0, for: signed)
                } ?? false
            case .ed25519(let key): key.isValidSignature(signature, for: signed)
            }
        }
    }

    /// Whoever rotates keys has a few; the bound keeps a token without `kid` from costing much.
    private static let mostKeys = 32

    private var keys: [(id: String?, key: PublicKey)] = []

    /// Keys that can be used.
    package var count: Int { keys.count }

    /// Reads a JWK Set.
    package init(_ json: [UInt8]) throws(Malformed) {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(json))
        } catch {
            throw Malformed(description: "no JWK Set: \(Self.words(error))")
        }
        for key in document.keys.prefix(Self.mostKeys) {
            guard key.use == nil || key.use == "sig", let usable = Self.publicKey(key),
                key.alg == nil || key.alg == usable.algorithm.rawValue
            else { continue }
            keys.append((key.kid, usable))
        }
        guard !keys.isEmpty else { throw Malformed(description: "no RSA, P-256 or Ed25519 key for signatures") }
    }

    /// Whether one of the keys has made the signature; `id` of the token's header names it.
    func verifies(_ signature: [UInt8], of signed: [UInt8], algorithm: Algorithm, id: String?) -> Bool {
        keys.contains { key in
            key.key.algorithm == algorithm && (id == nil || key.id == nil || key.id == id)
                && key.key.verifies(signature, of: signed)
        }
    }

    private static func publicKey(_ key: Key) -> PublicKey? {
        switch (key.kty, key.crv) {
        case ("RSA", _):
            // Exponents are small and odd; others only cost time.
            guard let n = octets(key.n), let e = octets(key.e), (1...4).contains(e.count), n.count <= 1024 else {
                return nil
            }
            return (try? _RSA.Signing.PublicKey(n: n, e: e)).map { .rsa($0) }
        case ("EC", "P-256"):
            guard let x = octets(key.x), let y = octets(key.y) else { return nil }
            return (try? P256.Signing.PublicKey(rawRepresentation: x + y)).map { .p256($0) }
        case ("OKP", "Ed25519"):
            return octets(key.x).flatMap { try? Curve25519.Signing.PublicKey(rawRepresentation: $0) }.map {
                .ed25519($0)
            }
        default: return nil
        }
    }

    private static func octets(_ text: String?) -> [UInt8]? { text.flatMap { Base64.decodeURL($0.utf8) } }

    private static func words(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is not what it should be"
        default: "it is not JSON"
        }
    }

    private struct Document: Decodable {
        var keys: [Key]
    }

    private struct Key: Decodable {
        var kty: String
        var kid: String?
        var use: String?
        var alg: String?
        var crv: String?
        var n: String?
        var e: String?
        var x: String?
        var y: String?
    }
}
