import Envelope
import Testing

@testable import Spool

/// What an envelope gained after format version 1: a time to be delivered by, and a transfer priority.
@Suite struct DeadlineTests {
    private static func payload(_ message: QueuedMessage) -> [UInt8] {
        Array(MessageCodec.record(message, ContentPlace(size: 0), pieces: []).head[RecordHeader.size...])
    }

    @Test func extendedEnvelopes() throws {
        var message = fullMessage(7)
        #expect(Self.payload(message)[12] == 1, "a former release reads what it can know")
        message.entries[0].deliverBy = DeliverBy(deadline: 1_738_500_000, mode: .giveBack)
        message.entries[1].deliverBy = DeliverBy(deadline: 1_738_600_000, mode: .notify)
        #expect(Self.payload(message)[12] == 2)
        #expect(MessageCodec.decode(payload: Self.payload(message)[...])?.message == message)
        message = fullMessage(7)
        message.transferPriority = -9
        #expect(Self.payload(message)[12] == 2)
        #expect(MessageCodec.decode(payload: Self.payload(message)[...])?.message == message)
        var other = Self.payload(message)
        other[12] = 3
        #expect(MessageCodec.decode(payload: other[...]) == nil)
    }

    @Test(arguments: [Int64.min, -5, -1, 0, 1, 1_738_500_000, .max])
    func rawValues(raw: Int64) {
        let value = DeliverBy(rawValue: raw)
        #expect((value == nil) == (raw == 0))
        guard let value else { return }
        #expect(DeliverBy(rawValue: value.rawValue) == value)
        #expect(value.mode == (raw > 0 ? .giveBack : .notify))
    }

    @Test func snapshotsKeepDeadlines() throws {
        let process = SimulatedProcess(SimulatedDisk(seed: 3))
        let layout = QueueLayout("/q")
        var index = QueueIndex()
        for (number, deadline) in [Int64(0), 1_738_500_000, -1_738_600_000].enumerated() {
            let entry = CommittedEntryFacts(
                number: 0, channel: "tcp_local", host: "example.net", notBefore: 5,
                deliverBy: DeliverBy(rawValue: deadline), recipients: 1)
            let id = MessageID(rawValue: UInt64(number + 1))
            let location = SpoolLocation(segment: "w1-1", offset: 256 * (number + 1), length: 100)
            let isNew = index.add(
                CommittedMessageFacts(message: id, location: location, arrival: 1, size: 1, entries: [entry]))
            #expect(isNew)
        }
        try Snapshot.write(index, number: 1, layout: layout, disk: process)
        let read = try #require(try Snapshot.read(1, layout: layout, disk: process))
        for (id, message) in index.messages { #expect(read[id] == message) }
        #expect(read.messageCount == 3)
        let recovered = read[MessageID(rawValue: 3)].map { $0.entries[0].recovered(MessageID(rawValue: 3), $0) }
        #expect(recovered?.deliverBy == DeliverBy(deadline: 1_738_600_000, mode: .notify))
    }
}
