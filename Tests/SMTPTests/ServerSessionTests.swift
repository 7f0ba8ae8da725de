import Testing

@testable import SMTP

@Suite struct ServerSessionTests {
    private static let product = "Sun Java(tm) System Messaging Server 7u2-7.02 32bit (built Apr 16 2009)"

    /// Name, version, CUSTOM_VERSION_STRING, BANNER_ADDITION; banner lines.
    static let banners: [(String, String?, String, [String])] = [
        ("vms173011pub.verizon.net", nil, "", ["220 vms173011pub.verizon.net -- Server ESMTP (\(product))"]),
        (
            "vms173011pub.verizon.net", nil, "NO UCE",
            ["220-vms173011pub.verizon.net -- Server ESMTP (\(product))", "220 NO UCE"]
        ),
        ("mx.example", "Mail", "NO UCE", ["220 mx.example Mail NO UCE"]),
        ("mx.example", "Mail", "", ["220 mx.example Mail"]),
        ("mx.example", "Mail", "a|b", ["220-mx.example Mail", "220-a", "220 b"]),
        (
            "mx.example", "Mail", String(repeating: "y", count: 60),
            ["220 mx.example Mail " + String(repeating: "y", count: 60)]
        ),
        (
            "mx.example", "Mail", String(repeating: "y", count: 61),
            ["220-mx.example Mail", "220 " + String(repeating: "y", count: 61)]
        ),
    ]

    /// Worked examples S-1, S-19 and S-20, and the length at which a line is broken.
    @Test(arguments: banners)
    func banner(host: String, version: String?, addition: String, lines: [String]) {
        var driver = ServerDriver(
            ServerDriver.options {
                $0.hostName = host
                $0.productVersion = Self.product
                $0.customVersion = version
                $0.bannerAddition = addition
            })
        driver.start()
        #expect(driver.replies == lines)
    }

    /// Worked example S-2.
    @Test func ehloWithSASLAndETRN() {
        var driver = ServerDriver(
            ServerDriver.options {
                $0.authenticationMechanisms = ["PLAIN", "LOGIN"]
                $0.offersRemoteQueueStart = true
            })
        driver.start()
        driver.replies = []
        driver.send("EHLO x\r\n")
        let expected = [
            "250-mx.example", "250-8BITMIME", "250-PIPELINING", "250-CHUNKING", "250-DSN", "250-ENHANCEDSTATUSCODES",
            "250-HELP", "250-XLOOP BB350E50FA14E756DE6BD3D78A032E20", "250-AUTH PLAIN LOGIN", "250-AUTH=LOGIN PLAIN",
            "250-ETRN", "250-NO-SOLICITING", "250 SIZE 20971520",
        ]
        #expect(driver.replies == expected)
    }

    @Test func ehloWithOtherOptions() {
        let options = ServerDriver.options {
            $0.offersChunking = false
            $0.allowsExpand = true
            $0.advertisesExpand = true
            $0.offersTLS = true
            $0.offersSMTPUTF8 = true
            $0.refusedSolicitations = ["net.example:ADV"]
            $0.ehloAddition = "XONE|XTWO 2"
            $0.sizeLimit = nil
        }
        let expected = [
            "mx.example", "8BITMIME", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "EXPN", "HELP",
            "XLOOP BB350E50FA14E756DE6BD3D78A032E20", "STARTTLS", "NO-SOLICITING net.example:ADV", "SMTPUTF8", "XONE",
            "XTWO 2", "SIZE 0",
        ]
        #expect(Greeting.ehlo(options).lines == expected)
    }

    /// Octets above 127 become asterisks, one each; what follows the name is passed over.
    @Test func greetingName() {
        var driver = ServerDriver()
        driver.start()
        driver.send([Array("EHLO caf".utf8) + [0xE9] + Array(".example\r\n".utf8)])
        driver.send("HELO \u{e9}|x y\r\n")
        #expect(driver.names == ["EHLO caf*.example", "HELO **|x"])
    }

    @Test func refusedConnection() {
        var session = ServerSession(ServerDriver.options())
        session.start(refusing: Reply(421, "4.7.0", "Not now"))
        #expect(session.next() == .reply(Reply(421, "4.7.0", "Not now")))
        #expect(session.next() == .close)
        #expect(session.next() == nil)
    }

    @Test func earlyTalker() {
        var driver = ServerDriver()
        driver.send("QUIT\r\n")
        #expect(driver.replies.isEmpty)
        #expect(driver.session.purgeInput() == 6)
        driver.start()
        driver.send("NOOP\r\n")
        #expect(driver.replies.count == 2)
    }

    @Test func timeLimitInForce() {
        var session = ServerSession(ServerDriver.options())
        session.start()
        _ = session.next()
        #expect(session.timeout == .command)
        let before = session.progress
        Array("MAIL FROM:<a@b>\r\n".utf8).withUnsafeBytes { session.receive($0) }
        guard case .mail? = session.next() else {
            Issue.record("no question")
            return
        }
        #expect(session.timeout == .none)
        #expect(session.progress != before)
        session.timedOut()
        #expect(session.next() == nil)
        session.answered(.accept(nil))
        #expect(session.timeout == .command)
    }

    /// A line that never ends does not start the time limit anew.
    @Test func slowCommandLine() {
        var session = ServerSession(ServerDriver.options())
        session.start()
        _ = session.next()
        let before = session.progress
        for octet in Array("NOOP".utf8) {
            [octet].withUnsafeBytes { session.receive($0) }
            #expect(session.next() == nil)
        }
        #expect(session.progress == before)
    }

    static let rates: [(Int64, Int64, Bool)] = [
        (0, 600, false), (0, 601, true), (60_100, 601, false), (60_099, 601, true),
    ]

    @Test(arguments: rates)
    func slowData(octets: Int64, seconds: Int64, isTooSlow: Bool) {
        #expect(ServerTimeout.isTooSlow(octets: octets, seconds: seconds) == isTooSlow)
    }

    /// Input that waits is bounded, and the driver is told to stop reading long before.
    @Test func inputIsBounded() {
        var session = ServerSession(ServerDriver.options())
        session.start()
        _ = session.next()
        Array("EHLO x\r\n".utf8).withUnsafeBytes { session.receive($0) }
        _ = session.next()
        #expect(session.wantsInput)
        let piece = [UInt8](repeating: 65, count: ServerSession.inputHighWater)
        piece.withUnsafeBytes { session.receive($0) }
        #expect(!session.wantsInput)
        #expect(!session.isClosed)
        for _ in 0..<16 { piece.withUnsafeBytes { session.receive($0) } }
        #expect(session.isClosed)
        #expect(session.next() == .close)
        session.answered(.accept(nil))
        #expect(session.next() == nil)
    }

    /// Content comes in large pieces and is not collected while nobody takes it.
    @Test func contentInLargePieces() {
        var driver = ServerDriver()
        driver.start()
        driver.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
        let line = [UInt8](repeating: 120, count: 78) + [13, 10]
        let packet = Array(repeatElement(line, count: 100).joined())
        var pieces = 0
        for _ in 0..<50 {
            packet.withUnsafeBytes { driver.session.receive($0) }
            while let action = driver.session.next() {
                guard case .content(let piece) = action else { continue }
                pieces += 1
                #expect(piece.count >= ServerSession.contentPiece)
            }
        }
        #expect(pieces == 5)
    }

    /// A million chunks of one octet leave no history.
    @Test func manyChunks() {
        var driver = ServerDriver()
        driver.start()
        driver.send("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
        driver.replies = []
        driver.send(String(repeating: "BDAT 1\r\nx", count: 2_000) + "BDAT 0 LAST\r\n")
        #expect(driver.replies.count == 2_001)
        #expect(driver.messages == [String(repeating: "x", count: 998)])
    }

    @Test func lateAnswerAfterTheEnd() {
        var session = ServerSession(ServerDriver.options())
        session.start()
        Array("MAIL FROM:<a@b>\r\n".utf8).withUnsafeBytes { session.receive($0) }
        _ = session.next()
        _ = session.next()
        session.connectionLost()
        #expect(session.next() == .close)
        session.answered(.accept(nil))
        #expect(session.next() == nil)
        #expect(!session.isInTransaction)
    }
}
