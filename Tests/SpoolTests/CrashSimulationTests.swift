import Glibc
import Testing

@testable import Spool

/// Seeds are cheap: `MARTLET_SOAK_SEEDS=100000` runs more of them, `MARTLET_SOAK_FIRST` says where to begin.
@Suite struct CrashSimulationTests {
    private static func number(_ name: String, _ fallback: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? fallback
    }

    @Test func everyAcknowledgedMessageSurvives() {
        let first = Self.number("MARTLET_SOAK_FIRST", 1)
        var counts: [String: Int] = [:]
        for seed in first..<first + Self.number("MARTLET_SOAK_SEEDS", 200) {
            var simulation = QueueSimulation(seed: seed)
            let failures = simulation.run(steps: 250)
            counts.merge(simulation.counts, uniquingKeysWith: +)
            if failures.isEmpty { continue }
            Issue.record("MARTLET_SOAK_FIRST=\(seed) MARTLET_SOAK_SEEDS=1: \(failures.prefix(4))")
            return
        }
        let reached = [
            "acknowledged", "ended", "freed", "compacted", "snapshots", "recoveries", "recovered at a moved place",
        ]
        for name in reached { #expect(counts[name, default: 0] > 0, "\(name) never happened") }
    }
}
