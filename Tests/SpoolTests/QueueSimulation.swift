import Envelope
import Synchronization
import SystemCalls

@testable import Spool

/// Writers, a Job Controller and a disk that live and die by a seed. After every death the queue is recovered and
/// compared with a dictionary.
struct QueueSimulation {
    static let queue = "/q"
    let disk: SimulatedDisk
    var generator: SeededGenerator
    var messages: [MessageID: ModelMessage] = [:]
    var entries: [QueueEntryKey: ModelEntry] = [:]
    /// Which entry a requeued copy takes the place of.
    var requeued: [MessageID: QueueEntryKey] = [:]
    var writers: [(process: SimulatedProcess, writer: SpoolWriter)] = []
    var controller: (process: SimulatedProcess, store: QueueStore)?
    /// Entries that this Job Controller knows to be live.
    var live: Set<QueueEntryKey> = []
    /// What jobs were given, and where to read it.
    var jobs: [(key: QueueEntryKey, location: SpoolLocation)] = []
    let events = Events()
    var ids: UInt64 = 0
    var writerNames = 0
    var snapshots = 0
    var now: Int64 = 1_000_000
    /// Mail is delivered faster than it comes, so that segments are freed and compacted all the time.
    let isBusy: Bool
    var failures: [String] = []
    /// How often things happened, to see that the simulation reaches them.
    var counts: [String: Int] = [:]

    init(seed: UInt64) {
        disk = SimulatedDisk(seed: seed, hasQueue: false)
        generator = SeededGenerator(seed: seed ^ 0x5EED)
        isBusy = seed % 2 == 0
    }

    mutating func run(steps: Int) -> [String] {
        restart()
        for _ in 0..<steps where failures.isEmpty {
            step()
            collect()
            if disk.isStopped { crashMachine() } else { bury() }
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
        case 46..<66:
            for _ in 0..<(isBusy ? 3 : 1) { recordOutcome() }
            if isBusy, generator.chance(1, in: 2) { work() }
        case 66..<68: startJob()
        case 68..<70: finishJob()
        case 70..<78: controller?.store.ledger.drain()
        case 78..<81:
            snapshot()
            if isBusy, generator.chance(1, in: 2) { controller?.store.ledger.drain() }
        case 81..<84:
            controller?.store.runBackgroundWork()
            if case .written = controller?.store.snapshots.progress.phase.withLock({ $0 }) { count("snapshots") }
        case 84..<88: work()
        case 88..<90: stateEnds()
        case 90..<92: adopt()
        case 92: killWriter()
        case 93: killController()
        case 94: fillOrEmpty()
        case 95..<98: planFault()
        default:
            if generator.chance(1, in: 3) { crashMachine() } else if generator.chance(1, in: 4) { killAll() }
        }
    }

    mutating func count(_ name: String, _ times: Int = 1) { counts[name, default: 0] += times }

    // MARK: Writers

    private mutating func append() {
        guard let (_, writer) = writers.randomElement(using: &generator) else { return }
        ids += 1
        submit(MessageID(rawValue: ids | (generator.chance(1, in: 6) ? 1 << 63 : 0)), to: writer)
    }

    /// Submits a message, or, a derived one, perhaps the same once more.
    private mutating func submit(_ id: MessageID, to writer: SpoolWriter) {
        let model = messages[id] ?? newMessage()
        messages[id] = model
        let entries = (0..<model.entries).map { number in
            QueueEntry(
                channel: "tcp_local", host: "h\(number).example",
                recipients: (0..<3).map { QueueRecipient(address: "r\($0)@h\(number).example", given: "g\($0)") })
        }
        let message = QueuedMessage(
            id: id, arrival: Int64(id.rawValue & 0xFFFF), sourceChannel: "tcp_local", sender: "s", entries: entries)
        var content = SpoolContent.inline([Array(model.content.prefix(10)), Array(model.content.dropFirst(10))])
        if model.content.count >= Self.largeSize {
            guard let large = try? writer.beginLargeContent(id) else { return }
            let half = model.content.count / 2
            guard (try? large.append(Array(model.content[..<half]))) != nil,
                (try? large.append(Array(model.content[half...]))) != nil, let finished = try? large.finish()
            else { return large.abandon() }
            if generator.chance(1, in: 8) { return finished.abandon() }
            content = .large(finished)
        }
        writer.append(message, content: content) { [events] result in
            if case .success = result { events.acknowledged.withLock { $0.append(id) } }
        }
    }

    /// Content of this size goes into a file of its own.
    private static let largeSize = 1500

    private mutating func newMessage() -> ModelMessage {
        let sizes = generator.chance(1, in: 6) ? Self.largeSize...3000 : 0...900
        let size = Int.random(in: sizes, using: &generator)
        let pattern = withUnsafeBytes(of: generator.next()) { Array($0) }
        let content = Array((pattern + [UInt8](repeating: pattern[0], count: max(0, size - 8))).prefix(size))
        return ModelMessage(content: content, entries: Int.random(in: 1...2, using: &generator))
    }

    /// A copy under an id that is derived from the entry; when it is durable it takes the entry's place.
    mutating func requeue(_ key: QueueEntryKey, _ progress: ModelProgress) {
        guard let (_, writer) = writers.randomElement(using: &generator) else { return }
        let id = MessageID.derived(
            from: key.message, entry: Int(key.entry), attempt: progress.attempts, recipients: progress.pending, .requeue
        )
        if messages[id] != nil { count("derived again") }
        requeued[id] = key
        submit(id, to: writer)
    }

    mutating func startWriter() {
        let process = SimulatedProcess(disk)
        writerNames += 1
        var options = SpoolWriterOptions()
        options.segmentSize = 6 << 10
        options.scheduling = .manual
        guard (try? QueueStore.prepare(queue: Self.queue, disk: process)) != nil,
            let writer = try? SpoolWriter(
                queue: Self.queue, name: "w\(1000 + writerNames)", options: options, disk: process,
                onCommit: { [events] committed in
                    events.notices.withLock { $0.append(contentsOf: committed.map(CommittedMessageFacts.init)) }
                }), !process.isDead
        else { return process.kill() }
        writers.append((process, writer))
    }

    private mutating func killWriter() {
        guard !writers.isEmpty else { return startWriter() }
        let index = Int.random(in: 0..<writers.count, using: &generator)
        writers.remove(at: index).process.kill()
        startWriter()
    }

    private mutating func stateEnds() {
        for (_, writer) in writers {
            guard let store = controller?.store, let position = writer.position else { continue }
            take(store.readUpTo(position.segment, position.end))
        }
    }

    // MARK: Faults

    private mutating func planFault() {
        let codes: [Int32?] = [5, 28, 5, 28, nil, nil]
        let isForReads = generator.chance(1, in: 8)
        let code = isForReads ? 5 : codes.randomElement(using: &generator) ?? nil
        disk.setPlan(
            SimulatedDisk.Plan(
                calls: Int.random(in: 1...12, using: &generator),
                failures: generator.chance(1, in: 6) ? .max : Int.random(in: 1...3, using: &generator),
                code: code, isDeath: generator.chance(2, in: 3), isForReads: isForReads))
    }

    /// The disk is nearly full, or has room again.
    private mutating func fillOrEmpty() {
        if disk.isFull { return disk.setRoom(nil) }
        count("full disks")
        disk.setRoom((Int.random(in: 0...20_000, using: &generator), Int.random(in: 0...4, using: &generator)))
    }

    /// Processes that died in a call are followed by others.
    private mutating func bury() {
        if let process = controller?.process, process.isDead {
            count("deaths in a call")
            killController()
        } else if controller == nil, generator.chance(1, in: 4) {
            startController()
        }
        let alive = writers.filter { !$0.process.isDead }
        count("deaths in a call", writers.count - alive.count)
        writers = alive
        if writers.count < 2, generator.chance(1, in: 4) { startWriter() }
    }

    mutating func crashMachine() {
        count("power cuts")
        stopAll()
        disk.crash()
        restart()
        compareAll()
    }

    /// Every process dies, the machine does not.
    private mutating func killAll() {
        stopAll()
        restart()
        compareAll()
    }

    private mutating func stopAll() {
        collect()
        for (process, _) in writers { process.kill() }
        writers = []
        stopController()
        events.notices.withLock { $0 = [] }
    }

    /// A Job Controller and two writers, whatever fails meanwhile; the disk is mended at last.
    private mutating func restart() {
        if generator.chance(1, in: 4) { planFault() }
        for attempt in 0..<8 where controller == nil || writers.count < 2 {
            if attempt == 6 {
                disk.setPlan(nil)
                disk.setRoom(nil)
            }
            if disk.isStopped {
                stopAll()
                disk.crash()
            }
            if controller == nil { startController() }
            // Only then are all writers dead that the Job Controller finds.
            while controller != nil, writers.count < 2, !disk.isStopped {
                let count = writers.count
                startWriter()
                if writers.count == count { break }
            }
        }
        if disk.isStopped || controller == nil || writers.count < 2 { failures.append("the queue cannot be opened") }
    }
}
