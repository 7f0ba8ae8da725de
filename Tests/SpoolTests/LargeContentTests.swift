import Envelope
import Synchronization
import SystemCalls
import Testing

@testable import Spool

/// Files of large content whose writers failed, or met a starting Job Controller.
@Suite struct LargeContentTests {
    private static let path = "/q/large/00000000005.msg"

    private func begin(_ disk: any Disk, resuming: Bool = false) throws -> LargeContentWriter {
        try LargeContentWriter(
            id: MessageID(rawValue: 5), layout: QueueLayout("/q"), disk: disk, resuming: resuming)
    }

    /// A nameless file must not take acknowledged mail.
    @Test(arguments: [false, true])
    func aFileThatIsRemovedBeforeItIsLockedIsRefused(resuming: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        disk.state.withLock { $0.removesNewLarge = true }
        #expect(throws: SpoolError.self) { try begin(SimulatedProcess(disk), resuming: resuming) }
        disk.state.withLock { $0.removesNewLarge = false }
        _ = try begin(SimulatedProcess(disk), resuming: resuming)
    }

    /// The name may lead to another file by then.
    @Test func thePathLeadsToTheFileOrToAnotherOne() throws {
        let queue = try TemporaryQueue()
        let disk = RealDisk()
        let path = queue.path + "/file"
        let first = try disk.open(path, .new)
        #expect(first.isStill(at: path))
        try disk.unlink(path)
        #expect(!first.isStill(at: path))
        let second = try disk.open(path, .new)
        #expect(!first.isStill(at: path) && second.isStill(at: path))
    }

    /// After a failed sync the system takes what it could not write for written: it shows what is not on the disk. A
    /// writer that takes the file up again makes all of it durable all the same.
    @Test(arguments: UInt64(1)...20)
    func resumedAfterAFailedSync(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        let pieces = (0..<4).map { [UInt8](repeating: 0x41 + $0, count: 1500) }
        let first = SimulatedProcess(disk)
        let failed = try begin(first)
        for piece in pieces { try failed.append(piece) }
        disk.setPlan(SimulatedDisk.Plan(calls: 1, code: 5))
        #expect(throws: SpoolError.self) { try failed.finish() }
        first.kill()
        let next = try begin(SimulatedProcess(disk), resuming: true)
        for piece in pieces { try next.append(piece) }
        _ = try next.finish()
        disk.crash()
        #expect(disk.content(Self.path) == Array(pieces.joined()))
    }

    @Test func otherContentIsNotTouched() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = SimulatedProcess(disk)
        let whole = try begin(first)
        try whole.append([1, 2, 3])
        _ = try whole.finish()
        first.kill()
        let other = try begin(SimulatedProcess(disk), resuming: true)
        #expect(throws: SpoolError.self) { try other.append([1, 2, 4]) }
        other.abandon()
        #expect(disk.content(Self.path) == [1, 2, 3])
    }
}
