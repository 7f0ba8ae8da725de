import Envelope
import NIOCore

/// Sends content that is too large for memory: reads, encodes and writes a piece at a time, no faster than the socket
/// takes it. By BDAT each piece is a chunk.
struct ContentSender {
    /// Bytes of content read at once.
    static let pieceSize = 128 << 10
    /// Pieces written before other connections have their turn, however fast the socket takes them.
    private static let mostAtOnce = 4

    enum Step {
        /// The socket takes more; go on when other connections had their turn.
        case pause
        /// The socket's buffer is full; go on when it is writable again.
        case wait
        /// The final dot, or the last chunk, has been written.
        case done
        /// Nothing more can be sent: the connection must be closed before the end.
        case failed(OutgoingTransaction.Refusal)
    }

    private let read: @Sendable (Int, Int) throws -> [UInt8]
    private let size: Int
    private let usesChunks: Bool
    /// Bytes of content written.
    private(set) var offset = 0
    private var encoder: ContentEncoder
    private var chunks = 0

    init(size: Int, form: ContentEncoder.Form, read: @escaping @Sendable (Int, Int) throws -> [UInt8]) {
        self.size = size
        self.read = read
        usesChunks = form != .dotStuffed
        encoder = ContentEncoder(form)
    }

    /// The command before a chunk.
    static func chunk(_ size: Int, isLast: Bool, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(string: isLast ? "BDAT \(size) LAST\r\n" : "BDAT \(size)\r\n")
    }

    /// Chunks written that are not the last, since this was asked before.
    mutating func takeChunks() -> Int {
        defer { chunks = 0 }
        return chunks
    }

    /// Writes while the channel takes it, but no more than a few pieces.
    mutating func advance(_ channel: any Channel) -> Step {
        for _ in 0..<Self.mostAtOnce {
            guard channel.isWritable else { return .wait }
            let piece: [UInt8]
            do { piece = try read(offset, Self.pieceSize) } catch { return .failed(.unreadable(error)) }
            let isEnd = piece.isEmpty
            if isEnd, offset < size { return .failed(.shortened(size: size, read: offset)) }
            var buffer = channel.allocator.buffer(capacity: piece.count + piece.count / 32 + 16)
            if isEnd { encoder.finish(into: &buffer) } else { encoder.encode(piece[...], into: &buffer) }
            offset += piece.count
            if usesChunks {
                if !isEnd { chunks += 1 }
                channel.write(Self.chunk(buffer.readableBytes, isLast: isEnd, channel.allocator), promise: nil)
            }
            channel.writeAndFlush(buffer, promise: nil)
            if isEnd { return .done }
        }
        return .pause
    }
}

extension OutgoingTransaction.Refusal {
    static func shortened(size: Int, read: Int) -> Self {
        Self(result: .failedTemporarily, status: "4.3.0", text: "content ends after \(read) of \(size) bytes")
    }
}
