import Envelope
import SystemCalls

/// The index as a file `ledger/<n>.snapshot`: what it was when log n began. It counts when its last record is there.
enum Snapshot {
    /// Bytes of a chunk of messages, about.
    private static let chunkSize = 256 << 10
    /// A record has the lower version when none of its messages needs the higher one, so that a former release reads it.
    private static let (version, versionWithDeadlines): (UInt8, UInt8) = (1, 2)

    /// Writes the file beside its place, synchronises it, renames it, synchronises the directory.
    static func write(
        _ index: QueueIndex, number: UInt64, layout: QueueLayout, disk: any Disk
    ) throws(SystemCallError) {
        let path = layout.snapshot(number)
        let temporary = path + ".new"
        do throws(SystemCallError) {
            var output = try Output(temporary, number: number, disk: disk)
            try write(index, to: &output)
            try output.file.synchronize()
            try disk.rename(temporary, to: path)
            try disk.synchronizeDirectory(layout.ledger)
        } catch {
            try? disk.unlink(temporary)
            throw error
        }
    }

    private static func write(_ index: QueueIndex, to output: inout Output) throws(SystemCallError) {
        var segments = begin()
        segments.number(index.segments.states.count)
        for (name, state) in index.segments.states.sorted(by: { $0.key < $1.key }) {
            segments.text(name)
            segments.number(state.readTo)
            segments.flag(state.isClosed)
        }
        try output.append(.snapshotSegments, segments)
        try writeMessages(index, withDeadlines: false, to: &output)
        if index.messages.contains(where: { $0.value.hasDeadline }) {
            try writeMessages(index, withDeadlines: true, to: &output)
        }
        var finished = begin()
        for (id, generation) in index.finished {
            finished.fixed(id.rawValue)
            finished.fixed(generation)
        }
        try output.append(.snapshotFinished, finished)
        var end = begin()
        end.number(index.messageCount)
        try output.append(.snapshotEnd, end)
    }

    private static func writeMessages(
        _ index: QueueIndex, withDeadlines: Bool, to output: inout Output
    ) throws(SystemCallError) {
        let version = withDeadlines ? versionWithDeadlines : version
        var chunk = begin(version)
        for (id, message) in index.messages where message.hasDeadline == withDeadlines {
            encode(id, message, withDeadlines: withDeadlines, into: &chunk)
            if chunk.bytes.count >= chunkSize {
                try output.append(.snapshotMessages, chunk)
                chunk = begin(version)
            }
        }
        try output.append(.snapshotMessages, chunk)
    }

    private static func begin(_ version: UInt8 = version) -> ByteEncoder {
        var encoder = ByteEncoder(reserving: RecordHeader.size, capacity: 4096)
        encoder.byte(version)
        return encoder
    }

    private static func encode(
        _ id: MessageID, _ message: LiveMessage, withDeadlines: Bool, into encoder: inout ByteEncoder
    ) {
        encoder.fixed(id.rawValue)
        encoder.location(message.location)
        encoder.signed(message.arrival)
        encoder.number(message.size)
        encoder.number(message.entries.count)
        for entry in message.entries {
            encoder.number(UInt64(entry.number))
            encoder.text(entry.channel)
            encoder.text(entry.host)
            encoder.byte(entry.priority.rawValue)
            encoder.signed(entry.notBefore)
            if withDeadlines { encoder.signed(entry.deliverBy) }
            encoder.number(UInt64(entry.recipients))
            let progress = entry.progress
            encoder.flag(progress.pending != nil)
            if let pending = progress.pending {
                encoder.number(pending.count)
                for recipient in pending { encoder.number(UInt64(recipient)) }
            }
            encoder.number(UInt64(progress.attempts))
            encoder.signed(Int64(progress.nextTime))
            encoder.text(progress.heldReason)
            encoder.number(UInt64(progress.warned))
            encoder.signed(Int64(progress.lastAttempt))
            encoder.data(progress.lastOutcomes)
        }
    }

    /// The file that is being written.
    private struct Output {
        let file: any DiskFile
        private let identity: UInt64
        private var end = LogHeader.size

        init(_ path: String, number: UInt64, disk: any Disk) throws(SystemCallError) {
            file = try disk.open(path, .create)
            identity = disk.makeIdentity()
            let header = LogHeader(
                kind: .snapshot, identity: identity, number: number, name: LogLayout.ledgerName(number))
            try file.write([header.encoded()], at: 0)
        }

        mutating func append(_ type: RecordType, _ encoder: ByteEncoder) throws(SystemCallError) {
            let record = LogRecord(type, head: encoder.bytes)
            var pieces: [[UInt8]] = []
            record.place(at: end, identity: identity, floor: 0, into: &pieces)
            try file.write(pieces, at: end)
            end += RecordHeader.padded(record.size)
        }
    }
}

extension Snapshot {
    /// The index of a snapshot; nil when it is not complete or damaged.
    static func read(_ number: UInt64, layout: QueueLayout, disk: any Disk) throws(SystemCallError) -> QueueIndex? {
        let name = LogLayout.ledgerName(number)
        guard let log = try LogFile.open(layout.snapshot(number), name: name, disk: disk) else { return nil }
        var index = QueueIndex()
        var isValid = true
        var expected: Int?
        var scanner = SegmentScanner(log)
        let result = try scanner.scan(from: LogHeader.size, limit: nil) { header, _, payload in
            var decoder = ByteDecoder(payload)
            let hasDeadlines = header.type == .snapshotMessages && payload.first == versionWithDeadlines
            if decoder.byte() != version, !hasDeadlines { decoder.fail() }
            switch header.type {
            case .snapshotSegments: readSegments(&decoder, into: &index)
            case .snapshotMessages: readMessages(&decoder, hasDeadlines: hasDeadlines, into: &index)
            case .snapshotFinished: readFinished(&decoder, into: &index)
            case .snapshotEnd: expected = decoder.integer()
            default: decoder.fail()
            }
            if !decoder.isComplete { isValid = false }
            return isValid
        }
        guard isValid, result.gaps.isEmpty, expected == index.messageCount else { return nil }
        return index
    }

    private static func readSegments(_ decoder: inout ByteDecoder, into index: inout QueueIndex) {
        for _ in 0..<decoder.count() where decoder.isValid {
            let name = decoder.text()
            let readTo = decoder.integer(limit: 1 << 40)
            index.segments.restore(name, readTo: readTo, isClosed: decoder.flag())
        }
    }

    private static func readFinished(_ decoder: inout ByteDecoder, into index: inout QueueIndex) {
        while decoder.remaining > 0 {
            let id = MessageID(rawValue: decoder.fixed(UInt64.self))
            index.markFinished(id, generation: decoder.fixed(UInt64.self))
        }
    }

    private static func readMessages(
        _ decoder: inout ByteDecoder, hasDeadlines: Bool, into index: inout QueueIndex
    ) {
        while decoder.remaining > 0 {
            let id = MessageID(rawValue: decoder.fixed(UInt64.self))
            var location = decoder.location()
            location.segment = index.unique(location.segment)
            let arrival = decoder.signed()
            let size = decoder.integer()
            var entries: [LiveEntry] = []
            for _ in 0..<decoder.count() where decoder.isValid {
                entries.append(readEntry(&decoder, hasDeadlines: hasDeadlines, &index))
            }
            if !decoder.isValid { return }
            index.restore(id, LiveMessage(location: location, arrival: arrival, size: size, entries: entries))
        }
    }

    private static func readEntry(
        _ decoder: inout ByteDecoder, hasDeadlines: Bool, _ index: inout QueueIndex
    ) -> LiveEntry {
        let number = UInt32(decoder.integer(limit: Int(UInt32.max)))
        let channel = index.unique(decoder.text())
        let host = index.unique(decoder.text())
        let priority = decoder.choice(Priority.normal)
        let notBefore = decoder.signed()
        let deliverBy = hasDeadlines ? decoder.signed() : 0
        let recipients = UInt32(decoder.integer(limit: Int(UInt32.max)))
        var progress = LiveEntry.Progress()
        if decoder.flag() {
            progress.pending = []
            for _ in 0..<decoder.count() where decoder.isValid {
                progress.pending?.append(UInt32(decoder.integer(limit: Int(UInt32.max))))
            }
        }
        progress.attempts = UInt32(clamping: decoder.integer())
        progress.nextTime = UInt32(clamping: decoder.signed())
        progress.heldReason = decoder.optionalText()
        progress.warned = UInt32(clamping: decoder.integer())
        progress.lastAttempt = UInt32(clamping: decoder.signed())
        progress.lastOutcomes = Array(decoder.data())
        return LiveEntry(
            number: number, channel: channel, host: host, priority: priority, notBefore: notBefore,
            deliverBy: deliverBy, recipients: recipients, progress: progress)
    }
}
