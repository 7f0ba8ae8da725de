import Channels
import DNS
import InternetMessage
import SPF
import Testing

@testable import SMTPServer

/// Channels specification, 4.10: the PTR lookup, and `forwardcheck…`.
@Suite struct ReverseNameTests {
    private static let answers: [DNSQuestion: [DNSRecord]] = [
        DNSQuestion("7.2.0.192.in-addr.arpa", .ptr): [.name("client.example")],
        DNSQuestion("8.2.0.192.in-addr.arpa", .ptr): [.name("liar.example")],
        DNSQuestion("9.2.0.192.in-addr.arpa", .ptr): [.name("odd (name)\\013"), .name("second.example")],
        DNSQuestion("10.2.0.192.in-addr.arpa", .ptr): [.name("")],
        DNSQuestion("client.example", .a): [.address("192.0.2.1"), .address("192.0.2.7")],
        DNSQuestion("second.example", .a): [.address("192.0.2.9")],
        DNSQuestion("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", .ptr): [
            .name("six.example")
        ],
        DNSQuestion("six.example", .aaaa): [.address("2001:db8::1")],
    ]

    private func outcome(_ address: String, _ forward: Channel.ForwardCheck) throws -> ReceivedField.ReverseName {
        var check = ReverseNameCheck(try #require(SPFAddress(address)), forward: forward)
        var step = check.begin()
        var asked: [DNSQuestion] = []
        while true {
            switch step {
            case .done(let name): return name
            case .ask(let questions): asked += questions
            }
            guard let question = asked.popLast() else { return .notLookedUp }
            let records = Self.answers[question]
            step = check.receive(
                DNSAnswer(question, records == nil ? .noSuchName : .answered, records: records ?? []))
        }
    }

    @Test(arguments: [
        ("192.0.2.7", "client.example", "client.example", "client.example"),
        ("192.0.2.8", "liar.example", "liar.example*", nil),
        // Hostile inputs, "PTR with odd bytes": such a name is passed over.
        ("192.0.2.9", "second.example", "second.example", "second.example"),
        ("192.0.2.10", nil, nil, nil), ("192.0.2.11", nil, nil, nil),
        ("2001:db8::1", "six.example", "six.example", "six.example"),
        ("::ffff:192.0.2.7", "client.example", "client.example", "client.example"),
    ])
    func names(_ address: String, _ none: String?, _ tag: String?, _ delete: String?) throws {
        func shown(_ name: String?) -> ReceivedField.ReverseName { name.map { .name($0) } ?? .unknown }
        #expect(try outcome(address, .none) == shown(none))
        #expect(try outcome(address, .tag) == shown(tag))
        #expect(try outcome(address, .delete) == shown(delete))
    }
}
