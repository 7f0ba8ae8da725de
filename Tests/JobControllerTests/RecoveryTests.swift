import Envelope
import Glibc
import ProcessPool
import Spool
import SystemCalls
import Testing

@testable import JobController
@testable import MasterKit

/// The Job Controller on a real queue directory, started again and again.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Files.isExecutable(RunningController.python), "needs python3"))
struct RecoveryTests {
    /// Runs a Job Controller on the queue in `directory` until `isEnough` says so of its status, and shuts it down.
    private func run(
        _ directory: String, mode: String = "deliver", shutdownLimit: Int64 = 30_000,
        _ change: (inout ChannelSettings) -> Void = { _ in }, until isEnough: (String) throws -> Bool
    ) async throws {
        var options = RunningController.options(directory)
        options.shutdownLimit = shutdownLimit
        let settings = RunningController.settings(directory, mode: mode, pool: 3, change)
        let (ended, continuation) = AsyncStream<String>.makeStream()
        SystemThread.start("controller") { [options] in
            do {
                try JobControllerService(settings: settings, options: options) { .success(settings) }.run()
            } catch { continuation.yield("\(error)") }
            continuation.finish()
        }
        while true {
            sched_yield()
            guard let status = try? CommandClient.ask(options.commandSocketPath, "status") else { continue }
            if try isEnough(status) { break }
        }
        _ = try CommandClient.ask(options.commandSocketPath, "shutdown")
        for await error in ended { Issue.record("\(error)") }
    }

    private func commit(_ count: Int, _ directory: String, from first: Int = 1, notices: NoticeSender? = nil) throws {
        let writer = try SpoolWriter(
            queue: directory + "/queue", name: SpoolWriter.uniqueName(), onCommit: { notices?.send($0) })
        let mailbox = Answer<Bool>()
        for number in first..<(first + count) {
            let recipient = QueueRecipient(address: "r\(number)@h", given: "r@h")
            let message = QueuedMessage(
                id: MessageID(rawValue: UInt64(number)), arrival: SystemClock.wallSeconds * 1000,
                sourceChannel: "tcp_submit", sender: "s@e",
                entries: [QueueEntry(channel: "tcp_local", host: "h\(number % 5)", recipients: [recipient])])
            writer.append(message, content: .inline([Array("Subject: x\r\n\r\nx\r\n".utf8)])) { result in
                mailbox.put((try? result.get()) != nil)
            }
            #expect(mailbox.take())
        }
        writer.close()
    }

    private func makeQueue() throws -> String {
        let directory = try RunningController.temporaryDirectory()
        try RunningController.prepare(directory)
        for name in ["segments/free", "large", "ledger", "quarantine"] {
            try Files.createDirectory(directory + "/queue/" + name)
        }
        return directory
    }

    /// Nothing listens while messages are committed; the next Job Controller finds and delivers them all.
    @Test func messagesCommittedWithoutAJobController() async throws {
        let directory = try makeQueue()
        defer { RunningController.remove(directory) }
        try commit(40, directory)
        let path = RunningController.options(directory).commandSocketPath
        try await run(directory) { status in
            // A child of another test shares the locks of this process until its exec, so that for a moment the writer may
            // seem to live; the Job Controller looks again each minute, or when it is asked to.
            _ = try CommandClient.ask(path, "sync")
            return try status.contains(#""messages":0,"entries":0"#) && !Files.list(directory + "/jobs").isEmpty
        }
        // All gone for the one after it too.
        try await run(directory) { status in
            #expect(status.contains(#""messages":0,"entries":0"#))
            return true
        }
    }

    /// Worked example 23: a stopped channel keeps its mail over restarts; started again it delivers.
    @Test func stoppedChannelAndHeldEntriesSurviveARestart() async throws {
        let directory = try makeQueue()
        defer { RunningController.remove(directory) }
        let path = RunningController.options(directory).commandSocketPath
        var stopped = StoppedChannels()
        try stopped.set(.init("tcp_local"), isStopped: true, path: directory + "/queue/stopped")
        try commit(10, directory)
        try await run(directory) { status in
            // As above, the writer may seem to live for a moment.
            guard status.contains(#""ready":10,"delayed":0,"active":0,"held":0,"stopped":true"#) else {
                _ = try CommandClient.ask(path, "sync")
                return false
            }
            let answer = try CommandClient.ask(path, "hold ZZ00000000003.00 test")
            #expect(answer.contains("true"))
            return true
        }
        try await run(directory) { status in
            #expect(status.contains(#""ready":9,"delayed":0,"active":0,"held":1,"stopped":true"#))
            _ = try CommandClient.ask(path, "start tcp_local")
            return true
        }
        try await run(directory) { $0.contains(#""messages":1,"entries":1"#) }
        try await run(directory) { status in
            _ = try CommandClient.ask(path, "release ZZ00000000003.00")
            return try CommandClient.ask(path, "status").contains(#""messages":0,"entries":0"#)
        }
    }

    /// Jobs that are left to themselves at an orderly end are noted, so that the next Job Controller waits for what
    /// they have to say before it hands anything out.
    @Test func jobsLeftBehindAreNoted() async throws {
        let directory = try makeQueue()
        defer { RunningController.remove(directory) }
        let options = RunningController.options(directory)
        try commit(1, directory)
        try await run(directory, mode: "stay", shutdownLimit: 0) { $0.contains(#""active":1"#) }
        #expect(Files.exists(options.orphansPath))
        try await run(directory) { $0.contains(#""messages":0,"entries":0"#) }
        #expect(!Files.exists(options.orphansPath))
    }

    /// Messages that arrive while it runs, by notice.
    @Test func noticesOfALiveWriter() async throws {
        let directory = try makeQueue()
        defer { RunningController.remove(directory) }
        let notices = try NoticeSender(path: RunningController.options(directory).socketPath)
        var committed = false
        try await run(directory) { status in
            if !committed {
                try commit(25, directory, notices: notices)
                committed = true
                return false
            }
            guard status.contains(#""messages":0,"entries":0"#) else { return false }
            return try !Files.list(directory + "/jobs").isEmpty
        }
        notices.close()
    }
}
