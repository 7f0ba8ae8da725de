import Envelope
import SystemCalls

/// Start-up: newest complete snapshot, the logs from there, the ends of the segments. The steps and their order are
/// explained in docs/spool-format.md, "Recovery".
struct QueueRecovery {
    let layout: QueueLayout
    let disk: any Disk
    let source: SegmentSource
    let quarantine: Quarantine

    var index = QueueIndex()
    var reports: [QuarantineReport] = []
    /// Number of the last log; 0: none.
    var lastLog: UInt64 = 0
    /// Where that log ends.
    var predecessor: LogPredecessor?
    /// Number of the snapshot that was used; 0: none.
    var snapshot: UInt64 = 0
    /// Bytes of log records since the snapshot.
    var logBytes = 0
    /// Segments that were closed here; the ledger must be told.
    var closed: [(name: String, end: Int)] = []
    /// False when a log could not be synchronised: what was read from it may vanish, so nothing may be freed before a
    /// snapshot has been written.
    var isLedgerDurable = true
    var removedLargeFiles = 0

    private var records: [LedgerRecord] = []

    init(layout: QueueLayout, disk: any Disk) {
        self.layout = layout
        self.disk = disk
        source = SegmentSource(layout: layout, disk: disk)
        quarantine = Quarantine(layout: layout, disk: disk)
    }

    mutating func run() throws(SystemCallError) {
        try readLedger()
        try readSegments()
        try loadMoved()
        for record in records {
            switch record {
            case .read, .closed: continue
            default: _ = index.apply(record, number: 0, generation: snapshot)
            }
        }
        records = []
        let large = try LargeFiles(layout: layout, disk: disk)
        dropMissing(large)
        removeGarbage(large)
    }

    /// What must be known before the queue can be used.
    var recovered: RecoveredQueue {
        var queue = RecoveredQueue()
        queue.entries.reserveCapacity(index.entryCount)
        for (id, message) in index.messages {
            for entry in message.entries { queue.entries.append(entry.recovered(id, message)) }
        }
        queue.removedLargeFiles = removedLargeFiles
        queue.quarantined = reports
        queue.summary = index.summary
        return queue
    }
}

// MARK: - Ledger

extension QueueRecovery {
    private mutating func readLedger() throws(SystemCallError) {
        let names = try disk.list(layout.ledger)
        let numbers = { (suffix: String) in
            names.filter { $0.hasSuffix(suffix) }.compactMap { UInt64($0.dropLast(suffix.count)) }.sorted()
        }
        let snapshots = numbers(".snapshot")
        let logs = numbers(".log")
        for number in snapshots.reversed() {
            if let index = try Snapshot.read(number, layout: layout, disk: disk) {
                self.index = index
                snapshot = number
                break
            }
            let name = LogLayout.ledgerName(number)
            reports.append(
                quarantine.move(
                    layout.snapshot(number), name: name + ".snapshot",
                    reason: "the snapshot is damaged; delivered mail may be delivered again"))
        }
        lastLog = max(logs.last ?? 0, snapshots.last ?? 0)
        for name in names where name.hasSuffix(".new") { try? disk.unlink("\(layout.ledger)/\(name)") }
        try readLogs(logs.filter { $0 >= snapshot })
    }

    private mutating func readLogs(_ numbers: [UInt64]) throws(SystemCallError) {
        var files: [(number: UInt64, log: LogFile)] = []
        var ends: [UInt64: Int] = [:]
        for number in numbers {
            let name = LogLayout.ledgerName(number)
            guard let log = try LogFile.open(layout.log(number), name: name, disk: disk) else {
                let reason = "not a ledger log; outcomes may be lost, and mail delivered again"
                reports.append(quarantine.move(layout.log(number), name: name + ".log", reason: reason))
                continue
            }
            files.append((number, log))
            if let before = log.header?.predecessor { ends[before.number] = before.end }
        }
        for (number, log) in files {
            do throws(SystemCallError) { try log.file.synchronize() } catch {
                isLedgerDurable = false
                reports.append(quarantine.note(log.name, offset: 0, length: 0, reason: "\(error)"))
            }
            let end = try readLog(log, limit: ends[number])
            predecessor = LogPredecessor(number: number, end: end)
        }
    }

    private mutating func readLog(_ log: LogFile, limit: Int?) throws(SystemCallError) -> Int {
        var unknown: [Range<Int>] = []
        var found: [LedgerRecord] = []
        var scanner = SegmentScanner(log)
        let result = try scanner.scan(from: LogHeader.size, limit: limit) { header, offset, payload in
            if header.type == .ledger, let record = LedgerCodec.decode(payload) {
                found.append(record)
            } else {
                unknown.append(offset..<offset + header.paddedSize)
            }
            return true
        }
        records.append(contentsOf: found)
        logBytes += result.end - LogHeader.size
        for range in unknown + result.gaps.map(\.range) {
            let reason = "the ledger is damaged here; mail may be delivered again"
            reports.append(quarantine.store(log, range, reason: reason))
        }
        return result.end
    }
}

// MARK: - Segments

extension QueueRecovery {
    private mutating func readSegments() throws(SystemCallError) {
        let names = try source.names()
        removeUnfinished()
        // What an earlier start read of a dead writer need not have been committed by it.
        let found = closedEnds()
        var stated: [String: Int] = [:]
        var files: [LogFile] = []
        for name in names where !(index.segments[name]?.isClosed ?? false) {
            guard let log = try source.open(name) else {
                let reason = "not a segment of this name; it holds no acknowledged mail unless its header was damaged"
                reports.append(quarantine.move(layout.segment(name), name: name, reason: reason))
                continue
            }
            files.append(log)
            if let before = log.header?.predecessor, let writer = LogLayout.parse(segment: name)?.writer {
                stated["\(writer)-\(before.number)"] = before.end
            }
        }
        let marks = readMarks()
        for log in files {
            let end = stated[log.name]
            try read(log, limit: end ?? found[log.name], isStated: end != nil, mark: marks[log.name] ?? 0)
        }
    }

    private mutating func read(
        _ log: LogFile, limit: Int?, isStated: Bool, mark: Int
    ) throws(SystemCallError) {
        index.segments.introduce(log.name)
        let start = index.segments[log.name]?.readTo ?? LogHeader.size
        if limit == nil, !log.file.lock() {
            // A live writer: what the last Job Controller believed is believed again, the rest when the writer says so.
            let believed = max(start, mark)
            if believed > start { take(try source.read(log, from: start, limit: believed), of: log) }
            index.segments.read(log.name, upTo: believed)
            return
        }
        do throws(SystemCallError) { try log.file.synchronize() } catch {
            reports.append(quarantine.note(log.name, offset: start, length: 0, reason: "\(error)"))
        }
        var reading = try source.read(log, from: start, limit: limit, isStated: isStated)
        if reading.end < mark {
            let reason = "acknowledged mail is damaged here"
            reading.reports.append(quarantine.store(log, reading.end..<mark, reason: reason))
            reading.end = mark
        }
        take(reading, of: log)
        index.segments.close(log.name, at: reading.end)
        closed.append((log.name, reading.end))
    }

    private mutating func take(_ reading: SegmentReading, of log: LogFile) {
        for facts in reading.facts where !index.add(facts) {
            if let report = index.conflict(facts).map({ quarantine.store(log, facts.range, reason: $0) }) {
                reports.append(report)
            }
        }
        reports.append(contentsOf: reading.reports)
    }

    /// Ends that the ledger states for segments that were closed after the snapshot.
    private func closedEnds() -> [String: Int] {
        var ends: [String: Int] = [:]
        for case .closed(let segment, let end) in records { ends[segment] = end }
        return ends
    }

    /// How far the ledger says that segments had been read.
    private func readMarks() -> [String: Int] {
        var marks: [String: Int] = [:]
        for case .read(let segment, let end) in records { marks[segment] = max(marks[segment] ?? 0, end) }
        return marks
    }

    /// Removes files that never got their name, unless a live writer is making them.
    private func removeUnfinished() {
        guard let names = try? disk.list(layout.segments) else { return }
        for name in names where name.hasSuffix(".new") {
            let path = "\(layout.segments)/\(name)"
            if let file = try? disk.open(path, .reading), file.lock() { try? disk.unlink(path) }
        }
    }
}

// MARK: - Messages

extension QueueRecovery {
    /// Compaction may have moved a message after the snapshot and freed its first segment: then the ledger is the only
    /// one that knows where it is.
    ///
    /// A place that cannot be read now ends the start: the next one may read it.
    private mutating func loadMoved() throws(SystemCallError) {
        var places: [MessageID: SpoolLocation] = [:]
        var ended: Set<MessageID> = []
        for record in records {
            switch record {
            case .moved(let id, let location): places[id] = location
            case .done(let key, _), .delete(let key, _), .requeue(let key, _): ended.insert(key.message)
            case .attempt(let key, _): ended.insert(key.message)
            default: continue
            }
        }
        let reader = SpoolReader(queue: layout.queue, disk: disk)
        for (id, location) in places.sorted(by: { $0.key < $1.key }) where !index.isKnown(id) {
            do throws(SpoolError) {
                let payload = try reader.payload(location)
                guard let facts = SegmentSource.facts(payload, at: location), facts.message == id else {
                    throw SpoolError(.corrupt, "another message is there")
                }
                _ = index.add(facts)
            } catch {
                // It may have ended, and its place may have been freed since.
                if error.code == .notFound, ended.contains(id) { continue }
                if error.code == .inputOutput, let cause = error.cause { throw cause }
                let reason = "message \(id) was moved here and cannot be read: \(error)"
                reports.append(
                    quarantine.note(
                        location.segment, offset: location.offset, length: location.length, reason: reason))
            }
        }
    }

    /// Drops messages whose segment or large file is gone, with a report.
    private mutating func dropMissing(_ large: LargeFiles) {
        let segments = Set((try? source.names()) ?? Array(index.segments.states.keys))
        let missing = index.messages.filter { id, message in
            !segments.contains(message.location.segment) || (message.hasLargeContent && !large.contains(id))
        }
        for (id, message) in missing.sorted(by: { $0.key < $1.key }) {
            index.drop(id)
            let location = message.location
            let reason = "the content of message \(id) is gone; nothing is lost if it was never acknowledged"
            reports.append(
                quarantine.note(location.segment, offset: location.offset, length: location.length, reason: reason))
        }
        for name in index.segments.states.keys where !segments.contains(name) { index.segments.forget(name) }
    }

    /// Removes large files that belong to no message. A file whose lock is taken here has its record in a segment
    /// already, or its writer will find it locked, or gone, and give up; so the segments are looked through after the
    /// locks are taken. What cannot be read might be such a record: then everything stays until the next start.
    private mutating func removeGarbage(_ large: LargeFiles) {
        let locked = large.lockThose { index[$0] == nil }
        guard !locked.isEmpty, let unread = try? unreadMessages() else { return }
        for (id, _) in locked where !unread.contains(id) {
            if (try? disk.unlink(large.path(id))) != nil { removedLargeFiles += 1 }
        }
    }

    /// Messages that living writers have written beyond what is believed yet.
    private func unreadMessages() throws(SystemCallError) -> Set<MessageID> {
        var unread: Set<MessageID> = []
        for name in try source.names() where !(index.segments[name]?.isClosed ?? false) {
            guard let log = try source.open(name) else { continue }
            var scanner = SegmentScanner(log)
            let start = index.segments[name]?.readTo ?? LogHeader.size
            _ = try scanner.scan(from: start, limit: nil) { _, _, payload in
                if let id = MessageCodec.id(ofPayload: payload) { unread.insert(id) }
                return true
            }
        }
        return unread
    }
}

extension CommittedMessageFacts {
    /// The bytes of the record.
    var range: Range<Int> { location.offset..<location.offset + location.length }
}

extension QueueIndex {
    /// Why a message that was not taken in is not simply the same one again; nil when it is. Derived messages with one
    /// id are the same by definition.
    func conflict(_ facts: CommittedMessageFacts) -> String? {
        guard !facts.message.isDerived, let known = self[facts.message] else { return nil }
        if known.arrival == facts.arrival && known.size == facts.size { return nil }
        return "another message has the id \(facts.message) already"
    }
}
