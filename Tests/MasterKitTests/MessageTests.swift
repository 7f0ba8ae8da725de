import Envelope
import ProcessPool
import Spool
import Testing

@testable import MasterKit

@Suite struct MessageTests {
    private let key = QueueEntryKey(message: MessageID(rawValue: 0x1234_5678_9ABC), entry: 3)
    private let place = SpoolLocation(segment: "w1-7", offset: 4096, length: 812)

    private func overTheWire(_ message: ControlMessage) throws -> ControlMessage {
        try ControlMessage(bytes: message.encoded())
    }

    @Test(arguments: [EntryNotice.none, .delayWarning(2), .timedOut, .returned])
    func itemRoundTrip(notice: EntryNotice) throws {
        let item = ItemMessage(
            thread: 4, key: key, location: place, attempts: 12, host: "mx.example", pending: [0, 1, 2, 7],
            notice: notice, reason: "not wanted here")
        let groups = item.groups
        #expect(groups.count == 1)
        let received = try overTheWire(ControlMessage(.item, groups: groups))
        let read = try #require(ItemMessage.read(received.groups[0]))
        #expect(read.item == item)
        #expect(!read.isPart)
    }

    @Test func itemWithHistory() throws {
        let outcome = RecipientOutcome(recipient: 7, result: .failedTemporarily, status: "4.4.1", text: "no answer")
        let bare = RecipientOutcome(recipient: 8, result: .delivered)
        let history = [
            EarlierAttempts(times: [100, 200], outcomes: [outcome, bare]),
            EarlierAttempts(times: [300], outcomes: [outcome]),
        ]
        var item = ItemMessage(thread: 1, key: key, location: place, pending: [7], history: history)
        let received = try overTheWire(ControlMessage(.item, groups: item.groups))
        #expect(ItemMessage.read(received.groups[0])?.item == item)
        // The latest ones, as many as there is room for.
        item.history = (0..<400).map { EarlierAttempts(times: [$0], outcomes: [outcome]) }
        let read = ItemMessage.read(try overTheWire(ControlMessage(.item, groups: item.groups)).groups[0])
        let times = read?.item.history.flatMap(\.times) ?? []
        #expect(times.count > 50 && times.count < 400 && times.last == 399)
    }

    @Test func itemWithScatteredRecipientsComesInParts() throws {
        let item = ItemMessage(thread: 1, key: key, location: place, pending: Array(stride(from: 0, to: 9000, by: 2)))
        var packer = MessagePacker(.item)
        for group in item.groups { packer.add(group) }
        var earlier: ItemMessage?
        for message in packer.finish() {
            for group in try overTheWire(message).groups {
                var (part, isPart) = try #require(ItemMessage.read(group))
                if let earlier { part.prepend(earlier) }
                earlier = part
                if !isPart { #expect(part == item) }
            }
        }
        #expect(earlier == item)
    }

    @Test func outcomeRoundTrip() throws {
        let report = OutcomeReport(
            key: key,
            results: [
                RecipientOutcome(
                    recipient: 0, result: .delivered, status: "2.1.5", text: "250 ok",
                    remote: "mx (TCP|1.2.3.4|5|6.7.8.9|25)"),
                RecipientOutcome(recipient: 5, result: .failedTemporarily),
                RecipientOutcome(recipient: 6, result: .failedPermanently, text: "550 5.1.1 no such user"),
            ], isStressed: true, retryAfter: 45_000)
        let received = try overTheWire(ControlMessage(.outcome, groups: report.groups))
        #expect(OutcomeReport.read(received.groups[0])?.report == report)
    }

    @Test func outcomeOfManyRecipientsComesInParts() throws {
        let text = String(repeating: "x", count: 900)
        let report = OutcomeReport(
            key: key, results: (0..<50).map { RecipientOutcome(recipient: $0, result: .delivered, text: text) })
        var packer = MessagePacker(.outcome)
        for group in report.groups { packer.add(group) }
        var whole: OutcomeReport?
        for message in packer.finish() {
            for group in try overTheWire(message).groups {
                var (part, _) = try #require(OutcomeReport.read(group))
                if let whole { part.prepend(whole) }
                whole = part
            }
        }
        #expect(whole == report)
    }

    @Test func textOfARemoteSystemCannotBreakTheProtocol() throws {
        let report = OutcomeReport(
            key: key, results: [RecipientOutcome(recipient: 0, result: .delivered, text: "250 a\nentry=x\0\u{7F}\r")])
        let received = try overTheWire(ControlMessage(.outcome, groups: report.groups))
        #expect(OutcomeReport.read(received.groups[0])?.report.results[0].text == "250 a entry=x   ")
    }

    @Test func noticeRoundTrip() throws {
        let facts = CommittedMessageFacts(
            message: key.message, location: place, arrival: 1_700_000_000_123, size: 5000,
            entries: [
                CommittedEntryFacts(
                    number: 0, channel: "tcp_local", host: "a.example",
                    deliverBy: DeliverBy(deadline: 1_700_000_500, mode: .notify), recipients: 2),
                CommittedEntryFacts(
                    number: 1, channel: "ims-ms", host: "", priority: .urgent, notBefore: 1_700_000_100,
                    recipients: 1, heldReason: "loop: 51 Received lines"),
            ])
        let fields = try #require(NoticeMessages.fields(facts))
        let received = try overTheWire(ControlMessage(.notice, fields))
        #expect(NoticeMessages.read(received.groups[0]) == facts)
        let upTo = NoticeMessages.readUpTo(NoticeMessages.upTo("w1-7", 8192))
        #expect(upTo?.segment == "w1-7" && upTo?.end == 8192)
    }

    @Test(arguments: ["../x 0 1", "a/b 0 1", "a -1 1", "a 0", "a 0 x", "a 0 99999999999999999999", " 0 1", "a  0 1"])
    func notAPlace(text: String) { #expect(SpoolLocation(text: text) == nil) }

    @Test(arguments: [("", []), ("0", [0]), ("0-3,7", [0, 1, 2, 3, 7]), ("5,4", [5, 4])])
    func indexLists(text: String, indexes: [Int]) {
        #expect(IndexList.indexes(text) == indexes)
        #expect(IndexList.text(indexes) == text)
    }

    @Test(arguments: ["x", "1-", "-1", "3-1", "1-2-3", "0-99999999", "99999999999999999999", "+1"])
    func notAnIndexList(text: String) { #expect(IndexList.indexes(text) == nil) }

    @Test func entryLists() throws {
        let keys = (0..<1000).map {
            QueueEntryKey(message: MessageID(rawValue: UInt64($0) * 977), entry: UInt32($0 % 40))
        }
        let messages = EntryList.messages(.durable, keys)
        #expect(try messages.flatMap { EntryList.keys(in: try overTheWire($0)) } == keys)
    }

    /// Mutated messages are read as something or refused, and never trap.
    @Test(arguments: 0..<8)
    func mutations(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let item = ItemMessage(thread: 4, key: key, location: place, pending: [0, 1, 9], notice: .delayWarning(1))
        let report = OutcomeReport(key: key, results: [RecipientOutcome(recipient: 1, result: .relayed, text: "x")])
        let seeds = try [
            ControlMessage(.item, groups: item.groups), ControlMessage(.outcome, groups: report.groups),
            ControlMessage(.work, WorkRequest(thread: 9, count: 5).fields),
            ControlMessage(.upTo, NoticeMessages.upTo("w1-7", 8192)),
        ].map { try $0.encoded() }
        for _ in 0..<2000 {
            var bytes = seeds[Int.random(in: 0..<seeds.count, using: &random)]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(UInt8(ascii: "9"), at: index)
                default: if bytes.count > 1 { bytes.remove(at: index) }
                }
            }
            guard let message = try? ControlMessage(bytes: bytes) else { continue }
            for group in message.groups {
                _ = ItemMessage.read(group)
                _ = OutcomeReport.read(group)
                _ = NoticeMessages.read(group)
                _ = NoticeMessages.readUpTo(group)
                _ = WorkRequest(group)
            }
            _ = EntryList.keys(in: message)
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
