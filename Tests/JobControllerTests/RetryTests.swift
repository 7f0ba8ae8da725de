import Envelope
import MasterKit
import Testing

@testable import JobController

@Suite struct RetryTests {
    @Test(arguments: [
        (Priority.urgent, [30, 60, 60, 120, 120, 120, 240, 240]),
        (.normal, [60, 120, 120, 240, 240, 240, 480, 480]),
        (.nonurgent, [120, 240, 240, 480, 480, 480, 960, 960]),
        (.thirdClass, [120, 240, 240, 480, 480, 480, 960, 960]),
    ])
    func defaultWaits(priority: Priority, minutes: [Int64]) {
        let table = BackoffTable()
        #expect((1...8).map { table.wait(after: $0, priority) / minute } == minutes)
    }

    /// Worked example 9a: a priority's own list wins wherever it stands.
    @Test func ownListWins() {
        let table = BackoffTable(common: [3600], own: [.urgent: [300]])
        #expect(table.wait(after: 1, .urgent) == 5 * minute)
        #expect(table.wait(after: 9, .urgent) == 5 * minute)
        #expect(table.wait(after: 1, .normal) == hour)
    }

    /// Worked example 8.
    @Test func failuresOfAnOrdinaryMessage() {
        var simulation = Simulation(["tcp_local": { _ in }])
        let start = simulation.now
        simulation.add(1)
        var tries: [Int64] = []
        for _ in 0..<5 {
            tries.append((simulation.now - start) / hour)
            #expect(simulation.hands.count == 1)
            simulation.finish(key(1), .failedTemporarily)
            #expect(simulation.counts().delayed == 1)
            while simulation.hands.isEmpty { simulation.advance(minute) }
        }
        #expect(tries == [0, 1, 3, 5, 9])
    }

    /// Worked example 9.
    @Test func backoffKeyword() {
        let table = BackoffTable(common: [300, 600])
        #expect((1...4).map { table.wait(after: $0, .normal) / minute } == [5, 10, 10, 10])
    }

    static let noticeRows: [(days: [Int64], hours: Int64, warned: Int, due: EntryNotice)] = [
        ([1, 2, 3], 23, 0, .none), ([1, 2, 3], 24, 0, .delayWarning(1)), ([1, 2, 3], 25, 1, .none),
        ([1, 2, 3], 50, 1, .delayWarning(2)), ([1, 2, 3], 72, 2, .timedOut), ([], 192, 2, .none),
        ([], 216, 2, .delayWarning(3)), ([], 288, 3, .timedOut), ([1], 14, 0, .none), ([1], 38, 0, .timedOut),
    ]

    /// Worked examples 10, 11 and 12.
    @Test(arguments: noticeRows)
    func notices(row: (days: [Int64], hours: Int64, warned: Int, due: EntryNotice)) {
        let table = NoticesTable(common: row.days)
        #expect(table.due(age: row.hours * hour, warned: row.warned, .normal) == row.due)
    }

    /// Worked example 27.
    @Test(arguments: [(720, false), (1380, true), (359, true), (360, false), (1200, true)] as [(Int64, Bool)])
    func window(minutes: Int64, isOpen: Bool) throws {
        let window = try #require(DeliveryWindow("20:00-06:00"))
        #expect((window.wait(now: 20_000 * day + minutes * minute) == 0) == isOpen)
        #expect(window.wait(now: 20_000 * day + 12 * hour) == 8 * hour)
    }

    @Test(arguments: ["", "20:00", "24:00-06:00", "20:00-06:60", "a-b", "1:2:3-4:5", "-1:00-02:00"])
    func notAWindow(text: String) { #expect(DeliveryWindow(text) == nil) }

    @Test func windowHoldsBackAndReleases() {
        var simulation = Simulation(["tcp_local": { $0.windows[.normal] = DeliveryWindow("20:00-06:00") }])
        simulation.now = 20_000 * day + 12 * hour
        simulation.add(1)
        #expect(simulation.hands.isEmpty)
        simulation.advance(8 * hour - minute)
        #expect(simulation.hands.isEmpty)
        simulation.advance(2 * minute)
        #expect(simulation.hands.count == 1)
    }

    /// Worked examples 18 and 19.
    @Test func mixedResultsAreTriedAgainAtOnce() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1, pending: 2)
        simulation.finish(key(1), .failedTemporarily, .failedTemporarily)
        #expect(simulation.counts().delayed == 1)
        simulation.advance(hour)
        #expect(simulation.hands.first?.attempts == 1)
        simulation.finish(key(1), .delivered, .failedTemporarily)
        #expect(simulation.hands.first?.attempts == 0)
        simulation.finish(key(1), .delivered)
        #expect(simulation.schedule.count == 0)
        #expect(simulation.records.count == 3)
    }

    /// Ten thousand messages to dead destinations for a month: only events cost anything.
    @Test func aMonthOfRetries() {
        var simulation = Simulation(pool: 10, ["tcp_local": { $0.isHostSorted = true }])
        simulation.threads = 100
        for number in 0..<300 { simulation.add(number, host: "h\(number % 50)") }
        let end = simulation.now + 30 * day
        var attempts = 0
        while simulation.now < end {
            while let hand = simulation.hands.first {
                simulation.finish(hand.key, .failedTemporarily)
                attempts += 1
            }
            simulation.advance(30 * minute)
        }
        #expect(simulation.schedule.count == 300)
        // 1 + 2 + 2 + 4 + 4 + 4 hours, then every 8: some 90 attempts in 30 days.
        #expect((85...95).contains(attempts / 300))
    }
}
