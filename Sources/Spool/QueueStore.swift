package import Envelope
import Synchronization
import SystemCalls

/// The Job Controller's side of the queue: the index of live entries, the ledger, and the space they take.
/// Not Sendable: all calls from one thread; completions come on the ledger's thread.
package final class QueueStore {
    let layout: QueueLayout
    let disk: any Disk
    let options: QueueStoreOptions
    let source: SegmentSource
    let ledger: LedgerWriter
    /// Held as long as the store lives.
    private let lock: any DiskFile
    var index: QueueIndex
    /// Ledger records handed to the writer so far.
    private(set) var submitted: UInt64 = 0
    /// Number of the snapshot that a message ends after, see ``QueueIndex/finished``.
    var generation: UInt64
    /// How far the ledger says that segments were read.
    private var marks: [String: Int] = [:]
    private var pins: [QueueEntryKey: String] = [:]
    private var pinCounts: [String: Int] = [:]
    var reports: [QuarantineReport] = []
    /// Large files whose message ended with the ledger record of that number.
    var endedLarge: [(id: MessageID, record: UInt64)] = []
    var snapshots: SnapshotState
    var space = SpaceState()

    init(
        recovery: QueueRecovery, lock: any DiskFile, ledger: LedgerWriter, options: QueueStoreOptions
    ) {
        layout = recovery.layout
        disk = recovery.disk
        source = recovery.source
        index = recovery.index
        generation = recovery.snapshot
        snapshots = SnapshotState(recovered: recovery)
        self.lock = lock
        self.ledger = ledger
        self.options = options
        index.keepAnswers(upTo: options.mostDetailed)
        for segment in recovery.closed { record(.closed(segment: segment.name, end: segment.end)) }
        ensureReserve()
    }

    /// Takes the queue (one process at a time), creates its directories when they are missing, and recovers the
    /// index. `queue`: path of the queue directory. Throws `.locked` when another Job Controller runs.
    package static func open(
        queue: String, options: QueueStoreOptions = QueueStoreOptions(), disk: any Disk = RealDisk()
    ) throws(SpoolError) -> (QueueStore, RecoveredQueue) {
        let layout = QueueLayout(queue)
        try prepare(queue: queue, disk: disk)
        let lock: any DiskFile
        var recovery = QueueRecovery(layout: layout, disk: disk)
        do throws(SystemCallError) {
            lock = try disk.open(layout.lock, .create)
        } catch { throw SpoolError(error, doing: "open \(layout.lock)") }
        guard lock.lock() else {
            throw SpoolError(.locked, "another Job Controller has the queue: \(layout.lock) is locked")
        }
        do throws(SystemCallError) { try recovery.run() } catch {
            throw SpoolError(error, doing: "recover the queue \(queue)")
        }
        let ledger = try LedgerWriter.open(
            layout: layout, lastNumber: recovery.lastLog, predecessor: recovery.predecessor, options: options,
            disk: disk)
        let store = QueueStore(recovery: recovery, lock: lock, ledger: ledger, options: options)
        return (store, recovery.recovered)
    }

    /// Creates the directories of a queue that are missing; writers call it too, so that either may start first.
    package static func prepare(queue: String, disk: any Disk = RealDisk()) throws(SpoolError) {
        let layout = QueueLayout(queue)
        do throws(SystemCallError) {
            for path in [queue, layout.segments, layout.free, layout.large, layout.ledger, layout.quarantine] {
                try disk.createDirectory(path)
            }
            try disk.synchronizeDirectory(Files.parent(of: queue))
            try disk.synchronizeDirectory(queue)
            try disk.synchronizeDirectory(layout.segments)
        } catch { throw SpoolError(error, doing: "create the directories of the queue \(queue)") }
    }

    /// Writes an outcome; the index has it at once, `completion` runs on the ledger's thread when it is durable.
    /// While the disk fails, the record waits and is tried again (see ``trouble``); `.failure` only says that the
    /// store was closed first. An outcome of an entry that is no more succeeds and changes nothing.
    package func record(
        _ record: LedgerRecord, completion: @escaping @Sendable (Result<Void, SpoolError>) -> Void = { _ in }
    ) {
        if let id = record.message { mark(id) }
        submitted += 1
        snapshots.hasChanges = true
        let effect = index.apply(record, number: submitted, generation: generation)
        if case .ended(let id, let message) = effect, message.hasLargeContent {
            endedLarge.append((id, submitted))
        }
        ledger.submit(.record(LedgerCodec.record(record), completion: completion))
    }

    /// Before an outcome: the ledger must say that the message was read, or a start while its writer still lives would
    /// read the outcome first and the message later, as new.
    private func mark(_ id: MessageID) {
        guard let location = index[id]?.location, let state = index.segments[location.segment], !state.isClosed,
            location.end <= state.readTo, location.end > marks[location.segment] ?? 0
        else { return }
        marks[location.segment] = state.readTo
        submitted += 1
        let record = LedgerRecord.read(segment: location.segment, end: state.readTo)
        ledger.submit(.record(LedgerCodec.record(record), completion: { _ in }))
    }

    func forgetMark(_ segment: String) { marks[segment] = nil }

    /// A live entry as the index has it; nil when there is none.
    package func entry(_ key: QueueEntryKey) -> RecoveredEntry? {
        guard let message = index[key.message] else { return nil }
        return message.entry(key.entry)?.recovered(key.message, message)
    }

    /// Recipients of a live entry that are not settled, ascending; nil when there is none. What a job's every report asks.
    package func pending(_ key: QueueEntryKey) -> [Int]? {
        index[key.message]?.entry(key.entry)?.pending
    }

    /// What every attempt at a live entry did, oldest first, as far as it is kept.
    package func history(_ key: QueueEntryKey) -> [EarlierAttempts] {
        index[key.message]?.entry(key.entry)?.history ?? []
    }

    /// Bytes of the content of a live entry's message; nil when there is none.
    package func contentSize(_ key: QueueEntryKey) -> Int? { index[key.message]?.size }

    /// The entry is handed to a job: where its message is. The place stays valid until ``unpin(_:)``.
    /// Nil when the entry is not live.
    package func pin(_ key: QueueEntryKey) -> SpoolLocation? {
        guard let message = index[key.message], message.entry(key.entry) != nil else { return nil }
        unpin(key)
        pins[key] = message.location.segment
        pinCounts[message.location.segment, default: 0] += 1
        return message.location
    }

    /// The job is through with the entry, or gone. Call it after the outcome was recorded.
    package func unpin(_ key: QueueEntryKey) {
        guard let segment = pins.removeValue(forKey: key) else { return }
        let count = pinCounts[segment, default: 0] - 1
        pinCounts[segment] = count > 0 ? count : nil
    }

    /// ``QueueStoreOptions/mostDetailed`` from now on.
    package func keepAnswers(upTo entries: Int) { index.keepAnswers(upTo: entries) }

    func isPinned(_ segment: String) -> Bool { pinCounts[segment] != nil }

    /// Reports that came up since the last call: quarantined records, losses. Each is to be logged as an error.
    package func takeReports() -> [QuarantineReport] {
        defer { reports = [] }
        return reports
    }

    /// The reason why the ledger cannot be written at the moment; nil while all is well.
    package var trouble: SpoolError? { ledger.trouble }

    /// Numbers for `qm summarize` and `martlet queue status`.
    package var summary: QueueSummary { index.summary }

    /// Writes what waits and gives the queue up.
    package func close() {
        space.writer?.close()
        ledger.close()
    }
}

extension LedgerRecord {
    /// The message an outcome is about; nil for the records that keep the books.
    var message: MessageID? {
        switch self {
        case .attempt(let key, _), .done(let key, _), .hold(let key, _), .release(let key), .delete(let key, _),
            .requeue(let key, _), .warned(let key, _):
            key.message
        case .moved, .read, .closed: nil
        }
    }
}
