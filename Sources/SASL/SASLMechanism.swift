/// The server's side of one authentication exchange (RFC 4422): responses of the client go in, steps come out. A value;
/// who keeps the passwords answers ``SASLStep/password(_:)`` and ``SASLStep/verifier(name:)``.
package protocol SASLMechanism: Sendable {
    /// The client's next response; nil at the beginning when the command carried none.
    mutating func respond(_ response: [UInt8]?) -> SASLStep

    /// Answers ``SASLStep/verifier(name:)``; nil: there is no such user, or none with a verifier.
    mutating func provide(_ verifier: SCRAMVerifier?) -> SASLStep
}

extension SASLMechanism {
    package mutating func provide(_ verifier: SCRAMVerifier?) -> SASLStep { .failed(.malformed) }
}

/// What comes next in an exchange.
package enum SASLStep: Hashable, Sendable {
    /// Send this and wait for the client's response.
    case challenge([UInt8])
    /// The client has named itself and given a password: whether they are right ends the exchange.
    case password(SASLPassword)
    /// The verifier of a user is needed; see ``SASLMechanism/provide(_:)``.
    case verifier(name: String)
    case succeeded(name: String)
    case failed(SASLFailure)
}

extension SASLStep {
    /// Who the client says it is, where the step tells it.
    package var name: String? {
        switch self {
        case .password(let attempt): attempt.name
        case .verifier(let name), .succeeded(let name): name
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

/// The mechanisms this server knows, in the order they are offered.
package enum SASLMechanismName: String, CaseIterable, Sendable {
    case plain = "PLAIN"
    case login = "LOGIN"
    case scramSHA256 = "SCRAM-SHA-256"

    /// The password crosses the network as it is: only under TLS.
    package var sendsPassword: Bool { self != .scramSHA256 }

    /// `name` in any mixture of cases.
    package init?(name: String) { self.init(rawValue: name.uppercased()) }

    /// A new exchange. `nonce`: printable characters without a comma, new for each exchange and not to be guessed.
    package func begin(nonce: String, decoySecret: [UInt8]) -> any SASLMechanism {
        switch self {
        case .plain: PlainMechanism()
        case .login: LoginMechanism()
        case .scramSHA256: SCRAMMechanism(nonce: nonce, decoySecret: decoySecret)
        }
    }
}

/// Text of a client: UTF-8, no control characters, not empty, at most ``limit`` octets. Nil for anything else.
func credential(_ bytes: some Collection<UInt8>) -> String? {
    let limit = 1024
    guard (1...limit).contains(bytes.count), !bytes.contains(where: { $0 < 32 || $0 == 127 }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
}
