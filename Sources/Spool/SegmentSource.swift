import Envelope
import SystemCalls

/// What reading a stretch of a segment gave.
struct SegmentReading {
    var facts: [CommittedMessageFacts] = []
    /// End of what was read.
    var end: Int
    var reports: [QuarantineReport] = []
}

/// Opens and reads segments for the index.
struct SegmentSource: Sendable {
    let layout: QueueLayout
    let disk: any Disk

    private var quarantine: Quarantine { Quarantine(layout: layout, disk: disk) }

    /// Nil when the file is not that segment.
    func open(_ name: String) throws(SystemCallError) -> LogFile? {
        try LogFile.open(layout.segment(name), name: name, disk: disk)
    }

    /// Names of all segments, those of one writer in the order of their numbers.
    func names() throws(SystemCallError) -> [String] {
        let names = try disk.list(layout.segments).filter { $0.hasSuffix(".seg") }.map { String($0.dropLast(4)) }
        return names.map { name in (name, LogLayout.parse(segment: name)) }
            .sorted { left, right in
                (left.1?.writer ?? left.0, left.1?.number ?? 0) < (right.1?.writer ?? right.0, right.1?.number ?? 0)
            }
            .map(\.0)
    }

    /// The messages between two offsets. `limit`, `isStated`: see ``SegmentScanner/scan(from:limit:isStated:_:)``.
    /// Copies of compaction are passed over: only the ledger makes them count.
    func read(
        _ log: LogFile, from start: Int, limit: Int?, isStated: Bool = true
    ) throws(SystemCallError) -> SegmentReading {
        var reading = SegmentReading(end: start)
        var unknown: [Range<Int>] = []
        var scanner = SegmentScanner(log)
        let result = try scanner.scan(from: start, limit: limit, isStated: isStated) { header, offset, payload in
            if header.type != .message { return true }
            let length = RecordHeader.size + header.length
            let location = SpoolLocation(segment: log.name, offset: offset, length: length)
            if let facts = Self.facts(payload, at: location) {
                reading.facts.append(facts)
            } else {
                unknown.append(offset..<offset + length)
            }
            return true
        }
        reading.end = result.end
        for gap in result.gaps {
            let reason =
                gap.wasCommitted
                ? "acknowledged mail is damaged here"
                : "damaged; perhaps the end of a batch that was never acknowledged"
            reading.reports.append(quarantine.store(log, gap.range, reason: reason))
        }
        for range in unknown {
            reading.reports.append(quarantine.store(log, range, reason: "a message record of an unknown form"))
        }
        return reading
    }

    /// What the payload of a message record says; nil when it has another form.
    static func facts(_ payload: ArraySlice<UInt8>, at location: SpoolLocation) -> CommittedMessageFacts? {
        guard let (message, place, _) = MessageCodec.decode(payload: payload) else { return nil }
        return CommittedMessageFacts(
            message: message.id, location: location, arrival: message.arrival, size: place.size,
            entries: CommittedMessageFacts.entries(of: message))
    }
}
