@testable import SMTP

extension ServerDialogueTests {
    private static let envelope = """
        C MAIL FROM:<a@b>
        C RCPT TO:<c@d>
        S 250 2.5.0 Address Ok.
        S 250 2.1.5 c@d OK.

        """

    private static let taken = "S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example"

    private static func chunk(
        _ name: String, _ script: String, _ change: (inout ServerOptions) -> Void = { _ in }
    ) -> Dialogue {
        Dialogue(name, envelope + script, change)
    }

    static let chunks: [Dialogue] = [
        chunk("BDAT LAST", "c BDAT 11 LAST|a: b||x|\n\(taken)\nM a: b||x|"),
        chunk(
            "three chunks, the last one empty; dots stay",
            "c BDAT 4|.a|BDAT 7|.|..|BDAT 0 LAST|\nS 250 2.5.0 Ok.\nS 250 2.5.0 Ok.\n\(taken)\nM .a|.|..|"),
        chunk("empty message", "c BDAT 0 LAST|\n\(taken)\nM "),
        chunk("empty chunk that is not the last", "c BDAT 0|BDAT 1 LAST|x\nS 250 2.5.0 Ok.\n\(taken)\nM x"),
        chunk("end without CRLF", "c BDAT 4 LAST|x|y\n\(taken)\nM x|y"),
        chunk(
            "bare LF across chunks",
            """
            c BDAT 3|x|BDAT 4 LAST|\\ny|NOOP|
            S 250 2.5.0 Ok.
            S 550 5.6.0 bare CR or LF encountered; message rejected
            S 250 2.5.0 Ok.
            A content refused
            """),
        Dialogue(
            "octets of a chunk that is not wanted are no commands",
            """
            c BDAT 23|MAIL FROM:<a@b>|NOOP|NOOP|
            S 503 5.5.0 No MAIL FROM command has been given.
            S 250 2.5.0 Ok.
            """),
        Dialogue(
            "all recipients refused",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<bad@d>
            c BDAT 6 LAST|NOOP|NOOP|
            S 250 2.5.0 Address Ok.
            S 550 5.1.1 unknown or illegal user: bad@d
            S 503 5.5.0 No valid recipients specified
            S 250 2.5.0 Ok.
            """),
        chunk(
            "DATA, MAIL and RCPT after BDAT",
            """
            c BDAT 3|x|
            C DATA
            C RCPT TO:<e@f>
            C MAIL FROM:<a@b>
            C NOOP
            c BDAT 3 LAST|y|
            S 250 2.5.0 Ok.
            S 503 5.5.0 No BDAT LAST command has been given.
            S 503 5.5.0 No BDAT LAST command has been given.
            S 503 5.5.0 MAIL FROM has already been given.
            S 250 2.5.0 Ok.
            \(taken)
            M x|y|
            """),
        chunk(
            "BDAT after LAST",
            """
            c BDAT 3 LAST|x|BDAT 3 LAST|y|
            \(taken)
            S 503 5.5.0 No MAIL FROM command has been given.
            M x|
            """),
        chunk(
            "RSET between chunks",
            """
            c BDAT 3|x|RSET|BDAT 3 LAST|y|
            S 250 2.5.0 Ok.
            S 250 2.5.0 Ok.
            S 503 5.5.0 No MAIL FROM command has been given.
            A reset
            """),
        chunk(
            "too large at the second chunk",
            """
            c BDAT 6|1234|BDAT 6|1234|BDAT 3 LAST|x|
            S 250 2.5.0 Ok.
            S 552 5.3.4 channel limit of 0 kilobytes on message size exceeded
            S 503 5.5.0 No MAIL FROM command has been given.
            A content refused
            """, { $0.sizeLimit = 10 }),
        chunk(
            "too large at the last chunk, LMTP",
            """
            c BDAT 6 LAST|1234|
            S 552 5.3.4 channel limit of 0 kilobytes on message size exceeded
            A content refused
            """,
            {
                $0.sizeLimit = 5
                $0.service = .lmtp
            }),
        chunk(
            "refused by policy: the octets are passed over",
            """
            ! refusedata
            c BDAT 6|NOOP|RSET|
            S 451 4.3.1 No room
            S 250 2.5.0 Ok.
            A data refused
            """),
        chunk(
            "recipientcutoff",
            """
            c BDAT 6|NOOP|NOOP|
            S 451 4.4.5 Error ending envelope - Too many recipients specified
            S 250 2.5.0 Ok.
            A data refused
            """, { $0.limits.recipientCutoff = 0 }),
        chunk(
            "truncated",
            """
            c BDAT 1002 LAST|\(String(repeating: "x", count: 1_000))|
            \(taken)
            M \(String(repeating: "x", count: 998))|
            """),
        Dialogue(
            "nochunkingserver: still no commands",
            "c BDAT 6|NOOP|NOOP|\nS 500 5.5.1 Unknown command \"BDAT\" specified\nS 250 2.5.0 Ok.",
            { $0.offersChunking = false }),
    ]

    private static let sizes = ["2147483648", "9223372036854775807", "9223372036854775808", "18446744073709551616"]
    private static let badArguments = ["", " -1", " x", " 1 FIRST", " 0x10"]

    /// Nobody would read so much only to throw it away, and where the size is unclear nothing later is a command.
    static let hugeChunks: [Dialogue] =
        [
            Dialogue(
                "huge chunk without a size limit",
                "C BDAT 1099511627777\nS 552 5.3.4 Chunk is larger than this server takes\nX",
                { $0.sizeLimit = nil })
        ]
        + sizes.map { size in
            chunk(
                "BDAT \(size)",
                """
                C BDAT \(size)
                C NOOP
                S 552 5.3.4 channel limit of 20480 kilobytes on message size exceeded
                A session ended
                X
                """)
        }
        + badArguments.map { argument in
            chunk(
                "BDAT\(argument)",
                """
                C BDAT\(argument)
                C NOOP
                S 501 5.5.4 Syntax error, expected: BDAT size [LAST]
                A session ended
                X
                """)
        }
}
