import Testing

@testable import Dispatcher

/// RFC 1413.
@Suite struct IdentTests {
    /// Answers about port 6193 of the client and port 23 of ours.
    static let answers: [(line: String, user: String?)] = [
        ("6193, 23 : USERID : UNIX : stjohns\r", "stjohns"),
        ("6193,23:USERID:UNIX,US-ASCII:st:johns", "st:johns"),
        (" 6193 , 23 : userid : OTHER : a b ", "a b"),
        ("6193, 23 : USERID : UNIX : x\u{1B}[2Jé", "x?[2J??"),
        ("6193, 23 : ERROR : HIDDEN-USER", nil),
        ("6193, 24 : USERID : UNIX : stjohns", nil),
        ("23, 6193 : USERID : UNIX : stjohns", nil),
        ("6193 : USERID : UNIX : stjohns", nil),
        ("99999, 23 : USERID : UNIX : stjohns", nil),
        ("6193, 23 : USERID : UNIX :   ", nil),
        ("6193, 23 : USERID : UNIX", nil),
        ("", nil),
    ]

    @Test(arguments: answers)
    func answer(line: String, user: String?) {
        #expect(IdentReply.user(in: Array(line.utf8), client: 6193, server: 23) == user)
    }

    @Test func query() {
        #expect(IdentReply.query(client: 6193, server: 23) == Array("6193 , 23\r\n".utf8))
        let long = Array("6193,23:USERID:UNIX:".utf8) + [UInt8](repeating: 0x61, count: 900)
        #expect(IdentReply.user(in: long, client: 6193, server: 23)?.count == 512)
    }
}
