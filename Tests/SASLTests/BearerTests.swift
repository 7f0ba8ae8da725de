import Testing

@testable import SASL

private func octets(_ text: String) -> [UInt8] { Array(text.replacing("^A", with: "\u{1}").utf8) }

@Suite struct BearerTests {
    private static let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="

    @Test(arguments: [
        // The example of RFC 7628 section 4.1.
        (
            "n,a=user@example.com,^Ahost=server.example.com^Aport=143^Aauth=Bearer \(token)^A^A",
            SASLStep.token(BearerToken(name: "user@example.com", token: token))
        ),
        ("n,,^Aauth=bearer  abc^A^A", .token(BearerToken(name: nil, token: "abc"))),
        ("y,a=a=2Cb,^Aauth=Bearer abc^A^A", .token(BearerToken(name: "a,b", token: "abc"))),
        ("p=tls-unique,,^Aauth=Bearer abc^A^A", .failed(.malformed)),
        ("n,,^Aauth=Bearer abc^A", .failed(.malformed)), ("n,,^Aauth=Basic abc^A^A", .failed(.malformed)),
        ("n,,^Aauth=Bearer ^A^A", .failed(.malformed)), ("n,,^Aauth=Bearer a b^A^A", .failed(.malformed)),
        ("n,,^Aauth=Bearer a^Aauth=Bearer b^A^A", .failed(.malformed)), ("n,,^Ahost=x^A^A", .failed(.malformed)),
        ("n,,auth=Bearer abc^A^A", .failed(.malformed)), ("^A", .failed(.malformed)), ("", .failed(.malformed)),
        ("n,,^Aauth=Bearer \(String(repeating: "x", count: 10_000))^A^A", .failed(.malformed)),
        ("n,,^A" + String(repeating: "a=^A", count: 40) + "auth=Bearer abc^A^A", .failed(.malformed)),
    ])
    func oauthBearer(_ response: String, _ step: SASLStep) {
        var exchange = SASLMechanismName.oauthBearer.begin(nonce: "n", decoySecret: [1])
        #expect(exchange.respond(octets(response)) == step)
    }

    @Test(arguments: [
        ("user=a@b^Aauth=Bearer abc^A^A", SASLStep.token(BearerToken(name: "a@b", token: "abc"))),
        ("user=^Aauth=Bearer abc^A^A", .failed(.malformed)), ("auth=Bearer abc^A^A", .failed(.malformed)),
        ("user=a@b^Aauth=Bearer abc^A^Ax=y^A^A", .failed(.malformed)), ("user=a@b^Aauth=abc^A^A", .failed(.malformed)),
    ])
    func xoauth2(_ response: String, _ step: SASLStep) {
        var exchange = SASLMechanismName.xoauth2.begin(nonce: "n", decoySecret: [1])
        #expect(exchange.respond(octets(response)) == step)
    }

    /// RFC 7628 section 3.2.3: the error, the client's dummy response, the failure.
    @Test(arguments: [SASLMechanismName.oauthBearer, .xoauth2]) func tokenThatIsNotGood(_ name: SASLMechanismName) {
        var exchange = name.begin(nonce: "n", decoySecret: [1])
        let response = name == .xoauth2 ? "user=a@b^Aauth=Bearer abc^A^A" : "n,,^Aauth=Bearer abc^A^A"
        _ = exchange.respond(octets(response))
        guard case .challenge = exchange.refuseToken() else {
            Issue.record("no challenge")
            return
        }
        #expect(exchange.respond([1]) == .failed(.refused))
        #expect(exchange.respond([1]) == .failed(.malformed))
    }
}
