import Enqueue
import Testing

/// Channels specification, 5, `connectcanonical`: "On dequeue run the address through rewrite rules once more and connect
/// to the resulting host."
@Suite struct ConnectionHostTests {
    @Test(arguments: [
        ("store1.example.lmtp", "store1.example"), ("far.example", "far.example"), ("[192.0.2.9]", "[192.0.2.9]"),
    ])
    func defaultRules(host: String, expected: String) throws {
        let site = try Site()
        #expect(site.router.canonicalHost(host, channel: try site.channel("tcp_lmtpcs")) == expected)
    }
}
