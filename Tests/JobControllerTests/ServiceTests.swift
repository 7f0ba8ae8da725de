import Envelope
import Glibc
import MasterKit
import ProcessPool
import Spool
import SystemCalls
import Testing

@testable import JobController

/// The Job Controller with real processes that speak its protocol.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Files.isExecutable(RunningController.python), "needs python3"))
struct ServiceTests {
    /// Collects the entries that ended until there are `count`, then shuts the controller down.
    private func ended(_ count: Int, _ controller: RunningController) async throws -> [QueueEntryKey] {
        var keys: [QueueEntryKey] = []
        for await record in controller.records {
            if case .done(let key, _) = record { keys.append(key) }
            if keys.count == count { _ = try controller.ask("shutdown") }
        }
        return keys
    }

    @Test func everythingIsDeliveredOnce() async throws {
        let controller = try RunningController(RunningController.entries(300, recipients: 3))
        defer { RunningController.remove(controller.directory) }
        let keys = try await ended(300, controller)
        #expect(keys.count == 300)
        #expect(Set(keys).count == 300)
    }

    @Test func workOfAJobThatDiesIsDoneByAnother() async throws {
        let controller = try RunningController(RunningController.entries(40), mode: "crash") { $0.isHostSorted = true }
        defer { RunningController.remove(controller.directory) }
        let keys = try await ended(40, controller)
        #expect(Set(keys).count == 40)
        #expect(try controller.jobs().count >= 2)
    }

    @Test(arguments: [(3, 10), (10, 2)])
    func processLimits(maxjobs: Int, pool: Int) async throws {
        let controller = try RunningController(RunningController.entries(200), pool: pool) {
            $0.maximumJobs = maxjobs
            $0.clientThreads = 1
            $0.threadDepth = 1
        }
        defer { RunningController.remove(controller.directory) }
        let keys = try await ended(200, controller)
        #expect(keys.count == 200)
        #expect(try controller.jobs().count <= min(maxjobs, pool))
    }

    @Test func noticesBringWork() async throws {
        let controller = try RunningController([])
        defer { RunningController.remove(controller.directory) }
        while (try? controller.ask("status")) == nil { sched_yield() }
        let sender = try NoticeSender(path: controller.options.socketPath)
        let entry = QueueEntry(
            channel: "tcp_local", host: "h", recipients: [QueueRecipient(address: "a@b", given: "a@b")])
        sender.send(
            (1...20).map { number in
                CommittedMessage(
                    message: QueuedMessage(
                        id: MessageID(rawValue: UInt64(number)), arrival: 1_700_000_000_000, sourceChannel: "x",
                        sender: "s@e", entries: [entry]),
                    location: SpoolLocation(segment: "w-1", offset: number * 512, length: 300), size: 100)
            })
        let keys = try await ended(20, controller)
        #expect(Set(keys).count == 20)
        sender.close()
    }

    /// A job that breaks the protocol is ended; what it had in hand three times is held.
    @Test func garbageEndsTheJob() async throws {
        let controller = try RunningController(RunningController.entries(1), mode: "garbage")
        defer { RunningController.remove(controller.directory) }
        var records: [LedgerRecord] = []
        for await record in controller.records {
            records.append(record)
            _ = try controller.ask("shutdown")
        }
        #expect(records == [.hold(key(0), reason: "3 jobs ended with this entry in hand")])
        #expect(try controller.jobs().count == 3)
    }

    /// Many outcomes, then the end: all of them count, although the acknowledgements of the first cannot be sent.
    @Test func lastWordsOfAJobCount() async throws {
        let controller = try RunningController(RunningController.entries(100), mode: "lastwords", pool: 1) {
            $0.clientThreads = 100
            $0.threadDepth = 1
        }
        defer { RunningController.remove(controller.directory) }
        #expect(Set(try await ended(100, controller)).count == 100)
        // Nothing was delivered twice.
        let said = try Files.read(controller.directory + "/said").split(separator: UInt8(ascii: "\n"))
        #expect(said.count == 100)
        #expect(Set(said).count == 100)
    }

    /// A process of a former Job Controller connects, says what it has, and hands in the outcome.
    @Test func outcomeOfAnOrphan() async throws {
        var entries = RunningController.entries(2)
        for index in entries.indices { entries[index].channel = "no_such_channel" }
        let controller = try RunningController(entries)
        defer { RunningController.remove(controller.directory) }
        while (try? controller.ask("status")) == nil { sched_yield() }
        let socket = try UnixSockets.connect(controller.options.socketPath, .sequencedPacket)
        func send(_ message: ControlMessage) throws {
            try message.encoded().withUnsafeBytes { _ = try Sockets.send(socket.number, $0, wait: true) }
        }
        for message in EntryList.messages(.keep, [key(0), key(1), key(9)]) { try send(message) }
        while !(try controller.ask("status")).contains(#""ready":0,"delayed":0,"active":2"#) { sched_yield() }
        let report = OutcomeReport(key: key(1), results: [RecipientOutcome(recipient: 0, result: .delivered)])
        try send(ControlMessage(.outcome, groups: report.groups))
        var buffer = [UInt8](repeating: 0, count: ControlMessage.maximumLength)
        let received = try buffer.withUnsafeMutableBytes { try Sockets.receive(socket.number, into: $0, wait: true) }
        guard case .message(let count, _, _) = received else {
            Issue.record("no acknowledgement")
            return
        }
        let answer = try ControlMessage(bytes: buffer[..<count])
        #expect(answer.type == .durable)
        #expect(EntryList.keys(in: answer) == [key(1)])
        Glibc.shutdown(socket.number, Int32(SHUT_RDWR))
        // What it did not report is ready again when it goes.
        while !(try controller.ask("status")).contains(#""ready":1,"delayed":0,"active":0"#) { sched_yield() }
        _ = try controller.ask("shutdown")
        for await record in controller.records { #expect(record.isDone(key(1))) }
    }

    @Test func commands() async throws {
        var entries = RunningController.entries(3)
        entries[0].heldReason = "loop: 51 Received lines"
        entries[1].channel = "no_such_channel"
        entries[2].channel = "no_such_channel"
        let controller = try RunningController(entries)
        defer { RunningController.remove(controller.directory) }
        var records = controller.records.makeAsyncIterator()
        var status = ""
        while status.isEmpty {
            sched_yield()
            status = (try? controller.ask("status")) ?? ""
        }
        #expect(
            status.contains(#""name":"tcp_local","pool":"DEFAULT","jobs":0,"ready":0,"delayed":0,"active":0,"held":1"#))
        #expect(status.contains(#""name":"no_such_channel""#))
        #expect(try controller.ask("entries no_such_channel").contains(#""name":"ZZ00000000001.00""#))
        #expect(try controller.ask("entry ZZ00000000000").contains("loop: 51 Received lines"))
        #expect(try controller.ask("hold ZZ00000000001.00 by joe: qm hold").contains(#""ok":true"#))
        #expect(await records.next() == .hold(key(1), reason: "by joe: qm hold"))
        #expect(try controller.ask("delete ZX00000000002.00").contains(#""ok":true"#))
        #expect(await records.next() == .delete(key(2), by: "operator"))
        #expect(try controller.ask("release ZZ00000000009.00").contains("there is no entry"))
        #expect(try controller.ask("stop tcp_local").contains(#""ok":true"#))
        #expect(StoppedChannels(path: controller.options.stoppedPath).names == ["tcp_local"])
        #expect(try controller.ask("start tcp_local").contains(#""ok":true"#))
        #expect(try controller.ask("release ZZ00000000000.00.HELD").contains(#""ok":true"#))
        #expect(await records.next() == .release(key(0)))
        for line in ["", "nonsense", "hold", "hold x", "entries", "run nothing", "return_job", "sync"] {
            _ = try controller.ask(line)
        }
        _ = try controller.ask("shutdown")
        while await records.next() != nil {}
    }
}

extension LedgerRecord {
    fileprivate func isDone(_ key: QueueEntryKey) -> Bool {
        if case .done(key, _) = self { return true }
        return false
    }
}
