import Envelope
import Glibc
import Spool
import Synchronization
import SystemCalls
import Testing
import TransactionLog

@testable import Enqueue

/// A queue and a log of its own.
private final class Bench: Sendable {
    let scratch: Scratch
    let committed = Mutex<[CommittedMessage]>([])

    init() throws { scratch = try Scratch() }

    func submitter(disk: any Disk = RealDisk()) throws -> MessageSubmitter {
        try Files.createDirectory("\(scratch.path)/log")
        let values = ["log_filename": 1, "log_message_id": 1, "log_reason": 1, "log_connection": 1, "log_username": 1]
        let log = TransactionLog(
            directory: "\(scratch.path)/log", options: LogOptions { values[$0] }, node: "mail.example.com",
            report: { Issue.record("\($0)") })
        var options = SpoolWriterOptions()
        options.segmentSize = 1 << 20
        return try MessageSubmitter(
            queue: "\(scratch.path)/queue", options: options, log: log, disk: disk,
            notify: { [self] messages in committed.withLock { $0 += messages } })
    }

    /// Lines of the log without their time.
    var log: [String] {
        let text = String(decoding: (try? Files.read("\(scratch.path)/log/mail.log_current")) ?? [], as: UTF8.self)
        return text.split(separator: "\n").map { String($0.dropFirst(24)) }
    }
}

private func message(_ id: MessageID, _ entries: [QueueEntry]) -> QueuedMessage {
    QueuedMessage(
        id: id, arrival: 1_700_000_000_000, sourceChannel: "tcp_local",
        submission: Submission(clientAddress: "192.0.2.1", helo: "client.example", user: "anna"), sender: "a@b.c",
        messageIDHeader: "<id@b.c>", entries: entries)
}

private func entry(_ channel: String, _ addresses: String..., held: String? = nil) -> QueueEntry {
    QueueEntry(
        channel: channel, host: "h", recipients: addresses.map { QueueRecipient(address: $0, given: "given-\($0)") },
        heldReason: held)
}

extension MessageSubmitter {
    fileprivate func submit(
        _ message: QueuedMessage, _ content: SpoolContent, modifiers: TransferModifiers? = [.esmtp],
        logsFirst: Bool = false
    ) async -> Result<SpoolLocation, SpoolError> {
        await withCheckedContinuation { continuation in
            submit(message, content: content, modifiers: modifiers, logsFirst: logsFirst) {
                continuation.resume(returning: $0)
            }
        }
    }
}

@Suite struct MessageSubmitterTests {
    @Test func committedLoggedAndAnnounced() async throws {
        let bench = try Bench()
        let submitter = try bench.submitter()
        let identity = submitter.newIdentity()
        let queued = message(
            identity.id, [entry("ims-ms", "u@ims-ms-daemon", "v@ims-ms-daemon"), entry("tcp_local", "x@y.z")])
        let location = try await submitter.submit(
            queued, .inline([Array("Subject: x\r\n\r\n".utf8), [UInt8](repeating: 65, count: 1024)])
        ).get()
        submitter.spool.close()
        let stored = try SpoolReader(queue: "\(bench.scratch.path)/queue").read(location)
        #expect(stored.message == queued)
        #expect(stored.content.size == 1038)
        let committed = bench.committed.withLock { $0 }
        #expect(committed.map(\.message.id) == [identity.id])
        #expect(committed.map(\.location) == [location])
        let rest = "<id@b.c> *anna client.example ([192.0.2.1])  "
        #expect(
            bench.log == [
                "tcp_local    ims-ms       EE 2 a@b.c rfc822;given-u@ims-ms-daemon u@ims-ms-daemon "
                    + "ims-ms/ZZ\(identity.id).00 \(rest)",
                "tcp_local    ims-ms       EE 2 a@b.c rfc822;given-v@ims-ms-daemon v@ims-ms-daemon "
                    + "ims-ms/ZZ\(identity.id).00 \(rest)",
                "tcp_local    tcp_local    EE 2 a@b.c rfc822;given-x@y.z x@y.z tcp_local/ZZ\(identity.id).01 \(rest)",
            ])
    }

    /// Example 6 of the notifications-logging specification: "three E lines with the same original To and different current
    /// To; recipients in the same copy share the file name (ours: all three lines share the message id, the entry numbers
    /// differ between the two channels)".
    @Test func example6ListOnTwoChannels() async throws {
        let bench = try Bench()
        let submitter = try bench.submitter()
        let id = submitter.newIdentity().id
        func member(_ address: String) -> QueueRecipient {
            QueueRecipient(
                address: address, given: "test-list@siroe.com", originalRecipient: "rfc822;test-list@siroe.com")
        }
        let queued = message(
            id,
            [
                QueueEntry(
                    channel: "ims-ms", host: "h", recipients: [member("a@ims-ms-daemon"), member("b@ims-ms-daemon")]),
                QueueEntry(channel: "tcp_local", host: "h", recipients: [member("c@y.z")]),
            ])
        _ = try await submitter.submit(queued, .inline([Array("x".utf8)])).get()
        submitter.spool.close()
        let fields = bench.log.map { $0.split(separator: " ") }
        #expect(fields.map { $0[2] } == ["EE", "EE", "EE"])
        #expect(fields.map { $0[5] } == Array(repeating: "rfc822;test-list@siroe.com", count: 3))
        #expect(fields.map { $0[6] } == ["a@ims-ms-daemon", "b@ims-ms-daemon", "c@y.z"])
        #expect(fields.map { $0[7] } == ["ims-ms/ZZ\(id).00", "ims-ms/ZZ\(id).00", "tcp_local/ZZ\(id).01"])
    }

    /// Example 14b of the notifications-logging specification: an H entry, and no E entry for that recipient.
    @Test func heldFromTheStart() async throws {
        let bench = try Bench()
        let submitter = try bench.submitter()
        let id = submitter.newIdentity().id
        let queued = message(
            id, [entry("ims-ms", "u@ims-ms-daemon", held: "loop: 51 Received lines"), entry("tcp_local", "x@y.z")])
        _ = try await submitter.submit(queued, .inline([[UInt8](repeating: 65, count: 4_000)])).get()
        submitter.spool.close()
        let actions = bench.log.map { $0.dropFirst(26).prefix { $0 != " " } }
        #expect(actions == ["H", "EE"])
        #expect(bench.log.first?.contains("ims-ms/ZZ\(id).00.HELD ") == true)
        #expect(bench.log.first?.contains(" loop: 51 Received lines ") == true)
    }

    @Test func withoutLogging() async throws {
        let bench = try Bench()
        let submitter = try bench.submitter()
        let queued = message(submitter.newIdentity().id, [entry("ims-ms", "u@ims-ms-daemon")])
        _ = try await submitter.submit(queued, .inline([[65]]), modifiers: nil).get()
        submitter.spool.close()
        #expect(bench.log.isEmpty)
        #expect(bench.committed.withLock { $0.count } == 1)
    }

    /// What is logged in the completion stands behind the E record.
    @Test func logsFirst() async throws {
        let bench = try Bench()
        let submitter = try bench.submitter()
        let queued = message(submitter.newIdentity().id, [entry("process", "u@process-daemon")])
        let seen = Mutex(0)
        await withCheckedContinuation { continuation in
            submitter.submit(queued, content: .inline([[65]]), modifiers: [], logsFirst: true) { _ in
                seen.withLock { $0 = bench.log.count }
                continuation.resume()
            }
        }
        submitter.spool.close()
        #expect(seen.withLock { $0 } == 1)
        #expect(bench.log.count == 1)
    }

    @Test func largeContent() async throws {
        let bench = try Bench()
        let submitter = try bench.submitter()
        let id = submitter.newIdentity().id
        let writer = try submitter.spool.beginLargeContent(id)
        for _ in 0..<40 { try writer.append([UInt8](repeating: 66, count: 10_240)) }
        let location = try await submitter.submit(
            message(id, [entry("ims-ms", "u@ims-ms-daemon")]), .large(try writer.finish())
        ).get()
        submitter.spool.close()
        let stored = try SpoolReader(queue: "\(bench.scratch.path)/queue").read(location)
        #expect(stored.content.size == 409_600)
        #expect(bench.log.first?.contains(" EE 400 ") == true)
    }

    /// Ids of two submitters that work at the same time, as two processes do.
    @Test func idsAreUnique() throws {
        let bench = try Bench()
        let submitters = [try bench.submitter(), try bench.submitter()]
        var ids: Set<MessageID> = []
        var envelopes: Set<String> = []
        for _ in 0..<5_000 {
            for submitter in submitters { ids.insert(submitter.newIdentity().id) }
            envelopes.insert(submitters[0].newIdentity().envelopeID)
        }
        #expect(ids.count == 10_000)
        #expect(envelopes.count == 5_000)
        #expect(envelopes.allSatisfy { $0.utf8.count == 16 })
        for submitter in submitters { submitter.spool.close() }
    }

    @Test func fullDisk() async throws {
        let bench = try Bench()
        let disk = FullDisk()
        let submitter = try bench.submitter(disk: disk)
        let first = message(submitter.newIdentity().id, [entry("ims-ms", "u@ims-ms-daemon")])
        _ = try await submitter.submit(first, .inline([[65]])).get()
        disk.isFull.withLock { $0 = true }
        let second = message(submitter.newIdentity().id, [entry("ims-ms", "u@ims-ms-daemon")])
        guard case .failure(let error) = await submitter.submit(second, .inline([[65]])) else {
            Issue.record("accepted on a full disk")
            return
        }
        #expect(error.isOutOfSpace)
        disk.isFull.withLock { $0 = false }
        let third = message(submitter.newIdentity().id, [entry("ims-ms", "u@ims-ms-daemon")])
        _ = try await submitter.submit(third, .inline([[65]])).get()
        submitter.spool.close()
        #expect(bench.committed.withLock { $0.map(\.message.id) } == [first.id, third.id])
        #expect(bench.log.count == 2)
    }

    @Test func sourceSystem() {
        #expect(Submission().sourceSystem.isEmpty)
        #expect(Submission(clientAddress: "192.0.2.1").sourceSystem == "unknown ([192.0.2.1])")
        #expect(Submission(clientAddress: "::1", helo: "[127.0.0.1]").sourceSystem == "[127.0.0.1] ([::1])")
    }
}

/// The real disk until it is full.
private final class FullDisk: Disk {
    let isFull = Mutex(false)
    private let real = RealDisk()

    func open(_ path: String, _ opening: DiskOpening) throws(SystemCallError) -> any DiskFile {
        FullFile(try real.open(path, opening), self)
    }

    func rename(_ path: String, to target: String) throws(SystemCallError) { try real.rename(path, to: target) }
    func unlink(_ path: String) throws(SystemCallError) { try real.unlink(path) }
    func list(_ directory: String) throws(SystemCallError) -> [String] { try real.list(directory) }
    func createDirectory(_ path: String) throws(SystemCallError) { try real.createDirectory(path) }
    func synchronizeDirectory(_ path: String) throws(SystemCallError) { try real.synchronizeDirectory(path) }
    func freeSpace(_ path: String) throws(SystemCallError) -> DiskSpace { try real.freeSpace(path) }
    func makeIdentity() -> UInt64 { real.makeIdentity() }

    fileprivate func check(_ call: String) throws(SystemCallError) {
        if isFull.withLock({ $0 }) { throw SystemCallError(call: call, code: ENOSPC) }
    }
}

private final class FullFile: DiskFile {
    private let real: any DiskFile
    private let disk: FullDisk

    init(_ real: any DiskFile, _ disk: FullDisk) {
        self.real = real
        self.disk = disk
    }

    func write(_ pieces: [[UInt8]], at offset: Int) throws(SystemCallError) {
        try disk.check("write")
        try real.write(pieces, at: offset)
    }

    func read(_ count: Int, at offset: Int) throws(SystemCallError) -> [UInt8] { try real.read(count, at: offset) }
    func synchronize() throws(SystemCallError) { try real.synchronize() }

    func preallocate(_ length: Int) throws(SystemCallError) {
        try disk.check("fallocate")
        try real.preallocate(length)
    }

    func size() throws(SystemCallError) -> Int { try real.size() }
    func isStill(at path: String) -> Bool { real.isStill(at: path) }
    func lock() -> Bool { real.lock() }
}
