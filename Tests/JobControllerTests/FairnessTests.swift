import Envelope
import MasterKit
import Spool
import Testing

@testable import JobController

/// Who gets threads and processes when many want them (job-controller specification, 6.3 to 6.5).
@Suite struct FairnessTests {
    /// A schedule whose attempts take time.
    private struct Clockwork {
        var simulation: Simulation
        /// How long an attempt takes, and what it comes to.
        var attempt: (_ host: String, _ now: Int64) -> (milliseconds: Int64, result: RecipientOutcome.Result)
        private var ends: [QueueEntryKey: (time: Int64, result: RecipientOutcome.Result)] = [:]

        init(
            _ simulation: Simulation,
            attempt: @escaping (String, Int64) -> (milliseconds: Int64, result: RecipientOutcome.Result)
        ) {
            self.simulation = simulation
            self.attempt = attempt
        }

        /// Lets attempts end until a time.
        mutating func run(until end: Int64, onEnd: (QueueEntryKey, Int64) -> Void = { _, _ in }) {
            while true {
                for hand in simulation.hands where ends[hand.key] == nil {
                    let (duration, result) = attempt(hand.host, simulation.now)
                    ends[hand.key] = (simulation.now + duration, result)
                }
                let next = ends.min { ($0.value.time, $0.key) < ($1.value.time, $1.key) }
                guard let (key, (time, result)) = next, time <= end else { break }
                // What wakes meanwhile begins its attempt then.
                let known = simulation.hands.count
                if time > simulation.now { simulation.advance(min(time - simulation.now, 1000)) }
                if simulation.hands.count > known || simulation.now < time { continue }
                ends[key] = nil
                simulation.finish(key, result)
                onEnd(key, time)
            }
            if end > simulation.now { simulation.advance(end - simulation.now) }
        }
    }

    private func queue(jobs: Int, dead: Int) -> Simulation {
        var simulation = Simulation(
            pool: 10,
            [
                "tcp_local": {
                    $0.isHostSorted = true
                    $0.maximumJobs = jobs
                    // A process that has come to its end keeps its place until its last attempt is over.
                    if jobs == 1 { $0.maximumLifeConnections = 10_000 }
                }
            ])
        simulation.schedule.stop(channel: "tcp_local")
        for number in 0..<dead { simulation.add(number, host: "dead.example") }
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        return simulation
    }

    /// Every attempt to reach the dead host hangs for five minutes. Each of the others is served within the second that
    /// its own attempt takes, with a single process and with many.
    @Test(arguments: [(1, 1000), (2, 1000), (100, 100_000)])
    func aDeadDestinationWith100000MessagesDelaysNobodyElse(jobs: Int, dead: Int) {
        var clock = Clockwork(queue(jobs: jobs, dead: dead)) { host, _ in
            host == "dead.example" ? (300_000, .failedTemporarily) : (1000, .delivered)
        }
        let start = clock.simulation.now
        var arrivals: [QueueEntryKey: Int64] = [:]
        var longest: Int64 = 0
        var count = 0
        for step in 0..<100 {
            for host in 0..<4 {
                let number = 1_000_000 + step * 4 + host
                arrivals[key(number)] = clock.simulation.now
                clock.simulation.add(number, host: "h\((step * 4 + host) % 50).example")
            }
            clock.run(until: start + Int64(step + 1) * 10_000) { key, time in
                guard let arrival = arrivals[key] else { return }
                longest = max(longest, time - arrival)
                count += 1
            }
        }
        #expect(count == 400)
        #expect(longest == 1000)
        // And the dead host is tried all the time.
        #expect(clock.simulation.counts().delayed >= 5)
    }

    /// It answered, got all the threads of a process, and then hangs: the others get a process of their own.
    @Test func aDestinationThatDiesDelaysNobodyElse() {
        let start = queue(jobs: 2, dead: 0).now
        var clock = Clockwork(queue(jobs: 2, dead: 1000)) { host, now in
            if host != "dead.example" { return (1000, .delivered) }
            return now < start + 20_000 ? (1000, .delivered) : (300_000, .failedTemporarily)
        }
        clock.run(until: start + 21_000)
        #expect(clock.simulation.hands.count == 10)
        for number in 2000..<2010 { clock.simulation.add(number, host: "h\(number).example") }
        #expect(clock.simulation.hands.count == 20)
        #expect(clock.simulation.started == 2)
    }

    /// Rule 3 of 6.3: "message is for a host already served, thread limit not reached, and that host's backlog has grown
    /// past a further multiple of threaddepth -> start one more thread for that host" — a thread, never a process.
    @Test func oneHostHasOneProcess() {
        var simulation = queue(jobs: 100, dead: 1000)
        simulation.finish(simulation.hands[0].key, .delivered)
        #expect((simulation.hands.count, simulation.started) == (10, 1))
        // Threads of the other process are not for it.
        simulation.add(5000, host: "other.example")
        #expect((simulation.hands.count, simulation.started) == (11, 2))
    }

    /// Single-threaded programs: a further thread of a host is a further process.
    @Test func singleThreadedProgramsSortedByHost() {
        var simulation = Simulation(
            pool: 4,
            [
                "tcp_local": {
                    $0.isHostSorted = true
                    $0.clientThreads = 1
                }
            ])
        simulation.threads = 1
        for number in 0..<1000 { simulation.add(number, host: "one.example") }
        #expect(simulation.hands.count == 2)
        simulation.finish(simulation.hands[0].key, .delivered)
        #expect(simulation.hands.count == 4)
    }

    /// "inside a host: priority, then oldest".
    @Test func orderWithinAHost() {
        var simulation = Simulation([
            "tcp_local": {
                $0.isHostSorted = true
                $0.threadDepth = 100
            }
        ])
        simulation.schedule.stop(channel: "tcp_local")
        let priorities: [Priority] = [.thirdClass, .nonurgent, .normal, .urgent, .normal, .secondClass, .urgent]
        for (number, priority) in priorities.enumerated() {
            simulation.add(number, host: "h.example", priority)
            simulation.now += 1
        }
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        var order: [UInt64] = []
        while let hand = simulation.hands.first {
            order.append(hand.key.message.rawValue)
            simulation.finish(hand.key, .delivered)
        }
        #expect(order == [3, 6, 2, 4, 1, 5, 0])
    }

    /// "Across channels that share a pool, higher priority is served before lower priority": the slot of a job that ends
    /// goes to the channel with the best message, also where a job of that channel runs already.
    @Test(arguments: [false, true])
    func priorityAcrossChannelsOfAPool(isSorted: Bool) {
        var simulation = Simulation(
            pool: 3,
            [
                "a": { $0.clientThreads = 1 }, "b": { $0.clientThreads = 1 },
                "c": {
                    $0.clientThreads = 1
                    $0.isHostSorted = isSorted
                },
            ])
        simulation.threads = 1
        simulation.add(1, "a")
        simulation.add(2, "a", .normal)
        simulation.add(3, "b")
        simulation.add(4, "c", host: "one")
        for number in 10..<40 { simulation.add(number, "b", .nonurgent) }
        for number in 50..<80 { simulation.add(number, "c", host: "h\(number)", .urgent) }
        #expect(simulation.running.values.sorted() == ["a", "b", "c"])
        guard let job = simulation.running.first(where: { $0.value == "a" })?.key else { return }
        _ = simulation.schedule.delete(key(2))
        simulation.finish(key(1), .delivered)
        simulation.die(job)
        #expect(simulation.running.values.sorted() == ["b", "c", "c"])
    }
}

/// What an operator or ETRN sets going at once (job-controller specification, 8; smtp specification, 10.3).
@Suite struct RunTests {
    /// The process that failed to reach a host remembers it: the next attempt is another one's.
    @Test func aNewProcessTriesAgain() {
        var simulation = Simulation([
            "tcp_local": {
                $0.isHostSorted = true
                $0.maximumJobs = 1
            }
        ])
        simulation.add(1, host: "a.example")
        let first = simulation.hands.first?.job
        simulation.finish(key(1), .failedTemporarily)
        #expect(simulation.hands.isEmpty && simulation.running.count == 1)
        #expect(simulation.schedule.run(channel: "tcp_local", host: "a.example", now: simulation.now) == 1)
        simulation.settle()
        #expect(simulation.hands.map(\.key) == [key(1)] && simulation.hands.first?.job != first)
        // With nothing to wake nothing ends.
        let job = simulation.hands.first?.job
        simulation.finish(key(1), .delivered)
        #expect(simulation.schedule.run(channel: "tcp_local", now: simulation.now) == 0)
        simulation.settle()
        #expect(Array(simulation.running.keys) == [job])
    }
}
