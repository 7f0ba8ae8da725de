import Configuration
import SASL
import SystemCalls

/// Judges the tokens of an authorization server without asking it: with its public keys, which a file has.
struct TokenVerifier: Sendable {
    private let keys: WebKeySet
    private let policy: WebToken.Policy

    private static let longestFile = 1 << 20

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ tokens: SecurityOptions.Tokens) throws {
        let text = try Files.read(tokens.keyFile)
        guard text.count <= Self.longestFile else { throw Failure(description: "the file is too large for a JWK Set") }
        keys = try WebKeySet(text)
        policy = WebToken.Policy(issuer: tokens.issuer, audiences: tokens.audiences, nameClaim: tokens.nameClaim)
    }

    /// Whose token it is; nil: it is not good. `now`: seconds since 1970.
    func name(_ token: String, now: Double) -> String? {
        do throws(WebToken.Refusal) {
            return try WebToken(token).verifiedName(keys, policy, now: now)
        } catch {
            return nil
        }
    }
}
