import Testing

@testable import SMTP

/// Whole conversations. Each is held with the packets whole, octet by octet, and with answers that come late.
@Suite struct ServerDialogueTests {
    @Test(arguments: basics + errors + limits + chunks + hugeChunks + ends + security)
    func dialogue(dialogue: Dialogue) {
        #expect(dialogue.differences(pieces: { [$0] }, answering: .atOnce) == [], "whole packets")
        #expect(dialogue.differences(pieces: { $0.map { [$0] } }, answering: .atOnce) == [], "octet by octet")
        #expect(dialogue.differences(pieces: { $0.map { [$0] } }, answering: .late) == [], "late answers")
    }

    static let basics: [Dialogue] = [
        Dialogue(
            "S-4 to S-7: a message",
            """
            C EHLO client.example
            S 250-mx.example
            S 250-8BITMIME
            S 250-PIPELINING
            S 250-CHUNKING
            S 250-DSN
            S 250-ENHANCEDSTATUSCODES
            S 250-HELP
            S 250-XLOOP BB350E50FA14E756DE6BD3D78A032E20
            S 250-NO-SOLICITING
            S 250 SIZE 20971520
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            C RCPT TO:<joe@example.com>
            S 250 2.1.5 joe@example.com OK.
            C DATA
            S 354 Enter mail, end with a single ".".
            C Subject: x
            C
            C ..a
            C .
            S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example
            M Subject: x||.a|
            C QUIT
            S 221 2.3.0 Bye received. Goodbye.
            X
            """),
        Dialogue(
            "HELO, lenient syntax, parameters",
            """
            C helo client
            S 250 mx.example OK, [192.0.2.7].
            C mail from: a@b
            S 250 2.5.0 Address Ok.
            C rcpt to: c@d
            S 250 2.1.5 c@d OK.
            C Rcpt To:<e@f> NOTIFY=NEVER
            S 250 2.1.5 e@f and options OK.
            C RSET
            S 250 2.5.0 Ok.
            A reset
            C MAIL FROM:<a@b> SIZE=100 BODY=8BITMIME
            S 250 2.5.0 Address and options OK.
            C EHLO again
            S 250-mx.example
            S 250-8BITMIME
            S 250-PIPELINING
            S 250-CHUNKING
            S 250-DSN
            S 250-ENHANCEDSTATUSCODES
            S 250-HELP
            S 250-XLOOP BB350E50FA14E756DE6BD3D78A032E20
            S 250-NO-SOLICITING
            S 250 SIZE 20971520
            A greeting
            C RCPT TO:<c@d>
            S 503 5.5.0 No MAIL FROM command has been given.
            """),
        Dialogue(
            "pipelining, two messages, one recipient refused",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<bad@d>
            C RCPT TO:<c@d>
            C DATA
            C one
            C .
            C MAIL FROM:<>
            C RCPT TO:<e@f>
            C DATA
            C two
            C .
            C NOOP
            C HELP
            C QUIT
            C NOOP
            S 250 2.5.0 Address Ok.
            S 550 5.1.1 unknown or illegal user: bad@d
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 e@f OK.
            S 354 Enter mail, end with a single ".".
            S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example
            S 250 2.5.0 Ok.
            S 214-2.0.0 Commands:
            S 214-2.0.0 HELO EHLO MAIL RCPT DATA BDAT RSET
            S 214-2.0.0 VRFY EXPN
            S 214 2.0.0 NOOP HELP QUIT
            S 221 2.3.0 Bye received. Goodbye.
            M one|
            M two|
            X
            """),
        Dialogue(
            "LMTP: one reply per accepted recipient",
            """
            C EHLO x
            S 500 5.5.1 Unknown command "EHLO" specified
            C LHLO x
            S 250-mx.example
            S 250-8BITMIME
            S 250-PIPELINING
            S 250-CHUNKING
            S 250-ENHANCEDSTATUSCODES
            S 250-HELP
            S 250-XLOOP BB350E50FA14E756DE6BD3D78A032E20
            S 250-NO-SOLICITING
            S 250 SIZE 20971520
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C RCPT TO:<bad@d>
            C RCPT TO:<e@f>
            C DATA
            C x
            C .
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 550 5.1.1 unknown or illegal user: bad@d
            S 250 2.1.5 e@f OK.
            S 354 Enter mail, end with a single ".".
            S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example
            S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example
            M x|
            C EXPN list
            S 500 5.5.1 Unknown command "EXPN" specified
            """, { $0.service = .lmtp }),
        Dialogue(
            "VRFY and EXPN",
            """
            C VRFY fred@far.example
            S 252 2.5.0 Possible remote address not checked
            C VRFY
            S 501 5.5.4 Syntax error, expected: VRFY address
            C EXPN list
            S 550 5.7.2 EXPN command has been disabled
            """),
        Dialogue("EXPN allowed", "C EXPN list\nS 250 2.1.5 a@b", { $0.allowsExpand = true }),
        Dialogue(
            "a name is wanted, but not from submitters", "C EHLO\nS 501 5.5.4 Domain name required"),
        Dialogue("submission", "C HELO\nS 250 mx.example OK, [192.0.2.7].", { $0.service = .submission }),
        Dialogue(
            "MAX_HELO_DOMAIN_LENGTH",
            "C HELO 12345\nS 250 mx.example OK, [192.0.2.7].\nC HELO 123456\nS 501 5.5.4 Domain name too long",
            { $0.longestGreetingName = 5 }),
    ]
}
