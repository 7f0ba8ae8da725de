import Enqueue
import InternetMessage
import NIOCore
import NIOPosix

/// Content above the threshold on its way to a file of its own, written by a thread of a pool. Confined to the event loop
/// of its session.
final class LargeContentStream {
    /// Octets that may wait to be written before the session stops reading.
    static let mostWaiting = 1 << 20

    let facts: HeaderFacts
    private let writer: any ContentWriter
    private let pool: NIOThreadPool
    private let loop: any EventLoop
    private var tail: EventLoopFuture<Void>
    private(set) var waiting = 0

    init(_ writer: any ContentWriter, facts: HeaderFacts, pool: NIOThreadPool, loop: any EventLoop) {
        self.writer = writer
        self.facts = facts
        self.pool = pool
        self.loop = loop
        tail = loop.makeSucceededVoidFuture()
    }

    /// What the conversion came to, once it is finished; nil without one.
    var findings: ContentConverter.Findings? { (writer as? ConvertingWriter)?.findings }
    var wishes: ContentConverter.Wishes? { (writer as? ConvertingWriter)?.wishes }

    var isFull: Bool { waiting > Self.mostWaiting }

    /// Writes `bytes` behind what came before; `relieved` is called when room is there again. A failure shows in
    /// ``finish(_:)``.
    func append(_ bytes: [UInt8], relieved: @escaping @Sendable () -> Void) {
        let (pool, writer, loop) = (pool, writer, loop)
        waiting += bytes.count
        tail = tail.flatMap {
            pool.runIfActive(eventLoop: loop) { try writer.append(bytes) }
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        tail.whenComplete { _ in
            let wasFull = bound.value.isFull
            bound.value.waiting -= bytes.count
            if wasFull, !bound.value.isFull { relieved() }
        }
    }

    /// Everything is written, and synced when it is for the queue, or the error after which the file is gone.
    func finish(_ completion: @escaping @Sendable (Result<StreamedContent, any Error>) -> Void) {
        let (pool, writer, loop) = (pool, writer, loop)
        tail.flatMap { pool.runIfActive(eventLoop: loop) { try writer.complete() } }
            .whenComplete { result in
                if case .failure = result { writer.abandon() }
                completion(result)
            }
    }

    /// The transaction was given up.
    func abandon() {
        let writer = writer
        tail.whenComplete { _ in writer.abandon() }
    }
}
