package import SystemCalls

/// How a file is opened.
package enum DiskOpening: Sendable {
    case reading
    /// For reading and writing; it must exist.
    case existing
    /// For reading and writing; created when missing, emptied when not.
    case create
    /// For reading and writing; it must not exist.
    case new
}

/// Room left on a file system.
package struct DiskSpace: Sendable {
    package var bytes: Int
    package var inodes: Int
    package var allInodes: Int

    package init(bytes: Int, inodes: Int, allInodes: Int) {
        self.bytes = bytes
        self.inodes = inodes
        self.allInodes = allInodes
    }
}

/// The file operations that the promises of the spool are made of. One implementation is the system, the other one
/// a simulation that loses unsynchronised writes.
package protocol Disk: AnyObject, Sendable {
    func open(_ path: String, _ opening: DiskOpening) throws(SystemCallError) -> any DiskFile
    func rename(_ path: String, to target: String) throws(SystemCallError)
    func unlink(_ path: String) throws(SystemCallError)
    /// Names in the directory, sorted.
    func list(_ directory: String) throws(SystemCallError) -> [String]
    func createDirectory(_ path: String) throws(SystemCallError)
    /// Names created, renamed or removed in the directory are durable when it returns.
    func synchronizeDirectory(_ path: String) throws(SystemCallError)
    func freeSpace(_ path: String) throws(SystemCallError) -> DiskSpace
    /// A number that no other file of any queue has.
    func makeIdentity() -> UInt64
}

/// An open file; closed, and its lock given up, when the last reference goes.
package protocol DiskFile: AnyObject, Sendable {
    /// Writes all pieces one after the other from `offset` on.
    func write(_ pieces: [[UInt8]], at offset: Int) throws(SystemCallError)
    /// Up to `count` bytes from `offset` on; fewer only at the end of the file.
    func read(_ count: Int, at offset: Int) throws(SystemCallError) -> [UInt8]
    /// Content, and size when it changed, are durable when it returns (fdatasync).
    func synchronize() throws(SystemCallError)
    /// Reserves blocks up to `length`; the file is at least that long afterwards.
    func preallocate(_ length: Int) throws(SystemCallError)
    func size() throws(SystemCallError) -> Int
    /// Whether the path leads to this very file, and not to none or to another one.
    func isStill(at path: String) -> Bool
    /// Takes the exclusive lock; false when another process has it.
    func lock() -> Bool
}
