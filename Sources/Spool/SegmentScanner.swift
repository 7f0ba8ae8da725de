import SystemCalls

/// What a scan found besides the records.
struct ScanResult: Equatable, Sendable {
    /// Bytes that are no valid record although valid ones follow, or although they were stated to be committed.
    struct Gap: Equatable, Sendable {
        var range: Range<Int>
        /// They were certainly durable once: a later record was written after their sync, or their writer said so.
        var wasCommitted: Bool
    }

    /// End of the last valid record; the start of the scan when there is none.
    var end: Int
    var isSealed = false
    var gaps: [Gap] = []
}

/// Walks the records of one file. A bad record with nothing valid behind it is the torn tail of a batch that was never
/// synchronised, so never acknowledged; a bad record with valid ones behind it is reported.
struct SegmentScanner {
    private let log: LogFile
    private var window: [UInt8] = []
    private var windowStart = 0
    private static let windowSize = 1 << 20

    init(_ log: LogFile) { self.log = log }

    /// Gives every valid record from `start` to `limit` to `visit`, with its offset and its payload, until it returns
    /// false. `limit`: nil scans to the end of the file; otherwise there were valid records up to it, and if it
    /// `isStated` by the writer, they were committed.
    mutating func scan(
        from start: Int, limit: Int?, isStated: Bool = true, _ visit: (RecordHeader, Int, ArraySlice<UInt8>) -> Bool
    ) throws(SystemCallError) -> ScanResult {
        let size = try log.file.size()
        let limit = limit.map { min($0, size) }
        let stop = limit ?? size
        var result = ScanResult(end: start)
        var offset = start
        while offset < stop {
            if let header = try header(at: offset, stop), let payload = try payload(of: header, at: offset, stop) {
                result.isSealed = header.type == .seal
                let goesOn = !result.isSealed && visit(header, offset, payload)
                offset += header.paddedSize
                result.end = offset
                if result.isSealed { break }
                if !goesOn { return result }
            } else if let (next, header) = try nextValid(after: offset, stop) {
                let wasCommitted = (limit != nil && isStated) || header.floor > offset
                result.gaps.append(ScanResult.Gap(range: offset..<next, wasCommitted: wasCommitted))
                offset = next
            } else {
                break
            }
        }
        if let limit, !result.isSealed, result.end < limit {
            result.gaps.append(ScanResult.Gap(range: result.end..<limit, wasCommitted: isStated))
            result.end = limit
        }
        return result
    }

    /// The bytes of a range as far as the file has them; valid until the next read.
    private mutating func bytes(
        at offset: Int, _ count: Int, _ stop: Int
    ) throws(SystemCallError) -> ArraySlice<UInt8> {
        let count = min(count, stop - offset)
        guard count > 0 else { return [] }
        if offset < windowStart || offset + count > windowStart + window.count {
            window = try log.file.read(min(max(count, Self.windowSize), stop - offset), at: offset)
            windowStart = offset
        }
        let first = offset - windowStart
        return window[first..<min(first + count, window.count)]
    }

    private mutating func header(at offset: Int, _ stop: Int) throws(SystemCallError) -> RecordHeader? {
        let front = try bytes(at: offset, RecordHeader.size, stop)
        guard let header = RecordHeader(front, offset: offset, identity: log.identity),
            header.paddedSize <= stop - offset
        else { return nil }
        return header
    }

    private mutating func payload(
        of header: RecordHeader, at offset: Int, _ stop: Int
    ) throws(SystemCallError) -> ArraySlice<UInt8>? {
        let payload = try bytes(at: offset + RecordHeader.size, header.length, stop)
        guard payload.count == header.length, payload.withUnsafeBytes({ crc32c($0) }) == header.payloadChecksum else {
            return nil
        }
        return payload
    }

    /// The first valid record behind a bad one. Every record carries the identity of the file, so it is found by
    /// looking for that.
    private mutating func nextValid(
        after bad: Int, _ stop: Int
    ) throws(SystemCallError) -> (offset: Int, header: RecordHeader)? {
        var offset = bad + RecordHeader.alignment
        while offset + RecordHeader.size <= stop {
            // The identity stands 8 bytes into the header.
            guard let identity = try nextIdentity(from: offset + 8, stop) else { return nil }
            let candidate = identity - 8
            if let header = try header(at: candidate, stop), try payload(of: header, at: candidate, stop) != nil {
                return (candidate, header)
            }
            offset = candidate + RecordHeader.alignment
        }
        return nil
    }

    /// The next multiple of 8 from `start`, itself one, at which the identity stands.
    private mutating func nextIdentity(from start: Int, _ stop: Int) throws(SystemCallError) -> Int? {
        var offset = start
        while offset + 8 <= stop {
            let chunk = try bytes(at: offset, Self.windowSize, stop)
            if chunk.count < 8 { return nil }
            let found = chunk.withUnsafeBytes { bytes in
                stride(from: 0, through: bytes.count - 8, by: RecordHeader.alignment).first { index in
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) == log.identity
                }
            }
            if let found { return offset + found }
            offset += chunk.count & ~(RecordHeader.alignment - 1)
        }
        return nil
    }
}
