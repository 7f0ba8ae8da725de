import Envelope
import MasterKit
import Spool
import Testing

@testable import JobController

/// Random histories from a seed, checked against plain recounting.
@Suite struct ScheduleSimulationTests {
    @Test(arguments: 0..<12)
    func randomHistory(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var simulation = Simulation(
            pool: 4,
            [
                "tcp_local": {
                    $0.isHostSorted = true
                    $0.maximumLifeConnections = 40
                    $0.threadDepth = 3
                },
                "ims-ms": { $0.threadDepth = 5 }, "reprocess": { $0.clientThreads = 1 },
            ])
        simulation.threads = 3
        simulation.prefetch = 1 + Int(seed % 3)
        let asAtStart = simulation.schedule.settings
        var next = 0
        var ended: Set<UInt64> = []
        for step in 0..<1500 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<40:
                let channel = ["tcp_local", "ims-ms", "reprocess"].randomElement(using: &random) ?? ""
                let priority = Priority.allCases.randomElement(using: &random) ?? .normal
                simulation.add(next, channel, host: "h\(Int.random(in: 0..<12, using: &random))", priority, pending: 2)
                next += 1
            case 40..<75:
                guard let hand = simulation.hands.randomElement(using: &random) else { continue }
                let results: [RecipientOutcome.Result] = [.delivered, .failedTemporarily, .failedPermanently]
                let first = results.randomElement(using: &random) ?? .delivered
                let second = results.randomElement(using: &random) ?? .delivered
                simulation.finish(hand.key, first, second)
            case 75..<78:
                if let job = simulation.running.keys.sorted().randomElement(using: &random) { simulation.die(job) }
            case 78..<82:
                _ = simulation.schedule.hold(key(Int.random(in: 0...next, using: &random)), reason: "test")
            case 82..<86:
                let chosen = key(Int.random(in: 0...next, using: &random))
                _ = simulation.schedule.release(chosen, now: simulation.now)
            case 86..<88: _ = simulation.schedule.delete(key(Int.random(in: 0...next, using: &random)))
            case 88..<90:
                let chosen = key(Int.random(in: 0...next, using: &random))
                _ = simulation.schedule.returnToSender(chosen, now: simulation.now)
            case 90..<92: simulation.schedule.stop(channel: "ims-ms")
            case 92..<94: simulation.schedule.start(channel: "ims-ms", now: simulation.now)
            case 94: simulation.schedule.configure(changed(simulation.schedule.settings, &random), now: simulation.now)
            default: simulation.advance(Int64.random(in: 1...(3 * hour), using: &random))
            }
            simulation.settle()
            if step % 10 == 0 { check(simulation) }
        }
        // Everything that is not held is delivered in the end.
        simulation.schedule.configure(asAtStart, now: simulation.now)
        simulation.schedule.start(channel: "ims-ms", now: simulation.now)
        for _ in 0..<20_000 {
            simulation.settle()
            if let hand = simulation.hands.first {
                simulation.finish(hand.key, .delivered, .delivered)
            } else if simulation.schedule.channels.contains(where: { $0.counts.ready + $0.counts.delayed > 0 }) {
                simulation.advance(hour)
            } else {
                break
            }
        }
        check(simulation)
        #expect(simulation.schedule.channels.allSatisfy { $0.counts.ready + $0.counts.delayed + $0.counts.active == 0 })
        for (key, change) in simulation.records {
            switch change {
            case .done, .delete: #expect(ended.insert(key.message.rawValue).inserted, "ended twice: \(key)")
            default: break
            }
        }
        #expect(ended.count + simulation.schedule.count == next)
    }

    /// What a reload may bring: other depths, another sorting, channels that come and go, and a pool of their own.
    private func changed(_ old: JobControllerSettings, _ random: inout SeededRandom) -> JobControllerSettings {
        var new = old
        for name in ["tcp_local", "ims-ms", "reprocess"] {
            var channel = ChannelSettings()
            channel.masterCommand = "/bin/master"
            channel.threadDepth = Int.random(in: 1...6, using: &random)
            channel.isHostSorted = Bool.random(using: &random)
            channel.maximumJobs = Int.random(in: 1...4, using: &random)
            channel.maximumLifeConnections = Int.random(in: 10...60, using: &random)
            if Bool.random(using: &random) { channel.pool = "OTHER" }
            new.channels[name] = Int.random(in: 0..<5, using: &random) == 0 ? nil : channel
        }
        new.pools = Bool.random(using: &random) ? ["DEFAULT": 4] : ["DEFAULT": 4, "OTHER": 4]
        return new
    }

    /// Recounts everything that the schedule keeps as sums.
    private func check(_ simulation: Simulation) {
        let schedule = simulation.schedule
        for (number, channel) in schedule.channels.enumerated() {
            var counts = ChannelQueue.StateCounts()
            var ready: [Int32: Int] = [:]
            for entry in schedule.entries.slots where Int(entry.channel) == number {
                switch entry.state {
                case .ready:
                    counts.ready += 1
                    ready[entry.host, default: 0] += 1
                case .delayed: counts.delayed += 1
                case .active: counts.active += 1
                case .held: counts.held += 1
                case .unused: break
                }
            }
            #expect(counts == channel.counts)
            var wanted = 0
            for (index, host) in channel.hosts.enumerated() {
                #expect(host.ready == ready[Int32(index)] ?? 0)
                let threads = schedule.jobs.values.reduce(0) { sum, job in
                    sum + (job.channel == number ? job.threads.values.filter { $0.host == index }.count : 0)
                }
                #expect(host.threads == threads)
                wanted += host.wanted
            }
            #expect(wanted == channel.wanted)
            let present = schedule.jobs.values.filter { $0.channel == number && $0.phase == .running }.count
            #expect(present <= min(channel.settings.maximumJobs, 4))
            // Nobody waits who could be served.
            if !channel.isStopped, wanted > 0 { #expect(channel.parked.isEmpty) }
        }
        let running = schedule.jobs.values.filter { $0.pool != nil }.count
        #expect(schedule.pools.reduce(0) { $0 + $1.running } == running)
        #expect(schedule.pools.allSatisfy { $0.running <= 4 })
        let active = schedule.jobs.values.reduce(0) { $0 + $1.active.count }
        #expect(active == simulation.hands.count)
    }

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
