import Channels
import Configuration
import Enqueue
import Envelope
import OptionSyntax
import Testing

/// What size and header of a message mean for its entries (channels specification, 4.4, 4.5 and 4.8, and the worked
/// examples 45 and 47).
@Suite struct EnqueueTermsTests {
    private static let now: Int64 = 1_800_000_000

    private func table(_ lines: [String]) -> ChannelTable {
        var table = ChannelTable()
        var found = Diagnostics()
        for (number, line) in lines.enumerated() {
            table.add(Channel(line, host: "tag\(number)"), diagnostics: &found)
        }
        #expect(found.all.isEmpty)
        return table
    }

    private func terms(
        size: Int = 1, lines: Int? = nil, priority: Priority = .normal, deferredUntil: Int64? = nil,
        source: String = "tcp_s smtp"
    ) -> EnqueueTerms {
        var facts = HeaderFacts()
        facts.priority = priority
        facts.deferredUntil = deferredUntil
        return EnqueueTerms(
            facts, size: size, lines: lines, blockSize: 1024, source: Channel(source, host: "s"), now: Self.now)
    }

    private func entries(
        _ lines: [String], _ terms: EnqueueTerms, to addresses: [String] = ["a@x"]
    ) -> [QueueEntry] {
        let name = lines.first?.split(separator: " ").first.map(String.init) ?? ""
        let recipients = addresses.map { address in
            RoutedRecipient(
                channel: name, host: "x", recipient: QueueRecipient(address: address, given: address))
        }
        return EntryPlan.entries(recipients, terms: terms, heldReason: nil, channels: table(lines))
    }

    /// Example 47: `urgentblocklimit 100`, an urgent message of 101 blocks is treated as normal; and the other two. With a
    /// limit of 10 and 11 and 10 blocks examples 13 and 14 of the job-controller specification.
    @Test(arguments: [
        ("urgentblocklimit 100", Priority.urgent, 101, Priority.normal),
        ("urgentblocklimit 10", .urgent, 11, .normal), ("urgentblocklimit 10", .urgent, 10, .urgent),
        ("urgentblocklimit 100", .urgent, 100, .urgent), ("urgentblocklimit 100", .normal, 101, .normal),
        ("normalblocklimit 100", .normal, 101, .nonurgent), ("nonurgentblocklimit 100", .nonurgent, 101, .secondClass),
        ("urgentblocklimit 100 normalblocklimit 200", .urgent, 150, .normal),
        ("urgentblocklimit 100 normalblocklimit 100", .urgent, 150, .nonurgent), ("", .urgent, 100_000, .urgent),
    ])
    func example47PriorityBlockLimits(line: String, priority: Priority, blocks: Int, expected: Priority) {
        let found = entries(["tcp_x smtp \(line)"], terms(size: blocks * 1024, priority: priority))
        #expect(found.map(\.priority) == [expected])
    }

    /// The date of `Deferred-delivery:` counts where a channel allows it; the lower limit counts.
    @Test(arguments: [
        ("tcp_x smtp", "tcp_s smtp", 60, false), ("tcp_x smtp deferred", "tcp_s smtp", 60, true),
        ("tcp_x smtp deferred", "tcp_s smtp", 604_801, false), ("tcp_x smtp deferred 100", "tcp_s smtp", 100, true),
        ("tcp_x smtp", "tcp_s smtp deferredsource 100", 100, true),
        ("tcp_x smtp deferred 1000", "tcp_s smtp deferredsource 100", 101, false),
        ("tcp_x smtp deferred nodeferred", "tcp_s smtp", 60, false), ("tcp_x smtp deferred", "tcp_s smtp", -60, false),
    ])
    func deferredDelivery(destination: String, source: String, ahead: Int64, isDeferred: Bool) {
        let found = entries([destination], terms(deferredUntil: Self.now + ahead, source: source))
        #expect(found.map(\.notBefore) == [isDeferred ? Self.now + ahead : 0])
    }

    /// `after` and the keywords for one priority.
    @Test(
        arguments: [
            ("after +60", Priority.normal, 60), ("after +60 urgentafter +5", .urgent, 5),
            ("after +60 urgentafter +5", .normal, 60), ("nonurgentafter +7", .nonurgent, 7),
            ("nonurgentafter +7", .urgent, 0),
            ("after 1200", .normal, 0), ("secondclassafter +9", .secondClass, 9), ("after +0", .normal, 0),
        ] as [(String, Priority, Int64)])
    func startDelay(line: String, priority: Priority, seconds: Int64) {
        let found = entries(["tcp_x smtp \(line)"], terms(priority: priority))
        #expect(found.map(\.notBefore) == [seconds == 0 ? 0 : Self.now + seconds])
    }

    @Test(arguments: [
        ("alternateblocklimit 3", 3 * 1024, 0, 1, "tcp_x"), ("alternateblocklimit 3", 3 * 1024 + 1, 0, 1, "tcp_slow"),
        ("alternatelinelimit 10", 1, 11, 1, "tcp_slow"), ("alternatelinelimit 10", 1, 10, 1, "tcp_x"),
        ("alternaterecipientlimit 2", 1, 0, 3, "tcp_slow"), ("alternaterecipientlimit 2", 1, 0, 2, "tcp_x"),
    ])
    func alternateChannel(line: String, size: Int, lines: Int, count: Int, channel: String) {
        let found = entries(
            ["tcp_x smtp alternatechannel tcp_slow \(line)", "tcp_slow smtp"], terms(size: size, lines: lines),
            to: (1...count).map { "r\($0)@x" })
        #expect(found.map(\.channel) == [channel])
        #expect(found.map(\.host) == ["x"])
    }

    @Test func sourceRoutesComeOff() {
        let plain = entries(["tcp_x smtp"], terms(), to: ["@gate.example:a@x"])
        #expect(plain.flatMap(\.recipients).map(\.address) == ["@gate.example:a@x"])
        let stripped = entries(["tcp_x smtp enqueue_removeroute"], terms(), to: ["@gate.example:a@x"])
        #expect(stripped.flatMap(\.recipients).map(\.address) == ["a@x"])
    }

    @Test(arguments: [
        ("blocklimit 2", 2 * 1024 + 1, 0, "channel limit of 2 kilobytes on message size exceeded"),
        ("blocklimit 2", 2 * 1024, 0, nil), ("linelimit 5", 1, 6, "channel limit of 5 lines exceeded"),
        ("linelimit 5", 1, 5, nil),
    ])
    func limits(line: String, size: Int, lines: Int, text: String?) {
        let refusal = terms(size: size, lines: lines).refusal(on: Channel("tcp_x smtp \(line)", host: "x"))
        #expect(refusal?.text == text)
        #expect(refusal == nil || refusal?.status == "5.2.3" && refusal?.code == 550)
    }

    /// Example 45: `expandlimit 0` on tcp_local, all recipients leave as one copy on reprocess.
    @Test(arguments: [0, 1])
    func example45ExpandLimit(limit: Int) throws {
        let site = try Site(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  expandlimit = \(limit)")])
        let channel = try site.channel("tcp_local")
        #expect(site.router.isOverExpandLimit(limit, channel))
        #expect(!site.router.isOverExpandLimit(limit - 1, channel))
        let session = try site.session(.stranger)
        var recipients: [RoutedRecipient] = []
        for (number, path) in ["<anna@example.com>", "<bert@example.com>"].enumerated() {
            guard case .accepted(let routed) = try session.route(path).result else {
                Issue.record("\(path) is refused")
                continue
            }
            recipients +=
                site.router.isOverExpandLimit(number, channel) ? site.router.deferred(routed, by: channel) : routed
        }
        let entries = EntryPlan.entries(
            recipients, terms: terms(), heldReason: nil, channels: site.configuration.channels)
        let places = entries.map { "\($0.channel): " + $0.recipients.map(\.address).joined(separator: " ") }
        #expect(
            places
                == (limit == 0
                    ? ["reprocess: anna@ims-ms-daemon bert@ims-ms-daemon"]
                    : ["ims-ms: anna@ims-ms-daemon", "reprocess: bert@ims-ms-daemon"]))
    }

    @Test func holdLimit() throws {
        let site = try Site(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  holdlimit = 2")])
        #expect(!site.router.isOverHoldLimit(2, try site.channel("tcp_local")))
        #expect(site.router.isOverHoldLimit(3, try site.channel("tcp_local")))
        #expect(!site.router.isOverHoldLimit(3, try site.channel("reprocess")))
    }
}
