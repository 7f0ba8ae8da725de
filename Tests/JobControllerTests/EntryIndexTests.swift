import Envelope
import MasterKit
import Spool
import Testing

@testable import JobController

/// The hash table under the schedule, beside a dictionary.
@Suite struct EntryIndexTests {
    private static func key(_ number: UInt64) -> QueueEntryKey {
        QueueEntryKey(message: MessageID(rawValue: number / 3), entry: UInt32(number % 3))
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func findsWhatADictionaryFinds(seed: UInt64) {
        var random = seed
        func next(_ limit: UInt64) -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (random >> 33) % limit
        }
        var keys: [QueueEntryKey] = []
        var index = EntryIndex()
        var model: [QueueEntryKey: Int32] = [:]
        // Grows to some thousand, then goes on about as large, with the table about three quarters full at times.
        for step in 0..<40_000 {
            let key = Self.key(next(9000))
            let found = index.slot(of: key) { keys[Int($0)] == key }
            #expect(found == model[key], "step \(step), \(key)")
            if let found {
                index.remove(found, for: key)
                model[key] = nil
            } else if next(3) > 0 {
                let slot = Int32(keys.count)
                keys.append(key)
                index.insert(slot, for: key)
                model[key] = slot
            }
            #expect(index.count == model.count)
        }
        for (key, slot) in model { #expect(index.slot(of: key) { keys[Int($0)] == key } == slot) }
    }

    @Test func anEntryOfTheScheduleIsSmall() {
        #expect(MemoryLayout<ScheduledEntry>.stride == 80)
    }

    @Test(
        arguments: [EntryNotice.none, .delayWarning(1), .delayWarning(3), .delayWarning(255), .timedOut, .returned])
    func aNoticeIsKept(notice: EntryNotice) {
        var entry = ScheduledEntry(
            key: Self.key(1), arrival: 0, channel: 0, host: 0, pending: 1, attempts: 0, priority: .normal, warned: 0)
        #expect(entry.notice == .none)
        entry.notice = notice
        #expect(entry.notice == notice)
    }
}
