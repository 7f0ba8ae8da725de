import InternetMessage
import Testing

@Suite struct ContentTests {
    /// Chunks of every size must find the same.
    private func scans(_ text: String) -> [ContentScan] {
        let octets = Array(text.utf8)
        return (1...max(1, octets.count)).map { size in
            var scan = ContentScan()
            for start in stride(from: 0, to: octets.count, by: size) {
                scan.scan(Array(octets[start..<min(start + size, octets.count)]))
            }
            return scan
        }
    }

    @Test(arguments: [
        ("", false, false, 0), ("a\r\nbb\r\n", false, false, 2), ("a\nb\r\n", false, true, 1),
        ("a\rb\r\n", true, false, 3),
        ("\r\r\n", true, false, 1), ("\n", false, true, 0), ("x\r\n\n", false, true, 1), ("abc", false, false, 3),
        ("abc\r", true, false, 3), ("\r\n\r\n", false, false, 0), ("a\r\n.\r", true, false, 1),
        (".\n.\r\n", false, true, 1), ("\r\nxyz\r\r\nq", true, false, 4),
    ])
    func scan(_ text: String, _ bareCR: Bool, _ bareLF: Bool, _ longest: Int) {
        for scan in scans(text) {
            #expect(scan.hasBareCarriageReturn == bareCR)
            #expect(scan.hasBareLineFeed == bareLF)
            #expect(scan.longestLine == longest)
            #expect(!scan.hasEightBit && !scan.hasNUL)
        }
    }

    @Test func eightBitAndNUL() {
        for position in 0..<40 {
            var octets = [UInt8](repeating: 97, count: 40)
            octets[position] = 0xE9
            var scan = ContentScan()
            scan.scan(octets)
            #expect(scan.hasEightBit && !scan.hasNUL)
            octets[position] = 0
            scan = ContentScan()
            scan.scan(octets)
            #expect(scan.hasNUL && !scan.hasEightBit)
        }
    }

    @Test(arguments: [
        ("", ".\r\n"), ("a\r\n", "a\r\n.\r\n"), (".\r\n", "..\r\n.\r\n"), ("a", "a\r\n.\r\n"),
        ("a\r\n.b\r\n..c\r\n", "a\r\n..b\r\n...c\r\n.\r\n"), ("a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n"),
        ("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"), ("a\r\r\nb", "a\r\n\r\nb\r\n.\r\n"), ("a\r", "a\r\n.\r\n"),
        ("a.b\r\n", "a.b\r\n.\r\n"), ("\r\n.\r\n", "\r\n..\r\n.\r\n"),
    ])
    func dotStuffing(_ content: String, _ expected: String) {
        let octets = Array(content.utf8)
        for size in 1...max(1, octets.count) {
            var stuffing = DotStuffing()
            var output: [UInt8] = []
            for start in stride(from: 0, to: octets.count, by: size) {
                stuffing.append(Array(octets[start..<min(start + size, octets.count)]), to: &output)
            }
            stuffing.finish(&output)
            #expect(String(decoding: output, as: UTF8.self) == expected)
        }
    }

    @Test(arguments: [
        ("QQ314159", "QQ314159"), ("a+2Bb", "a+b"), ("rfc822;x+3Dy@z", "rfc822;x=y@z"), ("", ""), ("+C3+A4", "ä"),
    ])
    func xtext(_ encoded: String, _ decoded: String) {
        #expect(XText.decode(encoded.utf8) == decoded)
        #expect(XText.encode(decoded) == encoded)
    }

    @Test(arguments: ["+", "+2", "+2b", "+00", "+0A", "+7F", "a b", "a\tb", "a=b", "+FF", "ä"])
    func badXtext(_ text: String) { #expect(XText.decode(text.utf8) == nil) }

    @Test func enhancedStatus() {
        #expect(EnhancedStatus("5.1.1") == EnhancedStatus(5, 1, 1))
        #expect(EnhancedStatus.prefix(of: "4.7.100 try later".utf8)?.length == 7)
        for bad in ["5.1", "5.1.", "3.1.1", "5.1.1.1", "5.1000.1", "x", "", "5..1", "550 5.1.1"] {
            #expect(EnhancedStatus(bad) == nil, "\(bad)")
        }
        #expect(EnhancedStatus(5, 2, 2).asClass(4).description == "4.2.2")
    }

    /// Smtp specification, 8.3 and S-21.
    @Test func envelopeID() throws {
        #expect(EnvelopeIDGenerator.seconds(of: "0RZ100D2FDBMHZ20") == 1_691_437_234)
        #expect(EnvelopeIDGenerator.seconds(of: "0RZ100D2FDBMHZ2") == nil)
        var generator = EnvelopeIDGenerator(process: 35 * 36 + 1)
        let id = generator.next(seconds: 1_691_437_234)
        #expect(id == "0RZ1000Z1DBM0000")
        var ids: Set<String> = [id]
        for _ in 0..<50_000 { ids.insert(generator.next(seconds: 1_691_437_234)) }
        #expect(ids.count == 50_001)
        #expect(ids.allSatisfy { $0.utf8.count == 16 && $0.utf8.last == UInt8(ascii: "0") })
        var left = EnvelopeIDGenerator(process: 7, lane: 0, lanes: 2)
        var right = EnvelopeIDGenerator(process: 7, lane: 1, lanes: 2)
        let both = (0..<1_000).flatMap { _ in [left.next(seconds: 5), right.next(seconds: 5)] }
        #expect(Set(both).count == 2_000)
        var odd = EnvelopeIDGenerator(process: Int32.min)
        let early = odd.next(seconds: -5)
        #expect(early.utf8.count == 16)
    }

    /// S-18 of the smtp specification and its neighbours, in chunks of several sizes.
    @Test(arguments: [1, 7, 997, 998, 999, 5_000])
    func longLines(_ size: Int) {
        func run(_ content: String, _ treatment: LongLines.Treatment) -> (String, Bool) {
            var lines = LongLines(treatment)
            var output: [UInt8] = []
            let octets = Array(content.utf8)
            for start in stride(from: 0, to: octets.count, by: size) {
                lines.append(Array(octets[start..<min(start + size, octets.count)]), to: &output)
            }
            lines.finish(&output)
            return (String(decoding: output, as: UTF8.self), lines.hasChanged)
        }
        func x(_ count: Int) -> String { String(repeating: "x", count: count) }
        #expect(run(x(998) + "\r\n", .truncate) == (x(998) + "\r\n", false))
        #expect(run(x(999) + "\r\n", .truncate) == (x(998) + "\r\n", true))
        #expect(run(x(1_500) + "\r\nshort\r\n", .truncate) == (x(998) + "\r\nshort\r\n", true))
        #expect(run(x(1_500), .truncate) == (x(998), true))
        #expect(run(x(1_500) + "\r\n", .wrap) == (x(998) + "\r\n" + x(502) + "\r\n", true))
        #expect(run(x(950) + " " + x(500) + "\r\n", .wrap) == (x(950) + " \r\n" + x(500) + "\r\n", true))
        #expect(run(x(4_000), .wrap).0.utf8.count == 4_000 + 8)
        #expect(run("", .wrap) == ("", false))
    }

    @Test func boundaries() {
        let text = MIMEBoundary.text(0, 63)
        #expect(text == "Boundary_(ID_/AAAAAAAAAAAAAAAAAAAAA)")
        #expect(MIMEBoundary.random() != MIMEBoundary.random())
        #expect(MIMEBoundary.text(.max, .max).utf8.count == 36)
    }

    @Test(arguments: [
        ("Internet Mail Delivery", "Internet Mail Delivery"), ("Smith, Joe", "\"Smith, Joe\""), ("", "\"\""),
        ("a\"b\\c", "\"a\\\"b\\\\c\""), ("x\r\nBcc: y", "\"x  Bcc: y\""),
    ])
    func displayNames(_ text: String, _ expected: String) { #expect(DisplayName.phrase(text) == expected) }

    @Test func sevenBitText() {
        #expect(SevenBit.text("Dörte") == "D**rte")
        #expect(SevenBit.text("plain") == "plain")
    }
}
