import InternetMessage
import Testing

/// Addresses as a whole beside octet by octet.
@Suite struct SevenBitTests {
    @Test(
        arguments: [
            ("", true), ("a@b.example", true), (String(repeating: "a", count: 300), true), ("\u{7F}", true),
            ("\u{80}", false), ("käse@b.example", false), (String(repeating: "a", count: 300) + "é", false),
        ] as [(String, Bool)])
    func tellsWhetherThereAreEightBitOctets(text: String, isSevenBit: Bool) {
        #expect(SevenBit.isSevenBit(text.utf8) == isSevenBit)
        #expect(SevenBit.isSevenBit(Array(text.utf8)) == isSevenBit)
        let part = ("x" + text).dropFirst()
        #expect(SevenBit.isSevenBit(part.utf8) == isSevenBit)
    }
}
