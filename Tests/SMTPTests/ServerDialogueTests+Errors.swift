@testable import SMTP

extension ServerDialogueTests {
    static let errors: [Dialogue] = [
        Dialogue(
            "S-9, S-15, verbs that are not done",
            """
            C FOO bar
            S 500 5.5.1 Unknown command "FOO" specified
            C
            S 500 5.5.1 Unknown command "" specified
            C GET / HTTP/1.1
            C Host: x
            S 500 5.5.1 Unknown command "GET" specified
            S 500 5.5.1 Unknown command "Host:" specified
            C XCIR
            S 550 5.7.0 XCIR command has been disabled.
            C xgen
            S 550 5.7.0 XGEN command has been disabled.
            C AUTH FOO
            S 504 5.5.4 Unknown authentication mechanism
            C AUTH
            S 501 5.5.4 Syntax error, expected: AUTH mechanism
            C STARTTLS
            S 502 5.5.1 STARTTLS command is not available
            C TURN
            S 502 5.5.1 TURN command is not available
            C ETRN x
            S 502 5.5.1 ETRN command is not available
            C LHLO x
            S 500 5.5.1 Unknown command "LHLO" specified
            C SEND FROM:<a@b>
            S 500 5.5.1 Unknown command "SEND" specified
            C QUIT now
            S 501 5.5.4 Syntax error, expected: QUIT
            C NOOP
            S 250 2.5.0 Ok.
            """),
        Dialogue(
            "out of sequence",
            """
            C RCPT TO:<c@d>
            S 503 5.5.0 No MAIL FROM command has been given.
            C DATA
            S 503 5.5.0 No MAIL FROM command has been given.
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            C MAIL FROM:<a@b>
            S 503 5.5.0 MAIL FROM has already been given.
            C DATA
            S 503 5.5.0 No recipients specified
            C RCPT TO:<bad@d>
            S 550 5.1.1 unknown or illegal user: bad@d
            C DATA
            C NOOP
            S 503 5.5.0 No valid recipients specified
            S 250 2.5.0 Ok.
            C RCPT TO:<c@d>
            S 250 2.1.5 c@d OK.
            C RSET
            S 250 2.5.0 Ok.
            A reset
            C DATA
            S 503 5.5.0 No MAIL FROM command has been given.
            C RSET
            S 250 2.5.0 Ok.
            """),
        Dialogue(
            "syntax of MAIL and RCPT",
            """
            C MAIL
            S 501 5.5.4 Syntax error, expected: MAIL FROM:<address>
            C MAIL FROM:<a@b> FOO=1
            S 555 5.5.4 Unsupported parameter FOO
            C MAIL FROM:<a@b> SIZE=20971521
            S 552 5.3.4 channel limit of 20480 kilobytes on message size exceeded
            C MAIL FROM:<a@b> SIZE=1 SIZE=2
            S 501 5.5.4 Parameter SIZE given more than once
            C MAIL FROM:<bad@b>
            S 550 5.7.1 not you: bad@b
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            C RCPT TO:
            S 553 5.1.3 address is empty: 
            C RCPT TO:<c@d> FOO
            S 555 5.5.4 Unsupported parameter FOO
            C RCPT <c@d>
            S 501 5.5.4 Syntax error, expected: RCPT TO:<address>
            """),
        Dialogue(
            "control characters",
            """
            C MAIL FROM:<a\\0@b>
            S 500 5.5.2 Invalid character in command
            C NOOP \u{7f}
            S 500 5.5.2 Invalid character in command
            C \u{1b}[31m
            S 500 5.5.2 Invalid character in command
            C NOOP\tx
            S 250 2.5.0 Ok.
            C F\u{e9} x
            S 500 5.5.1 Unknown command "F?" specified
            """),
        Dialogue(
            "a bare LF ends the session and nothing after it is a command",
            """
            C NOOP\\nQUIT
            C MAIL FROM:<a@b>
            S 500 5.5.2 Command lines must end in CRLF
            X
            """),
        Dialogue(
            "a bare CR ends the session",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>\\rDATA
            S 250 2.5.0 Address Ok.
            S 500 5.5.2 Command lines must end in CRLF
            A session ended
            X
            """),
        Dialogue(
            "a long line is dropped whole",
            """
            C NOOP \(String(repeating: "x", count: 4_091))
            S 250 2.5.0 Ok.
            C NOOP \(String(repeating: "x", count: 4_092))
            C NOOP
            S 500 5.5.2 Command line too long
            S 250 2.5.0 Ok.
            C NOOP \(String(repeating: "x", count: 100_000))
            C NOOP
            S 500 5.5.2 Command line too long
            S 250 2.5.0 Ok.
            """),
        Dialogue(
            "DATA refused: what follows are commands",
            """
            ! refusedata
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C NOOP
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 451 4.3.1 No room
            S 250 2.5.0 Ok.
            A data refused
            """),
        Dialogue(
            "message refused by policy, then another",
            """
            ! refusemessages
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C x
            C .
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 550 5.7.1 No thanks
            S 250 2.5.0 Address Ok.
            """),
        Dialogue(
            "bare LF, bare CR, NUL in the data",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C x\\ny
            C .
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C x\\ry
            C .
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C x\\0y
            C .
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 550 5.6.0 bare CR or LF encountered; message rejected
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 550 5.6.0 bare CR or LF encountered; message rejected
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 550 5.6.0 bare CR or LF encountered; message rejected
            A content refused
            A content refused
            A content refused
            """),
        Dialogue(
            "too large, and the session goes on",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C \(String(repeating: "x", count: 900))
            C \(String(repeating: "x", count: 200))
            C .
            C NOOP
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 552 5.3.4 channel limit of 1 kilobytes on message size exceeded
            S 250 2.5.0 Ok.
            A content refused
            """, { $0.sizeLimit = 1_024 }),
        Dialogue(
            "rejectsmtplonglines",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C \(String(repeating: "x", count: 999))
            C .
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 550 5.6.0 lines longer than SMTP allows encountered; message rejected
            A content refused
            """, { $0.longLines = .reject }),
        Dialogue(
            "S-18: a line of 1500 octets is cut",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C \(String(repeating: "x", count: 1_500))
            C .
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example
            M \(String(repeating: "x", count: 998))|
            """),
    ]
}
