package import Envelope
import Synchronization
import SystemCalls

/// The content of a message on its way into the spool.
package enum SpoolContent: Sendable {
    /// Pieces that follow each other; they are written from where they lie.
    case inline([[UInt8]])
    /// A synchronised file under `large/`.
    case large(LargeContent)

    /// Bytes.
    package var size: Int {
        switch self {
        case .inline(let pieces): pieces.reduce(0) { $0 + $1.count }
        case .large(let content): content.size
        }
    }
}

/// A finished large-content file. Its lock is held until the last reference goes, which keeps the Job Controller
/// from taking it for garbage before the record that names it is durable.
package final class LargeContent: Sendable {
    package let id: MessageID
    /// Bytes.
    package let size: Int
    let checksum: UInt32
    private let file: any DiskFile
    private let disk: any Disk
    private let path: String

    init(id: MessageID, size: Int, checksum: UInt32, file: any DiskFile, disk: any Disk, path: String) {
        self.id = id
        self.size = size
        self.checksum = checksum
        self.file = file
        self.disk = disk
        self.path = path
    }

    /// Removes the file: the transaction was given up after all. A file that cannot be removed now is removed by the
    /// next start of the Job Controller.
    package func abandon() { try? disk.unlink(path) }
}

/// Streams the content of one message to `large/`. All calls block; call them from a thread that may.
package final class LargeContentWriter: Sendable {
    private struct State {
        var size = 0
        var checksum: UInt32 = 0
        var isOpen = true
    }

    private let id: MessageID
    private let path: String
    private let directory: String
    private let disk: any Disk
    private let file: any DiskFile
    private let state = Mutex(State())

    /// Creates the file, so that nothing is begun that could not be written. A file that is there already is never
    /// touched: it may belong to the same derived message, enqueued before a crash.
    init(id: MessageID, layout: QueueLayout, disk: any Disk) throws(SpoolError) {
        self.id = id
        self.disk = disk
        directory = layout.large
        path = "\(layout.large)/\(id).msg"
        do throws(SystemCallError) {
            file = try disk.open(path, .new)
        } catch { throw SpoolError(error, doing: "create the large-content file \(path)") }
        guard file.lock() else { throw SpoolError(.locked, "\(path) is in use by another process") }
    }

    /// Appends a chunk. After an error only ``abandon()`` makes sense.
    package func append(_ bytes: [UInt8]) throws(SpoolError) {
        let result = state.withLock { state -> Result<Void, SpoolError> in
            guard state.isOpen else { return .failure(SpoolError(.closed, "\(path) is finished or abandoned")) }
            do throws(SystemCallError) {
                try file.write([bytes], at: state.size)
            } catch {
                state.isOpen = false
                return .failure(SpoolError(error, doing: "write message content to \(path)"))
            }
            state.size += bytes.count
            state.checksum = bytes.withUnsafeBytes { crc32c($0, continuing: state.checksum) }
            return .success(())
        }
        try result.get()
    }

    /// The content is complete: the file and its name are durable when this returns.
    package func finish() throws(SpoolError) -> LargeContent {
        let result = state.withLock { state -> Result<LargeContent, SpoolError> in
            guard state.isOpen else { return .failure(SpoolError(.closed, "\(path) is finished or abandoned")) }
            state.isOpen = false
            do throws(SystemCallError) {
                try file.synchronize()
                try disk.synchronizeDirectory(directory)
            } catch { return .failure(SpoolError(error, doing: "make \(path) durable")) }
            return .success(
                LargeContent(
                    id: id, size: state.size, checksum: state.checksum, file: file, disk: disk, path: path))
        }
        return try result.get()
    }

    /// The transaction was given up: removes the file.
    package func abandon() {
        state.withLock { $0.isOpen = false }
        try? disk.unlink(path)
    }
}
