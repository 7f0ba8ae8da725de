import Envelope
import SystemCalls

/// What the Job Controller learns from the writers.
extension QueueStore {
    /// A notice: the message is durable at its location. Returns the entries that are new: of this message and
    /// of messages before it whose notices were lost. A notice that came before returns nothing.
    package func known(_ committed: CommittedMessageFacts) -> [RecoveredEntry] {
        let location = committed.location
        guard location.offset >= LogHeader.size, location.offset % RecordHeader.alignment == 0,
            location.length > RecordHeader.size, location.length <= RecordHeader.size + RecordHeader.payloadLimit,
            location.offset < 1 << 40
        else { return [] }
        var new = introduce(location.segment)
        if let state = index.segments[location.segment], !state.isClosed, location.offset > state.readTo {
            new += read(location.segment, upTo: location.offset)
        }
        guard let state = index.segments[location.segment], !state.isClosed, location.offset == state.readTo else {
            return new
        }
        index.segments.read(location.segment, upTo: location.end)
        snapshots.readBytes += location.length
        return new + take(committed)
    }

    /// The writer's statement (`UPTO`) that `segment` is committed up to `end`. Returns the new entries.
    package func readUpTo(_ segment: String, _ end: Int) -> [RecoveredEntry] {
        introduce(segment) + read(segment, upTo: end)
    }

    /// Reads what writers that are gone have left. To be called when a writer's connection ends and at `-sync`.
    package func adoptDeadWriters() -> [RecoveredEntry] {
        var new: [RecoveredEntry] = []
        do throws(SystemCallError) {
            for name in try source.names() where !(index.segments[name]?.isClosed ?? false) {
                new += introduce(name)
                new += try adopt(name)
            }
        } catch { report(layout.segments, 0, "cannot read what dead writers left: \(error)") }
        return new
    }

    private func adopt(_ name: String) throws(SystemCallError) -> [RecoveredEntry] {
        guard let state = index.segments[name], !state.isClosed, let log = try source.open(name), log.file.lock() else {
            return []
        }
        // The lock is free because the writer is gone, or because it has gone on to a next segment: then the header of
        // that one says where this one ends, and what lies behind was refused to its client.
        let new = try introduceSuccessors(of: name)
        guard let state = index.segments[name], !state.isClosed else { return new }
        do throws(SystemCallError) { try log.file.synchronize() } catch { report(name, state.readTo, "\(error)") }
        let reading = try source.read(log, from: state.readTo, limit: nil)
        return new + take(reading, of: log) + close(name, at: reading.end)
    }

    private func introduceSuccessors(of name: String) throws(SystemCallError) -> [RecoveredEntry] {
        guard let (writer, number) = LogLayout.parse(segment: name) else { return [] }
        var new: [RecoveredEntry] = []
        for later in try source.names() {
            if let next = LogLayout.parse(segment: later), next.writer == writer, next.number > number {
                new += introduce(later)
            }
        }
        return new
    }

    /// Closes what compaction has filled; such segments hold copies only, so nothing new comes from them.
    func closeOwnSegments(except current: String?, writer: String) {
        let open = index.segments.states.filter { !$1.isClosed && $0 != current }
        for name in open.keys.sorted() where LogLayout.parse(segment: name)?.writer == writer { _ = try? adopt(name) }
    }

    /// Begins to account for a segment. Its header says where the segment before it ended, so that one is read to its
    /// end and closed.
    private func introduce(_ name: String) -> [RecoveredEntry] {
        var chain: [(name: String, end: Int)] = []
        var next = name
        while index.segments[next] == nil {
            let log: LogFile?
            do throws(SystemCallError) { log = try source.open(next) } catch {
                // A predecessor that is gone was read and freed long ago.
                if !error.isNotFound || next == name { report(next, 0, "\(error)") }
                break
            }
            index.segments.introduce(next)
            guard let before = log?.header?.predecessor, let writer = LogLayout.parse(segment: next)?.writer else {
                break
            }
            next = "\(writer)-\(before.number)"
            chain.append((next, before.end))
        }
        var new: [RecoveredEntry] = []
        for (name, end) in chain.reversed() {
            guard let state = index.segments[name], !state.isClosed else { continue }
            new += read(name, upTo: end)
            guard let state = index.segments[name], state.readTo >= end else { continue }
            new += close(name, at: end)
        }
        return new
    }

    /// Reads what is committed and not yet known.
    private func read(_ name: String, upTo end: Int) -> [RecoveredEntry] {
        guard let state = index.segments[name], !state.isClosed, end > state.readTo else { return [] }
        do throws(SystemCallError) {
            guard let log = try source.open(name) else {
                report(name, 0, "the header of the segment is damaged")
                return []
            }
            return take(try source.read(log, from: state.readTo, limit: end), of: log)
        } catch {
            report(name, state.readTo, "\(error)")
            return []
        }
    }

    private func take(_ reading: SegmentReading, of log: LogFile) -> [RecoveredEntry] {
        snapshots.readBytes += reading.end - (index.segments[log.name]?.readTo ?? reading.end)
        index.segments.read(log.name, upTo: reading.end)
        reports.append(contentsOf: reading.reports)
        return reading.facts.flatMap { take($0) }
    }

    private func take(_ facts: CommittedMessageFacts) -> [RecoveredEntry] {
        snapshots.hasChanges = true
        guard index.add(facts) else {
            if let reason = index.conflict(facts), let log = try? source.open(facts.location.segment) {
                reports.append(Quarantine(layout: layout, disk: disk).store(log, facts.range, reason: reason))
            }
            // A derived message that had ended, made again: nobody else removes its file.
            if index[facts.message] == nil, facts.size > facts.location.length {
                endedLarge.append((facts.message, submitted))
            }
            return []
        }
        guard let message = index[facts.message] else { return [] }
        return message.entries.map { $0.recovered(facts.message, message) }
    }

    private func close(_ name: String, at end: Int) -> [RecoveredEntry] {
        record(.closed(segment: name, end: end))
        forgetMark(name)
        return []
    }

    private func report(_ file: String, _ offset: Int, _ reason: String) {
        reports.append(QuarantineReport(file: file, offset: offset, length: 0, reason: reason))
    }
}
