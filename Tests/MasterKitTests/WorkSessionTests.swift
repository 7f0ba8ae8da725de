import Envelope
import Glibc
import ProcessPool
import Spool
import Synchronization
import SystemCalls
import Testing

@testable import MasterKit

/// The test plays the Job Controller on the other end of the socket.
@Suite(.timeLimit(.minutes(5))) struct WorkSessionTests {
    /// A control socket read with waiting.
    final class Controller {
        let socket: OwnedDescriptor

        init(_ number: Int32) { socket = OwnedDescriptor(owning: number) }

        func send(_ message: ControlMessage) throws {
            try message.encoded().withUnsafeBytes { _ = try Sockets.send(socket.number, $0, wait: true) }
        }

        /// The next message; nil at the end.
        func receive() throws -> ControlMessage? {
            var buffer = [UInt8](repeating: 0, count: ControlMessage.maximumLength)
            let received = try buffer.withUnsafeMutableBytes {
                try Sockets.receive(socket.number, into: $0, wait: true)
            }
            guard case .message(let count, _, _) = received else { return nil }
            return try ControlMessage(bytes: buffer[..<count])
        }

        func item(_ number: UInt64, thread: UInt32) throws {
            let item = ItemMessage(
                thread: thread, key: QueueEntryKey(message: MessageID(rawValue: number), entry: 0),
                location: SpoolLocation(segment: "none-1", offset: 64, length: 100))
            try send(ControlMessage(.item, groups: item.groups))
        }
    }

    static func temporaryDirectory() throws -> String {
        var template = Array("/tmp/martlet-jobs-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func remove(_ directory: String) {
        for name in (try? Files.list(directory)) ?? [] { unlink(directory + "/" + name) }
        rmdir(directory)
    }

    /// A session whose threads run `handler`, and the other end of its socket. The stream gives the exit code.
    static func start(
        _ directory: String, threads: Int = 1, count: Int = 1, handler: @escaping @Sendable (WorkItem) -> Void
    ) throws -> (Controller, AsyncStream<Int32>) {
        let (mine, theirs) = try Sockets.sequencedPacketPair()
        var options = WorkSession.Options(jobControllerSocket: directory + "/jc.sock", queue: directory)
        options.control = theirs
        options.takesSignals = false
        options.reconnectInterval = 5
        let session = try WorkSession(options)
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        SystemThread.start("session") {
            continuation.yield(MasterProgram.run(session, threads: threads, count: count, handler: handler))
            continuation.finish()
        }
        return (Controller(mine), stream)
    }

    static func delivered(_ item: WorkItem) {
        item.finish(item.pending.map { RecipientOutcome(recipient: $0, result: .delivered, status: "2.0.0") })
    }

    @Test func asksDeliversAndExits() async throws {
        let directory = try Self.temporaryDirectory()
        defer { Self.remove(directory) }
        let (controller, exit) = try Self.start(directory, threads: 1, count: 3) { Self.delivered($0) }
        #expect(try controller.receive()?.type == .hello)
        let ask = try #require(try controller.receive())
        #expect(ask.type == .work)
        #expect(WorkRequest(ask.groups[0]) == WorkRequest(thread: 1, count: 3))
        try controller.send(ControlMessage(.none, ["thread": "1"]))
        try controller.item(7, thread: 1)
        var keys: [QueueEntryKey] = []
        var asked = false
        while !asked {
            let message = try #require(try controller.receive())
            if message.type == .outcome { keys += message.groups.compactMap { OutcomeReport.read($0)?.report.key } }
            asked = message.type == .work
        }
        #expect(keys == [QueueEntryKey(message: MessageID(rawValue: 7), entry: 0)])
        try controller.send(ControlMessage(.exit))
        // It waits until the outcome is durable.
        for message in EntryList.messages(.durable, keys) { try controller.send(message) }
        var codes: [Int32] = []
        for await code in exit { codes.append(code) }
        #expect(codes == [0])
    }

    @Test func unfinishedAndUnwantedItemsAreGivenBack() async throws {
        let directory = try Self.temporaryDirectory()
        defer { Self.remove(directory) }
        let (controller, exit) = try Self.start(directory) { _ in }
        #expect(try controller.receive()?.type == .hello)
        #expect(try controller.receive()?.type == .work)
        try controller.item(1, thread: 1)
        try controller.item(2, thread: 99)
        var returned: Set<UInt64> = []
        while returned.count < 2 {
            let message = try #require(try controller.receive())
            guard message.type == .release else { continue }
            for key in EntryList.keys(in: message) {
                returned.insert(key.message.rawValue)
                for message in EntryList.messages(.durable, [key]) { try controller.send(message) }
            }
        }
        #expect(returned == [1, 2])
        try controller.send(ControlMessage(.exit))
        for await code in exit { #expect(code == 0) }
    }

    /// An entry comes back as a new item, because some recipients are to be tried again, while the former item still
    /// lives: its end does not give the new one back.
    @Test func anItemThatIsOverDoesNotGiveItsSuccessorBack() async throws {
        let directory = try Self.temporaryDirectory()
        defer { Self.remove(directory) }
        let kept = Mutex<[WorkItem]>([])
        let (controller, exit) = try Self.start(directory) { item in
            let isFirst = kept.withLock { kept in
                kept.append(item)
                return kept.count == 1
            }
            if isFirst { return item.finish([]) }
            kept.withLock { _ = $0.removeFirst() }
            Self.delivered(item)
        }
        #expect(try controller.receive()?.type == .hello)
        var outcomes: [Int] = []
        while outcomes.count < 2 {
            let message = try #require(try controller.receive())
            #expect(message.type != .release)
            if message.type == .work { try controller.item(7, thread: 1) }
            guard message.type == .outcome else { continue }
            for report in message.groups.compactMap({ OutcomeReport.read($0)?.report }) {
                outcomes.append(report.results.count)
                for answer in EntryList.messages(.durable, [report.key]) { try controller.send(answer) }
            }
        }
        #expect(outcomes == [0, 1])
        try controller.send(ControlMessage(.exit))
        for await code in exit { #expect(code == 0) }
    }

    /// The Job Controller goes away: the copy in hand is finished and its outcome told to the next one.
    @Test func outcomeGoesToTheNextJobController() async throws {
        let directory = try Self.temporaryDirectory()
        defer { Self.remove(directory) }
        let begun = Answer<Bool>()
        let gate = Answer<Bool>()
        let (first, exit) = try Self.start(directory) { item in
            begun.put(true)
            _ = gate.take()
            Self.delivered(item)
        }
        #expect(try first.receive()?.type == .hello)
        #expect(try first.receive()?.type == .work)
        try first.item(5, thread: 1)
        #expect(begun.take())
        shutdown(first.socket.number, Int32(SHUT_RDWR))
        let listener = try UnixSockets.listen(directory + "/jc.sock", .sequencedPacket)
        Sockets.setNonBlocking(listener.number, false)
        guard case .connection(let number, _) = Sockets.accept(listener.number) else {
            Issue.record("no connection")
            return
        }
        Sockets.setNonBlocking(number, false)
        let second = Controller(number)
        #expect(try second.receive()?.type == .hello)
        let kept = try #require(try second.receive())
        #expect(kept.type == .keep)
        #expect(EntryList.keys(in: kept).map(\.message.rawValue) == [5])
        gate.put(true)
        let outcome = try #require(try second.receive())
        #expect(outcome.type == .outcome)
        let keys = outcome.groups.compactMap { OutcomeReport.read($0)?.report.key }
        for message in EntryList.messages(.durable, keys) { try second.send(message) }
        for await code in exit { #expect(code == 0) }
    }

    /// Notices go out in batches; a reconnect says how far the segment is committed.
    @Test func noticesAreSentAndRepeatedAfterAReconnect() throws {
        let directory = try Self.temporaryDirectory()
        defer { Self.remove(directory) }
        let path = directory + "/jc.sock"
        let listener = try UnixSockets.listen(path, .sequencedPacket)
        Sockets.setNonBlocking(listener.number, false)
        let sender = try NoticeSender(path: path)
        defer { sender.close() }
        func accept() throws -> Controller {
            guard case .connection(let number, _) = Sockets.accept(listener.number) else {
                throw SystemCallError.current("accept")
            }
            Sockets.setNonBlocking(number, false)
            return Controller(number)
        }
        let first = try accept()
        sender.send((1...50).map { Self.committed($0) })
        var ids: [UInt64] = []
        while ids.count < 50 {
            let message = try #require(try first.receive())
            guard message.type == .notice else { continue }
            ids += message.groups.compactMap { NoticeMessages.read($0)?.message.rawValue }
        }
        #expect(ids == (1...50).map { UInt64($0) })
        shutdown(first.socket.number, Int32(SHUT_RDWR))
        let second = try accept()
        let message = try #require(try second.receive())
        #expect(message.type == .upTo)
        #expect(NoticeMessages.readUpTo(message.groups[0])?.end == Self.committed(50).location.end)
    }

    static func committed(_ number: Int) -> CommittedMessage {
        let entry = QueueEntry(channel: "tcp_local", host: "a.example", recipients: [])
        let message = QueuedMessage(
            id: MessageID(rawValue: UInt64(number)), arrival: 1_700_000_000_000, sourceChannel: "tcp_submit",
            sender: "a@b", entries: [entry])
        return CommittedMessage(
            message: message, location: SpoolLocation(segment: "w-1", offset: number * 1024, length: 500), size: 300)
    }
}
