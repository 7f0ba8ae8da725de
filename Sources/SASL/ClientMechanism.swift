/// The client's side of an authentication exchange: challenges go in, responses come out.
package struct ClientMechanism: Sendable {
    /// What the client has to show.
    package struct Credentials: Hashable, Sendable {
        package var name: String
        package var password: String?
        /// A token of an authorization server.
        package var token: String?
        /// EXTERNAL may be used, with this authorization identity, which may be empty (`externalidentity`).
        package var externalIdentity: String?

        package init(
            name: String = "", password: String? = nil, token: String? = nil, externalIdentity: String? = nil
        ) {
            self.name = name
            self.password = password
            self.token = token
            self.externalIdentity = externalIdentity
        }
    }

    /// Why an exchange cannot go on.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// In the order of preference: what gives away least comes first.
    package enum Name: String, CaseIterable, Sendable {
        case external = "EXTERNAL"
        case oauthBearer = "OAUTHBEARER"
        case xoauth2 = "XOAUTH2"
        case scramSHA256 = "SCRAM-SHA-256"
        case scramSHA1 = "SCRAM-SHA-1"
        case cramMD5 = "CRAM-MD5"
        case plain = "PLAIN"
        case login = "LOGIN"

        /// Whoever reads the connection has the secret itself.
        package var showsSecret: Bool {
            switch self {
            case .plain, .login, .oauthBearer, .xoauth2: true
            case .external, .scramSHA256, .scramSHA1, .cramMD5: false
            }
        }

        fileprivate func suits(_ credentials: Credentials) -> Bool {
            switch self {
            case .external: credentials.externalIdentity != nil
            case .oauthBearer, .xoauth2: credentials.token != nil
            default: credentials.password != nil
            }
        }
    }

    /// A server could otherwise keep us computing for hours.
    private static let mostIterations = 200_000

    package let name: Name
    private let credentials: Credentials
    private let nonce: String
    private var step = 0
    private var clientFirst = ""
    private var serverSignature: [UInt8] = []
    /// The server has proved that it knows the verifier, or the mechanism has no such proof.
    package private(set) var isComplete: Bool

    package init(_ name: Name, _ credentials: Credentials, nonce: String) {
        self.name = name
        self.credentials = credentials
        self.nonce = nonce
        isComplete = name != .scramSHA256 && name != .scramSHA1
    }

    /// The best mechanism of those the server offers, in upper case, that these credentials can be used with.
    /// `isProtected`: the connection has TLS, or the site allows secrets without.
    package static func choose(_ offered: [String], _ credentials: Credentials, isProtected: Bool) -> Name? {
        Name.allCases.first {
            offered.contains($0.rawValue) && $0.suits(credentials) && (isProtected || !$0.showsSecret)
        }
    }

    /// What goes out with the AUTH command; nil: the server speaks first.
    package mutating func initialResponse() -> [UInt8]? {
        switch name {
        case .external: return Array((credentials.externalIdentity ?? "").utf8)
        case .plain: return Array("\0\(credentials.name)\0\(credentials.password ?? "")".utf8)
        case .oauthBearer:
            let user = credentials.name.isEmpty ? "" : "a=\(SCRAM.escaped(credentials.name))"
            return Array("n,\(user),\u{1}auth=Bearer \(credentials.token ?? "")\u{1}\u{1}".utf8)
        case .xoauth2:
            return Array("user=\(credentials.name)\u{1}auth=Bearer \(credentials.token ?? "")\u{1}\u{1}".utf8)
        case .scramSHA256, .scramSHA1:
            clientFirst = "n=\(SCRAM.escaped(credentials.name)),r=\(nonce)"
            return Array("n,,\(clientFirst)".utf8)
        case .login, .cramMD5: return nil
        }
    }

    /// The response to a challenge.
    package mutating func respond(_ challenge: [UInt8]) throws(Failure) -> [UInt8] {
        defer { step += 1 }
        switch (name, step) {
        case (.login, 0): return Array(credentials.name.utf8)
        case (.login, 1): return Array((credentials.password ?? "").utf8)
        case (.cramMD5, 0):
            let text = String(decoding: challenge, as: UTF8.self)
            let digest = CRAMProof.digest(text, credentials.password ?? "")
            return Array("\(credentials.name) \(Self.hexadecimal(digest))".utf8)
        case (.scramSHA256, 0): return try proof(challenge, .sha256)
        case (.scramSHA1, 0): return try proof(challenge, .sha1)
        case (.scramSHA256, 1), (.scramSHA1, 1): return try checkServer(challenge)
        // The server tells why the token is not good, and wants a dummy response (RFC 7628 section 3.2.3).
        case (.oauthBearer, 0), (.xoauth2, 0): return name == .oauthBearer ? [1] : []
        default: throw Failure(description: "the server asks more than \(name.rawValue) has")
        }
    }

    /// The server has said that all is well, with what it has to say last. Throws when it has not proved itself.
    package mutating func finish() throws(Failure) {
        guard isComplete else { throw Failure(description: "the server did not prove that it knows the password") }
    }

    private mutating func proof(_ challenge: [UInt8], _ hash: SCRAMHash) throws(Failure) -> [UInt8] {
        guard let text = credential(challenge, limit: 4096) else { throw Failure(description: "bad SCRAM challenge") }
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 3, let combined = SCRAM.value(fields[0], "r"), combined.hasPrefix(nonce),
            combined.utf8.count > nonce.utf8.count,
            let salt = SCRAM.value(fields[1], "s").flatMap({ Base64.decode($0.utf8) }), !salt.isEmpty,
            let iterations = SCRAM.value(fields[2], "i").flatMap({ Int($0) }), iterations >= 1
        else { throw Failure(description: "bad SCRAM challenge") }
        guard iterations <= Self.mostIterations else {
            throw Failure(description: "the server asks for \(iterations) iterations, more than we do")
        }
        let salted = hash.saltedPassword(credentials.password ?? "", salt: salt, iterations: iterations)
        let clientKey = hash.authentication(salted, "Client Key")
        let withoutProof = "c=biws,r=\(combined)"
        let signed = "\(clientFirst),\(text),\(withoutProof)"
        let signature = hash.authentication(hash.digest(clientKey), signed)
        serverSignature = hash.authentication(hash.authentication(salted, "Server Key"), signed)
        let proof = zip(clientKey, signature).map { $0 ^ $1 }
        return Array("\(withoutProof),p=\(Base64.encode(proof))".utf8)
    }

    private mutating func checkServer(_ challenge: [UInt8]) throws(Failure) -> [UInt8] {
        let text = credential(challenge) ?? ""
        guard let value = SCRAM.value(text[...], "v").flatMap({ Base64.decode($0.utf8) }),
            isEqualInConstantTime(value, serverSignature)
        else { throw Failure(description: "the server does not know the password (its SCRAM signature is wrong)") }
        isComplete = true
        return []
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
