import SASL
import SMTP

extension FuzzTarget {
    /// What clients, servers and authorization servers say in an authentication exchange.
    static let authenticationTargets = [
        FuzzTarget(
            "sasl",
            [
                "\0tim\0secret", "n,,n=user,r=nonce\nc=biws,r=nonceserver,p=AAAA", "y,a=u=2Cx,n=u=2Cx,r=x",
                "p=tls-server-end-point,,n=user,r=x\nc=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAQI=,r=xserver,p=AAAA",
                "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$AAAA:AAAA", "ann\nsecret",
                "tim b913a602c7eda7a495b4e6e7334d3890", "n,a=user@example.com,\u{1}auth=Bearer abc\u{1}\u{1}",
                "user=a@b\u{1}auth=Bearer abc\u{1}\u{1}\n\u{1}",
            ],
            words: [
                "\0", ",", "=", "=2C", "=3D", "n=", "r=", "c=", "p=", "$", ":", "biws", "\n", "\u{1}", "auth=Bearer ",
                "user=", "a=", "tls-server-end-point", " ",
            ],
            run: runServerMechanisms),
        FuzzTarget(
            "sasl-client",
            [
                "r=noncex,s=W22Z,i=1\nv=AAAA", "Username:\nPassword:", "<1896.697170952@postoffice.example>", "{}\n{}",
            ],
            words: ["r=nonce", ",", "s=", "i=", "v=", "=", "\n", "4096", "99999999999", "e=other-error"],
            run: runClientMechanisms),
        FuzzTarget(
            "web-token",
            [
                "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJqb2UiLCJhdWQiOiJtYWlsIn0.AAAA",
                #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
                #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"a","use":"sig","alg":"RS256"}]}"#,
            ],
            words: [
                ".", "{", "}", "[", "]", "\"", ":", ",", "eyJ", "e30", "\"keys\"", "\"kty\"", "\"EC\"", "1e999", "-",
            ],
            run: { bytes in
                let keys = try? WebKeySet(bytes)
                let policy = WebToken.Policy(issuer: "joe", audiences: ["mail"])
                guard let token = try? WebToken(text(bytes)), let keys = keys ?? sampleKeys else { return }
                _ = try? token.verifiedName(keys, policy, now: 0)
            }),
        FuzzTarget(
            "dovecot-auth",
            [
                "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\ta\nDONE\nOK\t1\tuser=anna\tresp=dj1h\n",
                "DONE\nCONT\t1\tYQ==\nFAIL\t1\ttemp\n",
            ],
            words: [
                "\t", "\n", "\u{1}t", "\u{1}", "OK\t1\tuser=", "FAIL\t", "VERSION\t", "MECH\t", "4294967296", "temp",
            ],
            run: { bytes in
                var state = DovecotAuthentication()
                for piece in bytes.split(separator: 7) { _ = state.receive(piece) }
                _ = state.receive(bytes)
                _ = DovecotAuthentication.bytes(continuing: 1, text(bytes))
            }),
        FuzzTarget(
            "smtp-client-auth",
            [
                "220 x ESMTP\r\n250-x\r\n250 AUTH PLAIN LOGIN\r\n334 YQ==\r\n235 ok\r\n",
                "220 x ESMTP\r\n250-x\r\n250 STARTTLS\r\n220 go\r\n",
            ],
            words: [
                "334 ", "235 ok\r\n", "535 no\r\n", "250-AUTH CRAM-MD5\r\n", "\r\n", "501 cancelled\r\n", "334\r\n",
            ],
            run: runClientSession),
    ]

    private static let sampleKeys = try? WebKeySet(
        Array(
            #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#.utf8))

    private static func runServerMechanisms(_ bytes: [UInt8]) {
        _ = Base64.decode(bytes)
        _ = SCRAMVerifier(text(bytes))
        let connection = SASLConnection(bindings: ["tls-server-end-point": [1, 2]], offersBinding: true)
        for mechanism in SASLMechanismName.allCases {
            var exchange = mechanism.begin(nonce: "server", decoySecret: [1], connection: connection)
            if mechanism == .cramMD5 { _ = exchange.respond(nil) }
            for response in bytes.split(separator: 10, omittingEmptySubsequences: false).prefix(4) {
                switch exchange.respond(Array(response)) {
                case .verifier: _ = exchange.provide(nil)
                case .token: _ = exchange.refuseToken()
                case .proof(let proof): _ = proof.proves("secret")
                case .challenge, .password, .external, .succeeded, .failed: break
                }
            }
        }
    }

    private static func runClientMechanisms(_ bytes: [UInt8]) {
        let credentials = ClientMechanism.Credentials(name: "a", password: "b", token: "c", externalIdentity: "")
        _ = ClientMechanism.choose(text(bytes).split(separator: " ").map(String.init), credentials, isProtected: false)
        for name in ClientMechanism.Name.allCases {
            var exchange = ClientMechanism(name, credentials, nonce: "nonce")
            _ = exchange.initialResponse()
            for challenge in bytes.split(separator: 10, omittingEmptySubsequences: false).prefix(4) {
                // A challenge may ask for as many iterations as we do at most; that is slow and no finding.
                guard challenge.firstRange(of: "i=".utf8) == nil || challenge.count < 40 else { continue }
                _ = try? exchange.respond(Array(challenge))
            }
            _ = try? exchange.finish()
        }
    }

    private static func runClientSession(_ bytes: [UInt8]) {
        var options = ClientSession.Options(hostName: "us.example", tls: .ifOffered)
        options.authentication = .ifPossible
        var session = ClientSession(options)
        for piece in bytes.split(separator: 7, omittingEmptySubsequences: false) {
            session.receive(piece)
            while let action = session.next() {
                switch action {
                case .chooseMechanism(let offered):
                    session.authenticate(offered.first ?? "PLAIN", initialResponse: offered.isEmpty ? nil : "YQ==")
                case .challenge(let text): text.isEmpty ? session.cancelAuthentication("no") : session.respond(text)
                case .authenticated: session.acceptAuthentication()
                case .startTLS: session.tlsEstablished()
                default: break
                }
            }
        }
        session.connectionClosed()
    }
}
