import Channels
import Configuration
import Enqueue
import Envelope
import Spool
import Testing

@testable import ChannelPrograms

/// A value with a leading colon, and `[CAPTURE]`: what notifications are to say comes along (aliases specification, 2.1 and
/// 5.3); and lists that make several messages.
@Suite struct HiddenAddressTests {
    private func reprocessor(_ instance: Instance) throws -> Reprocessor {
        Reprocessor(
            configuration: instance.configuration,
            channel: try #require(instance.configuration.channels.channel(named: "reprocess")),
            submitter: instance.submitter, report: { _ in })
    }

    private func shown(_ aliases: String, to address: String) async throws -> [String: String] {
        let instance = try Instance(added: "[aliases]\n\(aliases)")
        let copy = try await instance.copy([address], on: "reprocess", from: "tcp_local")
        #expect(try reprocessor(instance).deliver(copy).map(\.result) == [.delivered])
        let recipients = try instance.finish().flatMap(\.message.entries).flatMap(\.recipients)
        return Dictionary(uniqueKeysWithValues: recipients.map { ($0.address, $0.shownAddress ?? "") })
    }

    /// It is kept in the record of the queue.
    @Test func colon() async throws {
        let found = try await shown(
            "  sales@example.com: :secret@other.example, open@other.example", to: "sales@example.com")
        #expect(found == ["secret@other.example": "sales@example.com", "open@other.example": ""])
    }

    @Test func capture() async throws {
        let found = try await shown(
            "  team2@example.com: [capture] spy@other.example, anna@example.com", to: "team2@example.com")
        #expect(found == ["anna@ims-ms-daemon": "", "spy@other.example": "team2@example.com"])
    }

    /// An alias that hides its value on an earlier hop hides what becomes of it later.
    @Test func earlierHop() async throws {
        let instance = try Instance()
        var copy = try await instance.copy(["x@other.example"], on: "reprocess", from: "tcp_local")
        copy.stored.message.entries[0].recipients[0].shownAddress = "sales@example.com"
        _ = try reprocessor(instance).deliver(copy)
        #expect(
            try instance.finish().flatMap(\.message.entries).flatMap(\.recipients).map(\.shownAddress)
                == ["sales@example.com"])
    }

    /// `useintermediate`: notifications name what the mailbox was made of, not the mailbox (channels specification, 4.10).
    @Test(arguments: [("", ""), ("  useintermediate", "anna@example.com")])
    func intermediateAddress(_ keyword: String, _ shown: String) async throws {
        let instance = try Instance(
            added: "[aliases]\n  sales@example.com: anna@example.com, x@other.example", storeKeywords: keyword)
        let copy = try await instance.copy(["sales@example.com"], on: "reprocess", from: "tcp_local")
        #expect(try reprocessor(instance).deliver(copy).map(\.result) == [.delivered])
        let recipients = try instance.finish().flatMap(\.message.entries).flatMap(\.recipients)
        #expect(recipients.map(\.address) == ["anna@ims-ms-daemon", "x@other.example"])
        #expect(recipients.map { $0.shownAddress ?? "" } == [shown, ""])
    }

    /// Tried again, the messages of a list are the same: what is in the queue already is known by its id.
    @Test func severalMessagesAgain() async throws {
        let instance = try Instance(
            added: """
                [aliases]
                  all@example.com: one@example.com, two@example.com
                  one@example.com: [envelope_from] o@example.com, a@other.example
                  two@example.com: [envelope_from] t@example.com, b@other.example
                """)
        var copy = try await instance.copy(["all@example.com"], on: "reprocess", from: "tcp_local")
        let reprocessor = try reprocessor(instance)
        #expect(reprocessor.deliver(copy).map(\.result) == [.delivered])
        copy.attempts = 1
        #expect(reprocessor.deliver(copy).map(\.result) == [.delivered])
        let ids = try instance.finish().map(\.message.id)
        #expect(ids.count == 4 && Set(ids).count == 2)
    }
}
