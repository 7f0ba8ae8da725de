import Envelope
import Glibc
import MasterKit
import Spool
import SystemCalls
import Testing

@testable import JobController

/// Stop and start for one destination host of a channel (job-controller specification, 6.9).
@Suite struct StoppedHostTests {
    private func simulation() -> Simulation { Simulation(["tcp_local": { $0.isHostSorted = true }]) }

    @Test func nothingIsDeliveredToAStoppedHost() {
        var simulation = simulation()
        for number in 0..<30 { simulation.add(number, host: "A.example") }
        simulation.add(100, host: "b.example")
        simulation.finish(key(0), .delivered)
        simulation.schedule.stop(channel: "tcp_local", host: "a.EXAMPLE")
        // What is in hand is finished, and nothing more is handed out.
        while let hand = simulation.hands.first(where: { $0.host == "A.example" }) {
            simulation.finish(hand.key, .delivered)
        }
        #expect(simulation.hands.map(\.key) == [key(100)])
        simulation.add(101, host: "a.example")
        simulation.add(102, host: "c.example")
        simulation.advance(hour)
        #expect(Set(simulation.hands.map(\.host)) == ["b.example", "c.example"])
        let left = simulation.counts().ready
        #expect(left > 20)
        simulation.schedule.start(channel: "tcp_local", host: "A.Example", now: simulation.now)
        simulation.settle()
        while let hand = simulation.hands.first { simulation.finish(hand.key, .delivered) }
        #expect(simulation.schedule.count == 0)
    }

    /// The stop is there before the host is, outlives its queue, and a reload.
    @Test func theStopOutlivesTheQueueOfTheHost() {
        var simulation = simulation()
        simulation.schedule.stop(channel: "tcp_local", host: "a.example")
        simulation.add(1, host: "a.example")
        #expect(simulation.hands.isEmpty && simulation.started == 0)
        #expect(simulation.schedule.delete(key(1)) == .done)
        simulation.schedule.configure(simulation.schedule.settings, now: simulation.now)
        simulation.add(2, host: "a.example")
        #expect(simulation.hands.isEmpty && simulation.started == 0)
        simulation.schedule.start(channel: "tcp_local", host: "a.example", now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.map(\.key) == [key(2)])
    }

    /// A thread that has just served the host, and has not asked again, gets nothing of it either.
    @Test func aThreadThatServedTheHostGetsNothing() {
        var simulation = simulation()
        simulation.add(1, host: "a.example")
        let hand = simulation.hands.removeFirst()
        let outcome = RecipientOutcome(recipient: 0, result: .delivered)
        simulation.schedule.outcome(
            hand.job, OutcomeReport(key: hand.key, results: [outcome]), now: simulation.now)
        simulation.schedule.stop(channel: "tcp_local", host: "a.example")
        simulation.add(2, host: "a.example")
        simulation.schedule.workAsked(hand.job, [WorkRequest(thread: hand.thread)], now: simulation.now)
        simulation.settle()
        #expect(simulation.hands.isEmpty)
    }

    /// ETRN and `run` do not go past a stop.
    @Test func runDoesNotStartAStoppedHost() {
        var simulation = simulation()
        simulation.schedule.stop(channel: "tcp_local", host: "a.example")
        simulation.add(1, host: "a.example", next: simulation.now + hour)
        #expect(simulation.schedule.run(channel: "tcp_local", host: "a.example", now: simulation.now) == 1)
        simulation.settle()
        #expect(simulation.hands.isEmpty)
    }

    @Test func theFile() throws {
        let directory = try RunningController.temporaryDirectory()
        defer { RunningController.remove(directory) }
        let path = directory + "/stopped"
        var stopped = StoppedChannels(path: path)
        try stopped.set(.init("tcp_local"), isStopped: true, path: path)
        try stopped.set(.init("tcp_local", host: "B.example"), isStopped: true, path: path)
        try stopped.set(.init("tcp_local", host: "a.example"), isStopped: true, path: path)
        #expect(
            String(decoding: try Files.read(path), as: UTF8.self)
                == "tcp_local\ntcp_local a.example\ntcp_local b.example\n")
        let read = StoppedChannels(path: path)
        #expect(
            read == stopped && read.names == ["tcp_local"] && read.hosts(of: "tcp_local") == ["a.example", "b.example"])
        try stopped.set(.init("tcp_local"), isStopped: false, path: path)
        #expect(StoppedChannels(path: path).names.isEmpty && !StoppedChannels(path: path).targets.isEmpty)
    }

    /// The command, the file, and the next Job Controller. Without python no jobs run, and none are needed here.
    @Test func theCommand() throws {
        var entries = RunningController.entries(14)
        for index in entries.indices { entries[index].channel = "tcp_local" }
        let controller = try RunningController(entries) {
            $0.isHostSorted = true
            $0.masterCommand = nil
        }
        defer { RunningController.remove(controller.directory) }
        while (try? controller.ask("status")) == nil { sched_yield() }
        #expect(try controller.ask("stop tcp_local by=joe host=H3") == #"{"ok":true}"#)
        #expect(try controller.ask("status").contains(#""stopped":false,"stopped_hosts":["h3"]"#))
        #expect(try controller.ask("sums 0").contains(#""stopped_hosts":["h3"]"#))
        #expect(try controller.ask("stop tcp_local by=joe h3").contains(#""ok":false"#))
        #expect(try controller.ask("stop none host=h3").contains("is not sorted by host"))
        let path = controller.options.stoppedPath
        #expect(StoppedChannels(path: path).hosts(of: "tcp_local") == ["h3"])
        #expect(try controller.ask("start tcp_local by=joe host=h3") == #"{"ok":true}"#)
        #expect(StoppedChannels(path: path).targets.isEmpty)
        let log = String(decoding: try Files.read(controller.options.adminLogPath), as: UTF8.self)
        #expect(log.contains("stop tcp_local by joe host=H3") && log.contains("start tcp_local by joe host=h3"))
        _ = try controller.ask("shutdown")
    }
}
