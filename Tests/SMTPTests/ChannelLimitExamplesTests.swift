import Testing

@testable import SMTP

/// Worked examples 19 to 21 of the channels specification: what the limits of a channel answer.
@Suite struct ChannelLimitExamplesTests {
    private func replies(_ lines: [String], _ change: (inout ServerOptions) -> Void) -> [String] {
        var driver = ServerDriver(ServerDriver.options(change))
        driver.start()
        driver.send("HELO client.example\r\n")
        driver.replies = []
        for line in lines { driver.send(line + "\r\n") }
        return driver.replies
    }

    /// `recipientlimit 2`, three good RCPT TO.
    @Test func example19RecipientLimit() {
        let lines = ["MAIL FROM:<a@b>"] + (1...3).map { "RCPT TO:<\($0)@d>" }
        #expect(
            replies(lines) { $0.limits.channelRecipients = 2 }.dropFirst() == [
                "250 2.1.5 1@d OK.", "250 2.1.5 2@d OK.", "452 4.2.3 too many recipients specified",
            ])
    }

    /// `transactionlimit 2`, the third MAIL FROM.
    @Test func example20TransactionLimit() {
        let lines = ["MAIL FROM:<a@b>", "RSET", "MAIL FROM:<a@b>", "RSET", "MAIL FROM:<a@b>"]
        #expect(
            replies(lines) { $0.limits.channelTransactions = 2 }.last
                == "450 4.5.3 number of transactions exceeds allowed maximum")
    }

    /// `mustsaslserver`, MAIL FROM without AUTH.
    @Test func example21AuthenticationRequired() {
        #expect(
            replies(["MAIL FROM:<a@b>"]) { $0.requiresAuthentication = true }
                == ["530 5.7.0 No AUTH command has been given."])
    }
}
