import Envelope
import Synchronization
import Testing

@testable import Spool

/// Starts of the Job Controller on a disk that fails or is full.
@Suite struct RecoveryFaultTests {
    private let disk = SimulatedDisk(seed: 21)

    private func open() throws -> (process: SimulatedProcess, store: QueueStore, recovered: RecoveredQueue) {
        var options = QueueStoreOptions()
        options.logSize = 8 << 10
        options.segmentSize = 8 << 10
        options.reserve = 8 << 10
        options.compactionGrace = 0
        options.scheduling = .manual
        let process = SimulatedProcess(disk)
        let (store, recovered) = try QueueStore.open(queue: "/q", options: options, disk: process)
        return (process, store, recovered)
    }

    private func append(_ ids: ClosedRange<UInt64>, _ content: SpoolContent) throws {
        let process = SimulatedProcess(disk)
        var options = SpoolWriterOptions()
        options.segmentSize = 8 << 10
        options.scheduling = .manual
        let writer = try SpoolWriter(queue: "/q", name: "w\(ids.lowerBound)", options: options, disk: process)
        let results = Results()
        for id in ids { writer.append(message(id), content: content, completion: results.add) }
        writer.drain()
        #expect(results.errors.isEmpty)
        process.kill()
    }

    private func key(_ id: UInt64) -> QueueEntryKey { QueueEntryKey(message: MessageID(rawValue: id), entry: 0) }

    /// Whatever call of a start cannot read: the start fails, or everything is there, at its first place or at the one
    /// where compaction has put it.
    @Test func aReadErrorLosesNothing() throws {
        let (process, store, _) = try open()
        try append(1...5, .inline([[UInt8](repeating: 7, count: 1000)]))
        #expect(store.adoptDeadWriters().count == 5)
        for id in 1...4 { store.record(.done(key(UInt64(id)), time: 1)) }
        for _ in 0..<6 {
            store.ledger.drain()
            store.freeSpaceWork(now: 1_000_000)
            store.space.writer?.drain()
        }
        #expect(store.entry(key(5))?.location.segment.hasPrefix("jc") == true)
        #expect(try process.list("/q/segments").filter { $0.hasPrefix("w1-") } == [])
        try append(6...6, .inline([[1]]))
        process.kill()
        let before = disk.state.withLock { $0 }
        var failed = 0
        for call in 1...500 {
            disk.state.withLock { $0 = before }
            disk.setPlan(SimulatedDisk.Plan(calls: call, code: 5, isForReads: true))
            guard let (next, _, recovered) = try? open() else {
                failed += 1
                continue
            }
            next.kill()
            #expect(Set(recovered.entries.map(\.key)) == [key(5), key(6)], "call \(call): \(recovered.quarantined)")
            if disk.state.withLock({ $0.plan != nil }) { break }
        }
        #expect((10..<400).contains(failed))
    }

    /// The log that every start begins takes the room of the reserve when there is no other, and outcomes are written.
    @Test func aStartOnAFullDisk() throws {
        var (process, store, _) = try open()
        try append(1...2, .inline([[1]]))
        process.kill()
        disk.setRoom((0, 0))
        (process, store, _) = try open()
        store.record(.done(key(1), time: 1))
        store.ledger.drain()
        #expect(store.ledger.durable > 0 && store.trouble == nil)
        process.kill()
        disk.setRoom((100_000, 100))
        (process, store, _) = try open()
        #expect(store.entry(key(1)) == nil && store.entry(key(2)) != nil)
        #expect(disk.content("/q/reserve")?.count == 8 << 10)
    }

    /// A master program starts, and delivers, while there is no room for a segment; what it enqueues then fails.
    @Test func aMasterProgramOnAFullDisk() throws {
        disk.setRoom((4 << 10, 10))
        var options = SpoolWriterOptions()
        options.segmentSize = 8 << 10
        options.scheduling = .manual
        options.opensAtOnce = false
        let writer = try SpoolWriter(queue: "/q", name: "m", options: options, disk: SimulatedProcess(disk))
        let results = Results()
        writer.append(message(1), content: .inline([[1]]), completion: results.add)
        writer.drain()
        #expect(results.errors.map(\.code) == [.outOfSpace])
        disk.setRoom(nil)
        writer.append(message(2), content: .inline([[1]]), completion: results.add)
        writer.drain()
        #expect(results.locations.count == 1)
    }
}
