import Envelope
import Synchronization
import SystemCalls

@testable import Spool

/// What the simulated world knows of one message.
struct ModelMessage {
    var content: [UInt8]
    var entries: Int
    var isAcknowledged = false
}

/// What the ledger was told of one entry.
struct ModelEntry {
    var endSubmitted = false
    var endDurable = false
    /// Attempt numbers in the order of submission, and how many of them are durable.
    var attempts: [Int] = []
    var durableAttempts = 0
}

/// Filled by completions.
final class Events: Sendable {
    let acknowledged = Mutex<[MessageID]>([])
    let notices = Mutex<[CommittedMessageFacts]>([])
    let ended = Mutex<[QueueEntryKey]>([])
    let attempted = Mutex<[QueueEntryKey]>([])
}

/// Writers, a Job Controller and a disk that live and die by a seed. After every death the queue is recovered and
/// compared with a dictionary.
struct QueueSimulation {
    static let queue = "/q"
    let disk: SimulatedDisk
    var generator: SeededGenerator
    var messages: [MessageID: ModelMessage] = [:]
    var entries: [QueueEntryKey: ModelEntry] = [:]
    var writers: [(process: SimulatedProcess, writer: SpoolWriter)] = []
    var controller: (process: SimulatedProcess, store: QueueStore)?
    /// Entries that this Job Controller knows to be live.
    var live: Set<QueueEntryKey> = []
    let events = Events()
    var ids: UInt64 = 0
    var writerNames = 0
    var now: Int64 = 1_000_000
    /// Mail is delivered faster than it comes, so that segments are freed and compacted all the time.
    let isBusy: Bool
    var failures: [String] = []
    /// How often things happened, to see that the simulation reaches them.
    var counts: [String: Int] = [:]

    init(seed: UInt64) {
        disk = SimulatedDisk(seed: seed)
        generator = SeededGenerator(seed: seed ^ 0x5EED)
        isBusy = seed % 2 == 0
    }

    mutating func run(steps: Int) -> [String] {
        restart()
        for _ in 0..<steps where failures.isEmpty {
            step()
            collect()
            if disk.isStopped { crashMachine() }
        }
        if failures.isEmpty { crashMachine() }
        if failures.isEmpty { finishAll() }
        return failures
    }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<24: append()
        case 24..<34: writers.randomElement(using: &generator)?.writer.drain()
        case 34..<46: deliverNotice()
        case 46..<70:
            for _ in 0..<(isBusy ? 3 : 1) { recordOutcome() }
            if isBusy, generator.chance(1, in: 2) { work() }
        case 70..<78: controller?.store.ledger.drain()
        case 78..<81:
            controller?.store.snapshotIfDue(now: now, force: true)
            if isBusy, generator.chance(1, in: 2) { controller?.store.ledger.drain() }
        case 81..<84:
            controller?.store.runBackgroundWork()
            if case .written = controller?.store.snapshots.progress.phase.withLock({ $0 }) {
                counts["snapshots", default: 0] += 1
            }
        case 84..<89: work()
        case 89..<91: stateEnds()
        case 91..<93: adopt()
        case 93..<94: killWriter()
        case 94..<95: killController()
        case 95..<98: planFault()
        default:
            if generator.chance(1, in: 3) { crashMachine() }
        }
    }

    // MARK: Writers

    private mutating func append() {
        guard let (_, writer) = writers.randomElement(using: &generator) else { return }
        ids += 1
        let id = MessageID(rawValue: ids | (generator.chance(1, in: 6) ? 1 << 63 : 0))
        let count = Int.random(in: 1...2, using: &generator)
        let isLarge = generator.chance(1, in: 6)
        let size = isLarge ? Int.random(in: 1500...3000, using: &generator) : Int.random(in: 0...900, using: &generator)
        let pattern = withUnsafeBytes(of: generator.next()) { Array($0) }
        let content = Array((pattern + [UInt8](repeating: pattern[0], count: max(0, size - 8))).prefix(size))
        messages[id] = ModelMessage(content: content, entries: count)
        submit(id, to: writer, isLarge: isLarge)
    }

    private mutating func submit(_ id: MessageID, to writer: SpoolWriter, isLarge: Bool) {
        guard let model = messages[id] else { return }
        let entries = (0..<model.entries).map { number in
            QueueEntry(
                channel: "tcp_local", host: "h\(number).example",
                recipients: (0..<3).map { QueueRecipient(address: "r\($0)@h\(number).example", given: "g\($0)") })
        }
        let message = QueuedMessage(
            id: id, arrival: Int64(id.rawValue & 0xFFFF), sourceChannel: "tcp_local", sender: "s", entries: entries)
        var spoolContent = SpoolContent.inline([Array(model.content.prefix(10)), Array(model.content.dropFirst(10))])
        if isLarge {
            guard let large = try? writer.beginLargeContent(id) else { return }
            guard (try? large.append(model.content)) != nil, let finished = try? large.finish() else {
                large.abandon()
                return
            }
            if generator.chance(1, in: 8) { return finished.abandon() }
            spoolContent = .large(finished)
        }
        writer.append(message, content: spoolContent) { [events] result in
            if case .success = result { events.acknowledged.withLock { $0.append(id) } }
        }
    }

    private mutating func startWriter() {
        let process = SimulatedProcess(disk)
        writerNames += 1
        var options = SpoolWriterOptions()
        options.segmentSize = 6 << 10
        options.scheduling = .manual
        let writer = try? SpoolWriter(
            queue: Self.queue, name: "w\(1000 + writerNames)", options: options, disk: process
        ) { [events] committed in
            events.notices.withLock { $0.append(contentsOf: committed.map(CommittedMessageFacts.init)) }
        }
        if let writer { writers.append((process, writer)) }
    }

    private mutating func killWriter() {
        guard !writers.isEmpty else { return startWriter() }
        let index = Int.random(in: 0..<writers.count, using: &generator)
        writers.remove(at: index).process.kill()
        startWriter()
    }

    // MARK: Job Controller

    /// Every new entry must be one that was appended, must not have ended, and must come once.
    private mutating func take(_ new: [RecoveredEntry]) {
        for entry in new {
            if entry.location.segment.hasPrefix("jc") { counts["recovered at a moved place", default: 0] += 1 }
            if entries[entry.key]?.endDurable == true { failures.append("\(entry.key) came back from the dead") }
            if !live.insert(entry.key).inserted { failures.append("\(entry.key) came twice") }
            check(entry)
        }
    }

    private mutating func deliverNotice() {
        guard let controller else { return }
        let roll = Int.random(in: 0..<10, using: &generator)
        let notice: CommittedMessageFacts? = events.notices.withLock { notices in
            guard !notices.isEmpty else { return nil }
            let index = roll < 7 ? 0 : Int.random(in: 0..<notices.count, using: &generator)
            return roll == 9 ? notices[index] : notices.remove(at: index)
        }
        if let notice, roll != 8 { take(controller.store.known(notice)) }
    }

    private mutating func recordOutcome() {
        guard let store = controller?.store, let key = live.sorted().randomElement(using: &generator) else { return }
        guard let entry = store.entry(key) else { return failures.append("\(key) is not in the index") }
        let roll = Int.random(in: 0..<10, using: &generator)
        if roll < 3 {
            let outcome = RecipientOutcome(recipient: 0, result: roll == 0 ? .delivered : .failedTemporarily)
            let attempt = AttemptRecord(time: now, outcomes: [outcome], attempts: entry.attempts + 1, nextTime: now + 9)
            entries[key, default: ModelEntry()].attempts.append(entry.attempts + 1)
            store.record(.attempt(key, attempt)) { [events] result in
                if case .success = result { events.attempted.withLock { $0.append(key) } }
            }
            return
        }
        live.remove(key)
        entries[key, default: ModelEntry()].endSubmitted = true
        let record: LedgerRecord = roll == 4 ? .delete(key, by: "test") : .done(key, time: now)
        store.record(record) { [events] result in
            if case .success = result { events.ended.withLock { $0.append(key) } }
        }
    }

    private mutating func work() {
        now += 1
        guard let store = controller?.store else { return }
        let segments = store.index.segments.states.count
        let compacted = store.space.compacted.count
        store.freeSpaceWork(now: now)
        counts["freed", default: 0] += max(0, segments - store.index.segments.states.count)
        counts["compacted", default: 0] += max(0, store.space.compacted.count - compacted)
        if generator.chance(1, in: 2) { controller?.store.space.writer?.drain() }
    }

    private mutating func stateEnds() {
        for (_, writer) in writers {
            guard let store = controller?.store, let position = writer.position else { continue }
            take(store.readUpTo(position.segment, position.end))
        }
    }

    private mutating func adopt() {
        if let store = controller?.store { take(store.adoptDeadWriters()) }
    }

    private mutating func startController() {
        var options = QueueStoreOptions()
        options.logSize = 4 << 10
        options.segmentSize = 6 << 10
        options.reserve = 4 << 10
        options.recycled = 2
        options.compactionGrace = 0
        options.scheduling = .manual
        let process = SimulatedProcess(disk)
        live = []
        guard let (store, recovered) = try? QueueStore.open(queue: Self.queue, options: options, disk: process) else {
            return process.kill()
        }
        controller = (process, store)
        counts["recoveries", default: 0] += 1
        for report in recovered.quarantined { judge(report) }
        take(recovered.entries)
    }

    /// No report may be about a message that was acknowledged, unless it had ended: this disk damages nothing that is
    /// durable.
    private mutating func judge(_ report: QuarantineReport) {
        counts["reports", default: 0] += 1
        if report.reason.contains("acknowledged mail is damaged") { failures.append("\(report)") }
        for (id, model) in messages where model.isAcknowledged && report.reason.contains("message \(id) ") {
            failures.append("\(report)")
        }
    }

    private mutating func killController() {
        collect()
        controller?.process.kill()
        controller = nil
        startController()
    }

    // MARK: The world

    private mutating func planFault() {
        let codes: [Int32?] = [5, 28, 5, 28, nil]
        disk.setPlan(
            SimulatedDisk.Plan(
                calls: Int.random(in: 1...12, using: &generator),
                failures: generator.chance(1, in: 6) ? 30 : Int.random(in: 1...3, using: &generator),
                code: codes.randomElement(using: &generator) ?? nil))
    }

    /// Takes over what completions said, in the order of time.
    mutating func collect() {
        for id in events.acknowledged.taken() {
            messages[id]?.isAcknowledged = true
            counts["acknowledged", default: 0] += 1
        }
        for key in events.ended.taken() {
            entries[key, default: ModelEntry()].endDurable = true
            counts["ended", default: 0] += 1
        }
        for key in events.attempted.taken() { entries[key, default: ModelEntry()].durableAttempts += 1 }
    }

    private mutating func crashMachine() {
        collect()
        for (process, _) in writers { process.kill() }
        controller?.process.kill()
        writers = []
        controller = nil
        events.notices.withLock { $0 = [] }
        disk.crash()
        restart()
        compareAll()
    }

    private mutating func restart() {
        startController()
        if controller == nil { failures.append("the queue cannot be opened") }
        while writers.count < 2 && failures.isEmpty { startWriter() }
    }

    /// All that was acknowledged and has not ended is live, readable and the same. Only after everything was read.
    mutating func compareAll() {
        for (id, model) in messages where model.isAcknowledged {
            for number in 0..<model.entries {
                let key = QueueEntryKey(message: id, entry: UInt32(number))
                let state = entries[key] ?? ModelEntry()
                if !live.contains(key), !state.endSubmitted { failures.append("\(key) is lost") }
            }
        }
        for key in live {
            guard let entry = controller?.store.entry(key) else { continue }
            let state = entries[key] ?? ModelEntry()
            let allowed = [0] + state.attempts
            if !allowed.contains(entry.attempts) || (state.durableAttempts > 0 && entry.attempts == 0) {
                failures.append("\(key) shows \(entry.attempts) attempts")
            }
        }
    }

    /// The content of a live entry is what was appended.
    private mutating func check(_ entry: RecoveredEntry) {
        guard let model = messages[entry.key.message] else { return failures.append("\(entry.key) is unknown") }
        let reader = SpoolReader(queue: Self.queue, disk: SimulatedProcess(disk))
        do {
            let stored = try reader.read(entry.location)
            let content = try stored.content.bytes()
            if content != model.content { failures.append("\(entry.key) has other content") }
            if stored.message.entries.count != model.entries { failures.append("\(entry.key) has other entries") }
        } catch {
            if model.isAcknowledged { failures.append("\(entry.key): \(error)") }
        }
    }

    /// Delivers everything, gives all space back, restarts: nothing may be left.
    private mutating func finishAll() {
        for key in live.sorted() {
            controller?.store.record(.done(key, time: now))
            entries[key, default: ModelEntry()].endSubmitted = true
        }
        controller?.store.ledger.drain()
        for (process, _) in writers { process.kill() }
        writers = []
        adopt()
        controller?.store.ledger.drain()
        work()
        let left = controller?.store.index.segments.states ?? [:]
        let own = controller?.store.space.writerName ?? ""
        for (name, state) in left where !name.hasPrefix(own) || own.isEmpty {
            failures.append("segment \(name) is left: \(state)")
        }
        killController()
        if !live.isEmpty { failures.append("\(live.count) entries came back after all was done") }
        let large = (try? SimulatedProcess(disk).list(Self.queue + "/large")) ?? []
        if !large.isEmpty { failures.append("large files are left: \(large)") }
    }
}

extension Mutex<[MessageID]> {
    func taken() -> [MessageID] {
        withLock { list in
            defer { list = [] }
            return list
        }
    }
}

extension Mutex<[QueueEntryKey]> {
    func taken() -> [QueueEntryKey] {
        withLock { list in
            defer { list = [] }
            return list
        }
    }
}
