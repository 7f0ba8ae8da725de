import Enqueue
import InternetMessage
import NIOCore
import NIOPosix

/// Content above the threshold on its way to a file of its own, written by a thread of a pool. Confined to the event loop
/// of its session. Ends with one call of either ``finish(_:)`` or ``abandon()``.
final class LargeContentStream {
    /// Octets that may wait to be written before the session stops reading.
    static let mostWaiting = 1 << 20

    let facts: HeaderFacts
    private let writer: any ContentWriter
    private let pool: NIOThreadPool
    private let loop: any EventLoop
    /// Pieces that the next write takes, all of them: a hop to another thread for each would cost more than the write.
    private var next: [[UInt8]] = []
    /// The write that is under way.
    private var current: EventLoopFuture<Void>?
    private var failure: (any Error)?
    /// What is to be done when nothing is left to write.
    private var atEnd: (() -> Void)?
    private(set) var waiting = 0

    init(_ writer: any ContentWriter, facts: HeaderFacts, pool: NIOThreadPool, loop: any EventLoop) {
        self.writer = writer
        self.facts = facts
        self.pool = pool
        self.loop = loop
    }

    /// What the conversion came to, once it is finished; nil without one.
    var findings: ContentConverter.Findings? { (writer as? ConvertingWriter)?.findings }
    var wishes: ContentConverter.Wishes? { (writer as? ConvertingWriter)?.wishes }

    var isFull: Bool { waiting > Self.mostWaiting }

    /// Writes `bytes` behind what came before; `relieved` is called when room is there again. A failure shows in
    /// ``finish(_:)``.
    func append(_ bytes: [UInt8], relieved: @escaping () -> Void) {
        guard failure == nil else { return }
        waiting += bytes.count
        next.append(bytes)
        if current == nil { write(relieved) }
    }

    private func write(_ relieved: @escaping () -> Void) {
        let (pieces, writer) = (next, writer)
        next = []
        let write = pool.runIfActive(eventLoop: loop) { for piece in pieces { try writer.append(piece) } }
        current = write
        let bound = NIOLoopBound((self, relieved), eventLoop: loop)
        write.whenComplete { result in
            let (stream, relieved) = bound.value
            stream.written(pieces.reduce(0) { $0 + $1.count }, result, relieved)
        }
    }

    private func written(_ octets: Int, _ result: Result<Void, any Error>, _ relieved: @escaping () -> Void) {
        let wasFull = isFull
        waiting -= octets
        current = nil
        if case .failure(let error) = result, failure == nil { failure = error }
        // After a failure nothing more can be written; the rest of the message is read and forgotten.
        if failure != nil { (next, waiting) = ([], 0) }
        if !next.isEmpty {
            write(relieved)
        } else if let atEnd {
            self.atEnd = nil
            atEnd()
        }
        if wasFull, !isFull { relieved() }
    }

    private func whenWritten(_ action: @escaping () -> Void) {
        if current == nil { action() } else { atEnd = action }
    }

    /// Everything is written, and synced when it is for the queue, or the error after which the file is gone.
    func finish(_ completion: @escaping @Sendable (Result<StreamedContent, any Error>) -> Void) {
        let (pool, writer, loop) = (pool, writer, loop)
        whenWritten { [self] in
            let completed =
                failure.map { loop.makeFailedFuture($0) } ?? pool.runIfActive(eventLoop: loop) { try writer.complete() }
            completed.whenComplete { result in
                if case .failure = result { writer.abandon() }
                completion(result)
            }
        }
    }

    /// The transaction was given up.
    func abandon() {
        let writer = writer
        next = []
        whenWritten { writer.abandon() }
    }
}
