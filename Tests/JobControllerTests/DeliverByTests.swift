import Envelope
import MasterKit
import Testing

@testable import JobController

/// DELIVERBY (RFC 2852) and FUTURERELEASE (RFC 4865) in the schedule, and what ETRN runs.
@Suite struct DeliverByTests {
    private static func simulation(
        _ mode: DeliverBy.Mode, seconds: Int64, notBefore: Int64 = 0, warned: Int = 0
    ) -> Simulation {
        var simulation = Simulation(["tcp_local": { _ in }])
        let deadline = simulation.now / 1000 + seconds
        simulation.schedule.known(
            NewEntry(
                key: key(1), channel: "tcp_local", arrival: simulation.now,
                nextAttempt: notBefore == 0 ? 0 : simulation.now + notBefore,
                deliverBy: DeliverBy(deadline: deadline, mode: mode), warned: warned), now: simulation.now)
        simulation.settle()
        return simulation
    }

    /// Mode R: the next attempt would come after an hour, the deadline after ten minutes.
    @Test func givenBackAtTheDeadline() {
        var simulation = Self.simulation(.giveBack, seconds: 600)
        let start = simulation.now
        #expect(simulation.hands.first?.notice == EntryNotice.none)
        simulation.finish(key(1), .failedTemporarily)
        simulation.advance(599_000)
        #expect(simulation.hands.isEmpty)
        simulation.advance(2000)
        #expect(simulation.hands.first?.notice == .timedOut)
        #expect(simulation.now - start <= 601_000)
        simulation.finish(key(1), .failedPermanently)
        #expect(simulation.schedule.count == 0)
    }

    /// Mode N: the sender is warned once, and the copy is tried on.
    @Test func warnedAtTheDeadline() {
        var simulation = Self.simulation(.notify, seconds: 600)
        simulation.finish(key(1), .failedTemporarily)
        simulation.advance(601_000)
        #expect(simulation.hands.first?.notice == .delayWarning(1))
        simulation.finish(key(1), .failedTemporarily)
        guard case .attempt(_, _, _, let warned)? = simulation.records.last?.1 else {
            Issue.record("no attempt was recorded")
            return
        }
        #expect(warned == 1, "a restart does not warn again")
        #expect(simulation.hands.isEmpty)
        simulation.advance(3 * hour)
        #expect(simulation.hands.first?.notice == EntryNotice.none)
    }

    /// Where an operator has denied the access to the host, the warning is not sent either: it is tried again in an hour,
    /// and not at once for ever.
    @Test(arguments: [DeliverBy.Mode.notify, .giveBack], [false, true])
    func whatWasNotTriedWaits(mode: DeliverBy.Mode, isReturned: Bool) {
        var simulation = Self.simulation(mode, seconds: 600)
        simulation.finish(key(1), .failedTemporarily)
        if isReturned { _ = simulation.schedule.returnToSender(key(1), now: simulation.now) }
        simulation.settle()
        if !isReturned { simulation.advance(601_000) }
        #expect(simulation.hands.first?.notice != EntryNotice.none)
        simulation.now += 601_000
        simulation.postpone(key(1), by: hour)
        #expect(simulation.hands.isEmpty)
        simulation.advance(hour - 1000)
        #expect(simulation.hands.isEmpty)
        simulation.advance(2000)
        #expect(simulation.hands.count == 1)
    }

    @Test func warningIsNotRepeatedAfterARestart() {
        let simulation = Self.simulation(.notify, seconds: -10, warned: 1)
        #expect(simulation.hands.first?.notice == EntryNotice.none)
    }

    /// The time was over when the message came, which only mode N allows.
    @Test func overAlready() {
        let simulation = Self.simulation(.notify, seconds: 0)
        #expect(simulation.hands.first?.notice == .delayWarning(1))
    }

    /// What is held for longer than it may take goes back at its deadline.
    @Test func deadlineBeforeTheRelease() {
        var simulation = Self.simulation(.giveBack, seconds: 60, notBefore: hour)
        #expect(simulation.hands.isEmpty)
        simulation.advance(61_000)
        #expect(simulation.hands.first?.notice == .timedOut)
    }

    /// When it cannot even be given back, because the disk is full say, that is tried again by backoff and not at once.
    @Test func givingBackWaitsLikeEverythingElse() {
        var simulation = Self.simulation(.giveBack, seconds: 60)
        simulation.finish(key(1), .failedTemporarily)
        simulation.advance(61_000)
        #expect(simulation.hands.first?.notice == .timedOut)
        simulation.finish(key(1), .failedTemporarily)
        simulation.advance(minute)
        #expect(simulation.hands.isEmpty)
        simulation.advance(2 * hour)
        #expect(simulation.hands.first?.notice == .timedOut)
    }

    /// RFC 4865 beside RFC 2852: a warning that is due during the hold comes after it, and an operator's run or ETRN does
    /// not end the hold.
    @Test func holdComesBeforeTheWarningAndBeforeARun() {
        var simulation = Simulation(["tcp_local": { _ in }])
        let release = simulation.now + hour
        simulation.schedule.known(
            NewEntry(
                key: key(1), channel: "tcp_local", arrival: release, nextAttempt: release,
                deliverBy: DeliverBy(deadline: simulation.now / 1000 + 60, mode: .notify)), now: simulation.now)
        simulation.settle()
        simulation.advance(hour - 1000)
        #expect(simulation.hands.isEmpty)
        let woken = simulation.schedule.run(channel: "tcp_local", now: simulation.now)
        #expect(woken == 0)
        simulation.settle()
        #expect(simulation.hands.isEmpty)
        simulation.advance(2000)
        #expect(simulation.hands.first?.notice == .delayWarning(1))
    }

    /// RFC 4865: nothing is tried before the release.
    @Test func futureRelease() {
        var simulation = Simulation(["tcp_local": { _ in }])
        simulation.add(1, next: simulation.now + hour)
        simulation.advance(hour - 1000)
        #expect(simulation.hands.isEmpty)
        simulation.advance(2000)
        #expect(simulation.hands.count == 1)
    }

    /// ETRN for a host runs what waits for that host, and nothing else.
    @Test func runOneHost() {
        var simulation = Simulation(["tcp_local": { $0.isHostSorted = true }])
        for (number, host) in [(1, "a.example"), (2, "b.example"), (3, "a.example")] {
            simulation.add(number, host: host, next: simulation.now + hour)
        }
        let count = simulation.schedule.run(channel: "tcp_local", host: "A.example", now: simulation.now)
        #expect(count == 2)
        simulation.settle()
        #expect(!simulation.hands.isEmpty && simulation.hands.allSatisfy { $0.host == "a.example" })
        #expect(simulation.counts().delayed == 1)
        let none = simulation.schedule.run(channel: "tcp_none", host: "a.example", now: simulation.now)
        #expect(none == 0)
    }
}
