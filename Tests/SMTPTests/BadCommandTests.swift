import Testing

@testable import SMTP

/// What the log is told of bad commands (notifications-logging specification, 2.3, code B).
@Suite struct BadCommandTests {
    @Test(arguments: [
        ("NONSENSE of somebody", ["NONSENSE"]), ("AUTH PLAIN AGFubmEAc2VjcmV0 x y", ["AUTH"]),
        (String(repeating: "c2VjcmV0", count: 10), [String(String(repeating: "c2VjcmV0", count: 10).prefix(40))]),
        ("NOOP", []), ("RCPT TO:<a@b>", []),
    ])
    func verbs(_ line: String, _ verbs: [String]) {
        var driver = ServerDriver(ServerDriver.options { $0.authenticationMechanisms = ["PLAIN"] })
        driver.start()
        driver.send("EHLO client.example\r\n\(line)\r\n")
        #expect(driver.badCommands == verbs)
    }
}
