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

    /// A client that goes on with name and password (`QWxpY2U=`, `c2VjcmV0`) after its AUTH was refused, or cannot be
    /// continued: they are not logged, neither as the verb nor in the reply.
    @Test(arguments: [
        ("AUTH LOGIN", ["***", "***"]), ("AUTH", ["AUTH", "***", "***"]), ("AUTH PLAIN wrong", ["***", "***"]),
        ("AUTH LOGIN\r\n\u{1}", ["***", "***", "***"]), ("AUTH PLAIN\r\n*", ["***", "***"]),
        ("AUTH PLAIN good", ["QWxpY2U=", "c2VjcmV0"]), ("AUTH LOGIN\r\nRSET", ["QWxpY2U=", "c2VjcmV0"]),
    ])
    func secrets(_ lines: String, _ verbs: [String]) {
        var driver = ServerDriver(ServerDriver.options { $0.authenticationMechanisms = ["PLAIN"] })
        driver.start()
        driver.send("EHLO client.example\r\n\(lines)\r\nQWxpY2U=\r\nc2VjcmV0 x\r\n")
        #expect(driver.badCommands == verbs)
        let logged = driver.badCommandReplies.map(\.text).joined()
        #expect(logged.contains("c2VjcmV0") == verbs.contains("c2VjcmV0"))
        // The client may know what it said.
        #expect(driver.replies.contains("500 5.5.1 Unknown command \"c2VjcmV0\" specified"))
    }
}
