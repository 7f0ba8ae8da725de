import Testing

@testable import SMTPClient

@Suite struct ClientTimeoutsTests {
    /// SMTP specification, 11.2.
    @Test func unitsAreMinutesUnlessMultiplied() {
        #expect(ClientTimeouts(options: [:]).status == 600)
        #expect(ClientTimeouts(options: ["status_receive_time": "2"]).status == 120)
        #expect(ClientTimeouts(options: ["status_receive_time": "0.5"]).status == 30)
        let seconds = ClientTimeouts(options: ["timeout_multiplier": "1", "status_receive_time": "30"])
        #expect(seconds.status == 30)
        #expect(seconds.mail == 10)
    }

    @Test(arguments: ["", "x", "-1", "0", "nan", "inf", "1e99"])
    func nonsenseLeavesTheDefault(text: String) {
        #expect(ClientTimeouts(options: ["status_mail_receive_time": text]).mail == 600)
    }

    @Test func dataReplyGrowsWithTheMessage() {
        let times = ClientTimeouts()
        #expect(times.dataReply(recipients: 10, blocks: 100) == 600 + 50 + 10 + 200)
        #expect(times.dataReply(recipients: 1_000_000, blocks: 1_000_000) == 86_400)
    }
}
