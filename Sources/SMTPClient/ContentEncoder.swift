import Glibc
package import NIOCore

/// Writes message content as it goes over the wire. Takes the content in pieces of any size. Every line that leaves ends
/// in CRLF, whatever is in the queue: a bare CR or LF could be read differently by the next server (SMTP specification,
/// 7.2 rule 4).
package struct ContentEncoder: Sendable {
    package enum Form: Hashable, Sendable {
        /// For DATA: a second dot before a leading one, `.` CRLF at the end (RFC 5321 section 4.5.2).
        case dotStuffed
        /// For BDAT (RFC 3030).
        case lines
        /// BDAT of BODY=BINARYMIME: as it is.
        case binary
    }

    private static let cr = UInt8(ascii: "\r")
    private static let lf = UInt8(ascii: "\n")
    private static let dot = UInt8(ascii: ".")

    private let form: Form
    private var isAtLineStart = true
    /// The last piece ended in a CR, which is not written yet.
    private var owesLineEnd = false

    package init(_ form: Form) { self.form = form }

    /// Appends the encoded form of a piece to `output`.
    package mutating func encode(_ piece: UnsafeRawBufferPointer, into output: inout ByteBuffer) {
        guard form != .binary, let first = piece.first else {
            output.writeBytes(piece)
            return
        }
        var position = 0
        if owesLineEnd {
            position = first == Self.lf ? 1 : 0
            endLine(&output)
        }
        // What is not yet copied; whole runs of lines go at once.
        var run = position
        while position < piece.count {
            if isAtLineStart, form == .dotStuffed, piece[position] == Self.dot {
                output.writeBytes(UnsafeRawBufferPointer(rebasing: piece[run...position]))
                run = position
            }
            isAtLineStart = false
            let (end, next) = Self.line(piece, from: position)
            guard let end else { break }
            position = next
            isAtLineStart = true
            // Already CRLF: nothing to do.
            if next == end + 2 { continue }
            output.writeBytes(UnsafeRawBufferPointer(rebasing: piece[run..<end]))
            run = next
            if next == piece.count, piece[end] == Self.cr {
                // It may be the first half of a CRLF.
                owesLineEnd = true
            } else {
                output.writeStaticString("\r\n")
            }
        }
        output.writeBytes(UnsafeRawBufferPointer(rebasing: piece[run...]))
    }

    package mutating func encode(_ piece: ArraySlice<UInt8>, into output: inout ByteBuffer) {
        piece.withUnsafeBytes { encode($0, into: &output) }
    }

    /// Appends what ends the content: CRLF when the last line has none, and after DATA the dot on a line of its own.
    package mutating func finish(into output: inout ByteBuffer) {
        guard form != .binary else { return }
        if owesLineEnd || !isAtLineStart { endLine(&output) }
        if form == .dotStuffed { output.writeStaticString(".\r\n") }
    }

    private mutating func endLine(_ output: inout ByteBuffer) {
        output.writeStaticString("\r\n")
        owesLineEnd = false
        isAtLineStart = true
    }

    /// Where the line at `start` ends, and where the next one begins; nil when it goes on in the next piece.
    private static func line(_ piece: UnsafeRawBufferPointer, from start: Int) -> (end: Int?, next: Int) {
        let lineFeed = find(lf, piece, start, piece.count)
        if let carriageReturn = find(cr, piece, start, lineFeed ?? piece.count) {
            let isWhole = carriageReturn + 1 == lineFeed
            return (carriageReturn, carriageReturn + (isWhole ? 2 : 1))
        }
        guard let lineFeed else { return (nil, piece.count) }
        return (lineFeed, lineFeed + 1)
    }

    private static func find(_ byte: UInt8, _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base + start, Int32(byte), end - start) else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }
}
