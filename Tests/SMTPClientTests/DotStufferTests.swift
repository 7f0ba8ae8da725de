import NIOCore
import Testing

@testable import SMTPClient

@Suite struct DotStufferTests {
    private func encode(_ text: String, pieces: [Int] = []) -> Result<String, DotStuffer.Problem> {
        var output = ByteBuffer()
        var stuffer = DotStuffer()
        let bytes = Array(text.utf8)
        do throws(DotStuffer.Problem) {
            var start = 0
            for end in pieces + [bytes.count] {
                try encode(bytes[start..<end], &stuffer, &output)
                start = end
            }
            try stuffer.finish(into: &output)
        } catch {
            return .failure(error)
        }
        return .success(String(buffer: output))
    }

    private func encode(
        _ piece: ArraySlice<UInt8>, _ stuffer: inout DotStuffer, _ output: inout ByteBuffer
    ) throws(DotStuffer.Problem) {
        var failure: DotStuffer.Problem?
        piece.withUnsafeBytes { bytes in
            do throws(DotStuffer.Problem) { try stuffer.encode(bytes, into: &output) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private static let rows: [(String, Result<String, DotStuffer.Problem>)] = [
        ("", .success(".\r\n")),
        ("a\r\n", .success("a\r\n.\r\n")),
        ("a", .success("a\r\n.\r\n")),
        (".\r\n", .success("..\r\n.\r\n")),
        ("..\r\n.a\r\n\r\n.", .success("...\r\n..a\r\n\r\n..\r\n.\r\n")),
        ("a.b\r\nc.\r\n", .success("a.b\r\nc.\r\n.\r\n")),
        ("a\r\n.\r\nMAIL FROM:<x>\r\n", .success("a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n")),
        ("a\n.\r\nb\r\n", .failure(.bareLineFeed)),
        ("a\r\n.\nb\r\n", .failure(.bareLineFeed)),
        ("a\r.\r\nb\r\n", .failure(.bareCarriageReturn)),
        ("a\r\r\n", .failure(.bareCarriageReturn)),
        ("\n", .failure(.bareLineFeed)),
        ("\n\r\n", .failure(.bareLineFeed)),
        ("a\r", .failure(.bareCarriageReturn)),
        ("a\rb", .failure(.bareCarriageReturn)),
    ]

    @Test(arguments: rows)
    func whole(text: String, expected: Result<String, DotStuffer.Problem>) {
        #expect(encode(text) == expected)
    }

    @Test(arguments: rows)
    func splitAnywhere(text: String, expected: Result<String, DotStuffer.Problem>) {
        for cut in 0...text.utf8.count { #expect(encode(text, pieces: [cut]) == expected) }
        #expect(encode(text, pieces: Array(0...text.utf8.count)) == expected)
    }
}
