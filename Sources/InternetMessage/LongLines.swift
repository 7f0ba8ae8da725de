/// Cuts or wraps lines above the length SMTP allows while content streams by (smtp specification, 7.3). The content
/// has CRLF line ends only; what is longer than the limit is never kept but for one line.
package struct LongLines: Sendable {
    package enum Treatment: Sendable {
        /// `truncatesmtplonglines`
        case truncate
        /// `wrapsmtplonglines`: at a blank near the limit, else at the limit.
        case wrap
    }

    /// Octets of a line without CRLF (RFC 5321 section 4.5.3.1.6).
    package static let limit = 998
    /// How far before the limit a blank is looked for.
    private static let reach = 80

    /// Whether a line was changed: then the warning field is due.
    package private(set) var hasChanged = false
    private let treatment: Treatment
    private var line: [UInt8] = []
    private var isDropping = false

    package init(_ treatment: Treatment) {
        self.treatment = treatment
        line.reserveCapacity(Self.limit + 2)
    }

    /// The value of the header field that tells of it.
    package var warning: String {
        "Lines longer than SMTP allows found and " + (treatment == .truncate ? "truncated." : "wrapped.")
    }

    /// Takes the next chunk and appends what is decided.
    package mutating func append(_ chunk: [UInt8], to output: inout [UInt8]) {
        for octet in chunk {
            if octet == Octet.lineFeed {
                if line.last == Octet.carriageReturn { line.removeLast() }
                if line.count > Self.limit { shorten(&output) }
                flush(&output)
                output.append(Octet.carriageReturn)
                output.append(Octet.lineFeed)
                isDropping = false
            } else if !isDropping {
                line.append(octet)
                // One octet above the limit may be the CR of the line end.
                if line.count > Self.limit + 1 { shorten(&output) }
            }
        }
    }

    /// Appends what is left of a last line without line end.
    package mutating func finish(_ output: inout [UInt8]) {
        if line.count > Self.limit { shorten(&output) }
        flush(&output)
    }

    private mutating func flush(_ output: inout [UInt8]) {
        output.append(contentsOf: line)
        line.removeAll(keepingCapacity: true)
    }

    private mutating func shorten(_ output: inout [UInt8]) {
        hasChanged = true
        guard treatment == .wrap else {
            output.append(contentsOf: line[..<Self.limit])
            line.removeAll(keepingCapacity: true)
            isDropping = true
            return
        }
        let near = line[(Self.limit - Self.reach)..<Self.limit]
        let cut = near.lastIndex { $0.isBlank }.map { $0 + 1 } ?? Self.limit
        output.append(contentsOf: line[..<cut])
        output.append(Octet.carriageReturn)
        output.append(Octet.lineFeed)
        line.removeFirst(cut)
    }
}
