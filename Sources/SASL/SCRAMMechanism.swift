/// SCRAM (RFC 5802, RFC 7677): the client proves that it knows the password without sending it, and the server proves
/// that it knows the verifier. With channel binding both also prove that they are the ends of the same TLS connection.
struct SCRAMMechanism: SASLMechanism {
    private enum State {
        case first, verifier, final, done
        /// The server's last message is out; the client confirms it with an empty response.
        case confirmation
    }

    private var state = State.first
    private let hash: SCRAMHash
    private let bindsChannel: Bool
    private let nonce: String
    private let decoySecret: [UInt8]
    private let connection: SASLConnection
    private var name = ""
    /// GS2 header and channel binding, which the client repeats in its last message.
    private var boundHeader: [UInt8] = []
    private var clientFirst = ""
    private var serverFirst = ""
    private var verifier: SCRAMVerifier?
    /// There is no such user: the exchange goes on and fails at its end, so that it does not tell.
    private var isDecoy = false

    /// `decoySecret`: of this process; what an unknown name is told depends on it and on the name alone.
    init(
        hash: SCRAMHash = .sha256, bindsChannel: Bool = false, nonce: String, decoySecret: [UInt8],
        connection: SASLConnection = SASLConnection()
    ) {
        self.hash = hash
        self.bindsChannel = bindsChannel
        self.nonce = nonce
        self.decoySecret = decoySecret
        self.connection = connection
    }

    mutating func respond(_ response: [UInt8]?) -> SASLStep {
        switch state {
        case .first:
            guard let response else { return .challenge([]) }
            return first(response)
        case .final: return final(response ?? [])
        case .confirmation:
            state = .done
            return response?.isEmpty != false ? .succeeded(name: name) : .failed(.malformed)
        case .verifier, .done: return .failed(.malformed)
        }
    }

    /// `n,,n=user,r=nonce`
    private mutating func first(_ response: [UInt8]) -> SASLStep {
        guard let text = credential(response), let header = GS2Header(text), let binding = accepted(header.binding)
        else { return .failed(.malformed) }
        boundHeader = Array(header.text.utf8) + binding
        clientFirst = String(header.rest)
        let fields = clientFirst.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 2, let user = SCRAM.value(fields[0], "n").flatMap({ SCRAM.unescaped($0) }),
            let clientNonce = SCRAM.value(fields[1], "r"), !clientNonce.isEmpty
        else { return .failed(.malformed) }
        if let wanted = header.authorizationName, wanted != user { return .failed(.notAuthorized) }
        name = user
        serverFirst = "r=\(clientNonce)\(nonce)"
        state = .verifier
        return .verifier(name: user)
    }

    /// The binding that the client's last message has to contain; nil: the flag is not one to accept. A client that could
    /// bind and believes that we cannot, when we have offered it, has had the offer taken from it on the way (RFC 5802
    /// section 6).
    private func accepted(_ binding: GS2Header.Binding) -> [UInt8]? {
        switch binding {
        case .unsupported: bindsChannel ? nil : []
        case .notOffered: bindsChannel || connection.offersBinding ? nil : []
        case .type(let type): bindsChannel ? connection.bindings[type] : nil
        }
    }

    mutating func provide(_ found: SCRAMVerifier?) -> SASLStep {
        guard state == .verifier else { return .failed(.malformed) }
        let found = found.flatMap { $0.hash == hash ? $0 : nil }
        isDecoy = found == nil
        let verifier = found ?? decoy()
        self.verifier = verifier
        serverFirst += ",s=\(Base64.encode(verifier.salt)),i=\(verifier.iterations)"
        state = .final
        return .challenge(Array(serverFirst.utf8))
    }

    private func decoy() -> SCRAMVerifier {
        let salt = Array(SCRAMHash.sha256.authentication(decoySecret, name).prefix(16))
        let key = hash.authentication(decoySecret, "key " + name)
        return SCRAMVerifier(
            hash: hash, iterations: SCRAMVerifier.usualIterations, salt: salt, storedKey: key, serverKey: key)
    }

    /// `c=header,r=nonce,p=proof`
    private mutating func final(_ response: [UInt8]) -> SASLStep {
        state = .done
        guard let text = credential(response, limit: 8192), let verifier, let mark = text.firstRange(of: ",p=") else {
            return .failed(.malformed)
        }
        let withoutProof = String(text[..<mark.lowerBound])
        let fields = withoutProof.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 2, let bound = SCRAM.value(fields[0], "c").flatMap({ Base64.decode($0.utf8) }),
            let echoed = SCRAM.value(fields[1], "r"),
            let proof = Base64.decode(text[mark.upperBound...].utf8), proof.count == hash.keySize,
            serverFirst.hasPrefix("r=\(echoed),")
        else { return .failed(.malformed) }
        // What differs in its channel binding has gone through somebody else's TLS: refused like a wrong password.
        guard isEqualInConstantTime(bound, boundHeader) else { return .failed(bindsChannel ? .refused : .malformed) }
        let signed = "\(clientFirst),\(serverFirst),\(withoutProof)"
        let signature = hash.authentication(verifier.storedKey, signed)
        let clientKey = zip(proof, signature).map { $0 ^ $1 }
        guard isEqualInConstantTime(hash.digest(clientKey), verifier.storedKey), !isDecoy else {
            return .failed(.refused)
        }
        state = .confirmation
        return .challenge(Array("v=\(Base64.encode(hash.authentication(verifier.serverKey, signed)))".utf8))
    }
}

/// The syntax of SCRAM messages (RFC 5802 section 7).
enum SCRAM {
    /// The value of a field `letter=value`.
    static func value(_ field: Substring, _ letter: Character) -> Substring? {
        guard field.first == letter, field.dropFirst().first == "=" else { return nil }
        return field.dropFirst(2)
    }

    /// `=2C` is a comma and `=3D` an equals sign in a name; nothing else may follow an equals sign.
    static func unescaped(_ name: Substring) -> String? {
        var result = ""
        var rest = name
        while let mark = rest.firstIndex(of: "=") {
            result += rest[..<mark]
            let code = rest[mark...].prefix(3)
            guard code == "=2C" || code == "=3D" else { return nil }
            result += code == "=2C" ? "," : "="
            rest = rest[code.endIndex...]
        }
        result += rest
        return result.isEmpty ? nil : result
    }

    static func escaped(_ name: String) -> String {
        name.replacing("=", with: "=3D").replacing(",", with: "=2C")
    }
}
