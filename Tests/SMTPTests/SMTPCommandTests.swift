import Testing

@testable import SMTP

@Suite struct SMTPCommandTests {
    private static func octets(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

    static let rows: [(String, SMTPCommand)] = [
        ("EHLO mx.example", .greeting(.ehlo, name: octets("mx.example"))),
        ("ehlo  [192.0.2.1] ", .greeting(.ehlo, name: octets("[192.0.2.1]"))),
        ("Helo", .greeting(.helo, name: octets(""))),
        ("LHLO x", .greeting(.lhlo, name: octets("x"))),
        ("MAIL FROM:<a@b>", .mail(octets("<a@b>"))),
        ("mail from: a@b", .mail(octets(" a@b"))),
        ("MAIL\tFROM:<a@b> SIZE=1 ", .mail(octets("<a@b> SIZE=1"))),
        ("rcpt to: c@d", .recipient(octets(" c@d"))),
        ("RCPT TO:", .recipient(octets(""))),
        ("MAIL <a@b>", .malformed(verb: "MAIL", expected: "MAIL FROM:<address>")),
        ("MAIL", .malformed(verb: "MAIL", expected: "MAIL FROM:<address>")),
        ("RCPT FROM:<a@b>", .malformed(verb: "RCPT", expected: "RCPT TO:<address>")),
        ("DATA", .data),
        ("data ", .data),
        ("DATA x", .malformed(verb: "DATA", expected: "DATA")),
        ("BDAT 10", .chunk(size: 10, isLast: false)),
        ("bdat 0 last", .chunk(size: 0, isLast: true)),
        ("BDAT 9223372036854775808", .chunk(size: .max, isLast: false)),
        ("BDAT 18446744073709551616 LAST", .chunk(size: .max, isLast: true)),
        ("BDAT", .malformed(verb: "BDAT", expected: "BDAT size [LAST]")),
        ("BDAT -1", .malformed(verb: "BDAT", expected: "BDAT size [LAST]")),
        ("BDAT 1 2", .malformed(verb: "BDAT", expected: "BDAT size [LAST]")),
        ("BDAT 1 LAST x", .malformed(verb: "BDAT", expected: "BDAT size [LAST]")),
        ("RSET", .reset),
        ("NOOP", .noop),
        ("NOOP whatever", .noop),
        ("HELP mail", .help),
        ("QUIT", .quit),
        ("VRFY fred", .verify(octets("fred"))),
        ("VRFY", .malformed(verb: "VRFY", expected: "VRFY address")),
        ("EXPN list", .expand(octets("list"))),
        ("STARTTLS", .startTLS),
        ("StartTLS now", .malformed(verb: "STARTTLS", expected: "STARTTLS")),
        ("AUTH PLAIN AGEAYg==", .authenticate(octets("PLAIN AGEAYg=="))),
        ("ETRN @example.com", .remoteQueueStart(octets("@example.com"))),
        ("TURN", .turn),
        ("xcir 1", .privateCommand("XCIR", argument: Array("1".utf8)[...])),
        ("FOO bar", .unknown("FOO")),
        ("MAILX FROM:<a@b>", .unknown("MAILX")),
        (" MAIL FROM:<a@b>", .unknown("")),
        ("", .unknown("")),
        ("GET / HTTP/1.1", .unknown("GET")),
        ("STARTTLSSTARTTLS", .unknown("STARTTLSSTARTTLS")),
    ]

    @Test(arguments: rows)
    func parse(line: String, command: SMTPCommand) {
        #expect(SMTPCommand.parse(Self.octets(line)) == command)
    }

    /// A line that is a slice of something longer.
    @Test func sliceOfALongerText() {
        let line = Array("xxMAIL FROM:<a@b>yy".utf8)[2..<17]
        #expect(SMTPCommand.parse(line) == .mail(Self.octets("<a@b>")))
    }
}
