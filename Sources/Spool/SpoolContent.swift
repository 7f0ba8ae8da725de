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
    /// Not when the file was there before: it may belong to a message in the queue.
    private let mayRemove: Bool

    init(
        id: MessageID, size: Int, checksum: UInt32, file: any DiskFile, disk: any Disk, path: String, mayRemove: Bool
    ) {
        self.mayRemove = mayRemove
        self.id = id
        self.size = size
        self.checksum = checksum
        self.file = file
        self.disk = disk
        self.path = path
    }

    /// Removes the file: the transaction was given up after all. A file that cannot be removed now is removed by the
    /// next start of the Job Controller.
    package func abandon() { if mayRemove { try? disk.unlink(path) } }
}

/// Streams the content of one message to `large/`. All calls block; call them from a thread that may.
package final class LargeContentWriter: Sendable {
    private struct State {
        var size = 0
        var checksum: UInt32 = 0
        var isOpen = true
        /// Bytes that were in the file before.
        var found = 0
    }

    private let id: MessageID
    private let path: String
    private let directory: String
    private let disk: any Disk
    private let file: any DiskFile
    private let isResumed: Bool
    private let state: Mutex<State>

    /// Creates the file, so that nothing is begun that could not be written. `resuming`: a file that is there already is
    /// taken up again; without that it is an error. What is in it is never changed, since it may belong to a message in
    /// the queue: what is appended must be the same as far as it goes.
    init(id: MessageID, layout: QueueLayout, disk: any Disk, resuming: Bool) throws(SpoolError) {
        self.id = id
        self.disk = disk
        directory = layout.large
        let path = "\(layout.large)/\(id).msg"
        self.path = path
        let former = resuming ? try Self.former(path, disk) : nil
        isResumed = former != nil
        var state = State()
        do throws(SystemCallError) {
            if let former {
                file = former
                state.found = try former.size()
            } else {
                file = try disk.open(path, .new)
            }
        } catch { throw SpoolError(error, doing: "create the large-content file \(path)") }
        self.state = Mutex(state)
        guard file.lock() else { throw SpoolError(.locked, "\(path) is in use by another process") }
        // A starting Job Controller, which finds no record of it, may have removed it before it was locked.
        guard file.isStill(at: path) else {
            throw SpoolError(.notFound, "\(path) was removed before it could be locked; try again")
        }
    }

    /// The file of an earlier attempt; nil when there is none.
    private static func former(_ path: String, _ disk: any Disk) throws(SpoolError) -> (any DiskFile)? {
        do throws(SystemCallError) {
            return try disk.open(path, .existing)
        } catch {
            if error.isNotFound { return nil }
            throw SpoolError(error, doing: "open the large-content file \(path)")
        }
    }

    /// Appends a chunk. After an error only ``abandon()`` makes sense.
    package func append(_ bytes: [UInt8]) throws(SpoolError) {
        let result = state.withLock { state -> Result<Void, SpoolError> in
            guard state.isOpen else { return .failure(SpoolError(.closed, "\(path) is finished or abandoned")) }
            let known = min(bytes.count, max(0, state.found - state.size))
            do throws(SystemCallError) {
                if known > 0, try file.read(known, at: state.size) != Array(bytes.prefix(known)) {
                    state.isOpen = false
                    return .failure(otherContent)
                }
                // What is there already too: its sync may have failed, after which only what is written again is synchronised.
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
            guard state.size >= state.found else { return .failure(otherContent) }
            do throws(SystemCallError) {
                try file.synchronize()
                try disk.synchronizeDirectory(directory)
            } catch { return .failure(SpoolError(error, doing: "make \(path) durable")) }
            return .success(
                LargeContent(
                    id: id, size: state.size, checksum: state.checksum, file: file, disk: disk, path: path,
                    mayRemove: !isResumed))
        }
        return try result.get()
    }

    private var otherContent: SpoolError { SpoolError(.exists, "\(path) is there already with other content") }

    /// The transaction was given up: removes the file, unless it was there before.
    package func abandon() {
        state.withLock { $0.isOpen = false }
        if !isResumed { try? disk.unlink(path) }
    }
}
