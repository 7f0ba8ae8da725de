import Glibc
import ProcessPool
import SystemCalls
import Testing

@testable import Dispatcher

/// Random pools with random workers and clients, from a seed. After every event the promises of the dispatcher
/// specification, sections 6.1 and 6.2, are checked by ``PoolPromises``, which keeps its own books.
///
/// `MARTLET_SIMULATION_SEED` is the first seed, `MARTLET_SIMULATION_SEEDS` their number, `MARTLET_SIMULATION_EVENTS` the
/// events of each; without them the set is fixed. A failure names its seed: run that one alone.
@Suite struct ServicePoolSimulation {
    private static func number(_ name: String, _ standard: Int) -> Int {
        getenv(name).flatMap { Int(String(cString: $0)) }.map { max(0, $0) } ?? standard
    }

    static let firstSeed = UInt64(number("MARTLET_SIMULATION_SEED", 1))
    static let seeds = UInt64(max(1, number("MARTLET_SIMULATION_SEEDS", 40)))
    static let events = max(5000, number("MARTLET_SIMULATION_EVENTS", 50_000))

    /// Some seeds in each test, so that the cores share the work.
    @Test(arguments: UInt64(0)..<min(8, seeds))
    func promisesHold(part: UInt64) {
        for seed in stride(from: Self.firstSeed &+ part, to: Self.firstSeed &+ Self.seeds, by: 8) {
            var world = SimulatedService(seed: seed)
            for step in 0..<Self.events {
                world.step()
                if let broken = world.promises.broken {
                    Issue.record("seed \(seed), event \(step): \(broken)")
                    return
                }
            }
            world.finish()
            if let broken = world.promises.broken { Issue.record("seed \(seed), at the end: \(broken)") }
            // The rare ways were taken too.
            let statistics = world.pool.statistics
            #expect(statistics.completed > 0 && statistics.moved > 0, "seed \(seed)")
            #expect(statistics.lost > 0 && statistics.failedStarts > 0, "seed \(seed)")
        }
    }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// 0..<`bound`; quicker than `Int.random`, which matters a million times.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}
