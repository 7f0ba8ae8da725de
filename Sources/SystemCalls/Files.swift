import CSystemCalls
import Glibc

/// File operations that a promise of durability is made of. Every one throws with the path it was about.
package enum Files {
    /// fdatasync(2): content and size are on the disk when it returns.
    package static func synchronizeData(_ descriptor: Int32, _ path: String = "") throws(SystemCallError) {
        try checked("fdatasync", path) { martlet_fdatasync(descriptor) }
    }

    /// fsync(2) of a directory: names created, renamed or removed in it are on the disk when it returns.
    package static func synchronizeDirectory(_ path: String) throws(SystemCallError) {
        let directory = try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        try checked("fsync", path) { fsync(directory.number) }
    }

    /// Reserves blocks for the range, so that later writes in it do not run out of space.
    package static func preallocate(_ descriptor: Int32, length: Int, _ path: String) throws(SystemCallError) {
        try checked("fallocate", path) { martlet_preallocate(descriptor, 0, off_t(length)) }
    }

    /// flock(2), exclusive; false when another process holds the lock.
    package static func lockExclusively(_ descriptor: Int32) -> Bool {
        martlet_lock_exclusive(descriptor) == 0
    }

    /// Creates the directory and its parents; no error when it is there already.
    package static func createDirectory(_ path: String, mode: UInt32 = 0o700) throws(SystemCallError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.dropLast().lastIndex(of: "/"), slash > path.startIndex else {
            throw .current("mkdir", path)
        }
        try createDirectory(String(path[..<slash]), mode: mode)
        if mkdir(path, mode) < 0, errno != EEXIST { throw .current("mkdir", path) }
    }

    /// Names in a directory without `.` and `..`, sorted.
    package static func list(_ path: String) throws(SystemCallError) -> [String] {
        guard let directory = opendir(path) else { throw .current("opendir", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// Writes all bytes, in as many write(2) calls as it takes.
    package static func writeAll(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ path: String = ""
    ) throws(SystemCallError) {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let count = rest.count
            let written = try checked("write", path) { write(descriptor, base, count) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// The whole content. `limit` is the most bytes that are taken; a longer file is an error (EFBIG).
    package static func read(_ path: String, limit: Int = 64 << 20) throws(SystemCallError) -> [UInt8] {
        let file = try OwnedDescriptor.open(path, O_RDONLY)
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try checked("read", path) { Glibc.read(file.number, &buffer, buffer.count) }
            if count == 0 { return content }
            content.append(contentsOf: buffer[..<count])
            if content.count > limit { throw SystemCallError(call: "read", code: EFBIG, object: path) }
        }
    }

    /// Replaces a file so that after a crash either the old or the new content is there, never a part:
    /// temporary file beside it, sync, rename, sync of the directory. When root does it, the file stays whose it was.
    package static func replace(_ path: String, with content: [UInt8], mode: UInt32 = 0o600) throws(SystemCallError) {
        let temporary = "\(path).new-\(getpid())"
        do throws(SystemCallError) {
            let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW
            let file = try OwnedDescriptor.open(temporary, flags, mode: mode)
            if Users.isRoot, let former = try? ownership(path) {
                try checked("fchown", temporary) { fchown(file.number, former.user, former.group) }
            }
            var failure: SystemCallError?
            content.withUnsafeBytes { bytes in
                do throws(SystemCallError) { try writeAll(file.number, bytes, temporary) } catch { failure = error }
            }
            if let failure { throw failure }
            try checked("fsync", temporary) { fsync(file.number) }
            try checked("rename", path) { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try synchronizeDirectory(parent(of: path))
    }

    /// Bytes that an unprivileged process may still write to the file system of `path`, and free inodes.
    package static func freeSpace(_ path: String) throws(SystemCallError) -> (bytes: Int, inodes: Int, allInodes: Int) {
        var information = statvfs()
        try checked("statvfs", path) { statvfs(path, &information) }
        return (
            Int(information.f_bavail) * Int(information.f_frsize), Int(information.f_favail),
            Int(information.f_files)
        )
    }

    /// The path up to the last slash; `.` when there is none.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
