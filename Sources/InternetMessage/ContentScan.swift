import Glibc

/// What the octets of a message are like, found while they stream by in chunks of any size: at memory speed, nothing is
/// kept (smtp specification, 7.2 to 7.4).
package struct ContentScan: Hashable, Sendable {
    package private(set) var octets: Int64 = 0
    /// Line feeds so far.
    package private(set) var lines: Int64 = 0
    /// Octets of the longest line without its line end.
    package private(set) var longestLine = 0
    package private(set) var hasEightBit = false
    package private(set) var hasNUL = false
    package private(set) var hasBareLineFeed = false
    private var sawBareCarriageReturn = false
    private var lineLength = 0
    private var endsInCarriageReturn = false

    package init() {}

    /// Whether a CR stands without LF; a CR that is the last octet so far counts.
    package var hasBareCarriageReturn: Bool { sawBareCarriageReturn || endsInCarriageReturn }

    /// Whether the content so far is empty or ends in a line end.
    package var endsInLineEnd: Bool { lineLength == 0 }

    package mutating func scan(_ chunk: [UInt8]) {
        chunk.withUnsafeBytes { scan($0) }
    }

    /// Takes the next chunk.
    package mutating func scan(_ chunk: UnsafeRawBufferPointer) {
        guard let base = chunk.baseAddress, !chunk.isEmpty else { return }
        octets += Int64(chunk.count)
        if !hasEightBit { hasEightBit = Self.hasHighBit(chunk) }
        if !hasNUL { hasNUL = memchr(base, 0, chunk.count) != nil }
        if endsInCarriageReturn, chunk[0] != Octet.lineFeed { sawBareCarriageReturn = true }
        var start = 0
        while start < chunk.count, let found = memchr(base + start, 10, chunk.count - start) {
            let lineFeed = base.distance(to: UnsafeRawPointer(found))
            endLine(chunk, start, lineFeed)
            start = lineFeed + 1
        }
        if start < chunk.count {
            endsInCarriageReturn = chunk[chunk.count - 1] == Octet.carriageReturn
            let end = endsInCarriageReturn ? chunk.count - 1 : chunk.count
            findBareCarriageReturn(base, start, end)
            lineLength += chunk.count - start
            longestLine = max(longestLine, endsInCarriageReturn ? lineLength - 1 : lineLength)
        } else {
            endsInCarriageReturn = false
        }
    }

    private mutating func endLine(_ chunk: UnsafeRawBufferPointer, _ start: Int, _ lineFeed: Int) {
        let isComplete = lineFeed > 0 ? chunk[lineFeed - 1] == Octet.carriageReturn : endsInCarriageReturn
        if !isComplete { hasBareLineFeed = true }
        let end = isComplete && lineFeed > start ? lineFeed - 1 : lineFeed
        if !sawBareCarriageReturn, end > start, let base = chunk.baseAddress {
            findBareCarriageReturn(base, start, end)
        }
        longestLine = max(longestLine, lineLength + lineFeed - start - (isComplete ? 1 : 0))
        lineLength = 0
        lines += 1
    }

    private mutating func findBareCarriageReturn(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) {
        if end > start, memchr(base + start, 13, end - start) != nil { sawBareCarriageReturn = true }
    }

    private static func hasHighBit(_ chunk: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        var collected: UInt64 = 0
        while index + 8 <= chunk.count {
            collected |= chunk.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < chunk.count {
            collected |= UInt64(chunk[index])
            index += 1
        }
        return collected & 0x8080_8080_8080_8080 != 0
    }
}
