import Testing

@testable import SMTP

/// AUTH of the client as a dialogue (RFC 4954; smtp specification, 15.3).
@Suite struct ClientAuthenticationTests {
    private static let offer = "250-far.example\r\n250 AUTH PLAIN LOGIN\r\n"

    /// What a session does when the server says `lines` in turn. The driver sends `initial` and `answer`, and believes
    /// the server unless `isWrong`.
    private func run(
        _ use: ClientSession.AuthenticationUse, _ lines: [String], initial: String? = "AGEAYg==", isWrong: Bool = false
    ) -> [String] {
        var options = ClientSession.Options(hostName: "us.example")
        options.authentication = use
        var session = ClientSession(options)
        var log: [String] = []
        for line in ["220 far.example ESMTP\r\n"] + lines {
            session.receive(line.utf8)
            while let action = session.next() {
                switch action {
                case .send(let bytes): log.append(String(decoding: bytes.dropLast(2), as: UTF8.self))
                case .ready: log.append("ready")
                case .chooseMechanism(let offered):
                    if let first = offered.first {
                        session.authenticate(first, initialResponse: initial)
                    } else {
                        session.goOn(without: "nothing offered")
                    }
                case .challenge(let text):
                    if text == "bad" { session.cancelAuthentication("bad challenge") } else { session.respond("YQ==") }
                case .authenticated:
                    if isWrong { session.goOn(without: "wrong server") } else { session.acceptAuthentication() }
                case .failed(let failure, _): log.append("\(failure)")
                default: log.append("\(action)")
                }
            }
        }
        return log
    }

    @Test(arguments: [
        (ClientSession.AuthenticationUse.never, [offer], ["EHLO us.example", "ready"]),
        (.required, [offer, "235 ok\r\n"], ["EHLO us.example", "AUTH PLAIN AGEAYg==", "ready"]),
        (
            .required, [offer, "334 VXNlcm5hbWU6\r\n", "235 ok\r\n"],
            ["EHLO us.example", "AUTH PLAIN AGEAYg==", "YQ==", "ready"]
        ),
        (
            .required, [offer, "535 5.7.8 no\r\n"],
            [
                "EHLO us.example", "AUTH PLAIN AGEAYg==",
                "authenticationMissing(\"authentication was refused: 535 5.7.8 no\")",
            ]
        ),
        (.ifPossible, [offer, "535 5.7.8 no\r\n"], ["EHLO us.example", "AUTH PLAIN AGEAYg==", "ready"]),
        (.required, ["250 far.example\r\n"], ["EHLO us.example", "authenticationMissing(\"nothing offered\")"]),
        (.ifPossible, ["250 far.example\r\n"], ["EHLO us.example", "ready"]),
        (
            .ifPossible, [offer, "334 bad\r\n", "501 cancelled\r\n"],
            ["EHLO us.example", "AUTH PLAIN AGEAYg==", "*", "ready"]
        ),
        (
            .required, [offer, "334 bad\r\n", "501 cancelled\r\n"],
            ["EHLO us.example", "AUTH PLAIN AGEAYg==", "*", "authenticationMissing(\"bad challenge\")"]
        ),
    ])
    func dialogue(_ use: ClientSession.AuthenticationUse, _ lines: [String], _ expected: [String]) {
        #expect(run(use, lines) == expected)
    }

    /// RFC 4954 section 4: what does not fit into the command follows the server's 334.
    @Test func longInitialResponseIsSentBehindTheCommand() {
        let token = String(repeating: "YWJj", count: 200)
        #expect(
            run(.required, [Self.offer, "334 \r\n", "235 ok\r\n"], initial: token)
                == ["EHLO us.example", "AUTH PLAIN", token, "ready"])
    }

    /// A server that says yes and has not proved itself is not believed.
    @Test func successThatTheDriverDoesNotBelieve() {
        #expect(
            run(.required, [Self.offer, "235 ok\r\n"], isWrong: true).last
                == "authenticationMissing(\"wrong server\")")
    }
}
