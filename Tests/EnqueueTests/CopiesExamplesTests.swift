import Channels
import Enqueue
import Envelope
import Testing

/// Worked examples 14 to 17 of the channels specification, and 15 of the job-controller specification: how many copies, and
/// who shares one.
@Suite struct CopiesExamplesTests {
    @Test(arguments: [
        ("tcp_local smtp single_sys", ["a@x b@x", "c@y"]), ("tcp_local smtp single", ["a@x", "b@x", "c@y"]),
        ("tcp_local smtp multiple", ["a@x b@x c@y"]), ("tcp_local smtp multiple addrsperfile 2", ["a@x b@x", "c@y"]),
        ("tcp_local smtp", ["a@x b@x", "c@y"]), ("tcp_local smtp multiple daemon router", ["a@x b@x c@y"]),
        ("tcp_local smtp daemon router", ["a@x b@x c@y"]),
        ("x_channel multiple", ["a@x b@x c@y"]),
        ("tcp_local smtp single_sys addrsperfile 1", ["a@x", "b@x", "c@y"]),
    ])
    func examples14To17RecipientsShareEntries(line: String, entries: [String]) {
        let recipients = ["a@x", "b@x", "c@y"].map { address in
            RoutedRecipient(
                channel: "tcp_local", host: String(address.suffix(1)),
                recipient: QueueRecipient(address: address, given: address))
        }
        let division = EntryPlan.Division(Channel(line, host: "tcp-daemon"))
        let planned = EntryPlan.entries(
            recipients, priority: .normal, heldReason: nil, division: { _ in division }, officialHost: { $0 })
        #expect(planned.map { $0.recipients.map(\.address).joined(separator: " ") } == entries)
    }
}
