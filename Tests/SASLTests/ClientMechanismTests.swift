import Testing

@testable import SASL

private func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct ClientMechanismTests {
    private static let credentials = ClientMechanism.Credentials(name: "user", password: "pencil")

    @Test(arguments: [
        (["PLAIN", "LOGIN", "SCRAM-SHA-256"], true, ClientMechanism.Name.scramSHA256),
        (["LOGIN", "PLAIN"], true, .plain), (["LOGIN"], true, .login), (["PLAIN", "LOGIN"], false, nil),
        (["PLAIN", "CRAM-MD5"], false, .cramMD5), (["GSSAPI"], true, nil), ([], true, nil), (["EXTERNAL"], true, nil),
    ])
    func choice(_ offered: [String], _ isProtected: Bool, _ name: ClientMechanism.Name?) {
        #expect(ClientMechanism.choose(offered, Self.credentials, isProtected: isProtected) == name)
    }

    /// `externalidentity`, also when it is empty (smtp specification, 15.3).
    @Test(arguments: ["", "relay@example.com"]) func external(identity: String) {
        var credentials = Self.credentials
        credentials.externalIdentity = identity
        #expect(
            ClientMechanism.choose(["PLAIN", "EXTERNAL"], credentials, isProtected: true) == .external)
        var exchange = ClientMechanism(.external, credentials, nonce: "n")
        #expect(exchange.initialResponse() == octets(identity))
    }

    /// The example of RFC 7677 section 3, from the other side.
    @Test func scram() throws {
        var exchange = ClientMechanism(.scramSHA256, Self.credentials, nonce: "rOprNGfwEbeRWgbNEkqO")
        #expect(exchange.initialResponse() == octets("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"))
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        #expect(
            try exchange.respond(octets("r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))
                == octets("c=biws,r=\(nonce),p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
        #expect(throws: ClientMechanism.Failure.self) { try exchange.finish() }
        #expect(try exchange.respond(octets("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")) == [])
        #expect(exchange.isComplete)
    }

    @Test(arguments: [
        "r=other,s=W22Z,i=4096", "r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=0", "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=99999999", "", "e=other-error",
    ])
    func hostileChallenges(_ challenge: String) {
        var exchange = ClientMechanism(.scramSHA256, Self.credentials, nonce: "rOprNGfwEbeRWgbNEkqO")
        _ = exchange.initialResponse()
        #expect(throws: ClientMechanism.Failure.self) { try exchange.respond(octets(challenge)) }
    }

    @Test func wrongServerIsFoundOut() throws {
        var exchange = ClientMechanism(.scramSHA256, Self.credentials, nonce: "abc")
        _ = exchange.initialResponse()
        _ = try exchange.respond(octets("r=abcdef,s=W22Z,i=4096"))
        #expect(throws: ClientMechanism.Failure.self) {
            try exchange.respond(octets("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))
        }
    }

    @Test func others() throws {
        var plain = ClientMechanism(.plain, Self.credentials, nonce: "")
        #expect(plain.initialResponse() == octets("\0user\0pencil"))
        var login = ClientMechanism(.login, Self.credentials, nonce: "")
        #expect(login.initialResponse() == nil)
        #expect(try login.respond(octets("Username:")) == octets("user"))
        #expect(try login.respond(octets("Password:")) == octets("pencil"))
        #expect(throws: ClientMechanism.Failure.self) { try login.respond([]) }
        var cram = ClientMechanism(
            .cramMD5, ClientMechanism.Credentials(name: "tim", password: "tanstaaftanstaaf"), nonce: "")
        #expect(cram.initialResponse() == nil)
        #expect(
            try cram.respond(octets("<1896.697170952@postoffice.reston.mci.net>"))
                == octets("tim b913a602c7eda7a495b4e6e7334d3890"))
        let token = ClientMechanism.Credentials(name: "a@b", token: "abc")
        var bearer = ClientMechanism(.oauthBearer, token, nonce: "")
        #expect(bearer.initialResponse() == octets("n,a=a@b,\u{1}auth=Bearer abc\u{1}\u{1}"))
        #expect(try bearer.respond(octets("{}")) == [1])
        var google = ClientMechanism(.xoauth2, token, nonce: "")
        #expect(google.initialResponse() == octets("user=a@b\u{1}auth=Bearer abc\u{1}\u{1}"))
    }
}
