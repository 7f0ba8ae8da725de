/// The server's side of one authentication exchange (RFC 4422): responses of the client go in, steps come out. A value;
/// who keeps the secrets answers what the steps ask.
package protocol SASLMechanism: Sendable {
    /// The client's next response; nil at the beginning when the command carried none.
    mutating func respond(_ response: [UInt8]?) -> SASLStep

    /// Answers ``SASLStep/verifier(name:)``; nil: there is no such user, or none with a verifier.
    mutating func provide(_ verifier: SCRAMVerifier?) -> SASLStep

    /// Answers ``SASLStep/token(_:)`` when the token is not good.
    mutating func refuseToken() -> SASLStep
}

extension SASLMechanism {
    package mutating func provide(_ verifier: SCRAMVerifier?) -> SASLStep { .failed(.malformed) }

    package mutating func refuseToken() -> SASLStep { .failed(.refused) }
}

/// What comes next in an exchange.
package enum SASLStep: Hashable, Sendable {
    /// Send this and wait for the client's response.
    case challenge([UInt8])
    /// The client has named itself and given a password: whether they are right ends the exchange.
    case password(SASLPassword)
    /// The client has named itself and proved that it knows the password: whether it does ends the exchange.
    case proof(CRAMProof)
    /// The verifier of a user is needed; see ``SASLMechanism/provide(_:)``.
    case verifier(name: String)
    /// Who the client is stands in its certificate; `name` is who it wants to be, nil whoever that is.
    case external(name: String?)
    /// A token of an authorization server: if it is not good, ``SASLMechanism/refuseToken()`` goes on.
    case token(BearerToken)
    case succeeded(name: String)
    case failed(SASLFailure)
}

extension SASLStep {
    /// Who the client says it is, where the step tells it.
    package var name: String? {
        switch self {
        case .password(let attempt): attempt.name
        case .proof(let proof): proof.name
        case .verifier(let name), .succeeded(let name): name
        case .external(let name): name
        case .token(let token): token.name
        case .challenge, .failed: nil
        }
    }
}

/// A name and a password, to be compared with what is kept of them.
package struct SASLPassword: Hashable, Sendable {
    /// The authentication identity: who the password belongs to.
    package var name: String
    /// UTF-8 without NUL.
    package var password: String

    package init(name: String, password: String) {
        self.name = name
        self.password = password
    }
}

/// Why an exchange ended without success.
package enum SASLFailure: Hashable, Sendable {
    /// The name or the proof is wrong; which of them is not said.
    case refused
    /// The response is not what the mechanism defines.
    case malformed
    /// The client wants to act for somebody else (an authorization identity other than its own), which nobody may.
    case notAuthorized
}

/// What a mechanism may have to know of the connection.
package struct SASLConnection: Hashable, Sendable {
    /// Channel bindings that both sides can compute (RFC 5056), by type: `tls-server-end-point`.
    package var bindings: [String: [UInt8]]
    /// A mechanism with channel binding is offered to this client.
    package var offersBinding: Bool
    /// The server's name, for challenges.
    package var hostName: String

    package init(bindings: [String: [UInt8]] = [:], offersBinding: Bool = false, hostName: String = "localhost") {
        self.bindings = bindings
        self.offersBinding = offersBinding
        self.hostName = hostName
    }
}

/// The mechanisms this server knows, in the order they are offered (smtp specification, 15.2).
package enum SASLMechanismName: String, CaseIterable, Sendable {
    case plain = "PLAIN"
    case login = "LOGIN"
    case scramSHA256 = "SCRAM-SHA-256"
    case scramSHA256Plus = "SCRAM-SHA-256-PLUS"
    case scramSHA1 = "SCRAM-SHA-1"
    case scramSHA1Plus = "SCRAM-SHA-1-PLUS"
    case cramMD5 = "CRAM-MD5"
    case external = "EXTERNAL"
    case oauthBearer = "OAUTHBEARER"
    case xoauth2 = "XOAUTH2"

    /// `name` in any mixture of cases.
    package init?(name: String) { self.init(rawValue: name.uppercased()) }

    /// The hash of a SCRAM mechanism.
    package var scramHash: SCRAMHash? {
        switch self {
        case .scramSHA256, .scramSHA256Plus: .sha256
        case .scramSHA1, .scramSHA1Plus: .sha1
        default: nil
        }
    }

    /// The exchange is bound to its TLS connection, so that nobody between can pass it on (RFC 5802 section 6).
    package var bindsChannel: Bool { self == .scramSHA256Plus || self == .scramSHA1Plus }

    /// The client shows a token of an authorization server.
    package var usesToken: Bool { self == .oauthBearer || self == .xoauth2 }

    /// A new exchange. `nonce`: printable characters without a comma, new for each exchange and not to be guessed.
    package func begin(
        nonce: String, decoySecret: [UInt8], connection: SASLConnection = SASLConnection()
    ) -> any SASLMechanism {
        switch self {
        case .plain: PlainMechanism()
        case .login: LoginMechanism()
        case .scramSHA256, .scramSHA256Plus, .scramSHA1, .scramSHA1Plus:
            SCRAMMechanism(
                hash: scramHash ?? .sha256, bindsChannel: bindsChannel, nonce: nonce, decoySecret: decoySecret,
                connection: connection)
        case .cramMD5: CRAMMechanism(challenge: "<\(nonce)@\(connection.hostName)>")
        case .external: ExternalMechanism()
        case .oauthBearer: BearerMechanism(.oauthBearer)
        case .xoauth2: BearerMechanism(.xoauth2)
        }
    }
}

/// Text of a client: UTF-8, no control characters, not empty, at most ``limit`` octets. Nil for anything else.
func credential(_ bytes: some Collection<UInt8>, limit: Int = 1024) -> String? {
    guard (1...limit).contains(bytes.count), !bytes.contains(where: { $0 < 32 || $0 == 127 }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
}
