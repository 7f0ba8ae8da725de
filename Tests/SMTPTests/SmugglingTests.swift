import Testing

@testable import SMTP

/// Forms of an end of data that other servers took for one, each followed by a second message in the same packet (smtp
/// specification, 7.2; worked example S-30).
@Suite struct SmugglingTests {
    static let forms = [
        "\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r\n.\r\r\n", "\r\r\n.\r\n\n",
        "\r\n\0.\r\n", "\r\n.\0\r\n", "\n\n.\r\n",
    ]

    private static let second = "MAIL FROM:<evil@x>\r\nRCPT TO:<victim@y>\r\nDATA\r\nforged\r\n.\r\n"

    @Test(arguments: forms)
    func dataIsRefusedAndNothingIsSmuggled(form: String) {
        let isRealEnd = form.contains("\r\n.\r\n")
        let packet = Array("first\(form)\(Self.second)".utf8)
        for pieces in SplitInput.singleCuts(packet) {
            var driver = ServerDriver()
            driver.start()
            driver.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
            driver.replies = []
            driver.send(pieces)
            #expect(driver.messages.isEmpty)
            #expect(driver.replies.first == "550 5.6.0 bare CR or LF encountered; message rejected")
            guard !isRealEnd else { continue }
            #expect(driver.replies.count == 1)
            driver.send("NOOP\r\n")
            #expect(driver.replies.last == "250 2.5.0 Ok.")
        }
    }

    /// A terminator cut into packets anywhere is still one.
    @Test func twoRealMessages() {
        let packet = Array("first\r\n.\r\n\(Self.second)".utf8)
        for pieces in SplitInput.singleCuts(packet) {
            for answering in [ServerDriver.Answering.atOnce, .late] {
                var driver = ServerDriver(answering: answering)
                driver.start()
                driver.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
                driver.send(pieces)
                #expect(driver.messages == ["first\r\n", "forged\r\n"])
            }
        }
    }

    /// Commands pipelined behind a line that is not ended by CRLF are never read.
    @Test(arguments: ["\n", "\r", "\n\r\n", "\r\r\n"])
    func commandLines(end: String) {
        let packet = Array("NOOP\(end)\(Self.second)".utf8)
        for pieces in SplitInput.singleCuts(packet) {
            var driver = ServerDriver()
            driver.start()
            driver.replies = []
            driver.send(pieces)
            #expect(driver.replies == ["500 5.5.2 Command lines must end in CRLF"])
            #expect(driver.isClosed)
            #expect(driver.messages.isEmpty)
        }
    }
}
