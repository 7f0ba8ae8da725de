import Testing

@testable import Envelope

@Suite struct EntryNameTests {
    /// Worked examples 1 and 24 of the job-controller specification.
    @Test(arguments: [(0, "ZZ"), (1, "ZY"), (25, "ZA"), (35, "Z0"), (36, "YZ"), (1295, "00"), (4000, "00")])
    func attemptCode(attempts: Int, code: String) {
        let name = EntryName(message: MessageID(rawValue: 1), entry: 0, attempts: attempts)
        #expect(name.attemptCode == code)
    }

    @Test(arguments: [(UInt64(0), "ZZ00000000000.00"), (61, "ZZ0000000000z.00"), (62, "ZZ00000000010.00")])
    func shownName(id: UInt64, shown: String) {
        #expect(EntryName(message: MessageID(rawValue: id), entry: 0).description == shown)
    }

    /// Worked example 25, with an id that fits 64 bits (the family's `f0r4i0Wdy51` does not: docs/decisions.md).
    @Test func anyAttemptCharactersFindTheEntry() throws {
        let held = try #require(EntryName("ZXF0r4i0Wdy51.01.HELD"))
        let given = try #require(EntryName("tcp_local/ZYF0r4i0Wdy51.01"))
        #expect(held.message == given.message)
        #expect(held.entry == 1 && given.entry == 1)
        #expect(held.isHeld && !given.isHeld)
        #expect(held.description == "ZXF0r4i0Wdy51.01.HELD")
    }

    @Test(arguments: [
        "", "ZZ", "ZZf0r4i0Wdy5", "ZZF0r4i0Wdy51.0", "ZZf0r4i0Wdy5!.00", "ZZzzzzzzzzzzz.00", "ZZf0r4i0Wdy51.00",
        "a.b.c",
    ])
    func notAName(text: String) {
        #expect(EntryName(text) == nil)
    }

    @Test func idsAreUniqueAndSortByTime() {
        let start: UInt64 = 1_700_000_000_000
        var generator = MessageIDGenerator(slot: 77, generation: 3, now: start)
        var last = MessageID(rawValue: 0)
        for step in 0..<200_000 {
            // More in a second than there are numbers, and a clock that goes back.
            let id = generator.next(now: start + UInt64(step / 150) - (step % 7 == 0 ? 5000 : 0))
            #expect(id > last)
            #expect(id.rawValue >> 63 == 0)
            last = id
        }
        #expect(MessageID(last.description) == last)
    }

    @Test func processesWithDifferentSlotsNeverMakeTheSameID() {
        var first = MessageIDGenerator(slot: 1, generation: 0, now: 1_700_000_000_000)
        var second = MessageIDGenerator(slot: 2, generation: 0, now: 1_700_000_000_000)
        let ids = (0..<1000).flatMap { _ in [first.next(now: 1_700_000_000_000), second.next(now: 1_700_000_000_000)] }
        #expect(Set(ids).count == 2000)
    }

    @Test func derivedIDsRepeatAndDiffer() {
        let message = MessageID(rawValue: 42)
        let id = MessageID.derived(from: message, entry: 1, attempt: 2, recipients: [0, 3], .failureNotification)
        #expect(id == .derived(from: message, entry: 1, attempt: 2, recipients: [3, 0], .failureNotification))
        #expect(id.rawValue >> 63 == 1)
        #expect(id != .derived(from: message, entry: 1, attempt: 3, recipients: [0, 3], .failureNotification))
        #expect(id != .derived(from: message, entry: 1, attempt: 2, recipients: [0, 3], .requeue))
        #expect(id != .derived(from: message, entry: 1, attempt: 2, recipients: [1], .failureNotification))
        #expect(id != .derived(from: message, entry: 1, attempt: 2, recipients: [], .failureNotification))
    }
}
