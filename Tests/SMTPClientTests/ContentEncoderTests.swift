import NIOCore
import Testing

@testable import SMTPClient

@Suite struct ContentEncoderTests {
    private func encode(_ text: String, _ form: ContentEncoder.Form, pieces: [Int] = []) -> String {
        var output = ByteBuffer()
        var encoder = ContentEncoder(form)
        let bytes = Array(text.utf8)
        var start = 0
        for end in pieces + [bytes.count] {
            encoder.encode(bytes[start..<end], into: &output)
            start = end
        }
        encoder.finish(into: &output)
        return String(buffer: output)
    }

    /// Content, as DATA, as BDAT. Hostile inputs, "End of data and line endings", outbound side.
    private static let rows: [(String, String, String)] = [
        ("", ".\r\n", ""),
        ("a\r\n", "a\r\n.\r\n", "a\r\n"),
        ("a", "a\r\n.\r\n", "a\r\n"),
        (".\r\n", "..\r\n.\r\n", ".\r\n"),
        ("..\r\n.a\r\n\r\n.", "...\r\n..a\r\n\r\n..\r\n.\r\n", "..\r\n.a\r\n\r\n.\r\n"),
        ("a.b\r\nc.\r\n", "a.b\r\nc.\r\n.\r\n", "a.b\r\nc.\r\n"),
        ("a\r\n.\r\nMAIL FROM:<x>\r\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n", "a\r\n.\r\nMAIL FROM:<x>\r\n"),
        ("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
        ("a\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
        ("a\r\n.\nb\r\n", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
        ("a\r.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
        ("a\r.\rb\r\n", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
        ("a\n.\rb\r\n", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
        ("a\r\n.\rb", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
        ("a\r\r\n", "a\r\n\r\n.\r\n", "a\r\n\r\n"),
        ("\n", "\r\n.\r\n", "\r\n"),
        ("\n\r\n", "\r\n\r\n.\r\n", "\r\n\r\n"),
        ("\n\n", "\r\n\r\n.\r\n", "\r\n\r\n"),
        ("a\r", "a\r\n.\r\n", "a\r\n"),
        ("a\r\r", "a\r\n\r\n.\r\n", "a\r\n\r\n"),
        ("a\rb", "a\r\nb\r\n.\r\n", "a\r\nb\r\n"),
        ("\r.\r\n", "\r\n..\r\n.\r\n", "\r\n.\r\n"),
    ]

    @Test(arguments: rows)
    func whole(text: String, stuffed: String, lines: String) {
        #expect(encode(text, .dotStuffed) == stuffed)
        #expect(encode(text, .lines) == lines)
        #expect(encode(text, .binary) == text)
    }

    @Test(arguments: rows)
    func splitAnywhere(text: String, stuffed: String, lines: String) {
        for cut in 0...text.utf8.count {
            #expect(encode(text, .dotStuffed, pieces: [cut]) == stuffed)
            #expect(encode(text, .lines, pieces: [cut]) == lines)
        }
        #expect(encode(text, .dotStuffed, pieces: Array(0...text.utf8.count)) == stuffed)
    }
}
