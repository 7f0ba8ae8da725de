import Glibc
import Synchronization
import SystemCalls

/// The text of a file as it is now. Read again when it has changed, and looked at once a second at most: a list is
/// read for every recipient that names it.
final class ListFiles: Sendable {
    private struct Known {
        var stamp: FileStamp?
        /// Nil when the file could not be read.
        var text: String?
        var checkedAt: Int64
    }

    private static let mostFiles = 1024

    private let clock: @Sendable () -> Int64
    private let known = Mutex<[String: Known]>([:])

    /// `clock`: nanoseconds that never go back.
    init(clock: @escaping @Sendable () -> Int64 = { SystemClock.monotonicNanoseconds }) { self.clock = clock }

    /// The text of the file at `path`; nil when it cannot be read.
    func text(_ path: String) -> String? {
        let now = clock()
        return known.withLock { known in
            if let entry = known[path], now - entry.checkedAt <= 1_000_000_000 { return entry.text }
            let stamp = FileStamp(path)
            if var entry = known[path], stamp != nil, entry.stamp == stamp {
                entry.checkedAt = now
                known[path] = entry
                return entry.text
            }
            if known.count >= Self.mostFiles { known.removeAll() }
            let text = (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) }
            known[path] = Known(stamp: text == nil ? nil : stamp, text: text, checkedAt: now)
            return text
        }
    }
}

/// What tells one version of a file from another.
struct FileStamp: Equatable {
    private var inode: UInt64
    private var size: Int
    private var modified: Int64

    /// Nil when there is no such file.
    init?(_ path: String) {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        inode = UInt64(information.st_ino)
        size = Int(information.st_size)
        modified = Int64(information.st_mtim.tv_sec) * 1_000_000_000 + Int64(information.st_mtim.tv_nsec)
    }
}
