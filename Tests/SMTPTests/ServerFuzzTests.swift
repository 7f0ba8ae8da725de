import Testing

@testable import SMTP

/// Random conversations from a seed. Whatever comes in: no trap, well-formed replies, the same result however the input
/// is cut, one reply for each command, and a session that works on or is closed.
@Suite struct ServerFuzzTests {
    private static let fragments: [String] = [
        "EHLO a\r\n", "HELO a\r\n", "MAIL FROM:<a@b>\r\n", "MAIL FROM:<a@b> SIZE=5\r\n", "RCPT TO:<c@d>\r\n",
        "RCPT TO:<bad@d>\r\n", "DATA\r\n", "BDAT 5\r\n", "BDAT 3 LAST\r\n", "BDAT 0\r\n", "RSET\r\n", "NOOP\r\n",
        "QUIT\r\n", "VRFY x\r\n", "\r\n", ".\r\n", "\r\n.\r\n", "..\r\n", "text\r\n", "\r", "\n", ".", "\0", "\u{e9}",
        "BDAT 99999999999999999999\r\n", "BDAT -1\r\n", "AUTH PLAIN\r\n", "STARTTLS\r\n", "X", " ", "<", ">",
        String(repeating: "y", count: 1_200), String(repeating: "z", count: 5_000),
    ]

    private func options(_ generator: inout SeededGenerator) -> ServerOptions {
        ServerDriver.options {
            $0.longLines = [.truncate, .wrap, .reject].randomElement(using: &generator) ?? .truncate
            $0.sizeLimit = Bool.random(using: &generator) ? 2_000 : nil
            $0.service = Int.random(in: 0..<8, using: &generator) == 0 ? .lmtp : .smtp
            $0.limits.channelRecipients = Bool.random(using: &generator) ? 3 : nil
            $0.limits.recipientCutoff = Bool.random(using: &generator) ? 5 : nil
            $0.limits.disconnectBadCommands = Bool.random(using: &generator) ? 4 : nil
        }
    }

    private func cut(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...max(1, min(rest.count, 400)), using: &generator)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    private func run(
        _ options: ServerOptions, _ pieces: [[UInt8]], _ answering: ServerDriver.Answering
    ) -> ServerDriver {
        var driver = ServerDriver(options, answering: answering)
        driver.start()
        driver.send(pieces)
        return driver
    }

    private func isWellFormed(_ line: String) -> Bool {
        let octets = Array(line.utf8)
        return octets.count >= 4 && octets.count <= 510 && octets.allSatisfy { (32..<127).contains($0) }
            && (50...53).contains(octets[0]) && (octets[3] == 32 || octets[3] == 45)
    }

    @Test(arguments: 0..<8)
    func anythingGoes(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<1_000 {
            let options = options(&generator)
            var input = ""
            for _ in 0..<Int.random(in: 1...30, using: &generator) {
                input += Self.fragments.randomElement(using: &generator) ?? ""
            }
            let bytes = Array(input.utf8)
            let whole = run(options, [bytes], .atOnce)
            let pieces = run(options, cut(bytes, &generator), .atOnce)
            let late = run(options, cut(bytes, &generator), .late)
            for other in [pieces, late] {
                #expect(whole.replies == other.replies, "\(input.debugDescription)")
                #expect(whole.messages == other.messages, "\(input.debugDescription)")
                #expect(whole.aborts == other.aborts)
                #expect(whole.isClosed == other.isClosed)
            }
            #expect(whole.replies.allSatisfy(isWellFormed))
            #expect(whole.session.isClosed == whole.isClosed)
        }
    }

    /// Complete commands only, so that replies can be counted.
    @Test(arguments: 0..<8)
    func oneReplyPerCommand(seed: Int) {
        let commands = [
            "HELO a", "MAIL FROM:<a@b>", "MAIL FROM:<a@b> FOO", "RCPT TO:<c@d>", "RCPT TO:<bad@d>", "RSET", "NOOP",
            "VRFY x", "EXPN x", "FOO", "", "DATA x", "AUTH x", "MAIL", "NOOP \0",
            "NOOP " + String(repeating: "x", count: 5_000), "BDAT 4\r\nab", "BDAT 3 LAST\r\nx",
        ]
        var generator = SeededGenerator(seed: UInt64(1_000 + seed))
        for _ in 0..<500 {
            var input = ""
            let count = Int.random(in: 1...40, using: &generator)
            for _ in 0..<count { input += (commands.randomElement(using: &generator) ?? "") + "\r\n" }
            var driver = ServerDriver(ServerDriver.options { $0.longLines = .wrap })
            driver.start()
            driver.replies = []
            driver.send(cut(Array(input.utf8), &generator))
            #expect(driver.replies.count == count, "\(input.debugDescription)")
            #expect(!driver.isClosed)
            driver.replies = []
            driver.messages = []
            driver.send("RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n")
            #expect(driver.replies.count == 5)
            #expect(driver.messages == ["x\r\n"])
        }
    }
}
