import Testing

@testable import SASL

private func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

/// SCRAM with SHA-1 and with channel binding.
@Suite struct ChannelBindingTests {
    private static let salt = Base64.decode("QSXCR+Q6sek8bf92".utf8) ?? []
    private static let binding: [UInt8] = [1, 2, 3, 4]
    private static let connection = SASLConnection(
        bindings: ["tls-server-end-point": binding], offersBinding: true)

    /// RFC 5802 section 5.
    @Test func exampleOfRFC5802() {
        var exchange = SCRAMMechanism(hash: .sha1, nonce: "3rfcNHYJY1ZVvWVs7j", decoySecret: [1])
        let nonce = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
        #expect(exchange.respond(octets("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")) == .verifier(name: "user"))
        let verifier = SCRAMVerifier(password: "pencil", salt: Self.salt, iterations: 4096, hash: .sha1)
        #expect(SCRAMVerifier(verifier.description) == verifier)
        #expect(verifier.verifies("pencil") && !verifier.verifies("pen"))
        #expect(exchange.provide(verifier) == .challenge(octets("r=\(nonce),s=QSXCR+Q6sek8bf92,i=4096")))
        #expect(
            exchange.respond(octets("c=biws,r=\(nonce),p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="))
                == .challenge(octets("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")))
        #expect(exchange.respond([]) == .succeeded(name: "user"))
    }

    /// A verifier of the other hash is none.
    @Test func verifierOfAnotherHashIsADecoy() {
        var exchange = SCRAMMechanism(hash: .sha1, nonce: "abc", decoySecret: [1])
        _ = exchange.respond(octets("n,,n=user,r=x"))
        let verifier = SCRAMVerifier(password: "pencil", salt: Self.salt, iterations: 4096)
        guard case .challenge(let bytes) = exchange.provide(verifier) else {
            Issue.record("no challenge")
            return
        }
        #expect(!String(decoding: bytes, as: UTF8.self).contains("QSXCR"))
    }

    @Test(arguments: [
        (SASLMechanismName.scramSHA256Plus, "p=tls-server-end-point,,", true),
        (.scramSHA256Plus, "p=tls-exporter,,", false), (.scramSHA256Plus, "n,,", false),
        (.scramSHA256Plus, "y,,", false), (.scramSHA256, "p=tls-server-end-point,,", false),
        // The client believes that we offer no binding, and we do: somebody has taken the offer away.
        (.scramSHA256, "y,,", false), (.scramSHA256, "n,,", true), (.scramSHA1Plus, "p=tls-server-end-point,,", true),
    ])
    func flags(_ name: SASLMechanismName, _ header: String, _ isAccepted: Bool) {
        var exchange = name.begin(nonce: "abc", decoySecret: [1], connection: Self.connection)
        let step = exchange.respond(octets(header + "n=user,r=x"))
        #expect(step == (isAccepted ? .verifier(name: "user") : .failed(.malformed)))
    }

    @Test(arguments: [(binding, true), ([9, 9, 9, 9], false), ([], false)])
    func bindingOfTheConnectionIsCompared(_ binding: [UInt8], _ isRight: Bool) {
        let header = octets("p=tls-server-end-point,,")
        let verifier = SCRAMVerifier(password: "pencil", salt: Self.salt, iterations: 4096)
        var exchange = SASLMechanismName.scramSHA256Plus.begin(
            nonce: "abc", decoySecret: [1], connection: Self.connection)
        _ = exchange.respond(header + octets("n=user,r=x"))
        _ = exchange.provide(verifier)
        let withoutProof = "c=\(Base64.encode(header + binding)),r=xabc"
        let serverFirst = "r=xabc,s=\(Base64.encode(Self.salt)),i=4096"
        let signed = "n=user,r=x,\(serverFirst),\(withoutProof)"
        let key = SCRAMHash.sha256.authentication(
            SCRAMHash.sha256.saltedPassword("pencil", salt: Self.salt, iterations: 4096), "Client Key")
        let signature = SCRAMHash.sha256.authentication(SCRAMHash.sha256.digest(key), signed)
        let proof = Base64.encode(zip(key, signature).map { $0 ^ $1 })
        let step = exchange.respond(octets("\(withoutProof),p=\(proof)"))
        if isRight {
            guard case .challenge = step else {
                Issue.record("\(step)")
                return
            }
        } else {
            #expect(step == .failed(.refused))
        }
    }
}

@Suite struct CRAMTests {
    /// RFC 2195 section 2.
    private static let challenge = "<1896.697170952@postoffice.reston.mci.net>"

    @Test func exampleOfTheRFC() {
        var exchange = CRAMMechanism(challenge: Self.challenge)
        #expect(exchange.respond(nil) == .challenge(octets(Self.challenge)))
        guard case .proof(let proof) = exchange.respond(octets("tim b913a602c7eda7a495b4e6e7334d3890")) else {
            Issue.record("no proof")
            return
        }
        #expect(proof.name == "tim")
        #expect(proof.proves("tanstaaftanstaaf"))
        #expect(!proof.proves("tanstaaftanstaa"))
    }

    @Test(arguments: [
        "", "tim", "tim b913", " b913a602c7eda7a495b4e6e7334d3890", "tim b913a602c7eda7a495b4e6e7334d389g",
        "tim b913a602c7eda7a495b4e6e7334d3890a", "b913a602c7eda7a495b4e6e7334d3890",
    ])
    func malformed(_ response: String) {
        var exchange = CRAMMechanism(challenge: Self.challenge)
        _ = exchange.respond(nil)
        #expect(exchange.respond(octets(response)) == .failed(.malformed))
    }

    @Test func answerWithoutChallengeIsNone() {
        var exchange = CRAMMechanism(challenge: Self.challenge)
        #expect(exchange.respond(octets("tim b913a602c7eda7a495b4e6e7334d3890")) == .failed(.malformed))
    }
}

@Suite struct ExternalTests {
    @Test(arguments: [
        ("", SASLStep.external(name: nil)), ("anna@example.com", .external(name: "anna@example.com")),
        ("a\nb", .failed(.malformed)),
    ])
    func external(_ response: String, _ step: SASLStep) {
        var exchange = ExternalMechanism()
        #expect(exchange.respond(octets(response)) == step)
        #expect(exchange.respond(nil) == .challenge([]))
    }
}
