import Glibc

/// Converts a message while it streams by: 8-bit parts to quoted-printable or base64 (RFC 2045 section 6, RFC 6152 section
/// 3), lines that are too long likewise, and labels for text without a character set (channels specification, 8.2).
///
/// Takes the whole message, header first, in pieces of any size; needs memory for one header and the beginning of one part.
/// What is signed or encrypted is never changed, and no part that needs no change. With CRLF line ends.
package struct ContentConverter: Sendable {
    /// What is to be done.
    package struct Wishes: Hashable, Sendable {
        /// Everything in 7 bits.
        package var sevenBit: Bool
        /// Longest line of a body in octets without its end; longer ones force an encoding.
        package var lineLength: Int?
        /// Labels of text without one.
        package var labels: CharacterSetLabels?
        /// Nothing but lines of at most 998 octets: parts with other octets are encoded, those with 8-bit text are not.
        package var linesOnly = false
        /// Depth of MIME examined (`max_mime_levels`).
        package var levels = 100
        /// Parts examined (`max_mime_parts`).
        package var parts = 500

        package init(sevenBit: Bool = false, lineLength: Int? = nil, labels: CharacterSetLabels? = nil) {
            self.sevenBit = sevenBit
            self.lineLength = lineLength
            self.labels = labels
        }

        /// What BODY=BINARYMIME brought, for a place that takes lines only: encoded wherever it is not lines of at most 998
        /// octets (RFC 3030 section 3).
        package static var forBinaryContent: Self { Self(sevenBit: true, lineLength: 998) }

        /// The same for a place that takes 8-bit text.
        package static var forLines: Self {
            var wishes = Self()
            wishes.linesOnly = true
            return wishes
        }
    }

    /// What came of it.
    package struct Findings: Hashable, Sendable {
        /// Parts that got another encoding.
        package var encodedParts = 0
        /// Parts that got a label.
        package var labelledParts = 0
        /// Parts whose text is in another character set now.
        package var recodedParts = 0
        /// 8-bit octets were left, in what is signed, encrypted or cannot be made sense of; or NUL, CR or LF alone, which
        /// are no more fit for 7 bits.
        package var hasEightBit = false

        package init() {}
    }

    /// What is done to the header of a message that is part of another.
    package typealias EmbeddedHeader = @Sendable (inout HeaderBlock) -> Void

    /// What becomes of text in a character set (CHARSET-CONVERSION); nil: it stays as it is.
    package typealias CharsetChoice = @Sendable (_ charset: String) -> CharsetChange?

    package struct CharsetChange: Hashable, Sendable {
        /// Of the character set that the text has afterwards.
        package var name: String
        /// The octets stay, only the label changes.
        package var isRelabelOnly: Bool

        package init(name: String, isRelabelOnly: Bool = false) {
            self.name = name
            self.isRelabelOnly = isRelabelOnly
        }
    }

    package private(set) var findings = Findings()
    let wishes: Wishes
    /// The multiparts that are open, outermost first.
    private var boundaries: [Boundary] = []
    private var depth = 0
    private var parts = 0
    private var phase = Phase.header
    /// The header that is being read.
    private var header: [UInt8] = []
    /// A beginning of a line that has not ended yet.
    private var carry: [UInt8] = []
    /// The present segment begins a line.
    private var isAtLineStart = true
    /// The header that comes is that of a message in a part.
    private var isEmbedded = false

    enum Phase {
        case header
        /// Copied as it is: signed, encrypted, not understood.
        case opaque
        /// Before the first and after the last part of a multipart: what no reader shows.
        case around
        case body(BodyConverter)
    }

    private struct Boundary: Sendable {
        /// With the two hyphens.
        var line: [UInt8]
        /// Parts without Content-Type are messages (RFC 2046 section 5.1.5).
        var isDigest: Bool
    }

    private let embedded: EmbeddedHeader?
    private let charsets: CharsetChoice?

    package init(_ wishes: Wishes, embedded: EmbeddedHeader? = nil, charsets: CharsetChoice? = nil) {
        self.wishes = wishes
        self.embedded = embedded
        self.charsets = charsets
    }

    /// Appends to `output` what can be written once `piece` is there.
    package mutating func convert(_ piece: ArraySlice<UInt8>, into output: inout [UInt8]) {
        var bytes = carry
        carry = []
        bytes += piece
        var start = 0
        while let end = bytes.endOfLine(from: start) {
            segment(bytes[start..<end], endsLine: true, &output)
            start = end
        }
        // A line without end is passed on in parts; nothing of that length is a boundary.
        if bytes.count - start > Self.longestCarry {
            let end = bytes.last == Octet.carriageReturn ? bytes.count - 1 : bytes.count
            segment(bytes[start..<end], endsLine: false, &output)
            start = end
        }
        carry += bytes[start...]
    }

    /// The message is complete.
    package mutating func finish(into output: inout [UInt8]) {
        if !carry.isEmpty { segment(carry[...], endsLine: false, &output) }
        carry = []
        if case .header = phase { endHeader(separator: [], &output) }
        endBody(isAtBoundary: false, &output)
    }

    /// Converts a message that is in memory. Containers keep the label `8bit` where 8-bit octets stay in them.
    package static func convert(
        _ pieces: [[UInt8]], _ wishes: Wishes, embedded: EmbeddedHeader? = nil, charsets: CharsetChoice? = nil
    ) -> (content: [UInt8], findings: Findings) {
        func run(relabels: Bool) -> ([UInt8], Findings) {
            var converter = ContentConverter(wishes, embedded: embedded, charsets: charsets)
            converter.relabelsContainers = relabels
            var output: [UInt8] = []
            output.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
            for piece in pieces { converter.convert(piece[...], into: &output) }
            converter.finish(into: &output)
            return (output, converter.findings)
        }
        let result = run(relabels: true)
        return result.1.hasEightBit && wishes.sevenBit ? run(relabels: false) : result
    }

    private static let longestCarry = 4096
    /// Octets of a header that is read as one; a longer one is copied with all that belongs to it.
    private static let longestHeader = 512 << 10
    /// Whether a multipart with label `8bit` gets `7bit`, as all in it is thought to be.
    private var relabelsContainers = true
}

// MARK: Lines

extension ContentConverter {
    /// A line, or a part of one.
    private mutating func segment(_ bytes: ArraySlice<UInt8>, endsLine: Bool, _ output: inout [UInt8]) {
        let startsLine = isAtLineStart
        isAtLineStart = endsLine
        if startsLine, let (level, isLast) = boundary(bytes) {
            return atBoundary(bytes, level: level, isLast: isLast, &output)
        }
        switch phase {
        case .header: headerLine(bytes, startsLine: startsLine, endsLine: endsLine, &output)
        case .opaque:
            findings.hasEightBit = findings.hasEightBit || bytes.hasEightBit || BodyFacts(bytes).isBinary
            output += bytes
        case .around:
            output += wishes.sevenBit ? bytes.map { $0.isEightBit ? UInt8(ascii: "?") : $0 } : Array(bytes)
        case .body: inBody { $0.take(bytes, endsLine: endsLine, into: &output) }
        }
    }

    /// The multipart whose boundary line this is, the innermost first, and whether it is the last of it.
    private func boundary(_ line: ArraySlice<UInt8>) -> (level: Int, isLast: Bool)? {
        // A line as long as those that are passed on in parts is none, or what comes in its next part would be lost.
        guard !boundaries.isEmpty, line.count < Self.longestCarry, line.first == Octet.hyphen,
            line.dropFirst().first == Octet.hyphen
        else { return nil }
        var line = line
        while let last = line.last, last <= Octet.space { line.removeLast() }
        for (level, boundary) in boundaries.enumerated().reversed() where line.starts(with: boundary.line) {
            let rest = line.dropFirst(boundary.line.count)
            if rest.isEmpty { return (level, false) }
            if rest.elementsEqual([Octet.hyphen, Octet.hyphen]) { return (level, true) }
        }
        return nil
    }

    private mutating func atBoundary(
        _ line: ArraySlice<UInt8>, level: Int, isLast: Bool, _ output: inout [UInt8]
    ) {
        if case .header = phase { endHeader(separator: [], &output) }
        endBody(isAtBoundary: true, &output)
        output += line
        boundaries.removeLast(boundaries.count - level - (isLast ? 0 : 1))
        depth = boundaries.count
        phase = isLast ? .around : .header
    }

    private mutating func headerLine(
        _ line: ArraySlice<UInt8>, startsLine: Bool, endsLine: Bool, _ output: inout [UInt8]
    ) {
        if startsLine, line.elementsEqual([Octet.carriageReturn, Octet.lineFeed]) {
            return endHeader(separator: Array(line), &output)
        }
        if startsLine, !Self.isField(line, isFirst: header.isEmpty) {
            // No field: it is the first line of the body.
            endHeader(separator: [], &output)
            isAtLineStart = true
            return segment(line, endsLine: endsLine, &output)
        }
        header += line
        guard header.count > Self.longestHeader else { return }
        findings.hasEightBit = findings.hasEightBit || header[...].hasEightBit
        output += header
        header = []
        phase = .opaque
    }

    /// A field or the continuation of one, as `HeaderBlock.scan` sees it.
    private static func isField(_ line: ArraySlice<UInt8>, isFirst: Bool) -> Bool {
        guard let first = line.first else { return false }
        if first.isBlank { return !isFirst }
        let name = line.prefix { $0 > Octet.space && $0 != Octet.colon && $0 != 127 }
        return !name.isEmpty && line[name.endIndex...].first { !$0.isBlank } == Octet.colon
    }

    /// Runs one step of the present body.
    private mutating func inBody(_ step: (inout BodyConverter) -> Void) {
        guard case .body(var body) = phase else { return }
        // Given up first, so that the body is not copied.
        phase = .opaque
        step(&body)
        phase = .body(body)
    }

    private mutating func endBody(isAtBoundary: Bool, _ output: inout [UInt8]) {
        guard case .body(var body) = phase else { return }
        phase = .opaque
        body.finish(isAtBoundary: isAtBoundary, into: &output)
        if body.isEncoded { findings.encodedParts += 1 }
        if body.isRecoded { findings.recodedParts += 1 }
        if body.isLabelled { findings.labelledParts += 1 }
        findings.hasEightBit = findings.hasEightBit || body.leavesEightBit
    }
}

// MARK: Parts

extension ContentConverter {
    private static let identities = ["", "7bit", "8bit", "binary"]

    /// The header of a message or part is complete: what follows is decided. `separator`: the empty line, if there was one.
    private mutating func endHeader(separator: [UInt8], _ output: inout [UInt8]) {
        let bytes = header
        header = []
        let isMessage = parts == 0
        parts += 1
        // A reader of headers that sees less in it (LF alone ends its lines too) would lose the rest.
        guard parts <= wishes.parts, case .success(let scan) = HeaderBlock.scan(bytes, limits: .init(octets: .max)),
            scan.bodyStart == bytes.count
        else {
            findings.hasEightBit = findings.hasEightBit || bytes[...].hasEightBit || BodyFacts(bytes[...]).isBinary
            output += bytes + separator
            phase = .opaque
            return
        }
        var part = MessagePart(
            scan.header, isMessage: isMessage || isEmbedded,
            isInDigest: !isEmbedded && boundaries.last?.isDigest == true,
            separator: separator)
        if isEmbedded, let embedded { part.change(embedded) }
        isEmbedded = false
        if wishes.sevenBit {
            part.encodeHeader()
            findings.hasEightBit = findings.hasEightBit || part.header.hasEightBit
        }
        begin(&part, &output)
    }

    private mutating func begin(_ part: inout MessagePart, _ output: inout [UInt8]) {
        let isIdentity = Self.identities.contains(part.encoding)
        if let boundary = part.boundary, isIdentity, depth < wishes.levels {
            relabel(&part)
            boundaries.append(Boundary(line: boundary, isDigest: part.type == "multipart/digest"))
            depth += 1
            part.write(to: &output)
            phase = .around
        } else if part.isEmbeddedMessage, isIdentity, depth < wishes.levels {
            relabel(&part)
            part.write(to: &output)
            depth += 1
            isEmbedded = true
            phase = .header
        } else if part.isUntouchable {
            part.write(to: &output)
            phase = .opaque
        } else {
            phase = .body(BodyConverter(part, wishes, charsets: charsets))
        }
    }

    /// What is in a container tells its label (RFC 2045 section 6.4).
    private func relabel(_ part: inout MessagePart) {
        if wishes.sevenBit, relabelsContainers, part.encoding == "8bit" || part.encoding == "binary" {
            part.setEncoding("7BIT")
        }
    }
}

extension [UInt8] {
    /// Index behind the first CRLF from `start` on.
    fileprivate func endOfLine(from start: Int) -> Int? {
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var position = start
            while let found = memchr(base + position, Int32(Octet.lineFeed), bytes.count - position) {
                let index = UnsafeRawPointer(found) - base
                if index > start, bytes[index - 1] == Octet.carriageReturn { return index + 1 }
                position = index + 1
            }
            return nil
        }
    }
}
