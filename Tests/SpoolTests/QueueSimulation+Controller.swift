import Envelope
import Synchronization
import SystemCalls

@testable import Spool

/// The Job Controller's part, and what must be true of it.
extension QueueSimulation {
    mutating func startController() {
        var options = QueueStoreOptions()
        options.logSize = 4 << 10
        options.segmentSize = 6 << 10
        options.reserve = 4 << 10
        options.recycled = 2
        options.compactionGrace = 0
        options.scheduling = .manual
        let process = SimulatedProcess(disk)
        guard let (store, recovered) = try? QueueStore.open(queue: Self.queue, options: options, disk: process),
            !process.isDead
        else { return process.kill() }
        controller = (process, store)
        count("recoveries")
        for report in recovered.quarantined { judge(report) }
        take(recovered.entries)
    }

    mutating func stopController() {
        guard let process = controller?.process else { return }
        process.kill()
        controller = nil
        (live, jobs) = ([], [])
        for key in entries.keys { entries[key]?.controllerDied() }
    }

    mutating func killController() {
        collect()
        stopController()
        startController()
    }

    /// Every new entry must be one that was appended, must not have ended, must show what the ledger was told, and must
    /// come once.
    mutating func take(_ new: [RecoveredEntry]) {
        for entry in new {
            let key = entry.key
            if entry.location.segment.hasPrefix("jc") { count("recovered at a moved place") }
            forgetEnd(of: key)
            if let problem = entries[key, default: ModelEntry()].appear(ModelProgress(entry)) {
                failures.append("\(key) \(problem)")
            }
            if !live.insert(key).inserted { failures.append("\(key) came twice") }
            check(key, at: entry.location)
        }
    }

    /// A derived message that is enqueued again long after it ended comes again: its id is known for one to two snapshots.
    private mutating func forgetEnd(of key: QueueEntryKey) {
        guard requeued[key.message] != nil, let state = entries[key], state.endSubmitted,
            snapshots - state.snapshotsAtEnd >= 2
        else { return }
        entries[key] = ModelEntry()
    }

    mutating func deliverNotice() {
        guard let controller else { return }
        let roll = Int.random(in: 0..<10, using: &generator)
        let notice: CommittedMessageFacts? = events.notices.withLock { notices in
            guard !notices.isEmpty else { return nil }
            let index = roll < 7 ? 0 : Int.random(in: 0..<notices.count, using: &generator)
            return roll == 9 ? notices[index] : notices.remove(at: index)
        }
        if let notice, roll != 8 { take(controller.store.known(notice)) }
    }

    private mutating func idleEntry() -> QueueEntryKey? {
        live.subtracting(jobs.map(\.key)).sorted().randomElement(using: &generator)
    }

    mutating func recordOutcome() {
        if let key = idleEntry() { settle(key) }
    }

    private mutating func settle(_ key: QueueEntryKey) {
        guard let store = controller?.store else { return }
        guard store.entry(key) != nil else { return failures.append("\(key) is not in the index") }
        var progress = entries[key, default: ModelEntry()].now
        switch Int.random(in: 0..<20, using: &generator) {
        case 0..<3:
            progress.attempts += 1
            record(attempt(key, progress, RecipientOutcome(recipient: 0, result: .failedTemporarily)), progress)
        case 3..<5 where progress.pending.count > 1:
            progress.attempts = 0
            let outcome = RecipientOutcome(recipient: progress.pending.removeLast(), result: .delivered)
            record(attempt(key, progress, outcome), progress)
        case 5:
            progress.held = "by a test"
            record(.hold(key, reason: "by a test"), progress)
        case 6:
            progress.held = nil
            record(.release(key), progress)
        case 7:
            progress.warned += 1
            record(.warned(key, threshold: progress.warned), progress)
        case 8: requeue(key, progress)
        case 9: quarantine(key)
        case 10: end(.delete(key, by: "test"))
        default: end(.done(key, time: now))
        }
    }

    private func attempt(
        _ key: QueueEntryKey, _ progress: ModelProgress, _ outcome: RecipientOutcome
    ) -> LedgerRecord {
        let record = AttemptRecord(time: now, outcomes: [outcome], attempts: progress.attempts, nextTime: now + 9)
        return .attempt(key, record)
    }

    private mutating func record(_ record: LedgerRecord, _ progress: ModelProgress) {
        guard case .some(let key) = record.entry else { return }
        let number = entries[key, default: ModelEntry()].submit(progress)
        controller?.store.record(record) { [events] result in
            if case .success = result { events.progressed.withLock { $0.append((key, number)) } }
        }
    }

    private mutating func end(_ record: LedgerRecord) {
        guard let key = record.entry else { return }
        live.remove(key)
        entries[key, default: ModelEntry()].submitEnd(snapshots: snapshots)
        controller?.store.record(record) { [events] result in
            if case .success = result { events.ended.withLock { $0.append(key) } }
        }
    }

    /// A job says that the message is damaged. Its bytes are set aside, or its entries are held.
    private mutating func quarantine(_ key: QueueEntryKey) {
        guard let store = controller?.store, !jobs.contains(where: { $0.key.message == key.message }) else { return }
        let isLarge = store.index[key.message]?.hasLargeContent ?? false
        store.quarantine(key, reason: "damaged, says the test")
        if isLarge { messages[key.message]?.isSetAside = true }
        count("set aside")
        for number in 0..<UInt32(messages[key.message]?.entries ?? 0) {
            let key = QueueEntryKey(message: key.message, entry: number)
            guard live.contains(key) else { continue }
            if let entry = store.entry(key) {
                _ = entries[key, default: ModelEntry()].submit(ModelProgress(entry))
            } else {
                live.remove(key)
                entries[key, default: ModelEntry()].submitEnd(snapshots: snapshots)
            }
        }
    }

    // MARK: Jobs

    mutating func startJob() {
        guard let store = controller?.store, jobs.count < 4, let key = idleEntry(), let location = store.pin(key)
        else { return }
        jobs.append((key, location))
    }

    /// What a job was given can be read as long as it has it, wherever the message has gone meanwhile.
    mutating func finishJob() {
        guard let store = controller?.store, !jobs.isEmpty else { return }
        let (key, location) = jobs.remove(at: Int.random(in: 0..<jobs.count, using: &generator))
        if store.entry(key)?.location != location { count("moved under a job") }
        check(key, at: location)
        settle(key)
        store.unpin(key)
    }

    // MARK: Books

    mutating func snapshot() {
        let before = controller?.store.generation
        controller?.store.snapshotIfDue(now: now, force: true)
        if let after = controller?.store.generation, after != before { snapshots += 1 }
    }

    mutating func work() {
        now += 1
        guard let store = controller?.store else { return }
        let segments = store.index.segments.states.count
        let compacted = store.space.compacted.count
        store.freeSpaceWork(now: now)
        count("freed", max(0, segments - store.index.segments.states.count))
        count("compacted", max(0, store.space.compacted.count - compacted))
        if generator.chance(1, in: 2) { controller?.store.space.writer?.drain() }
    }

    mutating func adopt() {
        if let store = controller?.store { take(store.adoptDeadWriters()) }
    }

    /// Takes over what completions said, in the order of time.
    mutating func collect() {
        for id in events.acknowledged.taken() {
            messages[id]?.isAcknowledged = true
            count("acknowledged")
            if let key = requeued[id], live.contains(key), !jobs.contains(where: { $0.key == key }) {
                end(.requeue(key, as: id))
                count("requeued")
            }
        }
        for key in events.ended.taken() {
            entries[key, default: ModelEntry()].endDurable = true
            count("ended")
        }
        for (key, number) in events.progressed.taken() { entries[key, default: ModelEntry()].becameDurable(number) }
    }

    // MARK: Checks

    /// No report may be about a message that was acknowledged, unless it had ended: this disk damages nothing that is
    /// durable.
    private mutating func judge(_ report: QuarantineReport) {
        count("reports")
        if report.reason.contains("acknowledged mail is damaged") { failures.append("\(report)") }
        for (id, model) in messages
        where model.isAcknowledged && !model.isSetAside && report.reason.contains("message \(id) ") {
            failures.append("\(report)")
        }
    }

    /// All that was acknowledged and has not ended is live. Only after everything was read.
    mutating func compareAll() {
        if !failures.isEmpty { return }
        for (id, model) in messages where model.isAcknowledged && !model.isSetAside {
            for number in 0..<model.entries {
                let key = QueueEntryKey(message: id, entry: UInt32(number))
                if !live.contains(key), entries[key]?.endSubmitted != true { failures.append("\(key) is lost") }
            }
        }
    }

    /// The content of a live entry is what was appended.
    private mutating func check(_ key: QueueEntryKey, at location: SpoolLocation) {
        guard let model = messages[key.message] else { return failures.append("\(key) is unknown") }
        let reader = SpoolReader(queue: Self.queue, disk: SimulatedProcess(disk, isObserver: true))
        do {
            let stored = try reader.read(location)
            let content = try stored.content.bytes()
            if content != model.content { failures.append("\(key) has other content") }
            if stored.message.entries.count != model.entries { failures.append("\(key) has other entries") }
        } catch {
            if model.isAcknowledged, !model.isSetAside { failures.append("\(key): \(error)") }
        }
    }

    /// Delivers everything, gives all space back, restarts: nothing may be left.
    mutating func finishAll() {
        disk.setPlan(nil)
        disk.setRoom(nil)
        for key in live.sorted() { end(.done(key, time: now)) }
        controller?.store.ledger.drain()
        for (process, _) in writers { process.kill() }
        writers = []
        adopt()
        // Twice: nothing is freed before a snapshot where a log could not be synchronised.
        for _ in 0..<2 {
            snapshot()
            controller?.store.ledger.drain()
            controller?.store.runBackgroundWork()
        }
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

extension LedgerRecord {
    /// The entry an outcome is about; nil for the records that keep the books.
    fileprivate var entry: QueueEntryKey? {
        switch self {
        case .attempt(let key, _), .done(let key, _), .hold(let key, _), .release(let key), .delete(let key, _),
            .requeue(let key, _), .warned(let key, _):
            key
        case .moved, .read, .closed: nil
        }
    }
}
