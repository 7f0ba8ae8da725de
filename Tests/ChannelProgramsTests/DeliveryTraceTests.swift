import Channels
import Envelope
import Testing

@testable import ChannelPrograms

/// `master_debug` of programs without a dialogue: channels specification, 4.14.
@Suite struct DeliveryTraceTests {
    private func trace(_ channel: String, source: String = "tcp_local") async throws -> [String] {
        let copy = try await Instance().copy(
            ["anna@ims-ms-daemon", "bert@ims-ms-daemon"], on: "ims-ms", from: "tcp_local")
        let outcomes = [
            RecipientOutcome(recipient: 0, result: .delivered, status: "2.0.0", text: "stored"),
            RecipientOutcome(recipient: 1, result: .failedTemporarily, status: "4.2.2", text: "full\r\n250 2.0.0 liar"),
        ]
        let table = ChannelTable([Channel(source, host: "source-daemon")])
        var lines: [String] = []
        DeliveryTrace(copy, outcomes, Channel(channel, host: "d"), table)?.write { lines.append($0) }
        return lines
    }

    @Test(arguments: ["ims-ms master_debug", "process master_debug", "reprocess master_debug"])
    func saysWhatCameOfEachRecipient(channel: String) async throws {
        let lines = try await trace(channel)
        #expect(lines.count == 3)
        #expect(lines.first?.contains("/0 from <bob@remote.example> of channel tcp_local, ") == true, "\(lines)")
        #expect(lines[1].hasSuffix(" to <anna@ims-ms-daemon>: delivered 2.0.0 stored"))
        // One line each, whatever an answer holds.
        #expect(lines[2].hasSuffix(" to <bert@ims-ms-daemon>: failedTemporarily 4.2.2 full??250 2.0.0 liar"))
    }

    /// "For `reprocess`, enqueue-side debugging is enabled by `master_debug` on the channel that enqueued to it."
    @Test func reprocessAsksTheChannelThatEnqueued() async throws {
        #expect(try await trace("reprocess", source: "tcp_local master_debug").count == 3)
        #expect(try await trace("reprocess").isEmpty)
    }

    @Test func nothingWithoutKeyword() async throws {
        #expect(try await trace("ims-ms", source: "tcp_local master_debug").isEmpty)
    }
}
