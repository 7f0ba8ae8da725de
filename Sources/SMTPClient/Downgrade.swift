import InternetMessage
import Synchronization

/// Content in the form of a server without 8BITMIME (RFC 6152 section 3): parts with 8-bit octets become
/// quoted-printable or base64. What is signed, encrypted or not understood may not be changed.
enum Downgrade {
    /// The content in 7 bits; nil when it cannot be had. Content that has them only is given back as it is, unless it is
    /// binary: not in lines.
    static func sevenBit(
        _ content: OutgoingContent, isBinary: Bool = false
    ) throws(OutgoingTransaction.Refusal) -> OutgoingContent? {
        let wishes = isBinary ? ContentConverter.Wishes.forBinaryContent : ContentConverter.Wishes(sevenBit: true)
        switch content {
        case .bytes(let bytes):
            guard isBinary || bytes.hasEightBit else { return content }
            let (converted, findings) = ContentConverter.convert([Array(bytes)], wishes)
            return findings.hasEightBit ? nil : .bytes(converted[...])
        case .stream(_, let read):
            if !isBinary, try !hasEightBit(read) { return content }
            // Once to learn what comes of it, for SIZE and for a refusal in time, and again to send it.
            guard let size = try measure(read, wishes) else { return nil }
            let reader = Reader(read, wishes)
            return .stream(size: size) { try reader.read($0, $1) }
        }
    }

    private static func hasEightBit(
        _ read: @Sendable (Int, Int) throws -> [UInt8]
    ) throws(OutgoingTransaction.Refusal) -> Bool {
        var offset = 0
        while true {
            let piece: [UInt8]
            do { piece = try read(offset, ContentSender.pieceSize) } catch { throw .unreadable(error) }
            if piece.isEmpty { return false }
            if piece[...].hasEightBit { return true }
            offset += piece.count
        }
    }

    /// Octets of the converted content; nil when 8-bit octets stay.
    private static func measure(
        _ read: @Sendable (Int, Int) throws -> [UInt8], _ wishes: ContentConverter.Wishes
    ) throws(OutgoingTransaction.Refusal) -> Int? {
        var converter = ContentConverter(wishes)
        var output: [UInt8] = []
        var size = 0
        var offset = 0
        while true {
            let piece: [UInt8]
            do { piece = try read(offset, ContentSender.pieceSize) } catch { throw .unreadable(error) }
            offset += piece.count
            if piece.isEmpty { converter.finish(into: &output) } else { converter.convert(piece[...], into: &output) }
            size += output.count
            output.removeAll(keepingCapacity: true)
            if piece.isEmpty { return converter.findings.hasEightBit ? nil : size }
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
