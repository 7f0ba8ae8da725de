import Envelope
import MasterKit
import Spool
import Testing

@testable import JobController

/// The rules of 6.2 to 6.5 of the job-controller specification.
@Suite struct ScheduleTests {
    @Test func oldestOfTheBestPriorityFirst() {
        var simulation = Simulation(["l": { $0.clientThreads = 1 }])
        simulation.threads = 1
        simulation.schedule.stop(channel: "l")
        simulation.add(1, "l", .nonurgent)
        simulation.now += 1
        simulation.add(2, "l", .normal)
        simulation.now += 1
        simulation.add(3, "l", .urgent)
        simulation.now += 1
        simulation.add(4, "l", .normal)
        simulation.schedule.start(channel: "l", now: simulation.now)
        simulation.settle()
        var order: [UInt64] = []
        while let hand = simulation.hands.first {
            order.append(hand.key.message.rawValue)
            simulation.finish(hand.key, .delivered)
        }
        #expect(order == [3, 2, 4, 1])
    }

    /// Worked example 3.
    @Test func channelWithoutPoolRunsInTheDefaultPool() {
        var channel = ChannelSettings()
        channel.masterCommand = "/bin/master"
        var simulation = Simulation(
            JobControllerSettings(pools: ["A": 3, "B": 5], defaultPool: "A", channels: ["x": channel]))
        simulation.add(1, "x")
        #expect(simulation.schedule.channelStatus().first?.pool == "A")
        #expect(simulation.schedule.poolStatus().first { $0.name == "A" }?.running == 1)
    }

    /// Worked example 4: min(maxjobs, pool limit), and jobs come as the backlog grows past multiples of threaddepth.
    @Test(arguments: [(7, 10, 7), (100, 10, 10), (100, 2, 2)])
    func processLimit(maxjobs: Int, pool: Int, expected: Int) {
        var simulation = Simulation(
            pool: pool,
            [
                "l": {
                    $0.maximumJobs = maxjobs
                    $0.clientThreads = 1
                    $0.threadDepth = 5
                }
            ])
        simulation.threads = 1
        for number in 0..<1000 { simulation.add(number, "l") }
        #expect(simulation.started == expected)
        #expect(simulation.hands.count == expected)
    }

    /// `filesperjob` (channels specification, section 4.4): jobs = entries / n rounded up, where there is work for them.
    @Test(arguments: [(0, 40, 7), (10, 40, 4), (10, 41, 5), (100, 40, 1), (1, 40, 7)])
    func entriesPerJob(perJob: Int, entries: Int, jobs: Int) {
        var simulation = Simulation(
            pool: 10,
            [
                "l": {
                    $0.maximumJobs = 7
                    $0.clientThreads = 1
                    $0.threadDepth = 1
                    $0.entriesPerJob = perJob
                }
            ])
        simulation.threads = 1
        for number in 0..<entries { simulation.add(number, "l") }
        #expect(simulation.started == jobs)
    }

    @Test func aSmallBacklogGetsOneProcess() {
        var simulation = Simulation(["l": { $0.clientThreads = 1 }])
        simulation.threads = 1
        for number in 0..<11 { simulation.add(number, "l") }
        // One in hand, ten waiting: not past the threaddepth.
        #expect(simulation.started == 1)
        simulation.add(11, "l")
        #expect(simulation.started == 2)
    }

    /// Worked example 16, and one host gains parallelism only through threaddepth.
    @Test func threadsByHost() {
        var simulation = Simulation(["tcp_local": { $0.isHostSorted = true }])
        for number in 0..<8 { simulation.add(number, host: "one.example") }
        #expect(simulation.hands.count == 1)
        simulation.add(100, host: "two.example")
        #expect(simulation.hands.count == 2)
        #expect(simulation.started == 1)
        for number in 8..<13 { simulation.add(number, host: "one.example") }
        #expect(simulation.hands.filter { $0.host == "one.example" }.count == 2)
    }

    @Test func manyHostsFillTheThreadsAndStartProcesses() {
        var simulation = Simulation([
            "tcp_local": {
                $0.isHostSorted = true
                $0.maximumJobs = 3
            }
        ])
        for number in 0..<100 { simulation.add(number, host: "h\(number)") }
        #expect(simulation.started == 3)
        #expect(simulation.hands.count == 30)
        var tried: Set<String> = []
        while let hand = simulation.hands.first {
            tried.insert(hand.host)
            simulation.finish(hand.key, .delivered)
        }
        #expect(tried.count == 100)
    }

    @Test func prefetchStaysWithOneHost() {
        var simulation = Simulation(["tcp_local": { $0.isHostSorted = true }])
        simulation.prefetch = 5
        simulation.schedule.stop(channel: "tcp_local")
        for number in 0..<20 { simulation.add(number, host: "h\(number % 2)") }
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.count == 10)
        for thread in Set(simulation.hands.map(\.thread)) {
            #expect(Set(simulation.hands.filter { $0.thread == thread }.map(\.host)).count == 1)
        }
    }

    /// A host with an endless backlog does not keep a thread for ever while another host waits.
    @Test func fairnessBetweenHosts() {
        var simulation = Simulation([
            "tcp_local": {
                $0.isHostSorted = true
                $0.maximumJobs = 1
            }
        ])
        simulation.threads = 1
        simulation.schedule.stop(channel: "tcp_local")
        for number in 0..<200 { simulation.add(number, host: "big") }
        simulation.add(1000, host: "small")
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        var steps = 0
        while let hand = simulation.hands.first, hand.host != "small", steps < 300 {
            simulation.finish(hand.key, .delivered)
            steps += 1
        }
        #expect(steps <= 10)
    }

    /// A dead destination with a backlog ends up with one thread; the others go on.
    @Test func aDeadDestinationDelaysNobodyElse() {
        var simulation = Simulation([
            "tcp_local": {
                $0.isHostSorted = true
                $0.maximumJobs = 1
            }
        ])
        for number in 0..<500 { simulation.add(number, host: "dead") }
        // Nothing is known of it yet: half of the threads at most.
        #expect(simulation.hands.count == 5)
        for hand in simulation.hands { simulation.finish(hand.key, .failedTemporarily) }
        #expect(simulation.hands.count == 1)
        for number in 1000..<1009 { simulation.add(number, host: "h\(number)") }
        #expect(simulation.hands.count == 10)
        for hand in simulation.hands where hand.host != "dead" { simulation.finish(hand.key, .delivered) }
        #expect(simulation.hands.map(\.host) == ["dead"])
        // One success and the threads come back.
        simulation.finish(simulation.hands[0].key, .delivered)
        #expect(simulation.hands.count == 10)
    }

    @Test func deathOfAJobReturnsItsWorkAndThreeDeathsHold() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1)
        for death in 1...3 {
            #expect(simulation.hands.map(\.key) == [key(1)])
            simulation.die(simulation.hands[0].job)
            #expect(simulation.counts().held == (death == 3 ? 1 : 0))
        }
        #expect(simulation.records.count == 1)
        #expect(simulation.reports.contains { $0.contains("is held") })
        #expect(simulation.schedule.release(key(1), now: simulation.now) == .done)
        simulation.settle()
        #expect(simulation.hands.map(\.key) == [key(1)])
    }

    /// Only what a thread was working on is suspect, and is handed out alone from then on: entries that waited behind
    /// it are never held for it, however often jobs die.
    @Test func whatWaitsBehindASuspectIsNotHeld() {
        var simulation = Simulation(["tcp_local": { $0.clientThreads = 1 }])
        (simulation.threads, simulation.prefetch) = (1, 4)
        simulation.schedule.stop(channel: "tcp_local")
        for number in 1...4 { simulation.add(number) }
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        for batch in [[1, 2, 3, 4], [1], [1]] {
            #expect(simulation.hands.map(\.key) == batch.map { key($0) })
            simulation.die(simulation.hands[0].job)
        }
        #expect(simulation.counts().held == 1)
        #expect(simulation.hands.map(\.key) == [key(2), key(3), key(4)])
        for number in 2...4 { simulation.finish(key(number), .delivered) }
        #expect(simulation.schedule.count == 1)
    }

    @Test func releasedEntryIsFirstInItsHostsOrder() {
        var simulation = Simulation(["tcp_local": { $0.clientThreads = 1 }])
        simulation.threads = 1
        for number in 0..<5 { simulation.add(number, "tcp_local", .urgent) }
        #expect(simulation.schedule.hold(key(4), reason: "by joe: qm hold") == .done)
        simulation.add(9, "tcp_local", .nonurgent, held: true)
        #expect(simulation.schedule.release(key(9), now: simulation.now) == .done)
        simulation.settle()
        simulation.finish(simulation.hands[0].key, .delivered)
        #expect(simulation.hands.map(\.key) == [key(9)])
        #expect(simulation.schedule.delete(key(9)) == .inDelivery)
        #expect(simulation.schedule.delete(key(4)) == .done)
        #expect(simulation.schedule.hold(key(77), reason: "") == .notFound)
    }

    @Test func holdDuringAnAttemptTakesEffectAfterIt() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1)
        #expect(simulation.schedule.hold(key(1), reason: "x") == .done)
        simulation.finish(key(1), .failedTemporarily)
        #expect(simulation.counts().held == 1)
        #expect(simulation.counts().delayed == 0)
    }

    @Test func stoppedChannelGetsNothing() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1)
        simulation.schedule.stop(channel: "tcp_local")
        simulation.add(2)
        simulation.finish(key(1), .delivered)
        #expect(simulation.hands.isEmpty)
        simulation.advance(hour)
        #expect(simulation.hands.isEmpty)
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.map(\.key) == [key(2)])
    }

    @Test func runMakesDelayedEntriesReady() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1, next: simulation.now + hour)
        #expect(simulation.hands.isEmpty)
        #expect(simulation.schedule.run(channel: "tcp_local", now: simulation.now) == 1)
        simulation.settle()
        #expect(simulation.hands.count == 1)
    }

    @Test func lifeLimitsEndAJobAndAnotherGoesOn() {
        var simulation = Simulation([
            "tcp_local": {
                $0.maximumLifeConnections = 5
                $0.clientThreads = 1
                $0.maximumJobs = 1
            }
        ])
        simulation.threads = 1
        for number in 0..<12 { simulation.add(number) }
        while let hand = simulation.hands.first { simulation.finish(hand.key, .delivered) }
        #expect(simulation.schedule.count == 0)
        #expect(simulation.started == 3)
    }

    @Test func idleJobIsToldToExit() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1)
        simulation.finish(key(1), .delivered)
        simulation.advance(59_000)
        #expect(simulation.schedule.jobCount == 1)
        simulation.advance(2_000)
        #expect(simulation.schedule.jobCount == 0)
    }

    /// A pool full of one channel's jobs makes room for a channel that has none.
    @Test func noChannelIsShutOutOfItsPool() {
        var simulation = Simulation(
            pool: 2,
            [
                "big": { $0.clientThreads = 1 }, "small": { $0.clientThreads = 1 },
            ])
        simulation.threads = 1
        for number in 0..<500 { simulation.add(number, "big") }
        simulation.add(1000, "small")
        #expect(simulation.running.values.allSatisfy { $0 == "big" })
        simulation.advance(minute)
        simulation.finish(simulation.hands[0].key, .delivered)
        simulation.finish(simulation.hands[0].key, .delivered)
        #expect(simulation.running.values.contains("small"))
    }

    @Test func channelWithoutProgramIsReportedOnce() {
        var simulation = Simulation(JobControllerSettings())
        for number in 0..<10 { simulation.add(number, "filter_discard") }
        simulation.advance(hour)
        #expect(simulation.reports.count == 1)
        #expect(simulation.counts("filter_discard").ready == 10)
    }

    @Test func failedStartsPause() {
        var schedule = DeliverySchedule(settings: Simulation(["l": { _ in }]).schedule.settings)
        var now: Int64 = 1_700_000_000_000
        let begin = now
        schedule.known(NewEntry(key: key(1), channel: "l", arrival: now), now: now)
        var starts = 0
        while now < begin + hour {
            for case .startJob(let job, _) in schedule.takeActions() {
                starts += 1
                schedule.spawnFailed(job, now: now)
            }
            now = max(now + 1, schedule.nextTime(now: now) ?? now + minute)
            schedule.tick(now: now)
        }
        #expect((50...80).contains(starts))
    }

    @Test func adoptedJobKeepsItsEntriesUntilItReports() {
        var simulation = Simulation(["tcp_local": { $0.clientThreads = 1 }])
        simulation.threads = 1
        simulation.schedule.stop(channel: "tcp_local")
        simulation.add(1)
        simulation.add(2)
        let job = simulation.schedule.adopt(holding: [key(1), key(5)], now: simulation.now)
        simulation.schedule.start(channel: "tcp_local", now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.map(\.key) == [key(2)])
        let report = OutcomeReport(key: key(1), results: [RecipientOutcome(recipient: 0, result: .delivered)])
        simulation.schedule.outcome(job, report, now: simulation.now)
        simulation.schedule.jobExited(job, now: simulation.now)
        simulation.settle()
        #expect(simulation.schedule.count == 1)
    }

    @Test func drainHandsOutNothingMore() {
        var simulation = Simulation(["tcp_local": { _ in }])
        for number in 0..<3 { simulation.add(number) }
        simulation.schedule.drain()
        simulation.settle()
        while let hand = simulation.hands.first { simulation.finish(hand.key, .delivered) }
        #expect(simulation.schedule.jobCount == 0)
        #expect(simulation.schedule.count == 2)
    }
}
