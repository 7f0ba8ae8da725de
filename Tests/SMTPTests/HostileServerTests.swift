import Testing

@testable import SMTP

/// What a hostile server may offer in its reply to EHLO: what cannot be is not there.
@Suite struct HostileServerTests {
    private static func extensions(_ lines: String...) -> ServerExtensions {
        ServerExtensions(ReceivedReply(code: 250, lines: ["far.example"] + lines))
    }

    @Test(arguments: [
        "SIZE -1", "SIZE 0", "SIZE", "SIZE 99999999999999999999", "SIZE 0x10", "SIZE \u{661}", "SIZE 1e9", "SIZE  ",
    ])
    func size(line: String) {
        #expect(Self.extensions(line).sizeLimit == nil)
    }

    @Test(arguments: [
        "LIMITS RCPTMAX=0 MAILMAX=0", "LIMITS RCPTMAX=-1 MAILMAX=-9", "LIMITS RCPTMAX= MAILMAX", "LIMITS =", "LIMITS",
        "LIMITS RCPTMAX=99999999999999999999 MAILMAX=99999999999999999999", "LIMITS RCPTMAX=1=1 MAILMAX=1;",
    ])
    func limits(line: String) {
        let extensions = Self.extensions(line)
        #expect(extensions.recipientLimit == nil && extensions.transactionLimit == nil)
    }

    @Test(arguments: [
        [], [""], ["", "", " ", "-"], ["XLOOP"], ["AUTH"], ["__proto__", "constructor"], ["STARTTLSX", "XSTARTTLS"],
        [String(repeating: "x", count: 100_000)], Array(repeating: "X", count: 10_000),
    ])
    func nothingToOffer(lines: [String]) {
        let reply = ReceivedReply(code: 250, lines: lines)
        var expected = ServerExtensions()
        expected.hostName = lines.first.flatMap { $0.split(separator: " ").first.map(String.init) } ?? ""
        #expect(ServerExtensions(reply) == expected)
    }
}
