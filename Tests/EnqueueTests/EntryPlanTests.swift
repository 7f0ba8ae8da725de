import Channels
import Enqueue
import Envelope
import Testing

private func routed(_ channel: String, _ address: String, held: String? = nil) -> RoutedRecipient {
    let host = address.split(separator: "@").last.map(String.init) ?? ""
    return RoutedRecipient(
        channel: channel, host: host, recipient: QueueRecipient(address: address, given: "given-\(address)"),
        heldReason: held)
}

private func plan(
    _ recipients: [RoutedRecipient], _ division: EntryPlan.Division, held: String? = nil
) -> [String] {
    EntryPlan.entries(
        recipients, priority: .urgent, heldReason: held, division: { _ in division },
        officialHost: { "\($0)-daemon" }
    ).map { entry in
        #expect(entry.priority == .urgent)
        return "\(entry.channel) \(entry.host): " + entry.recipients.map(\.address).joined(separator: ",")
            + (entry.heldReason.map { " (\($0))" } ?? "")
    }
}

/// Channels specification, 4.3; job-controller specification, 9.3.
@Suite struct EntryPlanTests {
    private let mixed = [
        routed("t", "a@x"), routed("t", "b@y"), routed("s", "c@x"), routed("t", "d@X"), routed("t", "a@x"),
    ]

    @Test func copies() {
        #expect(plan(mixed, .init(.byChannel)) == ["t t-daemon: a@x,b@y,d@X", "s s-daemon: c@x"])
        #expect(plan(mixed, .init(.byHost)) == ["t x: a@x,d@X", "t y: b@y", "s x: c@x"])
        #expect(plan(mixed, .init(.byRecipient)) == ["t x: a@x", "t y: b@y", "s x: c@x", "t x: d@X"])
        #expect(plan([], .init(.byChannel)).isEmpty)
    }

    /// Example 17 of the channels specification: `multiple addrsperfile 2` and five recipients.
    @Test func addressesPerEntry() {
        let five = (1...5).map { routed("t", "r\($0)@x") }
        #expect(
            plan(five, .init(.byChannel, limit: 2)) == [
                "t t-daemon: r1@x,r2@x", "t t-daemon: r3@x,r4@x", "t t-daemon: r5@x",
            ])
        #expect(plan(five + five, .init(.byHost, limit: 5)) == ["t x: r1@x,r2@x,r3@x,r4@x,r5@x"])
    }

    @Test func held() {
        let some = [routed("t", "a@x"), routed("t", "b@x", held: "why"), routed("t", "c@x", held: "why")]
        #expect(plan(some, .init(.byChannel)) == ["t t-daemon: a@x", "t t-daemon: b@x,c@x (why)"])
        #expect(plan(some, .init(.byChannel), held: "loop") == ["t t-daemon: a@x (loop)", "t t-daemon: b@x,c@x (why)"])
    }

    @Test func theFirstOfTwoIsKept() {
        var second = routed("t", "a@x")
        second.recipient.notify = .never
        let entries = EntryPlan.entries(
            [routed("t", "a@x"), second], priority: .normal, heldReason: nil, division: { _ in .init(.byChannel) },
            officialHost: { $0 })
        #expect(entries.flatMap(\.recipients) == [routed("t", "a@x").recipient])
    }

    /// A list of many thousands of members costs no more than its length.
    @Test func manyRecipients() {
        let many = (0..<200_000).map { routed("t", "r\($0 % 150_000)@h\($0 % 3)") }
        let entries = EntryPlan.entries(
            many, priority: .normal, heldReason: nil, division: { _ in .init(.byHost, limit: 99) },
            officialHost: { $0 })
        #expect(entries.reduce(0) { $0 + $1.recipients.count } == 150_000)
        #expect(entries.allSatisfy { $0.recipients.count <= 99 })
    }

    @Test(
        arguments: [
            ("tcp_local smtp mx single_sys", .byHost, 99), ("tcp_x smtp", .byHost, 99),
            ("tcp_x smtp single", .byRecipient, 99),
            ("tcp_x smtp daemon gate.example", .byChannel, 99), ("ims-ms", .byChannel, nil),
            ("ims-ms addrsperfile 5", .byChannel, 5), ("x single", .byRecipient, nil),
        ] as [(String, EntryPlan.Division.Copies, Int?)])
    func divisionOfChannels(_ line: String, _ copies: EntryPlan.Division.Copies, _ limit: Int?) {
        #expect(EntryPlan.Division(Channel(line, host: "h")) == EntryPlan.Division(copies, limit: limit))
    }

    @Test func divisionOfNoChannel() {
        #expect(EntryPlan.Division(nil) == EntryPlan.Division(.byChannel))
    }
}
