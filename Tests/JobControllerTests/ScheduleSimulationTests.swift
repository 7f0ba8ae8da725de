import Envelope
import MasterKit
import Spool
import Testing

@testable import JobController

/// The schedule with many entries.
@Suite struct ScheduleSimulationTests {
    /// Limit of the design: 600 bytes an entry, with its places in the heaps and the dictionary.
    @Test func entriesAreSmall() {
        #expect(MemoryLayout<ScheduledEntry>.stride <= 128)
        #expect(MemoryLayout<ReadyItem>.stride <= 24)
        #expect(MemoryLayout<HostQueue>.stride <= 128)
    }

    /// Thirty thousand entries to three thousand hosts, of which a tenth is dead.
    @Test func largeQueue() {
        var simulation = Simulation(
            pool: 10,
            [
                "tcp_local": {
                    $0.isHostSorted = true
                    $0.maximumLifeConnections = 20_000
                }
            ])
        simulation.prefetch = 10
        simulation.schedule.stop(channel: "tcp_local")
        for number in 0..<30_000 { simulation.add(number, host: "h\(number % 3000)") }
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        while let hand = simulation.hands.first {
            simulation.finish(hand.key, hand.host.hasSuffix("7") ? .failedTemporarily : .delivered)
        }
        #expect(simulation.schedule.count == 3000)
        #expect(simulation.counts().delayed == 3000)
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
