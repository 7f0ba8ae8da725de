import Synchronization
import SystemCalls

/// When the last snapshot was and how the present one goes.
struct SnapshotState {
    /// Ends in the thread that writes the snapshot.
    enum Phase: Equatable {
        case idle
        case writing
        case written(UInt64)
        case failed
    }

    final class Progress: Sendable {
        let phase = Mutex(Phase.idle)
        /// With `.manual` scheduling: the work that a thread would do.
        let work = Mutex<[@Sendable () -> Void]>([])
    }

    let progress = Progress()
    var hasChanges = false
    /// Bytes of segments read since the last snapshot.
    var readBytes = 0
    /// Bytes of the logs that start-up had to read.
    var recoveredBytes: Int
    /// Seconds since 1970 of the last snapshot or attempt; 0: none.
    var lastTime: Int64 = 0
    /// Nothing may be freed until a snapshot is durable, see ``QueueRecovery/isLedgerDurable``.
    var mustComeFirst: Bool

    init(recovered: QueueRecovery) {
        recoveredBytes = recovered.logBytes
        mustComeFirst = !recovered.isLedgerDurable
        hasChanges = recovered.logBytes > 0 || !recovered.closed.isEmpty
    }
}

extension QueueStore {
    /// Begins a snapshot when enough has changed since the last; it is written by a thread of its own.
    /// `now`: seconds since 1970. To be called every few seconds.
    package func snapshotIfDue(now: Int64, force: Bool = false) {
        let phase = snapshots.progress.phase.withLock { $0 }
        switch phase {
        case .writing: return
        case .written(let number): finishSnapshot(number)
        case .failed: snapshots.hasChanges = true
        case .idle: break
        }
        if snapshots.lastTime == 0 { snapshots.lastTime = now }
        if force || isSnapshotDue(now) { beginSnapshot(now) }
    }

    private func isSnapshotDue(_ now: Int64) -> Bool {
        guard snapshots.hasChanges else { return false }
        return snapshots.mustComeFirst || ledger.bytes + snapshots.recoveredBytes >= options.snapshotBytes
            || snapshots.readBytes >= options.snapshotReadBytes || now - snapshots.lastTime >= options.snapshotSeconds
    }

    /// Takes the index as it is now and lets the ledger begin a new log at this point: everything recorded before is
    /// in the snapshot, everything after in the log.
    private func beginSnapshot(_ now: Int64) {
        let progress = snapshots.progress
        progress.phase.withLock { $0 = .writing }
        snapshots.lastTime = now
        snapshots.hasChanges = false
        snapshots.readBytes = 0
        snapshots.recoveredBytes = 0
        index.forgetFinished(before: generation)
        generation += 1
        let (index, layout, disk, scheduling) = (index, layout, disk, options.scheduling)
        ledger.submit(
            .rotate { number in
                guard let number else {
                    progress.phase.withLock { $0 = .failed }
                    return
                }
                let work: @Sendable () -> Void = {
                    let isWritten = (try? Snapshot.write(index, number: number, layout: layout, disk: disk)) != nil
                    progress.phase.withLock { $0 = isWritten ? .written(number) : .failed }
                }
                switch scheduling {
                case .thread:
                    do { try SystemThread.tryStart("snapshot", work) } catch {
                        progress.phase.withLock { $0 = .failed }
                    }
                case .manual: progress.work.withLock { $0.append(work) }
                }
            })
    }

    /// The snapshot is durable: what came before it is not needed any more.
    private func finishSnapshot(_ number: UInt64) {
        snapshots.progress.phase.withLock { $0 = .idle }
        snapshots.mustComeFirst = false
        guard let names = try? disk.list(layout.ledger) else { return }
        for name in names {
            guard let dot = name.firstIndex(of: "."), let older = UInt64(name[..<dot]), older < number else { continue }
            try? disk.unlink("\(layout.ledger)/\(name)")
        }
    }

    /// Does what a thread would do; only with `.manual`.
    func runBackgroundWork() {
        let work = snapshots.progress.work.withLock { work in
            defer { work = [] }
            return work
        }
        for step in work { step() }
    }
}
