import FoundationEssentials

/// A signed token of an authorization server (JWT, RFC 7519, in the compact form of RFC 7515): read, and judged by the
/// rules of a site, without asking anybody.
package struct WebToken: Sendable {
    /// Why a token is not good.
    package enum Refusal: Error, Hashable, Sendable {
        case malformed
        /// Its algorithm is not one to trust.
        case algorithm
        case signature
        case issuer
        case audience
        case expired
        case notYetValid
        /// The claim that names the user is missing.
        case name
    }

    /// What a site demands of a token.
    package struct Policy: Hashable, Sendable {
        package var issuer: String
        /// One of these has to be in `aud`.
        package var audiences: [String]
        /// The claim that names the user.
        package var nameClaim: String

        package init(issuer: String, audiences: [String], nameClaim: String = "email") {
            self.issuer = issuer
            self.audiences = audiences
            self.nameClaim = nameClaim
        }
    }

    /// Seconds that clocks may differ.
    private static let clockSkew = 60.0

    private let header: Header
    private let claims: Claims
    private let signed: [UInt8]
    private let signature: [UInt8]

    /// Reads a token; nothing of it is to be believed until it was verified.
    package init(_ text: String) throws(Refusal) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= BearerToken.longest, parts.count == 3, let header = Base64.decodeURL(parts[0]),
            let payload = Base64.decodeURL(parts[1]), let signature = Base64.decodeURL(parts[2]), !signature.isEmpty
        else { throw .malformed }
        do {
            self.header = try JSONDecoder().decode(Header.self, from: Data(header))
            claims = try JSONDecoder().decode(Claims.self, from: Data(payload))
        } catch {
            throw .malformed
        }
        signed = Array(text.utf8[..<parts[1].endIndex])
        self.signature = signature
    }

    /// The user's name, when the token is signed by one of the keys and is what the site demands. `now`: seconds since
    /// 1970.
    package func verifiedName(_ keys: WebKeySet, _ policy: Policy, now: Double) throws(Refusal) -> String {
        // What `crit` names has to be understood, and nothing is (RFC 7515 section 4.1.11).
        guard let algorithm = WebKeySet.Algorithm(rawValue: header.alg), !header.hasCritical else { throw .algorithm }
        guard keys.verifies(signature, of: signed, algorithm: algorithm, id: header.kid) else { throw .signature }
        guard claims.strings["iss"] == [policy.issuer] else { throw .issuer }
        guard !policy.audiences.filter(claims.strings["aud", default: []].contains).isEmpty else { throw .audience }
        guard let expiry = claims.numbers["exp"], now < expiry + Self.clockSkew else { throw .expired }
        if claims.has("nbf") {
            guard let start = claims.numbers["nbf"], now >= start - Self.clockSkew else { throw .notYetValid }
        }
        guard let names = claims.strings[policy.nameClaim], names.count == 1, let name = credential(names[0].utf8)
        else {
            throw .name
        }
        return name
    }

    private struct Header: Decodable {
        enum CodingKeys: CodingKey { case alg, kid, crit }

        var alg: String
        var kid: String?
        var hasCritical: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            alg = try container.decode(String.self, forKey: .alg)
            kid = try container.decodeIfPresent(String.self, forKey: .kid)
            hasCritical = container.contains(.crit)
        }
    }

    /// The claims that are text, lists of text, or numbers; others are passed over.
    private struct Claims: Decodable {
        struct Name: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        var strings: [String: [String]] = [:]
        var numbers: [String: Double] = [:]
        var names: Set<String> = []

        func has(_ name: String) -> Bool { names.contains(name) }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for key in container.allKeys {
                names.insert(key.stringValue)
                if let text = try? container.decode(String.self, forKey: key) {
                    strings[key.stringValue] = [text]
                } else if let list = try? container.decode([String].self, forKey: key) {
                    strings[key.stringValue] = list
                } else if let number = try? container.decode(Double.self, forKey: key) {
                    numbers[key.stringValue] = number
                }
            }
        }
    }
}
