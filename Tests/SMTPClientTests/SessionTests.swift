import Envelope
import Glibc
import MasterKit
import ProcessPool
import Spool
import SystemCalls
import Testing

@testable import SMTPClient

/// From a record in a real spool to a real socket, the test playing the Job Controller.
@Suite(.timeLimit(.minutes(5))) struct SessionTests {
    /// A queue directory that goes away with the object.
    private final class Queue {
        let path: String

        init() throws {
            var template = Array("/tmp/martlet-client-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            for part in ["segments/free", "large", "ledger", "quarantine"] {
                try Files.createDirectory("\(path)/\(part)")
            }
        }

        deinit {
            for part in ["segments/free", "segments", "large", "ledger", "quarantine", ""] {
                let directory = "\(path)/\(part)"
                for name in (try? Files.list(directory)) ?? [] { unlink("\(directory)/\(name)") }
                rmdir(directory)
            }
        }
    }

    /// The other end of a session's control socket.
    private final class Controller {
        private let socket: OwnedDescriptor

        init(_ number: Int32) { socket = OwnedDescriptor(owning: number) }

        func send(_ message: ControlMessage) throws {
            try message.encoded().withUnsafeBytes { _ = try Sockets.send(socket.number, $0, wait: true) }
        }

        func receive() throws -> ControlMessage? {
            var buffer = [UInt8](repeating: 0, count: ControlMessage.maximumLength)
            let received = try buffer.withUnsafeMutableBytes {
                try Sockets.receive(socket.number, into: $0, wait: true)
            }
            guard case .message(let count, _, _) = received else { return nil }
            return try ControlMessage(bytes: buffer[..<count])
        }

        /// Gives `items` to the first thread that asks, makes the reports durable, and ends the session when all are
        /// there.
        func serve(_ items: [(QueueEntryKey, SpoolLocation)]) throws -> [OutcomeReport] {
            var reports: [OutcomeReport] = []
            var given = false
            while let message = try receive() {
                switch message.type {
                case .work where !given:
                    given = true
                    let thread = WorkRequest(message.groups[0])?.thread ?? 0
                    let groups = items.flatMap { key, location in
                        ItemMessage(thread: thread, key: key, location: location, host: "d.example").groups
                    }
                    try send(ControlMessage(.item, groups: groups))
                case .outcome:
                    let read = message.groups.compactMap { OutcomeReport.read($0)?.report }
                    reports += read
                    for message in EntryList.messages(.durable, read.map(\.key)) { try send(message) }
                    if reports.count == items.count { try send(ControlMessage(.exit)) }
                default: break
                }
            }
            return reports
        }
    }

    private func store(
        _ number: UInt64, _ content: [UInt8], in writer: SpoolWriter
    ) async throws -> (QueueEntryKey, SpoolLocation) {
        let message = DeliveryJob.sample(number).message
        var stored = SpoolContent.inline([content])
        if content.count > 256 << 10 {
            let large = try writer.beginLargeContent(message.id)
            try large.append(content)
            stored = .large(try large.finish())
        }
        let location = await withCheckedContinuation { continuation in
            writer.append(message, content: stored) { continuation.resume(returning: $0) }
        }
        return (QueueEntryKey(message: message.id, entry: 0), try location.get())
    }

    /// Runs the whole program against a peer; the reports in the order of their entries.
    private func run(
        _ queue: Queue, _ items: [(QueueEntryKey, SpoolLocation)], _ port: UInt16, reportsStress: Bool = false
    ) async throws -> [OutcomeReport] {
        let (mine, theirs) = try Sockets.sequencedPacketPair()
        var options = WorkSession.Options(jobControllerSocket: queue.path + "/none", queue: queue.path)
        options.control = theirs
        options.takesSignals = false
        let session = try WorkSession(options)
        let (codes, code) = AsyncStream<Int32>.makeStream()
        SystemThread.start("client") {
            let program = SMTPClientProgram(
                settings: .direct(port), source: SessionWorkSource(session, reportsStress: reportsStress),
                notifier: { $1(nil) })
            code.yield(program.run(session))
            code.finish()
        }
        let reports = try Controller(mine).serve(items)
        for await code in codes { #expect(code == 0) }
        return reports.sorted { $0.key < $1.key }
    }

    @Test func storedMessagesAreDelivered() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let queue = try Queue()
        var options = SpoolWriterOptions()
        options.segmentSize = 4 << 20
        let writer = try SpoolWriter(queue: queue.path, name: "test", options: options)
        let small = Array("Subject: small\r\n\r\nx\r\n".utf8)
        let large = Array(("Subject: large\r\n\r\n" + String(repeating: "line\r\n", count: 200_000)).utf8)
        let items = [
            try await store(1, small, in: writer), try await store(2, large, in: writer),
            try await store(3, [], in: writer),
        ]
        writer.close()
        let reports = try await run(queue, items, peer.port)
        #expect(reports.map { words($0.results) } == Array(repeating: ["delivered 2.5.0"], count: 3))
        let data = Dictionary(
            peer.record.messages.map { ($0.data.utf8.count, $0.data) }, uniquingKeysWith: { first, _ in first })
        #expect(data[small.count] == String(decoding: small, as: UTF8.self))
        #expect(data[large.count] == String(decoding: large, as: UTF8.self))
        #expect(data[0] == "")
    }

    /// A store that takes nothing now is overloaded (job-controller specification, 6.8); a host of the network that says so
    /// is one of many.
    @Test(arguments: [
        ("452 4.3.1 full", true, true), ("452 4.2.2 full", true, false), ("452 4.3.1 full", false, false),
    ])
    func stressIsReported(reply: String, isStore: Bool, isStressed: Bool) async throws {
        let peer = try Peer { $0.stage == .mail ? .say(reply) : .usual }.start()
        defer { peer.stop() }
        let queue = try Queue()
        var options = SpoolWriterOptions()
        options.segmentSize = 4 << 20
        let writer = try SpoolWriter(queue: queue.path, name: "test", options: options)
        let item = try await store(1, Array("Subject: x\r\n\r\nx\r\n".utf8), in: writer)
        writer.close()
        let reports = try await run(queue, [item], peer.port, reportsStress: isStore)
        #expect(reports.map(\.isStressed) == [isStressed])
        #expect(reports.first?.results.map(\.result) == [.failedTemporarily])
    }

    @Test func damagedRecordsAreReported() async throws {
        let peer = try Peer().start()
        defer { peer.stop() }
        let queue = try Queue()
        var options = SpoolWriterOptions()
        options.segmentSize = 4 << 20
        let writer = try SpoolWriter(queue: queue.path, name: "test", options: options)
        let content = Array("Subject: x\r\n\r\nx\r\n".utf8)
        let good = try await store(1, content, in: writer)
        writer.close()
        var shifted = good.1
        shifted.offset += 8
        var elsewhere = good.1
        elsewhere.segment = "absent-1"
        let reports = try await run(
            queue,
            [
                good, (QueueEntryKey(message: MessageID(rawValue: 2), entry: 0), shifted),
                (QueueEntryKey(message: MessageID(rawValue: 3), entry: 0), elsewhere),
            ], peer.port)
        #expect(words(reports.first?.results) == ["delivered 2.5.0"])
        #expect(reports.count == 3)
        #expect(reports[1].unreadable != nil)
        #expect(words(reports[2].results) == ["temporary 4.3.0"])
    }
}
