import Glibc
package import SystemCalls

/// The roll-over of the cumulative logs, which the return job does once a day: `mail.log_yesterday` is appended to
/// `mail.log`, `mail.log_current` becomes `mail.log_yesterday`, and the next writer creates `mail.log_current`; the same
/// with `connection.log` (notifications-logging specification, 2.1).
///
/// No line is lost, whoever writes meanwhile and wherever it is cut off: while a file is being appended it is called
/// `mail.log_yesterday.N`, N being the size of `mail.log` before, to which the next roll-over goes back when this one
/// does not come to its end.
package struct LogRollover: Sendable {
    /// Nanoseconds after its renaming in which a file may still be written to, by those who have it open.
    static let usualSettling = 3 * LogFile.usualRecheck

    private static let names = ["mail.log", "connection.log"]

    private let directory: String
    private let settling: Int64
    private let clock: @Sendable () -> Int64
    private let wait: @Sendable (_ nanoseconds: Int64) -> Void
    private let synchronize: @Sendable (_ file: Int32, _ path: String) throws(SystemCallError) -> Void

    /// `directory`: the log directory.
    package init(directory: String) { self.init(directory: directory, settling: Self.usualSettling) }

    init(
        directory: String, settling: Int64,
        clock: @escaping @Sendable () -> Int64 = { SystemClock.wallNanoseconds },
        wait: @escaping @Sendable (_ nanoseconds: Int64) -> Void = { usleep(UInt32(clamping: $0 / 1000)) },
        synchronize: @escaping @Sendable (_ file: Int32, _ path: String) throws(SystemCallError) -> Void =
            Files.synchronizeData
    ) {
        self.directory = directory
        self.settling = settling
        self.clock = clock
        self.wait = wait
        self.synchronize = synchronize
    }

    /// One run of the return job: rolls over when it is its turn (RETURN_SPLIT_PERIOD), and what an earlier roll-over has
    /// left over in any case. False: there was nothing to do. Blocks as long as it takes to copy the log of a day.
    package func run(isTurn: Bool = true) throws(SystemCallError) -> Bool {
        let lock = try OwnedDescriptor.open(directory, O_RDONLY | O_DIRECTORY)
        guard Files.lockExclusively(lock.number) else {
            throw SystemCallError(call: "flock: another roll-over is at work", code: EWOULDBLOCK, object: directory)
        }
        var hasRolled = false
        var failure: SystemCallError?
        // What is in the way of one log need not be in that of the other.
        for name in Self.names {
            do throws(SystemCallError) {
                if try roll(name, isTurn) { hasRolled = true }
            } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        if hasRolled { _ = try checked("fsync", directory) { fsync(lock.number) } }
        return hasRolled
    }

    /// False: it is not the turn, and nothing is left over.
    private func roll(_ name: String, _ isTurn: Bool) throws(SystemCallError) -> Bool {
        let log = "\(directory)/\(name)"
        let yesterday = "\(log)_yesterday"
        let pieces = Self.pieces(of: name, in: directory)
        guard isTurn || !pieces.isEmpty else { return false }
        for piece in pieces {
            try append(piece, to: log, changed: changed(piece.path) ?? 0)
        }
        if let changed = changed(yesterday) {
            let offset = size(of: log)
            let piece = Piece(path: "\(yesterday).\(offset)", offset: offset)
            _ = try checked("rename", yesterday) { rename(yesterday, piece.path) }
            try append(piece, to: log, changed: changed)
        }
        let current = "\(log)_current"
        if Files.exists(current) { _ = try checked("rename", current) { rename(current, yesterday) } }
        return true
    }

    /// A file that is being appended.
    package struct Piece: Hashable, Sendable {
        package var path: String
        /// Where it begins in the cumulative file.
        package var offset: Int64
    }

    /// What a roll-over that is under way, or was cut off, has taken in hand.
    package static func pieces(of name: String, in directory: String) -> [Piece] {
        let prefix = "\(name)_yesterday."
        return ((try? Files.list(directory)) ?? []).compactMap { name in
            guard name.hasPrefix(prefix), let offset = Int64(name.dropFirst(prefix.count)), offset >= 0 else {
                return nil
            }
            return Piece(path: "\(directory)/\(name)", offset: offset)
        }
    }

    private func size(of path: String) -> Int64 {
        var information = stat()
        return stat(path, &information) == 0 ? Int64(information.st_size) : 0
    }

    /// When a file was renamed or written to last, nanoseconds since 1970; nil: it is not there.
    private func changed(_ path: String) -> Int64? {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        return Int64(information.st_ctim.tv_sec) * 1_000_000_000 + Int64(information.st_ctim.tv_nsec)
    }

    /// Appends a piece and removes it, which has to wait when it was renamed or written to a moment ago.
    private func append(_ piece: Piece, to log: String, changed: Int64) throws(SystemCallError) {
        let source = try OwnedDescriptor.open(piece.path, O_RDONLY)
        let whole = try OwnedDescriptor.open(log, O_WRONLY | O_CREAT, mode: 0o640)
        // Behind the offset is what a roll-over that was cut off has copied. A site may also have moved mail.log away.
        let start = min(size(of: log), piece.offset)
        do throws(SystemCallError) {
            try truncate(whole.number, start, log)
            _ = try checked("lseek", log) { lseek(whole.number, 0, SEEK_END) }
            try copy(source.number, whole.number, log)
            // A clock that was set back must not stop us for long.
            let rest = min(changed + settling - clock(), settling)
            if rest > 0 {
                wait(rest)
                try copy(source.number, whole.number, log)
            }
            try synchronize(whole.number, log)
            // That takes its time, and a writer may have been slow.
            if try copy(source.number, whole.number, log) > 0 { try synchronize(whole.number, log) }
        } catch {
            // The file system may be full: the room is needed more by those who write.
            try? truncate(whole.number, start, log)
            throw error
        }
        _ = try checked("unlink", piece.path) { unlink(piece.path) }
        // What was written before the name was gone; who writes later sees that it is, and writes again.
        if try copy(source.number, whole.number, log) > 0 { try synchronize(whole.number, log) }
    }

    private func truncate(_ descriptor: Int32, _ size: Int64, _ path: String) throws(SystemCallError) {
        _ = try checked("ftruncate", path) { ftruncate(descriptor, off_t(size)) }
    }

    /// From where both are to the end. Gives how many octets that were.
    @discardableResult private func copy(
        _ source: Int32, _ target: Int32, _ path: String
    ) throws(SystemCallError) -> Int {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var copied = 0
        while true {
            let count = try checked("read", path) { read(source, &buffer, buffer.count) }
            guard count > 0 else { return copied }
            copied += count
            var failure: SystemCallError?
            buffer.withUnsafeBytes { bytes in
                do throws(SystemCallError) {
                    try Files.writeAll(target, UnsafeRawBufferPointer(rebasing: bytes[..<count]), path)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        }
    }
}
