import Testing

@testable import SMTP

extension ServerDialogueTests {
    private static func offersTLS(_ options: inout ServerOptions) { options.offersTLS = true }

    private static func offersAUTH(_ options: inout ServerOptions) {
        options.usesTLS = true
        options.authenticationMechanisms = ["PLAIN", "LOGIN"]
    }

    private static let ehlo = [
        "mx.example", "8BITMIME", "PIPELINING", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "HELP",
        "XLOOP BB350E50FA14E756DE6BD3D78A032E20",
    ]

    private static func ehloLines(_ more: String...) -> String {
        (ehlo + more + ["NO-SOLICITING"]).map { "S 250-\($0)\n" }.joined() + "S 250 SIZE 20971520"
    }

    static let security: [Dialogue] = [
        Dialogue(
            "STARTTLS forgets what was said and is not offered again",
            """
            C EHLO client.example
            \(ehloLines("STARTTLS"))
            C STARTTLS
            S 220 2.5.0 Go ahead with TLS negotiation.
            ! tls
            C EHLO client.example
            \(ehloLines())
            C STARTTLS
            S 503 5.5.0 TLS is in use already.
            """
        ) { offersTLS(&$0) },
        Dialogue(
            "STARTTLS in a transaction, with an argument",
            """
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            C STARTTLS
            S 503 5.5.0 STARTTLS is not allowed in a mail transaction.
            C RSET
            A reset
            S 250 2.5.0 Ok.
            C STARTTLS now
            S 501 5.5.4 Syntax error, expected: STARTTLS
            """, offersTLS),
        Dialogue(
            "nothing is said in the middle of a handshake",
            """
            C STARTTLS
            S 220 2.5.0 Go ahead with TLS negotiation.
            ! timeout
            X
            """, offersTLS),
        Dialogue(
            "F7: MAIL before STARTTLS, then before AUTH",
            """
            C MAIL FROM:<a@b>
            S 530 5.7.0 No STARTTLS command has been given.
            C STARTTLS
            S 220 2.5.0 Go ahead with TLS negotiation.
            ! tls
            C MAIL FROM:<a@b>
            S 530 5.7.0 No AUTH command has been given.
            C AUTH PLAIN good
            S 235 2.7.0 PLAIN authentication successful.
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            """
        ) {
            offersTLS(&$0)
            $0.requiresTLS = true
            $0.requiresAuthentication = true
            $0.authenticationMechanisms = ["PLAIN"]
        },
        Dialogue(
            "AUTH waits for TLS",
            """
            C AUTH PLAIN good
            S 530 5.7.0 No STARTTLS command has been given.
            """
        ) {
            offersTLS(&$0)
            $0.authenticationNeedsTLS = true
        },
        Dialogue(
            "AUTH with challenges, then no more AUTH",
            """
            C EHLO client.example
            \(ehloLines("AUTH PLAIN LOGIN", "AUTH=LOGIN PLAIN"))
            C auth login
            S 334 \("")
            C more
            S 334 d29ybGQ=
            C more
            S 334 d29ybGQ=
            C good
            S 235 2.7.0  authentication successful.
            C AUTH PLAIN good
            S 503 5.5.0 AUTH has already been done.
            C EHLO client.example
            \(ehloLines())
            """, offersAUTH),
        Dialogue(
            "AUTH given up, malformed, unknown, in a transaction",
            """
            C AUTH LOGIN
            C *
            S 334 \("")
            S 501 5.7.0 Authentication cancelled.
            C AUTH CRAM-MD5
            S 504 5.5.4 Unknown authentication mechanism
            C AUTH PLAIN a b
            S 501 5.5.4 Syntax error in parameters
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            C AUTH PLAIN good
            S 503 5.5.0 AUTH is not allowed in a mail transaction.
            C RSET
            A reset
            S 250 2.5.0 Ok.
            """, offersAUTH),
        Dialogue(
            "a response of any length up to 12 288 octets is no command",
            """
            C AUTH LOGIN
            S 334 \("")
            C \(String(repeating: "x", count: 12_288))
            S 535 5.7.8 Bad username or password (Authentication failed).
            C AUTH LOGIN
            S 334 \("")
            C \(String(repeating: "x", count: 12_289))
            S 500 5.5.6 Authentication exchange line is too long
            C AUTH LOGIN
            S 334 \("")
            C RSET
            S 535 5.7.8 Bad username or password (Authentication failed).
            C NOOP
            S 250 2.5.0 Ok.
            """, offersAUTH),
        Dialogue(
            "disconnectbadauthlimit",
            """
            C AUTH PLAIN bad
            C AUTH PLAIN bad
            C AUTH PLAIN bad
            S 535 5.7.8 Bad username or password (Authentication failed).
            S 535 5.7.8 Bad username or password (Authentication failed).
            S 535 5.7.8 Bad username or password (Authentication failed).
            C AUTH PLAIN good
            S 450 4.7.0 Session authentication failure limit reached; disconnecting
            X
            """, offersAUTH),
    ]
}

/// Commands that come in one packet with STARTTLS; later ones meet the handshake.
@Suite struct StartTLSInjectionTests {
    @Test(arguments: ["STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n", "NOOP\r\nSTARTTLS\r\nRS"])
    func commandsBehindStartTLSAreNotDone(_ packet: String) {
        var driver = ServerDriver(ServerDriver.options { $0.offersTLS = true })
        driver.start()
        driver.send(packet)
        #expect(driver.replies.last == "554 5.7.0 Nothing may follow STARTTLS before the TLS negotiation")
        #expect(driver.isClosed)
        #expect(driver.tlsStarts == 0)
    }
}
