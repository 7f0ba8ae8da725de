import CSystemCalls
import Glibc
package import SystemCalls

/// The file system of the machine.
package final class RealDisk: Disk {
    package init() {}

    package func open(_ path: String, _ opening: DiskOpening) throws(SystemCallError) -> any DiskFile {
        let flags =
            switch opening {
            case .reading: O_RDONLY
            case .existing: O_RDWR
            case .create: O_RDWR | O_CREAT | O_TRUNC
            case .new: O_RDWR | O_CREAT | O_EXCL
            }
        return RealFile(try OwnedDescriptor.open(path, flags), path)
    }

    package func rename(_ path: String, to target: String) throws(SystemCallError) {
        try checked("rename", path) { Glibc.rename(path, target) }
    }

    package func unlink(_ path: String) throws(SystemCallError) {
        try checked("unlink", path) { Glibc.unlink(path) }
    }

    package func list(_ directory: String) throws(SystemCallError) -> [String] { try Files.list(directory) }

    package func createDirectory(_ path: String) throws(SystemCallError) { try Files.createDirectory(path) }

    package func synchronizeDirectory(_ path: String) throws(SystemCallError) {
        try Files.synchronizeDirectory(path)
    }

    package func freeSpace(_ path: String) throws(SystemCallError) -> DiskSpace {
        let space = try Files.freeSpace(path)
        return DiskSpace(bytes: space.bytes, inodes: space.inodes, allInodes: space.allInodes)
    }

    package func makeIdentity() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}

/// An open file of the machine.
final class RealFile: DiskFile {
    private let descriptor: OwnedDescriptor
    private let path: String

    init(_ descriptor: consuming OwnedDescriptor, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Pieces of one pwritev(2): each is one closure deep, and IOV_MAX (1024) would be deep.
    private static let vectorLimit = 128

    func write(_ pieces: [[UInt8]], at offset: Int) throws(SystemCallError) {
        var offset = offset
        var vectors: [iovec] = []
        vectors.reserveCapacity(min(pieces.count, Self.vectorLimit))
        var index = 0
        while index < pieces.count {
            let end = min(index + Self.vectorLimit, pieces.count)
            offset += try gather(pieces[index..<end], &vectors, at: offset).get()
            index = end
        }
    }

    /// Collects the addresses of `pieces`, which stay valid while the closures are open, then writes.
    private func gather(
        _ pieces: ArraySlice<[UInt8]>, _ vectors: inout [iovec], at offset: Int
    ) -> Result<Int, SystemCallError> {
        guard let piece = pieces.first else { return writeVectors(&vectors, at: offset) }
        return piece.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress, bytes.count > 0 {
                vectors.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: base), iov_len: bytes.count))
            }
            return gather(pieces.dropFirst(), &vectors, at: offset)
        }
    }

    /// Writes all vectors, in as many calls as it takes, and empties the list.
    private func writeVectors(_ vectors: inout [iovec], at offset: Int) -> Result<Int, SystemCallError> {
        defer { vectors.removeAll(keepingCapacity: true) }
        var first = 0
        var total = 0
        while first < vectors.count {
            var written: Int
            do throws(SystemCallError) {
                written = try checked("pwritev", path) {
                    vectors.withUnsafeBufferPointer {
                        martlet_pwritev(
                            descriptor.number, $0.baseAddress.map { $0 + first }, Int32($0.count - first),
                            off_t(offset + total))
                    }
                }
            } catch {
                return .failure(error)
            }
            total += written
            while first < vectors.count, written >= vectors[first].iov_len {
                written -= vectors[first].iov_len
                first += 1
            }
            if first < vectors.count, written > 0 {
                vectors[first].iov_base += written
                vectors[first].iov_len -= written
            }
        }
        return .success(total)
    }

    func read(_ count: Int, at offset: Int) throws(SystemCallError) -> [UInt8] {
        var failure: SystemCallError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            do throws(SystemCallError) {
                while filled < count, let base = buffer.baseAddress {
                    let got = try checked("pread", path) {
                        pread(descriptor.number, base + filled, count - filled, off_t(offset + filled))
                    }
                    if got == 0 { return }
                    filled += got
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    func synchronize() throws(SystemCallError) { try Files.synchronizeData(descriptor.number, path) }

    func preallocate(_ length: Int) throws(SystemCallError) {
        try Files.preallocate(descriptor.number, length: length, path)
    }

    func size() throws(SystemCallError) -> Int {
        var information = stat()
        try checked("fstat", path) { fstat(descriptor.number, &information) }
        return Int(information.st_size)
    }

    func isStill(at path: String) -> Bool {
        var (own, found) = (stat(), stat())
        guard fstat(descriptor.number, &own) == 0, stat(path, &found) == 0 else { return false }
        return own.st_dev == found.st_dev && own.st_ino == found.st_ino
    }

    func lock() -> Bool { Files.lockExclusively(descriptor.number) }
}
