package import Envelope
import Glibc
import Synchronization
import SystemCalls

/// Sizes of a writer.
package struct SpoolWriterOptions: Sendable {
    /// Bytes reserved for each segment.
    package var segmentSize = 64 << 20
    /// Content of more bytes than this belongs into a large-content file.
    package var largeThreshold = 256 << 10
    /// Free bytes below which ``SpoolWriter/hasRoom`` is false (option `queue_min_free`).
    package var minimumFree = 64 << 20
    package var scheduling = CommitScheduling.thread
    /// The first segment is made at start, so that a queue that cannot be written is known then. What mostly takes mail
    /// out of the queue makes it at its first append: it must work while the disk is full.
    package var opensAtOnce = true

    package init() {}
}

/// Appends messages to the segments of this process, with group commit.
package final class SpoolWriter: Sendable {
    /// How far the current segment is durable: what `UPTO` states.
    package struct Position: Equatable, Sendable {
        package var segment: String
        package var end: Int
    }

    package let options: SpoolWriterOptions
    private let layout: QueueLayout
    private let disk: any Disk
    private let core: SpoolCommitter
    private let queue: CommitQueue<SpoolAppend>
    private let room: Mutex<Room>

    private struct Room {
        var until = Int64.min
        var has = true
        var minimumFree: Int
    }

    /// `queue`: the queue directory, which must exist with its sub-directories. `name`: unique for this start of this
    /// process, see ``uniqueName()``. `onCommit` gets each batch after its completions ran, on the writer's thread.
    package init(
        queue: String, name: String, options: SpoolWriterOptions = SpoolWriterOptions(), disk: any Disk = RealDisk(),
        onCommit: @escaping @Sendable ([CommittedMessage]) -> Void = { _ in }
    ) throws(SpoolError) {
        guard LogLayout.isUsable(writer: name) else {
            throw SpoolError(.corrupt, "\(name) cannot be the name of a spool writer: use letters, digits, _ and -")
        }
        self.options = options
        room = Mutex(Room(minimumFree: options.minimumFree))
        self.disk = disk
        layout = QueueLayout(queue)
        let files = LogLayout(
            kind: .segment, directory: layout.segments, freeDirectory: layout.free, writer: name,
            fileExtension: "seg", capacity: options.segmentSize)
        var log = AppendLog(disk: disk, layout: files)
        do throws(SystemCallError) { if options.opensAtOnce { try log.openNext() } } catch {
            throw SpoolError(error, doing: "open a segment in \(layout.segments)")
        }
        let core = SpoolCommitter(log: log, onCommit: onCommit)
        self.core = core
        self.queue = CommitQueue(
            name: "spool", scheduling: options.scheduling,
            process: { items in
                core.commit(items)
                return []
            }, abandon: { core.fail($0, SpoolError(.closed, "the spool writer is closed")) })
    }

    /// Time and process, so that names of later starts sort behind those of earlier ones.
    package static func uniqueName() -> String {
        let digits = String(SystemClock.wallNanoseconds / 1000, radix: 36)
        return String(repeating: "0", count: max(0, 11 - digits.count)) + digits + "_" + String(getpid(), radix: 36)
    }

    /// Hands a message over. `completion` runs on the writer's thread when the record is durable, or with the error
    /// after which nothing of it is in the spool; a large-content file is then removed.
    package func append(
        _ message: QueuedMessage, content: SpoolContent,
        completion: @escaping @Sendable (Result<SpoolLocation, SpoolError>) -> Void
    ) {
        let item: SpoolAppend
        switch content {
        case .inline(let pieces):
            let size = content.size
            item = SpoolAppend(
                record: MessageCodec.record(message, ContentPlace(size: size), pieces: pieces), message: message,
                size: size, large: nil, completion: completion)
        case .large(let large):
            let place = ContentPlace(size: large.size, largeChecksum: large.checksum)
            item = SpoolAppend(
                record: MessageCodec.record(message, place, pieces: []), message: message, size: large.size,
                large: large, completion: completion)
        }
        submit(item)
    }

    /// Compaction: the payload of a message record again, as a copy that counts when the ledger says so.
    func appendMoved(
        payload: ArraySlice<UInt8>, completion: @escaping @Sendable (Result<SpoolLocation, SpoolError>) -> Void
    ) {
        let record = LogRecord(
            .movedMessage, head: [UInt8](repeating: 0, count: RecordHeader.size), rest: [Array(payload)])
        submit(SpoolAppend(record: record, message: nil, size: 0, large: nil, completion: completion))
    }

    private func submit(_ item: SpoolAppend) {
        if !queue.submit(item) { core.fail([item], SpoolError(.closed, "the spool writer is closed")) }
    }

    /// How far the current segment is durable; nil while none could be opened.
    package var position: Position? { core.position }

    /// Creates the file for content above the threshold. Blocks. An error, like any other a temporary failure, when
    /// the file exists: content of a derived id was enqueued before and has not been delivered, or is left over from a
    /// crash until the next start of the Job Controller.
    /// `resuming`: such a file is taken up again. It serves when it is what has been written, or its beginning;
    /// otherwise the error has the code ``SpoolError/Code/exists``.
    package func beginLargeContent(_ id: MessageID, resuming: Bool = false) throws(SpoolError) -> LargeContentWriter {
        try LargeContentWriter(id: id, layout: layout, disk: disk, resuming: resuming)
    }

    /// False when a new message should be refused with 452: less than `minimumFree` bytes or 2 % of the inodes are
    /// left. Asks the file system at most once a second.
    package var hasRoom: Bool {
        let now = SystemClock.monotonicNanoseconds
        return room.withLock { room in
            if now < room.until { return room.has }
            room.until = now + 1_000_000_000
            if let space = try? disk.freeSpace(layout.segments) {
                room.has = space.bytes >= room.minimumFree && space.inodes >= space.allInodes / 50
            }
            return room.has
        }
    }

    /// A reload has changed the free bytes that are wanted; ``hasRoom`` looks anew.
    package func setMinimumFree(_ bytes: Int) {
        room.withLock { room in
            room.minimumFree = bytes
            room.until = .min
        }
    }

    /// Commits what waits, in the caller; only with `.manual`.
    func drain() { queue.drain() }

    /// Commits what waits and seals the segment. Later appends fail.
    package func close() {
        queue.close()
        core.seal()
    }
}

/// One message that waits for its commit.
struct SpoolAppend: Sendable {
    var record: LogRecord
    /// Nil for a copy that compaction makes.
    var message: QueuedMessage?
    var size: Int
    var large: LargeContent?
    var completion: @Sendable (Result<SpoolLocation, SpoolError>) -> Void
}

/// The committing side of a spool writer.
final class SpoolCommitter: Sendable {
    /// Locked during a commit, and by the committing thread only until ``seal()``.
    private let log: Mutex<AppendLog>
    private let published: Mutex<SpoolWriter.Position?>
    private let onCommit: @Sendable ([CommittedMessage]) -> Void

    init(log: AppendLog, onCommit: @escaping @Sendable ([CommittedMessage]) -> Void) {
        published = Mutex(Self.position(log))
        self.log = Mutex(log)
        self.onCommit = onCommit
    }

    var position: SpoolWriter.Position? { published.withLock { $0 } }

    private static func position(_ log: AppendLog) -> SpoolWriter.Position? {
        log.current.map { SpoolWriter.Position(segment: $0.name, end: $0.end) }
    }

    func commit(_ items: [SpoolAppend]) {
        let records = items.map(\.record)
        var committed: [CommittedMessage] = []
        var index = 0
        while index < items.count {
            let (attempt, segment) = log.withLock { log in
                let attempt = log.commit(records[index...])
                published.withLock { $0 = Self.position(log) }
                return (attempt, log.current?.name ?? "")
            }
            // No file could be opened: there is no sense in trying for each of the others.
            let count = attempt.count > 0 ? attempt.count : items.count - index
            let batch = items[index..<index + count]
            switch attempt.outcome {
            case .success(let offsets): succeed(batch, segment, offsets, &committed)
            case .failure(let error): fail(batch, SpoolError(error, doing: "append to the spool"))
            }
            index += count
        }
        if !committed.isEmpty { onCommit(committed) }
    }

    private func succeed(
        _ batch: ArraySlice<SpoolAppend>, _ segment: String, _ offsets: [Int], _ committed: inout [CommittedMessage]
    ) {
        for (item, offset) in zip(batch, offsets) {
            let location = SpoolLocation(segment: segment, offset: offset, length: item.record.size)
            item.completion(.success(location))
            if let message = item.message {
                committed.append(CommittedMessage(message: message, location: location, size: item.size))
            }
        }
    }

    func fail(_ items: some Sequence<SpoolAppend>, _ error: SpoolError) {
        for item in items {
            item.large?.abandon()
            item.completion(.failure(error))
        }
    }

    func seal() {
        log.withLock { log in
            log.close()
            published.withLock { $0 = nil }
        }
    }
}
