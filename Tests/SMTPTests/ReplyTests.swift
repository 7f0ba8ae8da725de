import Testing

@testable import SMTP

@Suite struct ReplyTests {
    static let rows: [(Reply, String)] = [
        (Reply(250, "2.5.0", "Ok."), "250 2.5.0 Ok.\r\n"),
        (Reply(354, nil, "Go"), "354 Go\r\n"),
        (Reply(code: 250, lines: ["a", "B", "C 1"]), "250-a\r\n250-B\r\n250 C 1\r\n"),
        (Reply(code: 214, enhancedStatus: "2.0.0", lines: ["a", "b"]), "214-2.0.0 a\r\n214 2.0.0 b\r\n"),
        (Reply(code: 250, lines: []), "250 \r\n"),
        // Nothing a peer says can break out of a reply.
        (Reply(500, "5.5.1", "x\r\n250 Ok"), "500 5.5.1 x??250 Ok\r\n"),
        (Reply(500, nil, "\u{1b}[31m\0\u{7f}\t."), "500 ?[31m?? .\r\n"),
        (Reply(550, "5.1.1", "h\u{e9}\u{20ac}\u{1f600}!"), "550 5.1.1 h???!\r\n"),
        (Reply(7, nil, "x"), "200 x\r\n"),
        (Reply(1_000_000, nil, "x"), "599 x\r\n"),
    ]

    @Test(arguments: rows)
    func serialization(reply: Reply, expected: String) {
        #expect(String(decoding: reply.serialized, as: UTF8.self) == expected)
    }

    @Test func longLinesAreCut() {
        let wire = Reply(500, "5.5.1", String(repeating: "x", count: 5_000)).serialized
        #expect(wire.count == 512)
        #expect(wire.suffix(2) == [13, 10])
    }
}
