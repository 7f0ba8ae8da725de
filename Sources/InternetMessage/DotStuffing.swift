import Glibc

/// Writes message content as the data phase of SMTP needs it (RFC 5321 section 4.5.2): a dot before each leading dot,
/// every line ended by CRLF and nothing else, whatever the content holds (smtp specification, 7.2 rule 4).
package struct DotStuffing: Sendable {
    private var atLineStart = true
    private var pendingCarriageReturn = false

    package init() {}

    /// Appends the next chunk of the content. A CR at its end waits for what follows.
    package mutating func append(_ chunk: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        guard !chunk.isEmpty else { return }
        output.reserveCapacity(output.count + chunk.count + chunk.count / 32 + 4)
        var start = 0
        if pendingCarriageReturn {
            pendingCarriageReturn = false
            if chunk[0] == Octet.lineFeed { start = 1 }
            endLine(&output)
        }
        while start < chunk.count {
            if atLineStart, chunk[start] == Octet.dot { output.append(Octet.dot) }
            atLineStart = false
            let end = Self.lineEnd(chunk, start)
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[start..<end]))
            guard end < chunk.count else { return }
            start = end + 1
            if chunk[end] == Octet.carriageReturn {
                guard start < chunk.count else {
                    pendingCarriageReturn = true
                    return
                }
                if chunk[start] == Octet.lineFeed { start += 1 }
            }
            endLine(&output)
        }
    }

    package mutating func append(_ chunk: [UInt8], to output: inout [UInt8]) {
        chunk.withUnsafeBytes { append($0, to: &output) }
    }

    /// Ends the last line if it is open and appends the final dot line.
    package mutating func finish(_ output: inout [UInt8]) {
        if pendingCarriageReturn || !atLineStart { endLine(&output) }
        pendingCarriageReturn = false
        output.append(contentsOf: ".\r\n".utf8)
    }

    private mutating func endLine(_ output: inout [UInt8]) {
        output.append(Octet.carriageReturn)
        output.append(Octet.lineFeed)
        atLineStart = true
    }

    /// Index of the first CR or LF from `start` on, or the count.
    private static func lineEnd(_ chunk: UnsafeRawBufferPointer, _ start: Int) -> Int {
        guard let base = chunk.baseAddress else { return chunk.count }
        let length = chunk.count - start
        let lineFeed = memchr(base + start, 10, length).map { base.distance(to: UnsafeRawPointer($0)) } ?? chunk.count
        guard lineFeed > start else { return lineFeed }
        return memchr(base + start, 13, lineFeed - start).map { base.distance(to: UnsafeRawPointer($0)) } ?? lineFeed
    }
}
