import Synchronization
import SystemCalls

/// Appends to the ledger logs with group commit. What cannot be written waits, in order, and is tried again every
/// second: an outcome is never given up while the process lives.
final class LedgerWriter: Sendable {
    enum Item: Sendable {
        case record(LogRecord, completion: @Sendable (Result<Void, SpoolError>) -> Void)
        /// Begins a new log, so that everything before is in earlier ones. Gets its number, or nil when it could not
        /// be opened.
        case rotate(@Sendable (UInt64?) -> Void)
    }

    /// What the owner may ask at any time.
    private struct Status {
        /// How many records are durable.
        var durable: UInt64 = 0
        /// Bytes of records since the last ``rotate(_:)``.
        var bytes = 0
        var trouble: SpoolError?
        /// The reserve was given up.
        var hasUsedReserve = false
    }

    private let log: Mutex<AppendLog>
    private let status = Mutex(Status())
    private let disk: any Disk
    private let reserve: String
    private let queue: Mutex<CommitQueue<Item>?> = Mutex(nil)

    /// Opens the log that follows `lastNumber`.
    static func open(
        layout: QueueLayout, lastNumber: UInt64, predecessor: LogPredecessor?, options: QueueStoreOptions,
        disk: any Disk
    ) throws(SpoolError) -> LedgerWriter {
        let files = LogLayout(
            kind: .ledger, directory: layout.ledger, writer: "", fileExtension: "log", capacity: options.logSize)
        var log = AppendLog(disk: disk, layout: files, lastNumber: lastNumber, predecessor: predecessor)
        do throws(SystemCallError) {
            do throws(SystemCallError) { try log.openNext() } catch {
                // A full disk must not keep outcomes from being written: this is what the reserve is for.
                guard error.isOutOfSpace else { throw error }
                try disk.unlink(layout.reserve)
                try log.openNext()
            }
        } catch {
            throw SpoolError(error, doing: "begin a ledger log in \(layout.ledger)")
        }
        let writer = LedgerWriter(log: log, reserve: layout.reserve, disk: disk)
        let queue = CommitQueue<Item>(
            name: "ledger", scheduling: options.scheduling, pace: options.ledgerPace, process: { writer.commit($0) },
            abandon: { writer.abandon($0) })
        writer.queue.withLock { $0 = queue }
        return writer
    }

    private init(log: AppendLog, reserve: String, disk: any Disk) {
        self.log = Mutex(log)
        self.reserve = reserve
        self.disk = disk
    }

    var durable: UInt64 { status.withLock { $0.durable } }
    var bytes: Int { status.withLock { $0.bytes } }
    var trouble: SpoolError? { status.withLock { $0.trouble } }

    /// True once after the reserve was given up: it is to be made again when there is room.
    func takeReserveUse() -> Bool {
        status.withLock { status in
            defer { status.hasUsedReserve = false }
            return status.hasUsedReserve
        }
    }

    func submit(_ item: Item) {
        let taken = queue.withLock { $0?.submit(item) ?? false }
        if !taken { abandon([item]) }
    }

    /// Commits what waits, in the caller; only with `.manual`.
    func drain() { queue.withLock { $0 }?.drain() }

    /// Commits what waits and ends. The queue refers to this object, so it must be called.
    func close() {
        let queue = self.queue.withLock { queue in
            defer { queue = nil }
            return queue
        }
        queue?.close()
        log.withLock { $0.close() }
    }

    private func abandon(_ items: [Item]) {
        for item in items {
            switch item {
            case .record(_, let completion): completion(.failure(SpoolError(.closed, "the ledger is closed")))
            case .rotate(let completion): completion(nil)
            }
        }
    }

    /// Commits in order; returns what is left when the log cannot be written.
    private func commit(_ items: [Item]) -> [Item] {
        var rest = items[...]
        while let first = rest.first {
            switch first {
            case .rotate(let completion):
                completion(rotate())
                rest = rest.dropFirst()
            case .record:
                guard commitRecords(&rest) else { return Array(rest) }
            }
        }
        return []
    }

    /// Commits the records in front, as many as one write takes. False: they must wait.
    private func commitRecords(_ rest: inout ArraySlice<Item>) -> Bool {
        var records: [LogRecord] = []
        var completions: [@Sendable (Result<Void, SpoolError>) -> Void] = []
        for item in rest {
            guard case .record(let record, let completion) = item else { break }
            records.append(record)
            completions.append(completion)
        }
        var attempt = log.withLock { $0.commit(records[...]) }
        if case .failure(let error) = attempt.outcome {
            // The file is poisoned; one new one is tried at once, on the space of the reserve if need be.
            if error.isOutOfSpace {
                try? disk.unlink(reserve)
                status.withLock { $0.hasUsedReserve = true }
            }
            attempt = log.withLock { $0.commit(records[...]) }
        }
        switch attempt.outcome {
        case .failure(let error):
            status.withLock { $0.trouble = SpoolError(error, doing: "write the ledger") }
            return false
        case .success:
            let bytes = records[..<attempt.count].reduce(0) { $0 + $1.size }
            status.withLock { status in
                status.durable += UInt64(attempt.count)
                status.bytes += bytes
                status.trouble = nil
            }
            rest = rest.dropFirst(attempt.count)
            for completion in completions[..<attempt.count] { completion(.success(())) }
            return true
        }
    }

    private func rotate() -> UInt64? {
        let number = log.withLock { log -> UInt64? in
            guard (try? log.openNext()) != nil else { return nil }
            return log.current?.number
        }
        if number != nil { status.withLock { $0.bytes = 0 } }
        return number
    }
}
