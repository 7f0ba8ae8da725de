import Envelope
import NIOCore

/// Sends content that is too large for memory: reads, encodes and writes a piece at a time, no faster than the socket
/// takes it.
struct ContentSender {
    /// Bytes of content read at once.
    static let pieceSize = 128 << 10

    enum Step {
        /// The socket's buffer is full; go on when it is writable again.
        case wait
        /// The final dot has been written.
        case done
        /// Nothing more can be sent: the connection must be closed before the final dot.
        case failed(OutgoingTransaction.Refusal)
    }

    private let read: @Sendable (Int, Int) throws -> [UInt8]
    private let size: Int
    /// Bytes of content written.
    private(set) var offset = 0
    private var stuffer = DotStuffer()

    init(size: Int, read: @escaping @Sendable (Int, Int) throws -> [UInt8]) {
        self.size = size
        self.read = read
    }

    /// Writes while the channel takes it.
    mutating func advance(_ channel: any Channel) -> Step {
        while true {
            guard channel.isWritable else { return .wait }
            let piece: [UInt8]
            do { piece = try read(offset, Self.pieceSize) } catch { return .failed(.unreadable(error)) }
            var buffer = channel.allocator.buffer(capacity: piece.count + piece.count / 32 + 16)
            let isEnd = piece.isEmpty
            do throws(DotStuffer.Problem) {
                if isEnd { try stuffer.finish(into: &buffer) } else { try stuffer.encode(piece[...], into: &buffer) }
            } catch {
                return .failed(OutgoingTransaction.Refusal(error))
            }
            if isEnd, offset < size { return .failed(.shortened(size: size, read: offset)) }
            offset += piece.count
            channel.writeAndFlush(buffer, promise: nil)
            if isEnd { return .done }
        }
    }
}

extension OutgoingTransaction.Refusal {
    static func shortened(size: Int, read: Int) -> Self {
        Self(result: .failedTemporarily, status: "4.3.0", text: "content ends after \(read) of \(size) bytes")
    }
}
