import Glibc
import Testing

@testable import Spool

/// Seeds are cheap: `MARTLET_SOAK_SEEDS=100000` runs more of them, `MARTLET_SOAK_FIRST` says where to begin.
@Suite struct CrashSimulationTests {
    private static let first = number("MARTLET_SOAK_FIRST", 1)
    private static let seeds = number("MARTLET_SOAK_SEEDS", 2000)
    /// The seeds are dealt out, so that all cores have some.
    private static let shares: UInt64 = 8

    private static func number(_ name: String, _ fallback: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? fallback
    }

    /// Most faults need few steps, some a long history.
    private static func steps(_ seed: UInt64) -> Int { seed / shares % 4 == 0 ? 180 : 50 }

    @Test func everyAcknowledgedMessageSurvives() async {
        var counts: [String: Int] = [:]
        await withTaskGroup(of: [String: Int].self) { group in
            for share in 0..<Self.shares { group.addTask { Self.run(share) } }
            for await part in group { counts.merge(part, uniquingKeysWith: +) }
        }
        guard Self.seeds >= 1000 else { return }
        let reached = [
            "acknowledged", "compacted", "deaths in a call", "derived again", "ended", "freed", "full disks",
            "moved under a job", "power cuts", "recovered at a moved place", "recoveries", "requeued", "set aside",
            "snapshots",
        ]
        for name in reached { #expect(counts[name, default: 0] > 0, "\(name) never happened: \(counts)") }
    }

    /// Runs every eighth seed up to the first failure; how often things happened.
    private static func run(_ share: UInt64) -> [String: Int] {
        var counts: [String: Int] = [:]
        for seed in stride(from: first + share, to: first + seeds, by: Int(shares)) {
            var simulation = QueueSimulation(seed: seed)
            let failures = simulation.run(steps: steps(seed))
            counts.merge(simulation.counts, uniquingKeysWith: +)
            if failures.isEmpty { continue }
            Issue.record("MARTLET_SOAK_FIRST=\(seed) MARTLET_SOAK_SEEDS=1: \(failures.prefix(4))")
            break
        }
        return counts
    }

    /// The syncs that the promise rests on: when the disk only says that it has done one, the simulation finds a loss.
    enum NeededSync: String, CaseIterable {
        case records = "records of a segment"
        case names = "names of segments"
        case large = "content of large files"
        case largeNames = "names of large files"
        case outcomes = "records of the ledger"
        case ledgerNames = "names of logs and snapshots"
        case snapshot = "a snapshot"
        case directories = "the directories of a new queue"

        func takes(_ sync: SimulatedDisk.Sync) -> Bool {
            let name = sync.path.dropFirst(QueueSimulation.queue.count)
            return switch self {
            case .records: name.hasSuffix(".seg.new") && !sync.isFirst
            case .names: ["/segments", "/segments/free"].contains(name) && sync.call == "fsync"
            case .large: name.hasPrefix("/large/")
            case .largeNames: name == "/large"
            case .outcomes: name.hasSuffix(".log.new") && !sync.isFirst
            case .ledgerNames: name == "/ledger"
            case .snapshot: name.hasSuffix(".snapshot.new")
            case .directories: name == "" || sync.path == "/"
            }
        }
    }

    @Test(arguments: NeededSync.allCases) func aDiskThatLiesIsFoundOut(sync: NeededSync) {
        for seed in UInt64(1)...400 {
            var simulation = QueueSimulation(seed: seed)
            simulation.disk.lie { sync.takes($0) }
            if !simulation.run(steps: Self.steps(seed)).isEmpty { return }
        }
        Issue.record("nobody misses the sync of \(sync.rawValue)")
    }
}
