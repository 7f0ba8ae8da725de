import Envelope
import Synchronization
import SystemCalls
import Testing

@testable import Spool

/// A queue on a simulated disk with one writer.
private final class World {
    let disk = SimulatedDisk(seed: 11)
    let results = Results()
    private(set) var writerProcess: SimulatedProcess
    private(set) var writer: SpoolWriter
    private var storeProcess: SimulatedProcess
    var store: QueueStore
    var recovered: RecoveredQueue

    init() throws {
        (writerProcess, storeProcess) = (SimulatedProcess(disk), SimulatedProcess(disk))
        (store, recovered) = try QueueStore.open(queue: "/q", options: Self.options, disk: storeProcess)
        var options = SpoolWriterOptions()
        options.segmentSize = 64 << 10
        options.scheduling = .manual
        writer = try SpoolWriter(queue: "/q", name: "w1", options: options, disk: writerProcess) { [results] batch in
            results.batches.withLock { $0.append(batch) }
        }
    }

    private static var options: QueueStoreOptions {
        var options = QueueStoreOptions()
        options.logSize = 32 << 10
        options.segmentSize = 64 << 10
        options.reserve = 4096
        options.scheduling = .manual
        return options
    }

    func append(_ ids: UInt64..., recipients: Int = 1) -> [CommittedMessageFacts] {
        for id in ids {
            writer.append(message(id, recipients: recipients), content: .inline([[1]]), completion: results.add)
        }
        writer.drain()
        return results.batches.withLock { batches in
            defer { batches = [] }
            return batches.joined().map(CommittedMessageFacts.init)
        }
    }

    func restartStore() throws {
        storeProcess.kill()
        storeProcess = SimulatedProcess(disk)
        (store, recovered) = try QueueStore.open(queue: "/q", options: Self.options, disk: storeProcess)
    }

    func killWriter() { writerProcess.kill() }
}

@Suite struct QueueStoreTests {
    private func key(_ id: UInt64) -> QueueEntryKey { QueueEntryKey(message: MessageID(rawValue: id), entry: 0) }

    private func ids(_ entries: [RecoveredEntry]) -> [UInt64] { entries.map(\.key.message.rawValue).sorted() }

    @Test func aLostNoticeIsReadFromTheSegment() throws {
        let world = try World()
        let facts = world.append(1, 2, 3)
        #expect(ids(world.store.known(facts[1])) == [1, 2])
        #expect(world.store.known(facts[1]).isEmpty)
        #expect(world.store.known(facts[0]).isEmpty)
        let position = try #require(world.writer.position)
        #expect(ids(world.store.readUpTo(position.segment, position.end)) == [3])
    }

    /// Only what its writer stated is believed of a living writer; all that is valid of a dead one.
    @Test func liveAndDeadWriters() throws {
        let world = try World()
        _ = world.append(1, 2)
        #expect(world.store.adoptDeadWriters().isEmpty)
        world.killWriter()
        #expect(ids(world.store.adoptDeadWriters()) == [1, 2])
        #expect(world.store.adoptDeadWriters().isEmpty)
    }

    /// The Job Controller starts anew while a writer lives on: an entry that ended stays ended.
    @Test func outcomesOfUnreadSegmentsAreKept() throws {
        let world = try World()
        let facts = world.append(1, 2)
        for fact in facts { _ = world.store.known(fact) }
        world.store.record(.done(key(1), time: 5))
        world.store.ledger.drain()
        try world.restartStore()
        #expect(ids(world.recovered.entries) == [2])
        let position = try #require(world.writer.position)
        #expect(world.store.readUpTo(position.segment, position.end).isEmpty)
    }

    @Test func attemptsHoldsAndWarningsComeBack() throws {
        let world = try World()
        for fact in world.append(1, 2, recipients: 3) { _ = world.store.known(fact) }
        let outcomes = [
            RecipientOutcome(recipient: 1, result: .delivered, status: "2.0.0"),
            RecipientOutcome(recipient: 2, result: .failedTemporarily, status: "4.2.1", text: "later", remote: "mx"),
        ]
        let attempt = AttemptRecord(time: 100, outcomes: outcomes, attempts: 1, nextTime: 700)
        world.store.record(.attempt(key(1), attempt))
        world.store.record(.warned(key(1), threshold: 3))
        world.store.record(.hold(key(2), reason: "by joe: qm hold"))
        world.store.ledger.drain()
        for _ in 0..<2 {
            try world.restartStore()
            let first = try #require(world.store.entry(key(1)))
            #expect(first.pending == [0, 2] && first.recipients == 3)
            #expect(first.attempts == 1 && first.nextTime == 700 && first.warned == 3 && first.lastAttempt == 100)
            #expect(first.lastOutcomes == outcomes)
            #expect(world.store.entry(key(2))?.heldReason == "by joe: qm hold")
            // Once more from a snapshot.
            world.store.snapshotIfDue(now: 1, force: true)
            world.store.ledger.drain()
            world.store.runBackgroundWork()
            world.store.snapshotIfDue(now: 2)
        }
        world.store.record(.release(key(2)))
        #expect(world.store.entry(key(2))?.heldReason == nil)
    }

    /// An attempt that settles the last recipient ends the entry.
    @Test func theLastSettledRecipientEndsTheEntry() throws {
        let world = try World()
        for fact in world.append(1) { _ = world.store.known(fact) }
        let attempt = AttemptRecord(
            time: 1, outcomes: [RecipientOutcome(recipient: 0, result: .failedPermanently)], attempts: 0, nextTime: 0)
        world.store.record(.attempt(key(1), attempt))
        #expect(world.store.entry(key(1)) == nil)
        #expect(world.store.summary.messages == 0)
    }

    /// Outcomes wait while the disk fails, in order, and are not reported as done before they are.
    @Test func outcomesWaitForTheDisk() throws {
        let world = try World()
        for fact in world.append(1, 2) { _ = world.store.known(fact) }
        let done = Mutex(0)
        world.disk.setPlan(SimulatedDisk.Plan(calls: 1, failures: 40, code: 28))
        for id in [UInt64(1), 2] { world.store.record(.done(key(id), time: 1)) { _ in done.withLock { $0 += 1 } } }
        world.store.ledger.drain()
        #expect(done.withLock { $0 } == 0)
        #expect(world.store.trouble?.isOutOfSpace == true)
        world.disk.setPlan(nil)
        world.store.ledger.drain()
        #expect(done.withLock { $0 } == 2)
        #expect(world.store.trouble == nil)
        try world.restartStore()
        #expect(world.recovered.entries.isEmpty)
    }

    /// The reserve has room for a whole ledger log, and is made again after it was given up.
    @Test func theReserveIsMadeAgain() throws {
        let world = try World()
        #expect(world.disk.content("/q/reserve")?.count == 32 << 10)
        for fact in world.append(1) { _ = world.store.known(fact) }
        world.disk.setPlan(SimulatedDisk.Plan(calls: 1, code: 28))
        world.store.record(.done(key(1), time: 1))
        world.store.ledger.drain()
        #expect(world.store.trouble == nil)
        #expect(world.disk.content("/q/reserve") == nil)
        world.store.freeSpaceWork(now: 1)
        #expect(world.disk.content("/q/reserve")?.count == 32 << 10)
    }

    /// A writer whose sync failed has gone on to a next segment, of which nothing is known yet: what it refused is no
    /// mail.
    @Test func refusedRecordsOfALivingWriterAreNotAdopted() throws {
        let world = try World()
        _ = world.append(1)
        // The write succeeds, its sync does not.
        world.disk.setPlan(SimulatedDisk.Plan(calls: 2, code: 5))
        _ = world.append(2)
        #expect(world.results.errors.count == 1)
        _ = world.append(3)
        #expect(ids(world.store.adoptDeadWriters()) == [1])
        let position = try #require(world.writer.position)
        #expect(position.segment == "w1-2")
        #expect(ids(world.store.readUpTo(position.segment, position.end)) == [3])
    }

    @Test func damageInTheMiddleIsQuarantined() throws {
        let world = try World()
        let facts = world.append(1) + world.append(2) + world.append(3)
        let bad = facts[1].location
        world.disk.flip("/q/segments/w1-1.seg", at: bad.offset + 60)
        world.killWriter()
        try world.restartStore()
        #expect(ids(world.recovered.entries) == [1, 3])
        let report = try #require(world.recovered.quarantined.first)
        #expect(report.file == "w1-1" && report.offset == bad.offset && report.isSetAside)
        #expect(report.reason.contains("acknowledged"))
        #expect(world.disk.content("/q/quarantine/w1-1-\(bad.offset).bytes")?.count == bad.end - bad.offset)
    }

    /// A damaged header of the file costs nothing: every record names its file.
    @Test func aSegmentWithoutHeaderIsReadByItsRecords() throws {
        let world = try World()
        _ = world.append(1, 2)
        world.disk.flip("/q/segments/w1-1.seg", at: 3)
        world.killWriter()
        try world.restartStore()
        #expect(ids(world.recovered.entries) == [1, 2])
    }

    @Test func aTornTailIsCut() throws {
        let world = try World()
        let facts = world.append(1, 2)
        world.disk.flip("/q/segments/w1-1.seg", at: facts[1].location.end - 9)
        world.killWriter()
        try world.restartStore()
        #expect(ids(world.recovered.entries) == [1] && world.recovered.quarantined.isEmpty)
    }

    /// A pinned segment is not freed; an unpinned one goes to the free ones when the outcome is durable.
    @Test func segmentsAreRecycledWhenNothingNeedsThem() throws {
        let world = try World()
        for fact in world.append(1) { _ = world.store.known(fact) }
        #expect(world.store.pin(key(1))?.segment == "w1-1")
        world.killWriter()
        _ = world.store.adoptDeadWriters()
        world.store.record(.done(key(1), time: 1))
        world.store.freeSpaceWork(now: 1)
        world.store.ledger.drain()
        world.store.freeSpaceWork(now: 2)
        #expect(world.disk.content("/q/segments/w1-1.seg") != nil)
        world.store.unpin(key(1))
        world.store.freeSpaceWork(now: 3)
        #expect(world.disk.content("/q/segments/w1-1.seg") == nil)
        #expect(world.disk.content("/q/segments/free/w1-1") != nil)
        #expect(world.store.summary == QueueSummary())
    }

    @Test func damagedEntriesEndWhenTheirBytesAreSafe() throws {
        let world = try World()
        for fact in world.append(1) { _ = world.store.known(fact) }
        world.store.quarantine(key(1), reason: "bad checksum")
        #expect(world.store.entry(key(1)) == nil)
        #expect(world.store.takeReports().map(\.isSetAside) == [true])
        #expect(world.store.takeReports().isEmpty)
    }

    /// A notification that is enqueued again with its derived id changes nothing, even after it was delivered.
    @Test func repeatedDerivedMessages() throws {
        let world = try World()
        let id: UInt64 = 1 << 63 | 9
        for fact in world.append(id) { #expect(world.store.known(fact).count == 1) }
        world.store.record(.done(key(id), time: 1))
        world.store.ledger.drain()
        for fact in world.append(id) { #expect(world.store.known(fact).isEmpty) }
        try world.restartStore()
        #expect(world.recovered.entries.isEmpty)
    }
}
