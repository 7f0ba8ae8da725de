import Envelope
import Glibc
import ProcessPool
import Spool
import SystemCalls
import Testing
import TransactionLog

@testable import JobController

/// What the command socket answers to the commands on queues: commands specification, sections 3.1, 3.2 and 6.4.
@Suite struct QueueCommandTests {
    private func wait(_ controller: RunningController) {
        while (try? controller.ask("status")) == nil { sched_yield() }
    }

    @Test func listsComeInPieces() throws {
        var entries = RunningController.entries(5)
        for index in entries.indices { entries[index].channel = index < 4 ? "tcp_stopped" : "other" }
        entries[1].heldReason = "loop"
        let controller = try RunningController(entries)
        defer { RunningController.remove(controller.directory) }
        wait(controller)
        #expect(try controller.ask("list 0 2 tcp_*").hasSuffix(#""next":2}"#))
        let rest = try controller.ask("list 2 2000")
        #expect(
            rest.contains("ZZ00000000004.00") && !rest.contains("ZZ00000000001.00") && rest.hasSuffix(#""next":null}"#))
        #expect(try controller.ask("list 99 5").contains(#""entries":[],"next":null"#))
        #expect(
            try controller.ask("list -7 1 other").contains(#""entries":[{"name":"ZZ00000000004.00","channel":"other""#))
        #expect(try controller.ask("list 9223372036854775807").contains(#""entries":[]"#))
        #expect(try controller.ask("sums 9223372036854775807").contains(#""next":null"#))
        #expect(try controller.ask("list x").contains(#""ok":false"#))
        let found = try controller.ask("find ZX00000000001 nonsense ZZ00000000002.00")
        #expect(found.contains(#""name":"ZZ00000000001.00.HELD""#) && found.contains(#""held":"loop""#))
        #expect(found.contains("ZZ00000000002.00"))
        let sums = try controller.ask("sums 0")
        #expect(sums.contains(#"{"name":"tcp_stopped","messages":3,"bytes":0,"held":1"#), "\(sums)")
        #expect(try controller.ask("hosts tcp_stopped").contains(#"{"host":"","active":3,"delayed":0}"#))
        #expect(try controller.ask("hosts nothing").contains("there is no channel nothing"))
        #expect(try controller.ask("walk").contains(#""ok":true"#))
        _ = try controller.ask("shutdown")
    }

    @Test func jobsAndCounters() async throws {
        let controller = try RunningController(RunningController.entries(3), mode: "stay")
        defer { RunningController.remove(controller.directory) }
        wait(controller)
        while !(try controller.ask("status")).contains(#""active":3"#) { usleep(10_000) }
        let jobs = try controller.ask("jobs")
        #expect(jobs.contains(#""channel":"tcp_local","state":"busy""#), "\(jobs)")
        #expect(jobs.contains(#""messages":["ZZ00000000000.00","ZZ00000000001.00","ZZ00000000002.00"]"#))
        #expect(try controller.ask("delete ZZ00000000001.00 by=joe").contains("a job has the entry in hand"))
        let traffic = try #require(TrafficCounters(path: controller.options.countersPath, creates: false))
        // What was there at the start was not received since; a clear counts again what is stored.
        #expect(traffic.rows()[0][.receivedMessages] == 0 && traffic.rows()[0][.storedMessages] == 3)
        traffic.update("tcp_local") { $0.add(.storedMessages, 5) }
        #expect(try controller.ask("counters clear associations") == #"{"ok":true}"#)
        #expect(traffic.rows()[0][.storedMessages] == 8)
        #expect(try controller.ask("counters clear") == #"{"ok":true}"#)
        #expect(traffic.rows()[0][.storedMessages] == 3 && traffic.rows()[0][.storedRecipients] == 3)
        #expect(try controller.ask("counters clear everything").contains(#""ok":false"#))
        _ = try controller.ask("shutdown")
        // The jobs stay with what they have.
        for name in try controller.jobs() { if let pid = Int32(name) { kill(pid, SIGKILL) } }
    }

    @Test func deliveriesAreCounted() async throws {
        let controller = try RunningController(RunningController.entries(3))
        defer { RunningController.remove(controller.directory) }
        wait(controller)
        var records = controller.records.makeAsyncIterator()
        for _ in 0..<3 { _ = await records.next() }
        let traffic = try #require(TrafficCounters(path: controller.options.countersPath, creates: false))
        // The outcomes are counted before they are recorded.
        let row = traffic.rows()[0]
        #expect(row[.deliveredMessages] == 3 && row[.deliveredRecipients] == 3 && row[.deliveredFirst] == 3)
        #expect(row[.storedMessages] == 0 && row[.queueCount] == 3 && row.queueTimes.reduce(0, +) == 3)
        #expect(try controller.ask("counters").contains(#""today":3"#))
        _ = try controller.ask("shutdown")
    }

    /// "Every state change is logged with the administrator's login name in `admin.log`."
    @Test func actsAreLogged() throws {
        var entries = RunningController.entries(2)
        for index in entries.indices { entries[index].channel = "no_such_channel" }
        let controller = try RunningController(entries)
        defer { RunningController.remove(controller.directory) }
        wait(controller)
        _ = try controller.ask("hold ZZ00000000000.00 by=joe")
        _ = try controller.ask("release ZZ00000000000.00.HELD by=ann")
        _ = try controller.ask("delete ZZ00000000009.00 by=joe")
        _ = try controller.ask("stop tcp_local by=joe")
        #expect(try controller.ask("find ZZ00000000000.00").contains(#""held":null"#))
        let log = String(decoding: try Files.read(controller.options.adminLogPath), as: UTF8.self)
        let acts = log.split(separator: "\n").map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") }
        #expect(
            acts == [
                "hold ZZ00000000000.00 by joe", "release ZZ00000000000.00.HELD by ann", "stop tcp_local by joe",
            ])
        _ = try controller.ask("shutdown")
    }

    /// Example 23: "tcp_local limited to 5 at once; after Job Controller restart the configured value is back".
    @Test func example23ChangeUntilTheNextReload() throws {
        var schedule = DeliverySchedule(
            settings: JobControllerSettings(pools: ["DEFAULT": 10], channels: ["tcp_local": program(jobs: 10)]))
        let isChanged = schedule.change(
            channel: "tcp_local", maximumJobs: 5, threadDepth: 1, masterCommand: nil, now: 0)
        let isKnown = schedule.change(channel: "none", maximumJobs: 5, threadDepth: nil, masterCommand: nil, now: 0)
        #expect(isChanged && !isKnown)
        for number in 0..<20 {
            schedule.known(
                NewEntry(
                    key: QueueEntryKey(message: MessageID(rawValue: UInt64(number)), entry: 0), channel: "tcp_local",
                    host: "h\(number)", arrival: 0), now: 0)
        }
        #expect(schedule.jobCount == 5)
        let settings = JobControllerSettings(pools: ["DEFAULT": 10], channels: ["tcp_local": program(jobs: 8)])
        schedule.configure(settings, now: 0)
        schedule.tick(now: 1)
        #expect(schedule.jobCount == 8)
        let ready = schedule.submit(channel: "tcp_local", now: 1)
        let none = schedule.submit(channel: "none", now: 1)
        #expect(ready == 20 && none == nil)
    }

    /// `cache -change -channel=NAME -master_job=CMD`: the program that is started is the changed one.
    @Test func changeOfTheProgram() async throws {
        let controller = try RunningController(RunningController.entries(1)) { $0.masterCommand = "/nonexistent" }
        defer { RunningController.remove(controller.directory) }
        wait(controller)
        #expect(try controller.ask("change tcp_local nothing=1").contains(#""ok":false"#))
        let program = "\(RunningController.python) \(controller.directory)/master.py \(controller.directory) deliver"
        #expect(try controller.ask("change tcp_local master_job=\(program)") == #"{"ok":true}"#)
        var records = controller.records.makeAsyncIterator()
        guard case .done = await records.next() else {
            Issue.record("not delivered")
            return
        }
        _ = try controller.ask("shutdown")
    }

    /// `cache -change -global -max_messages=n`.
    @Test func changeOfTheLimit() throws {
        let controller = try RunningController([])
        defer { RunningController.remove(controller.directory) }
        wait(controller)
        #expect(try controller.ask("change max_messages=10") == #"{"ok":true}"#)
        #expect(try controller.ask("change max_messages=9").contains("a number from 10, not 9"))
        _ = try controller.ask("shutdown")
    }

    private func program(jobs: Int) -> ChannelSettings {
        var settings = ChannelSettings()
        settings.masterCommand = "/bin/true"
        settings.maximumJobs = jobs
        settings.threadDepth = 1
        settings.clientThreads = 1
        return settings
    }

    /// There are 16 clients at most: one that says nothing does not keep others out.
    @Test func silentClientsAreClosed() throws {
        let directory = try RunningController.temporaryDirectory()
        defer { RunningController.remove(directory) }
        try RunningController.prepare(directory)
        var options = RunningController.options(directory)
        options.commandIdleTime = 300_000_000
        let settings = RunningController.settings(directory, mode: "deliver", pool: 1) { _ in }
        let frozen = options
        SystemThread.start("controller") {
            do {
                let loop = try JobControllerLoop(
                    settings: settings, options: frozen, store: MemoryStore([]) { _ in },
                    log: JobControllerLog(directory: frozen.logDirectory), signals: SignalDescriptor([SIGUSR2]),
                    configuration: { .success(settings) })
                try loop.start([], mayHaveOrphans: false)
                try loop.run()
            } catch { fatalError("\(error)") }
        }
        let path = options.commandSocketPath
        while (try? CommandClient.ask(path, "status")) == nil { sched_yield() }
        let silent = try (0..<CommandSocket.mostClients).map { _ in try CommandConversation(path) }
        // All places are taken until the silent ones go.
        #expect(try CommandClient.ask(path, "status", timeoutSeconds: 20).contains(#""ok":true"#))
        #expect((try? silent[0].ask("status")) ?? "" == "")
        _ = try CommandClient.ask(path, "shutdown")
    }
}
