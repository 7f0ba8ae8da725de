import Envelope
import Glibc
import MasterKit
import Spool
import SystemCalls
import Testing

@testable import JobController

/// `job_controller.debug`: job-controller specification, section 13.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Files.isExecutable(RunningController.python), "needs python3"))
struct DebugTests {
    @Test(
        arguments: [
            (0, []), (1, ["from job 1 of tcp_local: WORK ", "to job 1 of tcp_local: ITEM "]), (2, ["known: "]),
            (4, [": assign(1, "]), (16, ["walk: channel tcp_local "]),
        ] as [(UInt32, [String])])
    func bits(mask: UInt32, marks: [String]) async throws {
        let controller = try RunningController(
            [],
            reloaded: {
                var settings = $0
                settings.debug = mask
                return .success(settings)
            })
        defer { RunningController.remove(controller.directory) }
        while (try? controller.ask("reload")) == nil { sched_yield() }
        let sender = try NoticeSender(path: controller.options.socketPath)
        let entry = QueueEntry(
            channel: "tcp_local", host: "", recipients: [QueueRecipient(address: "a@b", given: "a@b")])
        let message = QueuedMessage(
            id: MessageID(rawValue: 1), arrival: 1_700_000_000_000, sourceChannel: "x", sender: "s@e", entries: [entry])
        let location = SpoolLocation(segment: "w-1", offset: 4096, length: 300)
        sender.send([CommittedMessage(message: message, location: location, size: 100)])
        for await case .done in controller.records { _ = try controller.ask("shutdown") }
        sender.close()
        let name = try #require(
            try Files.list(controller.options.logDirectory).first { $0.hasPrefix("job_controller") })
        let log = String(decoding: try Files.read("\(controller.options.logDirectory)/\(name)"), as: UTF8.self)
        for mark in ["from job", "to job", "known: ", ": assign(", "walk: "] {
            let isWanted = marks.contains { $0.contains(mark) }
            #expect(log.contains(mark) == isWanted, "\(mark) in \(log)")
        }
        for mark in marks { #expect(log.contains(mark), "\(mark) is missing in \(log)") }
    }
}
