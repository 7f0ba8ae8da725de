import Envelope
import Notifications
import Testing

/// Notifications with the postmaster as envelope From (RETURN_ENVELOPE) are answered no more than those with an empty one
/// (notifications-logging specification, 1.1 rules 2 and 7).
@Suite struct PostmasterLoopTests {
    private static let postmaster = "postmaster@mail.example.com"

    @Test(
        arguments: [
            ("role.mta.return_envelope = 1", .failed, 0), ("role.mta.return_envelope = 2", .timedOut, 0),
            ("role.mta.return_envelope = 3", .delayed, 0), ("role.mta.return_envelope = 4", .failed, 1),
            ("role.mta.return_address = a@example.com", .failed, 1), ("role.mta.return_envelope = 1", .delivered, 1),
        ] as [(String, NotificationKind, Int)])
    func doubleBounce(_ option: String, _ kind: NotificationKind, _ count: Int) async throws {
        let bench = try Bench(replacing: [Bench.options(option)])
        let message = queued(sender: "Postmaster@MAIL.example.com", notify: kind == .delivered ? [.success] : [[]])
        #expect(await bench.notify(kind, message) == nil)
        #expect(try bench.finish().count == count)
    }

    /// The bit of one channel: the notification may fail on another.
    @Test func bitOfAnotherChannel() async throws {
        let bench = try Bench(replacing: [("[channel:process]", "[channel:process]\n  returnenvelope = 1")])
        #expect(await bench.notify(.failed, queued(sender: Self.postmaster)) == nil)
        #expect(try bench.finish().isEmpty)
    }

    /// Copies for the postmaster of a double bounce end when he cannot be reached himself.
    @Test(arguments: [("r0@final.example", 1), (postmaster, 0)])
    func copyOfACopy(_ recipient: String, _ count: Int) async throws {
        let bench = try Bench(replacing: [
            Bench.options("role.mta.return_envelope = 1"), ("[channel:tcp_local]", "[channel:tcp_local]\n  sendpost"),
        ])
        var message = queued(sender: Self.postmaster)
        message.entries[0].recipients[0].given = recipient
        #expect(await bench.notify(.failed, message) == nil)
        let all = try bench.finish()
        #expect(
            all.flatMap(\.message.entries).flatMap(\.recipients).map(\.address)
                == Array(repeating: Self.postmaster, count: count))
    }
}
