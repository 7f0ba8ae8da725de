package import Envelope
import Glibc
import SystemCalls

/// The queue as it stands on the disk, read without changing anything: for the commands while no Job Controller runs
/// (commands specification, section 6.3: "read only from snapshot, ledger and segments").
package enum QueueInspection {
    /// Every live entry. What living writers have written counts too, though nobody has confirmed it yet. `quarantined`
    /// of the answer says what cannot be read; it stays where it is.
    package static func read(queue: String, disk: any Disk = RealDisk()) throws(SpoolError) -> RecoveredQueue {
        var recovery = QueueRecovery(layout: QueueLayout(queue), disk: UnchangedDisk(disk))
        do throws(SystemCallError) { try recovery.run() } catch {
            throw SpoolError(error, doing: "read the queue \(queue)")
        }
        return recovery.recovered
    }

    /// Large-content files that belong to none of the messages and that no writer holds: a crash has left them, and the
    /// next start of the Job Controller removes them.
    package static func orphans(
        queue: String, except known: Set<MessageID>, disk: any Disk = RealDisk()
    ) -> [MessageID] {
        let files = try? LargeFiles(layout: QueueLayout(queue), disk: disk)
        return files?.lockThose { !known.contains($0) }.map(\.id) ?? []
    }

    /// Files that an earlier start has set aside, with what their reports say.
    package static func quarantine(queue: String, disk: any Disk = RealDisk()) -> [(name: String, report: String)] {
        let directory = QueueLayout(queue).quarantine
        let names = (try? disk.list(directory)) ?? []
        return names.filter { $0.hasSuffix(".report") }.map { name in
            let file = try? disk.open("\(directory)/\(name)", .reading)
            let text = (try? file?.read(64 << 10, at: 0)).flatMap { $0 } ?? []
            let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first ?? ""
            return (String(name.dropLast(7)), String(line))
        }
    }
}

/// A disk that nothing can be changed on. Locks are always had, as nobody is kept out by them.
private final class UnchangedDisk: Disk {
    private let base: any Disk

    init(_ base: any Disk) { self.base = base }

    private static func refusal(_ call: String, _ path: String) -> SystemCallError {
        SystemCallError(call: call, code: EROFS, object: path)
    }

    func open(_ path: String, _ opening: DiskOpening) throws(SystemCallError) -> any DiskFile {
        switch opening {
        case .reading, .existing: UnchangedFile(try base.open(path, .reading))
        case .create, .new: throw Self.refusal("open", path)
        }
    }

    func rename(_ path: String, to target: String) throws(SystemCallError) { throw Self.refusal("rename", path) }
    func unlink(_ path: String) throws(SystemCallError) { throw Self.refusal("unlink", path) }
    func list(_ directory: String) throws(SystemCallError) -> [String] { try base.list(directory) }
    func createDirectory(_ path: String) throws(SystemCallError) { throw Self.refusal("mkdir", path) }
    func synchronizeDirectory(_ path: String) {}
    func freeSpace(_ path: String) throws(SystemCallError) -> DiskSpace { try base.freeSpace(path) }
    func makeIdentity() -> UInt64 { base.makeIdentity() }
}

private final class UnchangedFile: DiskFile {
    private let base: any DiskFile

    init(_ base: any DiskFile) { self.base = base }

    func write(_ pieces: [[UInt8]], at offset: Int) throws(SystemCallError) {
        throw SystemCallError(call: "pwritev", code: EROFS)
    }

    func read(_ count: Int, at offset: Int) throws(SystemCallError) -> [UInt8] { try base.read(count, at: offset) }
    func synchronize() {}
    func preallocate(_ length: Int) throws(SystemCallError) { throw SystemCallError(call: "fallocate", code: EROFS) }
    func size() throws(SystemCallError) -> Int { try base.size() }
    func isStill(at path: String) -> Bool { base.isStill(at: path) }
    func lock() -> Bool { true }
}
