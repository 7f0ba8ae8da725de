import InternetMessage
import Testing

/// Encoded words to UTF-8, which only whole texts become.
@Suite struct WholeTextConversionTests {
    @Test(
        arguments: [
            ("iso-8859-1", [0x67, 0x72, 0xFC, 0x6E], "grün"), ("utf-8", [0xC3, 0xBC], "ü"), ("us-ascii", [], ""),
            ("iso-2022-jp", [0x1B, 0x24, 0x42, 0x24, 0x22, 0x1B, 0x28, 0x42], "あ"),
            // Octets that are none of its text, half a character, a charset that does not exist, words for iconv.
            ("us-ascii", [0x67, 0xFC], nil), ("utf-8", [0x67, 0xC3], nil), ("x-unheard-of", [0x67], nil),
            ("us-ascii//IGNORE", [0xFC], nil), ("", [0x67], nil),
        ] as [(String, [UInt8], String?)])
    func utf8(_ charset: String, _ octets: [UInt8], _ text: String?) {
        #expect(CharsetConverter.utf8(octets, from: charset).map { String(decoding: $0, as: UTF8.self) } == text)
    }
}
