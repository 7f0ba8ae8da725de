@testable import SMTP

extension ServerDialogueTests {
    static let limits: [Dialogue] = [
        Dialogue(
            "S-10: ALLOW_TRANSACTIONS_PER_SESSION",
            """
            C MAIL FROM:<a@b>
            C RSET
            C MAIL FROM:<a@b>
            C RSET
            C MAIL FROM:<a@b>
            C NOOP
            S 250 2.5.0 Address Ok.
            S 250 2.5.0 Ok.
            S 250 2.5.0 Address Ok.
            S 250 2.5.0 Ok.
            S 451 4.5.3 No more transactions allowed
            S 250 2.5.0 Ok.
            A reset
            A reset
            """, { $0.limits.transactions = 2 }),
        Dialogue(
            "TRANSACTION_LIMIT_RCPT_TO",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C RSET
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 250 2.5.0 Ok.
            S 250 2.5.0 Address Ok.
            S 451 4.5.3 No more transactions allowed
            A reset
            """,
            {
                $0.limits.transactions = 1
                $0.limits.refusesTransactionAtRecipient = true
            }),
        Dialogue(
            "S-11: transactionlimit",
            """
            C MAIL FROM:<a@b>
            C RSET
            C MAIL FROM:<a@b>
            C RSET
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            S 250 2.5.0 Ok.
            S 250 2.5.0 Address Ok.
            S 250 2.5.0 Ok.
            S 450 4.5.3 number of transactions exceeds allowed maximum
            A reset
            A reset
            """, { $0.limits.channelTransactions = 2 }),
        Dialogue(
            "S-12: disconnecttransactionlimit",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C x
            C .
            C RSET
            C NOOP
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example
            M x|
            S 450 4.7.0 Session transaction limit reached; disconnecting
            X
            """, { $0.limits.disconnectTransactions = 1 }),
        Dialogue(
            "S-13: recipientlimit",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<1@d>
            C RCPT TO:<2@d>
            C RCPT TO:<3@d>
            C DATA
            C x
            C .
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 1@d OK.
            S 250 2.1.5 2@d OK.
            S 452 4.2.3 too many recipients specified
            S 354 Enter mail, end with a single ".".
            S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example
            M x|
            """, { $0.limits.channelRecipients = 2 }),
        Dialogue(
            "recipientlimit made permanent; refused recipients do not count",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<bad@d>
            C RCPT TO:<1@d>
            C RCPT TO:<2@d>
            S 250 2.5.0 Address Ok.
            S 550 5.1.1 unknown or illegal user: bad@d
            S 250 2.1.5 1@d OK.
            S 550 4.2.3 too many recipients specified
            """,
            {
                $0.limits.channelRecipients = 1
                $0.limits.recipientOverflowIsPermanent = true
            }),
        Dialogue(
            "ALLOW_RECIPIENTS_PER_TRANSACTION counts VRFY",
            """
            C MAIL FROM:<a@b>
            C VRFY x
            C RCPT TO:<1@d>
            C RCPT TO:<2@d>
            C VRFY x
            S 250 2.5.0 Address Ok.
            S 252 2.5.0 Possible remote address not checked
            S 250 2.1.5 1@d OK.
            S 452 4.2.3 too many recipients specified
            S 452 4.2.3 too many recipients specified
            """, { $0.limits.recipients = 2 }),
        Dialogue(
            "recipientcutoff",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<1@d>
            C RCPT TO:<bad@d>
            C DATA
            C NOOP
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 1@d OK.
            S 550 5.1.1 unknown or illegal user: bad@d
            S 451 4.4.5 Error ending envelope - Too many recipients specified
            S 250 2.5.0 Ok.
            A data refused
            """, { $0.limits.recipientCutoff = 1 }),
        Dialogue(
            "deferralrejectlimit",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<bad1@d>
            C RCPT TO:<bad2@d>
            C RCPT TO:<good@d>
            S 250 2.5.0 Address Ok.
            S 550 5.1.1 unknown or illegal user: bad1@d
            S 550 5.1.1 unknown or illegal user: bad2@d
            S 452 4.5.3 Too many rejections; try again later
            """, { $0.limits.rejectionsBeforeDeferral = 2 }),
        Dialogue(
            "disconnectrecipientlimit",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<1@d>
            C RCPT TO:<2@d>
            C RSET
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 1@d OK.
            S 250 2.1.5 2@d OK.
            S 450 4.7.0 Session recipient limit reached; disconnecting
            A session ended
            X
            """, { $0.limits.disconnectRecipients = 2 }),
        Dialogue(
            "disconnectrejectlimit",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<bad@d>
            C RSET
            S 250 2.5.0 Address Ok.
            S 550 5.1.1 unknown or illegal user: bad@d
            S 450 4.7.0 Session reject limit reached; disconnecting
            A session ended
            X
            """, { $0.limits.disconnectRejections = 1 }),
        Dialogue(
            "disconnectbadcommandlimit; out of sequence is not bad",
            """
            C FOO
            C DATA
            C MAIL
            C FOO
            C NOOP
            S 500 5.5.1 Unknown command "FOO" specified
            S 503 5.5.0 No MAIL FROM command has been given.
            S 501 5.5.4 Syntax error, expected: MAIL FROM:<address>
            S 450 4.7.0 Session bad command limit reached; disconnecting
            X
            """, { $0.limits.disconnectBadCommands = 2 }),
        Dialogue(
            "S-17: mustsaslserver",
            "C MAIL FROM:<a@b>\nS 530 5.7.0 No AUTH command has been given.",
            { $0.requiresAuthentication = true }),
        Dialogue(
            "musttlsserver",
            "C MAIL FROM:<a@b>\nS 530 5.7.0 No STARTTLS command has been given.",
            {
                $0.requiresTLS = true
                $0.requiresAuthentication = true
            }),
        Dialogue(
            "required and given",
            "C MAIL FROM:<a@b>\nS 250 2.5.0 Address Ok.",
            {
                $0.requiresTLS = true
                $0.requiresAuthentication = true
                $0.usesTLS = true
                $0.isAuthenticated = true
            }),
        Dialogue(
            "refuseehlo: HELO only",
            """
            C EHLO client.example
            S 500 5.5.1 Unknown command "EHLO" specified
            C HELO x
            S 250 mx.example OK, [192.0.2.7].
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            """, { $0.refusesEHLO = true }),
    ]

    static let ends: [Dialogue] = [
        Dialogue("S-8: timeout", "! timeout\nS 421 4.4.2 Timeout while waiting for command.\nX"),
        Dialogue(
            "timeout in the data",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C x
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            ! timeout
            S 421 4.4.2 Timeout while receiving message data.
            A timed out
            X
            """),
        Dialogue(
            "shutdown waits for the end of the transaction",
            """
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            ! shutdown
            C RCPT TO:<c@d>
            C DATA
            C x
            C .
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example
            M x|
            S 421 4.3.2 Service shutting down, closing connection
            X
            """),
        Dialogue("shutdown and QUIT", "! shutdown\nC QUIT\nS 221 2.3.0 Bye received. Goodbye.\nX"),
        Dialogue(
            "shutdown at once",
            """
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            ! stop
            S 421 4.3.2 Service shutting down, closing connection
            A session ended
            X
            """),
        Dialogue(
            "half-closed: what was sent is answered",
            "C NOOP\n! eof\nS 250 2.5.0 Ok.\nX"),
        Dialogue(
            "half-closed in the data: no message",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            C DATA
            C x
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 354 Enter mail, end with a single ".".
            ! eof
            A session ended
            X
            """),
        Dialogue(
            "connection lost between chunks: no message",
            """
            C MAIL FROM:<a@b>
            C RCPT TO:<c@d>
            c BDAT 3|abc
            S 250 2.5.0 Address Ok.
            S 250 2.1.5 c@d OK.
            S 250 2.5.0 Ok.
            ! lost
            A session ended
            X
            """),
        Dialogue(
            "QUIT in a transaction",
            """
            C MAIL FROM:<a@b>
            S 250 2.5.0 Address Ok.
            C QUIT
            S 221 2.3.0 Bye received. Goodbye.
            A session ended
            X
            """),
    ]
}
