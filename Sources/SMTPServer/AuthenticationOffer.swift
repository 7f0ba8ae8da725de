import Configuration
import SASL

/// Which mechanisms a client is offered (smtp specification, 15.2).
struct AuthenticationOffer {
    /// Without `sasl_mechanisms`. SCRAM-SHA-1 and CRAM-MD5 are for sites that name them.
    private static let usual: Set<SASLMechanismName> = [
        .plain, .login, .scramSHA256, .scramSHA256Plus, .external, .oauthBearer, .xoauth2,
    ]

    /// `sasl_mechanisms`, else the usual ones.
    private let wanted: Set<SASLMechanismName>
    private let hasPlainPasswords: Bool
    private let takesTokens: Bool

    init(_ security: SecurityOptions, takesTokens: Bool) {
        wanted =
            security.mechanisms.isEmpty
            ? Self.usual : Set(security.mechanisms.compactMap { SASLMechanismName(name: $0) })
        hasPlainPasswords = security.hasPlainPasswords
        self.takesTokens = takesTokens
    }

    /// Names of `sasl_mechanisms` that are no mechanisms.
    static func unknown(_ security: SecurityOptions) -> [String] {
        security.mechanisms.filter { SASLMechanismName(name: $0) == nil }
    }

    /// In the order in which they are offered.
    /// - Parameters:
    ///   - hasBinding: the channel binding of this connection is known.
    ///   - hasCertificate: the client has shown a certificate that verifies.
    ///   - outside: what Dovecot can do; nil: the directory has the users.
    func mechanisms(hasBinding: Bool, hasCertificate: Bool, outside: [String]?) -> [SASLMechanismName] {
        SASLMechanismName.allCases.filter { name in
            guard wanted.contains(name) else { return false }
            switch name {
            case .external: return hasCertificate
            case .oauthBearer, .xoauth2: return takesTokens || outside?.contains(name.rawValue) == true
            // Dovecot does not see our TLS, so that nothing can be bound to it.
            case .scramSHA256Plus, .scramSHA1Plus: return hasBinding && outside == nil
            case .cramMD5: return outside?.contains(name.rawValue) ?? hasPlainPasswords
            case .plain, .login, .scramSHA256, .scramSHA1: return outside?.contains(name.rawValue) ?? true
            }
        }
    }
}
