import Envelope
import Spool
import Synchronization
import SystemCalls

/// Puts messages into the queue for commands: as any enqueuing process does, each durable before it counts.
final class QueueEnqueuer {
    private let writer: SpoolWriter
    /// Held while ids are made.
    private let slot: WriterSlot
    private var generator: MessageIDGenerator

    /// Root becomes the user whom the queue belongs to: other files would be in the way of its processes. It keeps the
    /// right to read its own (``Processes/withFilesOfRoot(_:)``), as that is whom an export by root belongs to.
    init(queue: String) throws {
        if Users.isRoot, let owner = try? Files.ownership(queue), owner.user != 0 {
            guard let user = Users.numbered(owner.user) else {
                throw QueueFailure("%QM-E-NOUSER, \(queue) belongs to user \(owner.user), who has no name", status: 77)
            }
            try Processes.setPrivilegesAside(for: user.name)
        }
        try QueueStore.prepare(queue: queue)
        slot = try WriterSlot(queue: queue)
        var options = SpoolWriterOptions()
        // It is read to its end and given back soon.
        options.segmentSize = 8 << 20
        writer = try SpoolWriter(queue: queue, name: SpoolWriter.uniqueName(), options: options)
        generator = MessageIDGenerator(slot: slot.number, generation: slot.generation, now: Self.now)
    }

    private static var now: UInt64 { UInt64(SystemClock.wallNanoseconds / 1_000_000) }

    func newID() -> MessageID { generator.next(now: Self.now) }

    /// Enqueues; the message is durable when it returns. `next`: the next piece of the content, empty at its end.
    func enqueue(_ message: QueuedMessage, size: Int, next: () throws -> [UInt8]) throws {
        let content: SpoolContent
        if size > writer.options.largeThreshold {
            // What is made again has the same id, and may have left its file.
            let large = try writer.beginLargeContent(message.id, resuming: true)
            do {
                while case let piece = try next(), !piece.isEmpty { try large.append(piece) }
                content = .large(try large.finish())
            } catch {
                large.abandon()
                throw error
            }
        } else {
            var pieces: [[UInt8]] = []
            while case let piece = try next(), !piece.isEmpty { pieces.append(piece) }
            content = .inline(pieces)
        }
        let done = Semaphore()
        let outcome = Mutex<Result<SpoolLocation, SpoolError>?>(nil)
        writer.append(message, content: content) { result in
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        _ = try outcome.withLock { $0 }?.get()
    }

    /// Nothing more comes: the Job Controller may take over what was written.
    func close() { writer.close() }
}
