import Glibc
import SystemCalls

/// A log that several processes append to, and that may be renamed at any time: whoever writes looks once a second
/// whether the name still leads to the open file. No lock is taken (notifications-logging specification, 2.1).
struct LogFile: ~Copyable {
    /// Nanoseconds for which a writer believes that its file has the name; ``LogRollover`` waits longer than this before
    /// it removes one.
    static let usualRecheck: Int64 = 1_000_000_000

    let path: String
    private let recheck: Int64
    private var descriptor: Int32 = -1
    private var inode: UInt64 = 0
    private var checkedAt: Int64 = 0
    /// The file that was opened ends in the middle of a line: who wrote that was killed, or the machine stopped.
    private var isTorn = false

    init(_ path: String, recheck: Int64) {
        self.path = path
        self.recheck = recheck
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends whole lines with one write(2). `now`: nanoseconds since 1970, of `clock`. Gives what went wrong.
    mutating func append(_ lines: [UInt8], now: Int64, clock: () -> Int64) -> SystemCallError? {
        do throws(SystemCallError) {
            try reopenIfRenamed(now)
            try write(lines)
            // A process that was stopped in between may have written to a file that was already copied and removed.
            guard clock() - now > recheck, isRemoved else { return nil }
            try reopenIfRenamed(clock())
            try write(lines)
            return nil
        } catch {
            return error
        }
    }

    private mutating func write(_ lines: [UInt8]) throws(SystemCallError) {
        let bytes = isTorn ? [UInt8(ascii: "\n")] + lines : lines
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                return Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = SystemCallError.current("write", path)
                if written > 0 { endTornLine() }
                throw failure
            }
            written += count
        }
        isTorn = false
    }

    /// The file system was full in the middle of a line of ours. Any process may be the next that writes, and would go on
    /// behind it: its last octet becomes a line end, which needs no room.
    private mutating func endTornLine() {
        isTorn = true
        let end = lseek(descriptor, 0, SEEK_CUR)
        // With O_APPEND pwrite(2) appends as well.
        guard end > 0, fcntl(descriptor, F_SETFL, 0) == 0 else { return }
        isTorn = pwrite(descriptor, [UInt8(ascii: "\n")], 1, end - 1) != 1
        _ = fcntl(descriptor, F_SETFL, O_APPEND)
    }

    private var isRemoved: Bool {
        var information = stat()
        return fstat(descriptor, &information) == 0 && information.st_nlink == 0
    }

    /// Looks once a second; at once when the clock was set back.
    private mutating func reopenIfRenamed(_ now: Int64) throws(SystemCallError) {
        if descriptor >= 0, (0..<recheck).contains(now - checkedAt) { return }
        checkedAt = now
        var information = stat()
        if descriptor >= 0, stat(path, &information) == 0, information.st_ino == inode { return }
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        descriptor = try OwnedDescriptor.open(path, O_RDWR | O_APPEND | O_CREAT, mode: 0o640).release()
        if fstat(descriptor, &information) == 0 { inode = UInt64(information.st_ino) }
        var last: UInt8 = 0
        isTorn =
            information.st_size > 0 && pread(descriptor, &last, 1, information.st_size - 1) == 1
            && last != UInt8(ascii: "\n")
    }
}
