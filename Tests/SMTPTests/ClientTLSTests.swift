import Testing

@testable import SMTP

/// STARTTLS of the client (RFC 3207; smtp specification, 14).
@Suite struct ClientTLSTests {
    private static let offer = "250-far.example\r\n250 STARTTLS\r\n"

    /// What a session does when the server says `lines` in turn; `tls` stands for a handshake that succeeds, `broken`
    /// for one that fails.
    private func run(_ use: ClientSession.TLSUse, _ lines: [String]) -> [String] {
        var session = ClientSession(ClientSession.Options(hostName: "us.example", tls: use))
        var log: [String] = []
        for line in ["220 far.example ESMTP\r\n"] + lines {
            switch line {
            case "tls": session.tlsEstablished()
            case "broken": session.handshakeFailed("no common cipher")
            case "timeout": session.timedOut()
            default: session.receive(line.utf8)
            }
            while let action = session.next() {
                switch action {
                case .send(let bytes): log.append(String(decoding: bytes.dropLast(2), as: UTF8.self))
                case .startTLS: log.append("handshake")
                case .ready: log.append(session.usesTLS ? "ready with TLS" : "ready")
                case .failed(let failure, _): log.append("\(failure)")
                default: log.append("\(action)")
                }
            }
        }
        return log
    }

    @Test(arguments: [
        (ClientSession.TLSUse.never, [offer], ["EHLO us.example", "ready"]),
        (
            .ifOffered, [offer, "220 go\r\n", "tls", "250 far.example\r\n"],
            ["EHLO us.example", "STARTTLS", "handshake", "EHLO us.example", "ready with TLS"]
        ),
        (.ifOffered, ["250 far.example\r\n"], ["EHLO us.example", "ready"]),
        (.ifOffered, [offer, "454 not now\r\n"], ["EHLO us.example", "STARTTLS", "ready"]),
        (
            .ifOffered, [offer, "220 go\r\n", "broken"],
            [
                "EHLO us.example", "STARTTLS", "handshake",
                "handshakeFailed(\"TLS handshake failed: no common cipher\")",
            ]
        ),
        (
            .required, ["250 far.example\r\n"],
            ["EHLO us.example", "tlsMissing(\"the server does not offer STARTTLS\")"]
        ),
        (
            .required, [offer, "454 not now\r\n"],
            ["EHLO us.example", "STARTTLS", "tlsMissing(\"STARTTLS was refused: 454 not now\")"]
        ),
        (
            .required, [offer, "220 go\r\n", "timeout"],
            ["EHLO us.example", "STARTTLS", "handshake", "tlsMissing(\"TLS handshake failed: timeout\")"]
        ),
        // Offered once more behind TLS: not a second time.
        (
            .required, [offer, "220 go\r\n", "tls", offer],
            ["EHLO us.example", "STARTTLS", "handshake", "EHLO us.example", "ready with TLS"]
        ),
        // Somebody between us and the server adds replies in the clear.
        (
            .ifOffered, [offer, "220 go\r\n250 evil.example\r\n"],
            ["EHLO us.example", "STARTTLS", "handshake", "malformed(\"data behind STARTTLS\")"]
        ),
    ])
    func dialogue(_ use: ClientSession.TLSUse, _ lines: [String], _ expected: [String]) {
        #expect(run(use, lines) == expected)
    }

    /// What was learnt in the clear is forgotten.
    @Test func extensionsAreThoseBehindTLS() {
        var session = ClientSession(ClientSession.Options(hostName: "us.example", tls: .ifOffered))
        session.receive("220 x\r\n250-far.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n220 go\r\n".utf8)
        session.tlsEstablished()
        session.receive("250-far.example\r\n250 SIZE 10\r\n".utf8)
        #expect(!session.extensions.pipelining)
        #expect(session.acceptsTransaction)
    }
}
