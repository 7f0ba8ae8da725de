import Envelope
import Synchronization
import SystemCalls
import Testing

@testable import Spool

@Suite struct SpoolWriterTests {
    private func options(_ size: Int = 64 << 10) -> SpoolWriterOptions {
        var options = SpoolWriterOptions()
        options.segmentSize = size
        options.scheduling = .manual
        return options
    }

    private func writer(
        _ disk: any Disk, _ results: Results, name: String = "w1", size: Int = 64 << 10
    ) throws -> SpoolWriter {
        try SpoolWriter(queue: "/q", name: name, options: options(size), disk: disk) { batch in
            results.batches.withLock { $0.append(batch) }
        }
    }

    /// The simulated disk has 1 GiB left; a reload may ask for more at any time.
    @Test func theFreeSpaceThatIsWantedMayChange() throws {
        let writer = try writer(SimulatedProcess(SimulatedDisk(seed: 1)), Results())
        #expect(writer.hasRoom)
        writer.setMinimumFree(2 << 30)
        #expect(!writer.hasRoom)
        writer.setMinimumFree(1 << 30)
        #expect(writer.hasRoom)
    }

    @Test func whatWaitsIsCommittedTogether() throws {
        let disk = SimulatedProcess(SimulatedDisk(seed: 1))
        let results = Results()
        let writer = try writer(disk, results)
        for id in 1...5 {
            writer.append(message(UInt64(id)), content: .inline([[1, 2], [3]]), completion: results.add)
        }
        #expect(results.locations.isEmpty)
        writer.drain()
        #expect(results.locations.count == 5)
        #expect(results.batches.withLock { $0.map(\.count) } == [5])
        #expect(results.locations.first?.offset == LogHeader.size)
        for (before, after) in zip(results.locations, results.locations.dropFirst()) {
            #expect(before.end == after.offset)
        }
        #expect(writer.position == SpoolWriter.Position(segment: "w1-1", end: results.locations.last?.end ?? 0))
    }

    @Test(arguments: [Int32(5), 28]) func aFailedSyncPoisonsTheSegment(code: Int32) throws {
        let disk = SimulatedDisk(seed: 2)
        let process = SimulatedProcess(disk)
        let results = Results()
        let writer = try writer(process, results)
        writer.append(message(1), content: .inline([[1]]), completion: results.add)
        writer.drain()
        let end = results.locations.first?.end
        // The write succeeds, its sync does not.
        disk.setPlan(SimulatedDisk.Plan(calls: 2, code: code))
        writer.append(message(2), content: .inline([[2]]), completion: results.add)
        writer.append(message(3), content: .inline([[3]]), completion: results.add)
        writer.drain()
        #expect(results.errors.map(\.isOutOfSpace) == [code == 28, code == 28])
        #expect(writer.position == nil)
        writer.append(message(4), content: .inline([[4]]), completion: results.add)
        writer.drain()
        #expect(results.locations.map(\.segment) == ["w1-1", "w1-2"])
        let next = try #require(try LogFile.open("/q/segments/w1-2.seg", name: "w1-2", disk: process))
        #expect(next.header?.predecessor == LogPredecessor(number: 1, end: end ?? 0))
        // What was refused does not appear, although its bytes may be there.
        let (_, recovered) = try QueueStore.open(queue: "/q", options: manualStore(), disk: process)
        #expect(recovered.entries.map(\.key.message.rawValue) == [1])
    }

    private func manualStore() -> QueueStoreOptions {
        var options = QueueStoreOptions()
        options.scheduling = .manual
        options.logSize = 16 << 10
        options.reserve = 4096
        return options
    }

    @Test func everyAppendFailsWhileNoSegmentCanBeOpened() throws {
        let disk = SimulatedDisk(seed: 3)
        let results = Results()
        let writer = try writer(SimulatedProcess(disk), results)
        disk.setPlan(SimulatedDisk.Plan(calls: 1, failures: 100, code: 28))
        for id in 1...3 {
            writer.append(message(UInt64(id)), content: .inline([]), completion: results.add)
            writer.drain()
        }
        #expect(results.errors.count == 3)
        disk.setPlan(nil)
        writer.append(message(4), content: .inline([]), completion: results.add)
        writer.drain()
        #expect(results.locations.count == 1)
    }

    @Test func segmentsAreSealedAndFollowEachOther() throws {
        let process = SimulatedProcess(SimulatedDisk(seed: 4))
        let results = Results()
        let writer = try writer(process, results, size: 4 << 10)
        for id in 1...10 {
            let content = SpoolContent.inline([[UInt8](repeating: 7, count: 1000)])
            writer.append(message(UInt64(id)), content: content, completion: results.add)
        }
        writer.append(message(11), content: .inline([[UInt8](repeating: 7, count: 5000)]), completion: results.add)
        writer.drain()
        #expect(results.locations.count == 10)
        #expect(results.errors.count == 1)
        #expect(Set(results.locations.map(\.segment)).count > 2)
        let log = try #require(try LogFile.open("/q/segments/w1-1.seg", name: "w1-1", disk: process))
        var scanner = SegmentScanner(log)
        var count = 0
        let result = try scanner.scan(from: LogHeader.size, limit: nil) { _, _, _ in
            count += 1
            return true
        }
        #expect(result.isSealed && result.gaps.isEmpty && count > 0)
    }

    /// A file that was used before holds valid records of its former life at the same offsets; none may count.
    @Test func oldRecordsOfARecycledSegmentAreNotValid() throws {
        let disk = SimulatedDisk(seed: 5)
        let process = SimulatedProcess(disk)
        let results = Results()
        let first = try writer(process, results, name: "a")
        for id in 1...20 { first.append(message(UInt64(id)), content: .inline([[9]]), completion: results.add) }
        first.drain()
        first.close()
        try process.rename("/q/segments/a-1.seg", to: "/q/segments/free/a-1")
        let second = try writer(process, results, name: "b")
        second.append(message(21), content: .inline([[9]]), completion: results.add)
        second.drain()
        #expect(try process.list("/q/segments/free").isEmpty)
        let (_, recovered) = try QueueStore.open(queue: "/q", options: manualStore(), disk: process)
        #expect(recovered.entries.isEmpty)
        second.close()
        let log = try #require(try LogFile.open("/q/segments/b-1.seg", name: "b-1", disk: process))
        var ids: [UInt64] = []
        var scanner = SegmentScanner(log)
        let result = try scanner.scan(from: LogHeader.size, limit: nil) { _, _, payload in
            ids.append(MessageCodec.id(ofPayload: payload)?.rawValue ?? 0)
            return true
        }
        #expect(ids == [21] && result.gaps.isEmpty)
    }

    @Test func aBadNameIsRefused() {
        let process = SimulatedProcess(SimulatedDisk(seed: 6))
        #expect(throws: SpoolError.self) {
            try SpoolWriter(queue: "/q", name: "../x", options: options(), disk: process)
        }
        #expect(LogLayout.isUsable(writer: SpoolWriter.uniqueName()))
    }
}

@Suite struct RealDiskTests {
    /// Ten sessions that each wait for their commit before they go on, against the disk of this machine.
    @Test func sessionsShareCommits() async throws {
        let queue = try TemporaryQueue()
        let results = Results()
        var options = SpoolWriterOptions()
        options.segmentSize = 1 << 20
        let writer = try SpoolWriter(queue: queue.path, name: "w1", options: options) { batch in
            results.batches.withLock { $0.append(batch) }
        }
        await withTaskGroup(of: Void.self) { group in
            for session in 1...10 {
                group.addTask {
                    for number in 1...20 {
                        let id = UInt64(session * 100 + number)
                        let content = SpoolContent.inline((0..<200).map { _ in Array("\(id)\r\n".utf8) })
                        await withCheckedContinuation { continuation in
                            writer.append(message(id), content: content) { result in
                                results.add(result)
                                continuation.resume()
                            }
                        }
                    }
                }
            }
        }
        writer.close()
        #expect(results.locations.count == 200)
        let reader = SpoolReader(queue: queue.path)
        for committed in results.batches.withLock({ $0.joined() }) {
            let stored = try reader.read(committed.location)
            #expect(stored.message == committed.message)
            let line = Array("\(committed.message.id.rawValue)\r\n".utf8)
            #expect(try stored.content.bytes() == Array(repeatElement(line, count: 200).joined()))
        }
        let (store, recovered) = try QueueStore.open(queue: queue.path)
        #expect(recovered.entries.count == 200 && recovered.quarantined.isEmpty)
        #expect(throws: SpoolError.self) { try QueueStore.open(queue: queue.path) }
        store.close()
    }

    @Test func largeContentStreamsAndIsVerified() throws {
        let queue = try TemporaryQueue()
        var options = SpoolWriterOptions()
        options.segmentSize = 64 << 10
        options.scheduling = .manual
        let results = Results()
        let writer = try SpoolWriter(queue: queue.path, name: "w1", options: options)
        let large = try writer.beginLargeContent(MessageID(rawValue: 5))
        let chunk = [UInt8](repeating: 0x41, count: 100_000)
        for _ in 0..<3 { try large.append(chunk) }
        writer.append(message(5), content: .large(try large.finish()), completion: results.add)
        let unused = try writer.beginLargeContent(MessageID(rawValue: 6))
        try unused.append(chunk)
        unused.abandon()
        #expect(throws: SpoolError.self) { try unused.append(chunk) }
        // The same derived message again must not touch the content of the first.
        #expect(throws: SpoolError.self) { try writer.beginLargeContent(MessageID(rawValue: 5)) }
        writer.drain()
        let location = try #require(results.locations.first)
        let reader = SpoolReader(queue: queue.path)
        #expect(try reader.read(location).content.bytes().count == 300_000)
        #expect(try Files.list(QueueLayout(queue.path).large) == ["00000000005.msg"])
        let path = QueueLayout(queue.path).large + "/00000000005.msg"
        try RealDisk().open(path, .existing).write([[0x42]], at: 1234)
        #expect(throws: SpoolError.self) { try reader.read(location).content.bytes() }
        #expect(throws: SpoolError.self) {
            try reader.read(SpoolLocation(segment: "none-1", offset: 256, length: 99))
        }
        #expect(throws: SpoolError.self) {
            try reader.read(SpoolLocation(segment: "w1-1", offset: 264, length: location.length))
        }
    }

    /// More pieces than one pwritev takes, some of them empty.
    @Test func manyPiecesAreWrittenInOrder() throws {
        let queue = try TemporaryQueue()
        let file = try RealDisk().open(queue.path + "/pieces", .create)
        let pieces = (0..<1000).map { [UInt8](repeating: UInt8($0 % 251), count: $0 % 7) }
        try file.write(pieces, at: 10)
        #expect(try file.read(10_000, at: 10) == Array(pieces.joined()))
        #expect(try file.size() == 10 + pieces.joined().count)
    }
}
