import Glibc
package import NIOCore

/// Writes message content in the form of DATA (RFC 5321 section 4.5.2): a second dot before a leading one, CRLF at the
/// end, then the final dot. Takes the content in pieces of any size. What has a bare CR or LF is refused (SMTP
/// specification, 7.2 rule 4): it could be read differently by the next server.
package struct DotStuffer: Sendable {
    package enum Problem: Error, Hashable, Sendable {
        case bareLineFeed
        case bareCarriageReturn
    }

    private static let cr = UInt8(ascii: "\r")
    private static let lf = UInt8(ascii: "\n")
    private static let dot = UInt8(ascii: ".")

    private var isAtLineStart = true
    /// The last piece ended in CR.
    private var owesLineFeed = false

    package init() {}

    /// Appends the encoded form of a piece to `output`.
    package mutating func encode(
        _ piece: UnsafeRawBufferPointer, into output: inout ByteBuffer
    ) throws(Problem) {
        var position = 0
        if owesLineFeed, let first = piece.first {
            guard first == Self.lf else { throw .bareCarriageReturn }
            owesLineFeed = false
            isAtLineStart = true
            position = 1
        }
        // What is not yet copied; whole runs of lines go at once.
        var run = 0
        while position < piece.count {
            if isAtLineStart, piece[position] == Self.dot {
                output.writeBytes(UnsafeRawBufferPointer(rebasing: piece[run...position]))
                run = position
            }
            position = try line(piece, from: position)
        }
        output.writeBytes(UnsafeRawBufferPointer(rebasing: piece[run...]))
    }

    package mutating func encode(_ piece: ArraySlice<UInt8>, into output: inout ByteBuffer) throws(Problem) {
        let result = piece.withUnsafeBytes { bytes in
            Result { () throws(Problem) in try encode(bytes, into: &output) }
        }
        try result.get()
    }

    /// Appends what ends the data, `.` CRLF, on a line of its own.
    package mutating func finish(into output: inout ByteBuffer) throws(Problem) {
        guard !owesLineFeed else { throw .bareCarriageReturn }
        if !isAtLineStart { output.writeStaticString("\r\n") }
        output.writeStaticString(".\r\n")
        isAtLineStart = true
    }

    /// Checks one line, or what there is of it; returns where the next begins.
    private mutating func line(_ piece: UnsafeRawBufferPointer, from start: Int) throws(Problem) -> Int {
        let rest = UnsafeRawBufferPointer(rebasing: piece[start...])
        let end = Self.find(Self.lf, rest) ?? rest.count
        let hasEnd = end < rest.count
        let carriageReturn = Self.find(Self.cr, UnsafeRawBufferPointer(rebasing: rest[..<end]))
        if let carriageReturn, carriageReturn != end - 1 { throw .bareCarriageReturn }
        if hasEnd, carriageReturn == nil { throw .bareLineFeed }
        isAtLineStart = hasEnd
        owesLineFeed = !hasEnd && carriageReturn != nil
        return start + (hasEnd ? end + 1 : rest.count)
    }

    private static func find(_ byte: UInt8, _ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base, Int32(byte), bytes.count) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
