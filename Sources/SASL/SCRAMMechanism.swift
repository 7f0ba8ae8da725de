/// SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding: the client proves that it knows the password without
/// sending it, and the server proves that it knows the verifier.
struct SCRAMMechanism: SASLMechanism {
    private enum State {
        case first, verifier, final, done
        /// The server's last message is out; the client confirms it with an empty response.
        case confirmation
    }

    private var state = State.first
    private let nonce: String
    private let decoySecret: [UInt8]
    private var name = ""
    private var header = ""
    private var clientFirst = ""
    private var serverFirst = ""
    private var verifier: SCRAMVerifier?
    /// There is no such user: the exchange goes on and fails at its end, so that it does not tell.
    private var isDecoy = false

    /// `decoySecret`: of this process; what an unknown name is told depends on it and on the name alone.
    init(nonce: String, decoySecret: [UInt8]) {
        self.nonce = nonce
        self.decoySecret = decoySecret
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
        guard let text = credential(response) else { return .failed(.malformed) }
        let parts = text.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        // `y`: the client could bind to the channel and thinks that we cannot, which is true. `p`: it wants to.
        guard parts.count == 3, parts[0] == "n" || parts[0] == "y" else { return .failed(.malformed) }
        header = "\(parts[0]),\(parts[1]),"
        clientFirst = parts[2]
        let fields = clientFirst.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 2, let user = value(fields[0], "n").flatMap(Self.unescaped),
            let clientNonce = value(fields[1], "r"), !clientNonce.isEmpty
        else { return .failed(.malformed) }
        if !parts[1].isEmpty, value(parts[1][...], "a").flatMap(Self.unescaped) != user {
            return .failed(.notAuthorized)
        }
        name = user
        serverFirst = "r=\(clientNonce)\(nonce)"
        state = .verifier
        return .verifier(name: user)
    }

    mutating func provide(_ found: SCRAMVerifier?) -> SASLStep {
        guard state == .verifier else { return .failed(.malformed) }
        isDecoy = found == nil
        let verifier = found ?? decoy()
        self.verifier = verifier
        serverFirst += ",s=\(Base64.encode(verifier.salt)),i=\(verifier.iterations)"
        state = .final
        return .challenge(Array(serverFirst.utf8))
    }

    private func decoy() -> SCRAMVerifier {
        let salt = Array(SCRAM.authentication(decoySecret, name).prefix(16))
        let key = SCRAM.authentication(decoySecret, "key " + name)
        return SCRAMVerifier(
            iterations: SCRAMVerifier.usualIterations, salt: salt, storedKey: key, serverKey: key)
    }

    /// `c=header,r=nonce,p=proof`
    private mutating func final(_ response: [UInt8]) -> SASLStep {
        state = .done
        guard let text = credential(response), let verifier, let mark = text.firstRange(of: ",p=") else {
            return .failed(.malformed)
        }
        let withoutProof = String(text[..<mark.lowerBound])
        let fields = withoutProof.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count >= 2, let binding = value(fields[0], "c"), let echoed = value(fields[1], "r"),
            let proof = Base64.decode(text[mark.upperBound...].utf8), proof.count == SCRAM.keySize,
            binding == Base64.encode(Array(header.utf8)), serverFirst.hasPrefix("r=\(echoed),")
        else { return .failed(.malformed) }
        let signed = "\(clientFirst),\(serverFirst),\(withoutProof)"
        let signature = SCRAM.authentication(verifier.storedKey, signed)
        let clientKey = zip(proof, signature).map { $0 ^ $1 }
        guard isEqualInConstantTime(SCRAM.hash(clientKey), verifier.storedKey), !isDecoy else {
            return .failed(.refused)
        }
        state = .confirmation
        return .challenge(Array("v=\(Base64.encode(SCRAM.authentication(verifier.serverKey, signed)))".utf8))
    }

    private func value(_ field: Substring, _ letter: Character) -> String? {
        guard field.first == letter, field.dropFirst().first == "=" else { return nil }
        return String(field.dropFirst(2))
    }

    /// `=2C` is a comma and `=3D` an equals sign in a name; nothing else may follow an equals sign.
    private static func unescaped(_ name: String) -> String? {
        var result = ""
        var rest = name[...]
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
}
