import Envelope
import Synchronization
import SystemCalls

/// How giving space back goes.
struct SpaceState {
    /// A segment whose live messages are being copied.
    struct Compaction {
        let segment: String
        let log: LogFile
        /// Everything before it has been looked at.
        var offset = LogHeader.size
        var copiesUnderWay = 0
        var isRead = false
        /// A copy could not be written: the segment is worth another try.
        var hasFailed = false
    }

    /// Where copies came to lie, or nil when they could not be written; filled by the writer's thread.
    final class Copies: Sendable {
        let finished = Mutex<[(id: MessageID, from: SpoolLocation, to: SpoolLocation?)]>([])
    }

    let copies = Copies()
    var compaction: Compaction?
    /// Segments that were looked through once; what is left in them cannot be read.
    var compacted: Set<String> = []
    /// The Job Controller's own segment, made when first needed.
    var writer: SpoolWriter?
    var writerName = ""
    /// Seconds since 1970 of the first call; 0: none yet.
    var began: Int64 = 0
    var reserveIsMissing = false
}

extension QueueStore {
    /// Bytes that one step of compaction copies, about.
    private static let compactionStep = 4 << 20

    /// One small step of giving space back: large files, recycling, compaction. To be called about every second.
    /// `now`: seconds since 1970.
    package func freeSpaceWork(now: Int64) {
        if space.began == 0 { space.began = now }
        takeCopies()
        if ledger.takeReserveUse() { space.reserveIsMissing = true }
        if trouble == nil, space.reserveIsMissing { ensureReserve() }
        if snapshots.mustComeFirst { return }
        let durable = ledger.durable
        removeEndedLargeFiles(durable)
        freeSegments(durable)
        if now - space.began >= options.compactionGrace { compact() }
    }

    /// Content goes only after its outcome is durable.
    private func removeEndedLargeFiles(_ durable: UInt64) {
        let count = endedLarge.prefix { $0.record <= durable }.count
        if count == 0 { return }
        for (id, _) in endedLarge[..<count] where index[id] == nil {
            // What cannot be removed now is removed as garbage by the next start.
            try? disk.unlink("\(layout.large)/\(id).msg")
        }
        endedLarge.removeFirst(count)
    }

    /// Recycles or removes segments that nothing needs, and forgets them when that is durable.
    private func freeSegments(_ durable: UInt64) {
        let isCopying = space.compaction != nil
        let own = space.writerName
        let names = index.segments.freeable(durable: durable) { [self] name in
            isPinned(name) || (isCopying && LogLayout.parse(segment: name)?.writer == own)
                || name == space.compaction?.segment
        }
        if names.isEmpty { return }
        do throws(SystemCallError) {
            var kept = try disk.list(layout.free).count
            for name in names {
                let isRecycled = kept < options.recycled
                do throws(SystemCallError) {
                    if isRecycled {
                        try disk.rename(layout.segment(name), to: "\(layout.free)/\(name)")
                        kept += 1
                    } else {
                        try disk.unlink(layout.segment(name))
                    }
                } catch {
                    // Gone in an earlier step whose directory could not be made durable.
                    if !error.isNotFound { throw error }
                }
            }
            try disk.synchronizeDirectory(layout.free)
            try disk.synchronizeDirectory(layout.segments)
        } catch {
            let reason = "cannot free segments: \(error)"
            reports.append(QuarantineReport(file: layout.segments, offset: 0, length: 0, reason: reason))
            return
        }
        for name in names {
            index.segments.forget(name)
            space.compacted.remove(name)
            forgetMark(name)
        }
    }

    /// The file that is given up when the ledger finds the disk full.
    func ensureReserve() {
        space.reserveIsMissing = false
        let wanted = max(options.reserve, options.logSize)
        if let file = try? disk.open(layout.reserve, .reading), let size = try? file.size(), size >= wanted { return }
        do throws(SystemCallError) {
            try disk.open(layout.reserve, .create).preallocate(wanted)
        } catch {
            try? disk.unlink(layout.reserve)
            space.reserveIsMissing = true
        }
    }
}

// MARK: - Compaction

extension QueueStore {
    /// Copies are durable: the ledger says so, and the old place is free when that is durable too.
    private func takeCopies() {
        let finished = space.copies.finished.withLock { finished in
            defer { finished = [] }
            return finished
        }
        for (id, from, to) in finished {
            space.compaction?.copiesUnderWay -= 1
            if to == nil { space.compaction?.hasFailed = true }
            if let to, index[id]?.location == from { record(.moved(id, to: to)) }
        }
    }

    private func compact() {
        if space.compaction == nil { chooseCompaction() }
        guard let compaction = space.compaction else { return }
        if compaction.copiesUnderWay > 0 { return }
        if compaction.isRead {
            space.compaction = nil
            if !compaction.hasFailed { space.compacted.insert(compaction.segment) }
            closeOwnSegments(except: space.writer?.position?.segment, writer: space.writerName)
        } else {
            copyNext(compaction)
        }
    }

    private func chooseCompaction() {
        let name = index.segments.compactable { [self] name in isPinned(name) || space.compacted.contains(name) }
        guard let name, let log = try? source.open(name), makeWriter() else { return }
        space.compaction = SpaceState.Compaction(segment: name, log: log)
    }

    /// False when no segment can be opened; a later step tries again.
    private func makeWriter() -> Bool {
        if space.writer != nil { return true }
        var writerOptions = SpoolWriterOptions()
        writerOptions.segmentSize = options.segmentSize
        writerOptions.scheduling = options.scheduling
        let name = "jc" + String(disk.makeIdentity(), radix: 36)
        space.writer = try? SpoolWriter(queue: layout.queue, name: name, options: writerOptions, disk: disk)
        space.writerName = name
        return space.writer != nil
    }

    private func copyNext(_ compaction: SpaceState.Compaction) {
        var live: [(id: MessageID, location: SpoolLocation, payload: ArraySlice<UInt8>)] = []
        var seen = 0
        var scanner = SegmentScanner(compaction.log)
        let end = index.segments[compaction.segment]?.readTo ?? compaction.offset
        let result = try? scanner.scan(from: compaction.offset, limit: end) { header, offset, payload in
            seen += header.paddedSize
            if let id = MessageCodec.id(ofPayload: payload), let location = index[id]?.location,
                location.segment == compaction.segment, location.offset == offset
            {
                live.append((id, location, payload))
            }
            return seen < Self.compactionStep
        }
        space.compaction?.offset = result?.end ?? end
        space.compaction?.isRead = (result?.end ?? end) >= end
        space.compaction?.copiesUnderWay = live.count
        let copies = space.copies
        for (id, location, payload) in live {
            space.writer?.appendMoved(payload: payload) { result in
                copies.finished.withLock { $0.append((id, location, try? result.get())) }
            }
        }
    }
}

// MARK: - Damage

extension QueueStore {
    /// A job found the record damaged: its bytes go to `quarantine/` and the entries of the message end. When they
    /// cannot be set aside, the entries are held instead.
    package func quarantine(_ key: QueueEntryKey, reason: String) {
        guard let message = index[key.message] else { return }
        let location = message.location
        let name = "\(key.message).msg"
        let quarantine = Quarantine(layout: layout, disk: disk)
        let report =
            if let log = try? source.open(location.segment) {
                quarantine.store(
                    log, location.offset..<location.offset + location.length,
                    reason: "message \(key.message): \(reason)")
            } else {
                quarantine.note(
                    location.segment, offset: location.offset, length: location.length, reason: reason)
            }
        reports.append(report)
        if report.isSetAside, message.hasLargeContent {
            reports.append(quarantine.move("\(layout.large)/\(name)", name: name, reason: reason))
        }
        for entry in message.entries {
            let key = QueueEntryKey(message: key.message, entry: entry.number)
            record(
                report.isSetAside
                    ? .delete(key, by: "quarantine: \(reason)") : .hold(key, reason: "damaged: \(reason)"))
        }
    }
}
