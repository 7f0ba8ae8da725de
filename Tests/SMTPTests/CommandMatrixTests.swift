import SystemCalls
import Testing

@testable import SMTP

/// Every command in every state. Where commands are read, Tests/Dialogues has a section for each pair; where a line is
/// something else (content, octets of BDAT, a response of AUTH), and where a session is as it was before, the dialogues
/// are made here.
@Suite struct CommandMatrixTests {
    /// A line of each verb that is right, apart from its state.
    private static let lines: [String: String] = [
        "HELO": "HELO client.example", "EHLO": "EHLO client.example", "LHLO": "LHLO client.example",
        "MAIL": "MAIL FROM:<x@example.org>", "RCPT": "RCPT TO:<y@example.com>", "BDAT": "BDAT 0 LAST",
        "VRFY": "VRFY bob", "EXPN": "EXPN list", "AUTH": "AUTH PLAIN good", "ETRN": "ETRN example.org",
        "XADR": "XADR a@b", "SEND": "SEND FROM:<x@y>", "SAML": "SAML FROM:<x@y>", "SOML": "SOML FROM:<x@y>",
        "XCLIENT": "XCLIENT ADDR=192.0.2.9", "XFORWARD": "XFORWARD ADDR=192.0.2.9",
    ]

    private static let verbs = SMTPCommand.Verb.allCases.map(\.rawValue)

    private static func line(_ verb: String) -> String { lines[verb] ?? verb }

    private func differences(_ script: [String]) -> [String] {
        let dialogue = Dialogue("generated", script.joined(separator: "\n"), DialogueState.prepare)
        return dialogue.differences(pieces: { [$0] }, answering: .atOnce)
            + dialogue.differences(pieces: { $0.map { [$0] } }, answering: .late)
    }

    /// Each verb that the server knows has a file with a section for each state; SAML and SOML are in that of SEND.
    @Test func eachVerbHasItsDialogues() throws {
        let covered = DialogueFileTests.commands.filter { $0 != "unknown" } + ["SAML", "SOML"]
        #expect(covered.sorted() == Self.verbs.sorted())
        let files = try Files.list(DialogueFileTests.directory).sorted()
        #expect(files == DialogueFileTests.commands.map { "\($0).txt" }.sorted())
    }

    @Test(arguments: verbs)
    func insideData(_ verb: String) {
        let line = Self.line(verb)
        let script =
            DialogueState.recipient.script + [
                "C DATA", #"S 354 Enter mail, end with a single "."."#, "C Subject: x", "C", "C \(line)", "C .",
                "S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example", "M Subject: x||\(line)|",
            ]
        #expect(differences(script) == [])
    }

    @Test(arguments: verbs)
    func insideTheOctetsOfBDAT(_ verb: String) {
        let line = Self.line(verb)
        let script =
            DialogueState.recipient.script + [
                "C BDAT \(line.utf8.count + 2) LAST", "C \(line)",
                "S 250 2.5.0 Ok, envelope id 0RZ100D2FDBMHZ20@mx.example", "M \(line)|",
            ]
        #expect(differences(script) == [])
    }

    /// What was announced for a BDAT that is refused is thrown away, and never read as a command.
    @Test(arguments: verbs)
    func insideTheOctetsOfARefusedBDAT(_ verb: String) {
        let line = Self.line(verb)
        let script =
            DialogueState.greeted.script + [
                "C BDAT \(line.utf8.count + 2)", "C \(line)", "S 503 5.5.0 No MAIL FROM command has been given.",
                "C NOOP", "S 250 2.5.0 Ok.",
            ]
        #expect(differences(script) == [])
    }

    /// A response is one, whatever it looks like; it is wrong, and the session goes on.
    @Test(arguments: verbs)
    func insideAUTH(_ verb: String) {
        var driver = ServerDriver(ServerDriver.options(DialogueState.prepare), answering: .atOnce)
        driver.start()
        driver.replies = []
        driver.send([Array("EHLO x\r\nAUTH LOGIN\r\n".utf8)])
        #expect(driver.replies.last?.hasPrefix("334 ") == true)
        driver.replies = []
        driver.send([Array("\(Self.line(verb))\r\n".utf8)])
        #expect(driver.replies.count == 1)
        let code = driver.replies.first?.prefix(3)
        #expect(["334", "501", "535"].contains(code), "\(driver.replies)")
        #expect(!driver.isClosed && driver.messages.isEmpty)
    }

    /// Nothing is said or done after QUIT.
    @Test(arguments: verbs)
    func afterQuit(_ verb: String) {
        #expect(
            differences(["C QUIT\\r\\n\(Self.line(verb))", "S 221 2.3.0 Bye received. Goodbye.", "X"]) == [])
    }

    /// Behind a message that was taken, behind RSET and behind a transaction that EHLO ended a session is as after HELO.
    @Test(arguments: verbs)
    func whereATransactionHasEnded(_ verb: String) {
        func replies(_ before: String) -> [String] {
            var driver = ServerDriver(ServerDriver.options(DialogueState.prepare), answering: .atOnce)
            driver.start()
            driver.send([Array(before.utf8)])
            driver.replies = []
            driver.aborts = []
            driver.messages = []
            driver.send([Array("\(Self.line(verb))\r\n".utf8)])
            return driver.replies + driver.aborts + driver.messages
        }
        let envelope = "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
        let expected = replies("HELO x\r\n")
        #expect(!expected.isEmpty)
        #expect(replies(envelope + "DATA\r\nSubject: x\r\n\r\n.\r\n") == expected, "after DATA")
        #expect(replies(envelope + "BDAT 3\r\nabcBDAT 0 LAST\r\n") == expected, "after BDAT LAST")
        #expect(replies(envelope + "RSET\r\n") == expected, "after RSET")
        #expect(replies(envelope + "HELO x\r\n") == expected, "after HELO")
        #expect(replies(envelope + "BDAT 3\r\nabcRSET\r\n") == expected, "after RSET between chunks")
    }
}
