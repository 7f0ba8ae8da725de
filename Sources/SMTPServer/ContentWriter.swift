import Enqueue
import Glibc
import Spool
import Synchronization
import SystemCalls

/// Where content goes that is too large for memory. Any thread.
protocol ContentWriter: Sendable {
    func append(_ bytes: [UInt8]) throws
    /// Everything is written; nothing is appended after this.
    func complete() throws -> StreamedContent
    /// Nothing of it is wanted.
    func abandon()
}

/// Large content when all of it is there.
enum StreamedContent: Sendable {
    /// In a file of the queue, synced.
    case spooled(LargeContent)
    /// In a file without a name, for the mailboxes.
    case scratch(ScratchFile)
}

extension ConvertingWriter: ContentWriter {
    func complete() throws -> StreamedContent { .spooled(try finish()) }
}

/// A file without a name, which is gone with the last reference to it, whatever happens to the process.
final class ScratchFile: ContentWriter {
    private let path: String
    private let file: OwnedDescriptor
    private let count = Mutex(0)

    /// `directory`: where there is room for messages; made when it is missing.
    init(directory: String) throws(SystemCallError) {
        try Files.createDirectory(directory)
        path = "\(directory)/.incoming-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL)
        unlink(path)
    }

    var size: Int { count.withLock { $0 } }

    func append(_ bytes: [UInt8]) throws {
        var failure: SystemCallError?
        bytes.withUnsafeBytes { bytes in
            do throws(SystemCallError) { try Files.writeAll(file.number, bytes, path) } catch { failure = error }
        }
        if let failure { throw failure }
        count.withLock { $0 += bytes.count }
    }

    func complete() -> StreamedContent { .scratch(self) }

    func abandon() {}

    /// At most `maximum` octets from `offset` on; none at the end.
    func read(_ offset: Int, _ maximum: Int) throws(SystemCallError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: maximum)
        let count = try checked("read", path) { pread(file.number, &buffer, maximum, off_t(offset)) }
        return Array(buffer[..<count])
    }
}
