import InternetMessage
import Synchronization

/// Content in the form of a server without 8BITMIME (RFC 6152 section 3) or BINARYMIME (RFC 3030): parts with 8-bit
/// octets become quoted-printable or base64. What is signed, encrypted or not understood may not be changed.
///
/// What comes of it must be known before MAIL, for SIZE and for a refusal in time. Large content is read for that a piece
/// at a time, once to look for 8-bit octets and once to convert and to measure, so that the event loop can serve other
/// connections in between; it is converted again while it is sent. Nothing of it stays in memory.
struct Downgrade {
    /// What came of one step.
    enum Step {
        case unfinished
        /// The content in 7 bits; content that has them only as it is, unless it is binary: not in lines.
        case converted(OutgoingContent)
        /// It cannot be had in 7 bits.
        case impossible
    }

    private enum Phase {
        case looking
        case measuring(ContentConverter, size: Int)
    }

    private let content: OutgoingContent
    private let isBinary: Bool
    private let wishes: ContentConverter.Wishes
    private var phase: Phase
    /// Octets read in this phase.
    private var offset = 0

    init(_ content: OutgoingContent, isBinary: Bool) {
        self.content = content
        self.isBinary = isBinary
        wishes = isBinary ? .forBinaryContent : ContentConverter.Wishes(sevenBit: true)
        phase = isBinary ? .measuring(ContentConverter(wishes), size: 0) : .looking
    }

    /// Why content cannot go to a server.
    var refusal: OutgoingTransaction.Refusal {
        .permanent(
            "5.6.3",
            isBinary
                ? "binary content that may not be converted, and the host does not offer BINARYMIME"
                : "8-bit content that may not be converted, and the host does not offer 8BITMIME")
    }

    /// Reads one piece of large content; does all that is to be done for content in memory.
    mutating func step() throws(OutgoingTransaction.Refusal) -> Step {
        switch content {
        case .bytes(let bytes):
            guard isBinary || bytes.hasEightBit else { return .converted(content) }
            let (converted, findings) = ContentConverter.convert([Array(bytes)], wishes)
            return findings.hasEightBit ? .impossible : .converted(.bytes(converted[...]))
        case .stream(_, let read):
            let piece: [UInt8]
            do { piece = try read(offset, ContentSender.pieceSize) } catch { throw .unreadable(error) }
            offset += piece.count
            return take(piece, read)
        }
    }

    private mutating func take(_ piece: [UInt8], _ read: @escaping @Sendable (Int, Int) throws -> [UInt8]) -> Step {
        switch phase {
        case .looking:
            if piece.isEmpty { return .converted(content) }
            if piece[...].hasEightBit {
                phase = .measuring(ContentConverter(wishes), size: 0)
                offset = 0
            }
            return .unfinished
        case .measuring(var converter, var size):
            // Given up first, so that the converter's buffers are not copied.
            phase = .looking
            var output: [UInt8] = []
            if piece.isEmpty { converter.finish(into: &output) } else { converter.convert(piece[...], into: &output) }
            size += output.count
            guard piece.isEmpty else {
                phase = .measuring(converter, size: size)
                return .unfinished
            }
            guard !converter.findings.hasEightBit else { return .impossible }
            let reader = Reader(read, wishes)
            return .converted(.stream(size: size) { try reader.read($0, $1) })
        }
    }

    /// Reads converted content from front to back; from the front again when that is asked for.
    private final class Reader: Sendable {
        private struct State {
            var converter: ContentConverter
            /// Octets of the original that have been read.
            var offset = 0
            /// Converted octets given away, and those that wait.
            var given = 0
            var waiting: [UInt8] = []
            var isComplete = false
        }

        private let source: @Sendable (Int, Int) throws -> [UInt8]
        private let wishes: ContentConverter.Wishes
        private let state: Mutex<State>

        init(_ source: @escaping @Sendable (Int, Int) throws -> [UInt8], _ wishes: ContentConverter.Wishes) {
            self.source = source
            self.wishes = wishes
            state = Mutex(State(converter: ContentConverter(wishes)))
        }

        func read(_ offset: Int, _ maximum: Int) throws -> [UInt8] {
            try state.withLock { state in
                if offset < state.given { state = State(converter: ContentConverter(wishes)) }
                while true {
                    let skipped = min(offset - state.given, state.waiting.count)
                    state.waiting.removeFirst(skipped)
                    state.given += skipped
                    if state.given == offset, !state.waiting.isEmpty || state.isComplete {
                        let piece = Array(state.waiting.prefix(maximum))
                        state.waiting.removeFirst(piece.count)
                        state.given += piece.count
                        return piece
                    }
                    if state.isComplete { return [] }
                    try Self.advance(&state, source)
                }
            }
        }

        private static func advance(
            _ state: inout State, _ source: @Sendable (Int, Int) throws -> [UInt8]
        ) throws {
            let piece = try source(state.offset, ContentSender.pieceSize)
            state.offset += piece.count
            guard piece.isEmpty else { return state.converter.convert(piece[...], into: &state.waiting) }
            state.converter.finish(into: &state.waiting)
            state.isComplete = true
        }
    }
}
