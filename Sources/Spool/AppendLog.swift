import SystemCalls

/// One writer's sequence of preallocated, append-only files: segments or ledger logs. Owned by one committing thread.
///
/// Invariants: records are written only to a file whose header and name are durable; nothing is written to a file
/// after a write or sync of it failed; a file is locked until its successor exists.
struct AppendLog: Sendable {
    struct OpenFile: Sendable {
        let file: any DiskFile
        let name: String
        let number: UInt64
        let identity: UInt64
        /// Everything before it is durable.
        var end: Int
    }

    /// What ``commit(_:)`` did with the first records it was given.
    struct Attempt {
        /// How many records it took; 0 when no file could be opened.
        var count: Int
        /// Offsets of the records, all durable; or why none of them may be relied on.
        var outcome: Result<[Int], SystemCallError>
    }

    let disk: any Disk
    let layout: LogLayout
    private(set) var current: OpenFile?
    /// A poisoned or sealed file whose successor could not be opened yet; kept for its lock.
    private var retired: OpenFile?
    private var predecessor: LogPredecessor?
    private var lastNumber: UInt64

    /// The most bytes of one write and sync.
    private static let batchLimit = 16 << 20

    /// `lastNumber`: number of the last file that exists already; 0 for a new writer.
    init(disk: any Disk, layout: LogLayout, lastNumber: UInt64 = 0, predecessor: LogPredecessor? = nil) {
        self.disk = disk
        self.layout = layout
        self.lastNumber = lastNumber
        self.predecessor = predecessor
    }

    /// Largest record with header that fits a file.
    var recordLimit: Int {
        min(layout.capacity - LogHeader.size - RecordHeader.size, RecordHeader.payloadLimit)
    }

    /// Writes as many of `records` as fit the file, with one sync.
    mutating func commit(_ records: ArraySlice<LogRecord>) -> Attempt {
        guard let first = records.first else { return Attempt(count: 0, outcome: .success([])) }
        if RecordHeader.padded(first.size) > recordLimit {
            return Attempt(count: 1, outcome: .failure(.tooLarge("pwritev", layout.directory)))
        }
        do throws(SystemCallError) {
            if let file = current, !fits(first, at: file.end) { seal() }
            if current == nil { try openNext() }
        } catch {
            return Attempt(count: 0, outcome: .failure(error))
        }
        guard var file = current else { return Attempt(count: 0, outcome: .success([])) }
        var offsets: [Int] = []
        var pieces: [[UInt8]] = []
        var end = file.end
        for record in records {
            if !fits(record, at: end) || (!offsets.isEmpty && end - file.end > Self.batchLimit) { break }
            record.place(at: end, identity: file.identity, floor: file.end, into: &pieces)
            offsets.append(end)
            end = RecordHeader.padded(end + record.size)
        }
        do throws(SystemCallError) {
            try file.file.write(pieces, at: file.end)
            try file.file.synchronize()
        } catch {
            retire()
            return Attempt(count: offsets.count, outcome: .failure(error))
        }
        file.end = end
        current = file
        return Attempt(count: offsets.count, outcome: .success(offsets))
    }

    /// Room is always left for the seal.
    private func fits(_ record: LogRecord, at offset: Int) -> Bool {
        RecordHeader.padded(offset + record.size) + RecordHeader.size <= layout.capacity
    }

    /// Writes the last record. A file that cannot be sealed ends where its successor's header says.
    mutating func seal() {
        guard var file = current else { return }
        var pieces: [[UInt8]] = []
        LogRecord.seal.place(at: file.end, identity: file.identity, floor: file.end, into: &pieces)
        do throws(SystemCallError) {
            try file.file.write(pieces, at: file.end)
            try file.file.synchronize()
            file.end += RecordHeader.size
            current = file
        } catch {
            // Nothing is lost: every record before the seal is durable.
        }
        retire()
    }

    /// Seals the file and gives its lock up.
    mutating func close() {
        seal()
        retired = nil
    }

    /// No more records go to the current file.
    private mutating func retire() {
        guard let file = current else { return }
        predecessor = LogPredecessor(number: file.number, end: file.end)
        retired = file
        current = nil
    }

    /// Makes the next file: reserved, header and name durable, and locked before it has its name.
    mutating func openNext() throws(SystemCallError) {
        if current != nil { seal() }
        lastNumber += 1
        let name = layout.name(lastNumber)
        let path = layout.path(name)
        let temporary = path + ".new"
        let header = LogHeader(
            kind: layout.kind, identity: disk.makeIdentity(), number: lastNumber, name: name, predecessor: predecessor)
        do throws(SystemCallError) {
            let recycled = takeRecycled(temporary)
            let file = if let recycled { recycled } else { try disk.open(temporary, .create) }
            guard file.lock() else { throw .busy("flock", temporary) }
            if try file.size() < layout.capacity { try file.preallocate(layout.capacity) }
            try file.write([header.encoded()], at: 0)
            try file.synchronize()
            try disk.rename(temporary, to: path)
            try disk.synchronizeDirectory(layout.directory)
            current = OpenFile(
                file: file, name: name, number: lastNumber, identity: header.identity, end: LogHeader.size)
        } catch {
            try? disk.unlink(temporary)
            throw error
        }
        retired = nil
    }

    /// A file from the free directory under its new name; nil when there is none.
    private func takeRecycled(_ target: String) -> (any DiskFile)? {
        guard let directory = layout.freeDirectory, let names = try? disk.list(directory) else { return nil }
        for name in names {
            // Another writer may be faster: then the name is gone, and the next one is tried.
            guard (try? disk.rename("\(directory)/\(name)", to: target)) != nil else { continue }
            if let file = try? disk.open(target, .existing) { return file }
        }
        return nil
    }
}
