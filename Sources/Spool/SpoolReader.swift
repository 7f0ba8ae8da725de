package import Envelope
import Synchronization
import SystemCalls

/// The content of a stored message, given out in chunks.
package struct StoredContent: Sendable {
    private enum Source {
        case inline(ArraySlice<UInt8>)
        case large(any DiskFile, path: String, checksum: UInt32)
    }

    private let source: Source
    /// Bytes of the whole content.
    package let size: Int
    /// Bytes given out so far.
    package private(set) var position = 0
    private var checksum: UInt32 = 0

    init(inline bytes: ArraySlice<UInt8>) {
        source = .inline(bytes)
        size = bytes.count
    }

    init(large file: any DiskFile, path: String, size: Int, checksum: UInt32) {
        source = .large(file, path: path, checksum: checksum)
        self.size = size
    }

    /// Up to `limit` further bytes; empty at the end. Of a large file the checksum is known only at the end: the last
    /// chunk is not given out, and `.corrupt` is thrown, when it is wrong.
    package mutating func next(_ limit: Int = 64 << 10) throws(SpoolError) -> ArraySlice<UInt8> {
        let count = min(max(1, limit), size - position)
        guard count > 0 else { return [] }
        switch source {
        case .inline(let bytes):
            defer { position += count }
            return bytes[(bytes.startIndex + position)..<(bytes.startIndex + position + count)]
        case .large(let file, let path, let expected):
            let chunk: [UInt8]
            do throws(SystemCallError) { chunk = try file.read(count, at: position) } catch {
                throw SpoolError(error, doing: "read \(path)")
            }
            guard chunk.count == count else { throw SpoolError(.corrupt, "\(path) has lost its end") }
            checksum = chunk.withUnsafeBytes { crc32c($0, continuing: checksum) }
            position += count
            guard position < size || checksum == expected else {
                throw SpoolError(.corrupt, "\(path) does not have the checksum its record states")
            }
            return chunk[...]
        }
    }

    /// Begins again at the first byte.
    package mutating func rewind() {
        position = 0
        checksum = 0
    }

    /// The whole content; `.tooLarge` when it is more than `limit` bytes.
    package func bytes(limit: Int = 64 << 20) throws(SpoolError) -> [UInt8] {
        guard size <= limit else { throw SpoolError(.tooLarge, "the content has \(size) bytes, more than \(limit)") }
        var copy = self
        copy.rewind()
        var all: [UInt8] = []
        all.reserveCapacity(size)
        while copy.position < size { all.append(contentsOf: try copy.next()) }
        return all
    }
}

/// A message as read from the spool.
package struct StoredMessage: Sendable {
    package var message: QueuedMessage
    package var content: StoredContent
}

/// Reads message records at the places the Job Controller names.
package final class SpoolReader: Sendable {
    fileprivate struct Cached {
        var log: LogFile
        var use: UInt64
    }

    fileprivate struct Cache {
        var files: [String: Cached] = [:]
        var clock: UInt64 = 0
    }

    private let layout: QueueLayout
    private let disk: any Disk
    private let openLimit: Int
    private let cache = Mutex(Cache())

    /// `openLimit`: the most segments that are kept open.
    package init(queue: String, disk: any Disk = RealDisk(), openLimit: Int = 16) {
        layout = QueueLayout(queue)
        self.disk = disk
        self.openLimit = max(1, openLimit)
    }

    /// Envelope and content of the record. Throws `.notFound` (no such segment or large file), `.corrupt` (report it
    /// to the Job Controller), or an input/output error.
    package func read(_ location: SpoolLocation) throws(SpoolError) -> StoredMessage {
        let payload = try payload(location)
        guard let (message, place, content) = MessageCodec.decode(payload: payload) else {
            throw SpoolError(.corrupt, "\(describe(location)) is not a message of a known form")
        }
        guard let checksum = place.largeChecksum else {
            return StoredMessage(message: message, content: StoredContent(inline: content))
        }
        let large = try largeContent(message.id, size: place.size, checksum: checksum)
        return StoredMessage(message: message, content: large)
    }

    private func largeContent(_ id: MessageID, size: Int, checksum: UInt32) throws(SpoolError) -> StoredContent {
        let path = "\(layout.large)/\(id).msg"
        let file: any DiskFile
        let found: Int
        do throws(SystemCallError) {
            file = try disk.open(path, .reading)
            found = try file.size()
        } catch { throw SpoolError(error, doing: "read the content of \(id)") }
        guard found == size else { throw SpoolError(.corrupt, "\(path) has \(found) bytes instead of \(size)") }
        return StoredContent(large: file, path: path, size: size, checksum: checksum)
    }

    /// The checked payload of a message record.
    func payload(_ location: SpoolLocation) throws(SpoolError) -> ArraySlice<UInt8> {
        guard location.offset >= LogHeader.size, location.length > RecordHeader.size,
            location.length <= RecordHeader.size + RecordHeader.payloadLimit
        else { throw SpoolError(.corrupt, "\(describe(location)) cannot be the place of a record") }
        let log = try log(location.segment)
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try log.file.read(location.length, at: location.offset)
        } catch { throw SpoolError(error, doing: "read \(describe(location))") }
        guard let header = RecordHeader(bytes[...], offset: location.offset, identity: log.identity),
            header.type == .message || header.type == .movedMessage,
            RecordHeader.size + header.length == location.length, bytes.count == location.length
        else { throw SpoolError(.corrupt, "there is no message at \(describe(location))") }
        let payload = bytes[RecordHeader.size...]
        guard payload.withUnsafeBytes({ crc32c($0) }) == header.payloadChecksum else {
            throw SpoolError(.corrupt, "the record at \(describe(location)) has a bad checksum")
        }
        return payload
    }

    private func describe(_ location: SpoolLocation) -> String {
        "\(layout.segment(location.segment)), offset \(location.offset), length \(location.length)"
    }

    private func log(_ name: String) throws(SpoolError) -> LogFile {
        if let known = cache.withLock({ $0.file(name) }) { return known }
        let opened: LogFile?
        do throws(SystemCallError) {
            opened = try LogFile.open(layout.segment(name), name: name, disk: disk)
        } catch { throw SpoolError(error, doing: "open segment \(name)") }
        guard let opened else { throw SpoolError(.corrupt, "\(layout.segment(name)) is not a segment") }
        cache.withLock { $0.add(opened, limit: openLimit) }
        return opened
    }
}

extension SpoolReader.Cache {
    fileprivate mutating func file(_ name: String) -> LogFile? {
        clock += 1
        files[name]?.use = clock
        return files[name]?.log
    }

    fileprivate mutating func add(_ log: LogFile, limit: Int) {
        if files.count >= limit, let oldest = files.min(by: { $0.value.use < $1.value.use }) {
            files[oldest.key] = nil
        }
        files[log.name] = SpoolReader.Cached(log: log, use: clock)
    }
}
