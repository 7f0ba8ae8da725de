import Testing

@testable import SASL

private func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct PasswordMechanismTests {
    @Test(arguments: [
        ("\0tim\0tanstaaftanstaaf", SASLStep.password(SASLPassword(name: "tim", password: "tanstaaftanstaaf"))),
        ("tim\0tim\0secret", .password(SASLPassword(name: "tim", password: "secret"))),
        ("Ursel\0Kurt\0xipj3plmq", .failed(.notAuthorized)),
        ("\0a\0b", .password(SASLPassword(name: "a", password: "b"))),
        ("\0tim\0", .failed(.malformed)), ("\0\0secret", .failed(.malformed)), ("tim", .failed(.malformed)),
        ("\0tim\0a\0b", .failed(.malformed)), ("", .failed(.malformed)),
        ("\0tim\0se\ncret", .failed(.malformed)),
        ("\0" + String(repeating: "x", count: 1025) + "\0y", .failed(.malformed)),
    ])
    func plain(_ response: String, _ step: SASLStep) {
        var exchange = SASLMechanismName.plain.begin(nonce: "n", decoySecret: [1])
        #expect(exchange.respond(octets(response)) == step)
    }

    @Test func plainAsksForItsResponse() {
        var exchange = SASLMechanismName.plain.begin(nonce: "n", decoySecret: [1])
        #expect(exchange.respond(nil) == .challenge([]))
        #expect(exchange.respond([0, 0xFF, 0, 0x61]) == .failed(.malformed))
    }

    @Test(arguments: [true, false]) func login(hasInitialResponse: Bool) {
        var exchange = SASLMechanismName.login.begin(nonce: "n", decoySecret: [1])
        if !hasInitialResponse { #expect(exchange.respond(nil) == .challenge(octets("Username:"))) }
        #expect(exchange.respond(octets("anna")) == .challenge(octets("Password:")))
        #expect(exchange.respond(octets("secret")) == .password(SASLPassword(name: "anna", password: "secret")))
    }

    @Test func passwordHash() throws {
        let hash = try PasswordHash.make("päss word")
        #expect(hash.hasPrefix("$"))
        #expect(PasswordHash.verifies("päss word", hash))
        #expect(!PasswordHash.verifies("pass word", hash))
        #expect(!PasswordHash.verifies("x", ""))
        #expect(!PasswordHash.verifies("x", "*"))
    }
}

/// The example of RFC 7677 section 3.
@Suite struct SCRAMTests {
    private static let salt = Base64.decode("W22ZaJ0SNY7soEsUEjb6gQ==".utf8) ?? []
    private static let verifier = SCRAMVerifier(password: "pencil", salt: salt, iterations: 4096)
    private static let first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    private static let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    private static let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="

    private func exchange() -> SCRAMMechanism {
        SCRAMMechanism(nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", decoySecret: [1, 2, 3])
    }

    @Test func exampleOfTheRFC() {
        var exchange = exchange()
        #expect(exchange.respond(octets(Self.first)) == .verifier(name: "user"))
        #expect(
            exchange.provide(Self.verifier)
                == .challenge(octets("r=\(Self.nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")))
        #expect(
            exchange.respond(octets("c=biws,r=\(Self.nonce),p=\(Self.proof)"))
                == .challenge(octets("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")))
        #expect(exchange.respond([]) == .succeeded(name: "user"))
        #expect(exchange.respond([]) == .failed(.malformed))
    }

    @Test(arguments: [
        ("c=biws,r=NONCE,p=eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", SASLFailure.refused),
        ("c=biws,r=rOprNGfwEbeRWgbNEkqO,p=PROOF", .malformed), ("c=eSws,r=NONCE,p=PROOF", .malformed),
        ("c=biws,r=NONCE,p=", .malformed), ("c=biws,r=NONCE", .malformed), ("", .malformed), ("p=PROOF", .malformed),
    ])
    func wrongEnds(_ final: String, _ failure: SASLFailure) {
        var exchange = exchange()
        _ = exchange.respond(octets(Self.first))
        _ = exchange.provide(Self.verifier)
        let text = final.replacing("NONCE", with: Self.nonce).replacing("PROOF", with: Self.proof)
        #expect(exchange.respond(octets(text)) == .failed(failure))
        #expect(exchange.respond(octets("c=biws,r=\(Self.nonce),p=\(Self.proof)")) == .failed(.malformed))
    }

    @Test func anUnknownUserIsToldTheSameEachTime() {
        var steps: [SASLStep] = []
        for _ in 0..<2 {
            var exchange = exchange()
            _ = exchange.respond(octets(Self.first))
            steps.append(exchange.provide(nil))
            #expect(exchange.respond(octets("c=biws,r=\(Self.nonce),p=\(Self.proof)")) == .failed(.refused))
        }
        #expect(steps[0] == steps[1])
    }

    @Test(arguments: [
        ("n,,n=a=2Cb=3Dc,r=x", SASLStep.verifier(name: "a,b=c")), ("n,a=user,n=user,r=x", .verifier(name: "user")),
        ("y,,n=user,r=x", .verifier(name: "user")), ("n,a=other,n=user,r=x", .failed(.notAuthorized)),
        ("p=tls-unique,,n=user,r=x", .failed(.malformed)), ("p=,,n=user,r=x", .failed(.malformed)),
        ("p=a b,,n=user,r=x", .failed(.malformed)), ("n,b=user,n=user,r=x", .failed(.malformed)),
        ("n,,n=a=2b,r=x", .failed(.malformed)),
        ("n,,n=user", .failed(.malformed)), ("n,,n=,r=x", .failed(.malformed)), ("n,,n=user,r=", .failed(.malformed)),
        ("n,,m=ext,n=user,r=x", .failed(.malformed)), ("", .failed(.malformed)),
    ])
    func firstMessages(_ text: String, _ step: SASLStep) {
        var exchange = exchange()
        #expect(exchange.respond(octets(text)) == step)
    }

    @Test func verifierAsText() throws {
        let text = Self.verifier.description
        #expect(text.hasPrefix("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"))
        let read = try #require(SCRAMVerifier(text))
        #expect(read == Self.verifier)
        #expect(read.verifies("pencil"))
        #expect(!read.verifies("Pencil"))
    }

    @Test(arguments: [
        "", "SCRAM-SHA-1$4096:W22Z$AAAA:AAAA", "SCRAM-SHA-512$4096:W22Z$AAAA:AAAA", "SCRAM-SHA-256$1:W22Z$AAAA:AAAA",
        "SCRAM-SHA-256$4096$AAAA:AAAA",
        "SCRAM-SHA-256$99999999999999999999:W22Z$AAAA:AAAA", "SCRAM-SHA-256$4096:W22Z$AAAA:AAAA",
    ])
    func badVerifiers(_ text: String) { #expect(SCRAMVerifier(text) == nil) }
}
