import Enqueue
import Envelope
import InternetMessage
import Testing

/// The body type of what CHARSET-CONVERSION has made 8-bit text of.
@Suite struct RecodedBodyTypeTests {
    @Test(arguments: [
        (false, 1, true, BodyType.eightBitMIME), (false, 0, true, .sevenBit), (false, 1, false, .sevenBit),
        (true, 1, false, .eightBitMIME),
    ])
    func bodyType(_ came: Bool, _ recoded: Int, _ leaves: Bool, _ expected: BodyType) {
        var findings = ContentConverter.Findings()
        findings.recodedParts = recoded
        findings.hasEightBit = leaves
        #expect(BodyType(hasEightBit: came, findings, .init()) == expected)
    }
}
