import InternetMessage
import Testing

@Suite struct ContentTests {
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
