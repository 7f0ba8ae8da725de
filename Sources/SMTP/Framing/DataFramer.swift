/// Takes message content from the stream of octets, for DATA with dot transparency up to CRLF `.` CRLF (RFC 5321
/// section 4.5.2), for BDAT as it is (RFC 3030). Works on whole runs of lines and gives the same result however the
/// network splits the input.
///
/// Once the content cannot be accepted any more, nothing is stored, but the end is still found.
package struct DataFramer: Sendable {
    package enum Form: Hashable, Sendable {
        /// DATA.
        case dotStuffed
        /// BDAT.
        case verbatim
        /// BDAT with BODY=BINARYMIME: octets, not lines. A CR or LF alone, a NUL and lines of any length belong to the
        /// content (RFC 3030 section 3).
        case binary
    }

    /// Octets of a line without CRLF (RFC 5321 section 4.5.3.1.6).
    package static let longestLine = 998

    /// Where in a line the next octet stands.
    private enum Place {
        case lineStart
        /// After a dot at the start of a line; the dot is not stored.
        case dot
        case dotCarriageReturn
        case text
        /// After a CR that may be half of a line end; it is not yet stored.
        case carriageReturn
        case ended
    }

    package private(set) var findings = ContentFindings()
    private let form: Form
    private let longLines: LongLines
    private let sizeLimit: Int64?
    private var place = Place.lineStart
    /// Octets of the current line in `content`, at most `longestLine`.
    private var lineLength = 0
    private var isDiscarding = false
    private var content: [UInt8] = []
    /// Octets of the piece at hand that go into `content` next; only used inside ``receive(_:)``.
    private var run = 0..<0

    /// `sizeLimit`: octets of content; nil: none.
    package init(form: Form, longLines: LongLines = .truncate, sizeLimit: Int64? = nil) {
        self.form = form
        self.longLines = longLines
        self.sizeLimit = sizeLimit
    }

    /// The final dot has been seen; never for BDAT.
    package var isComplete: Bool { place == .ended }

    /// Octets that ``takeContent()`` would give, about.
    package var collected: Int { content.count }

    /// Takes octets, at most up to and with the final dot; returns how many.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard form != .binary else { return receiveBinary(bytes) }
        var position = 0
        run = 0..<0
        while position < bytes.count, place != .ended { advance(bytes, &position) }
        flush(bytes)
        scan(bytes, 0..<position)
        return position
    }

    private mutating func receiveBinary(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let last = bytes.last else { return 0 }
        count(bytes.count)
        findings.hasEightBit = findings.hasEightBit || bytes.hasEightBit(in: 0..<bytes.count)
        // Whether the content ends in CRLF, which may come in two pieces.
        if last == Octet.lineFeed {
            let isBehindCR = bytes.count > 1 ? bytes[bytes.count - 2] == Octet.carriageReturn : place == .carriageReturn
            place = isBehindCR ? .lineStart : .text
        } else {
            place = last == Octet.carriageReturn ? .carriageReturn : .text
        }
        if isDiscarding { content = [] } else { content.append(contentsOf: bytes) }
        return bytes.count
    }

    private mutating func advance(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) {
        let octet = bytes[position]
        switch place {
        case .lineStart:
            let isDot = form == .dotStuffed && octet == Octet.dot
            place = isDot ? .dot : .text
            if isDot { position += 1 }
        case .dot:
            let isEnd = octet == Octet.carriageReturn
            place = isEnd ? .dotCarriageReturn : .text
            if isEnd { position += 1 }
        case .dotCarriageReturn:
            if octet == Octet.lineFeed {
                place = .ended
                position += 1
            } else {
                bareCarriageReturn()
            }
        case .carriageReturn:
            if octet == Octet.lineFeed {
                flush(bytes)
                if !isDiscarding { content.append(Octet.carriageReturn) }
                endLine(bytes, position..<(position + 1))
                position += 1
            } else {
                bareCarriageReturn()
            }
        case .text: position = text(bytes, from: position)
        case .ended: break
        }
    }

    /// The rest of a line, or what there is of it; returns where to go on.
    private mutating func text(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let lineFeed = bytes.firstIndex(of: Octet.lineFeed, in: start..<bytes.count) else {
            let isCarriageReturn = bytes[bytes.count - 1] == Octet.carriageReturn
            keepText(bytes, start..<(isCarriageReturn ? bytes.count - 1 : bytes.count))
            if isCarriageReturn { place = .carriageReturn }
            return bytes.count
        }
        if lineFeed > start, bytes[lineFeed - 1] == Octet.carriageReturn {
            keepText(bytes, start..<(lineFeed - 1))
            endLine(bytes, (lineFeed - 1)..<(lineFeed + 1))
        } else {
            findings.hasBareLineFeed = true
            isDiscarding = true
            keepText(bytes, start..<(lineFeed + 1))
        }
        return lineFeed + 1
    }

    /// A line is complete; `range` is what of its CRLF is to be kept.
    private mutating func endLine(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        count(2)
        keep(bytes, range)
        findings.lines += 1
        lineLength = 0
        place = .lineStart
    }

    /// A CR was no half of a line end; the octet after it is looked at again.
    private mutating func bareCarriageReturn() {
        findings.hasBareCarriageReturn = true
        isDiscarding = true
        count(1)
        addToLine(1)
        place = .text
    }

    private mutating func keepText(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        if bytes.firstIndex(of: Octet.carriageReturn, in: range) != nil {
            findings.hasBareCarriageReturn = true
            isDiscarding = true
        }
        count(range.count)
        guard !isDiscarding else { return addToLine(range.count) }
        guard range.count > Self.longestLine - lineLength else {
            lineLength += range.count
            return keep(bytes, range)
        }
        findings.hasLongLine = true
        switch longLines {
        case .truncate:
            keep(bytes, range.prefix(Self.longestLine - lineLength))
            lineLength = Self.longestLine
        case .wrap: wrap(bytes, range)
        case .reject: isDiscarding = true
        }
    }

    /// While content is discarded, a long line is still worth knowing.
    private mutating func addToLine(_ octets: Int) {
        if octets > Self.longestLine - lineLength { findings.hasLongLine = true }
        lineLength = min(lineLength + octets, Self.longestLine)
    }

    private mutating func count(_ octets: Int) {
        findings.octets += Int64(octets)
        if let sizeLimit, findings.octets > sizeLimit {
            findings.isOverSizeLimit = true
            isDiscarding = true
        }
    }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        if !findings.hasEightBit { findings.hasEightBit = bytes.hasEightBit(in: range) }
        if !findings.hasNUL, bytes.firstIndex(of: 0, in: range) != nil {
            findings.hasNUL = true
            isDiscarding = true
        }
        if isDiscarding { content = [] }
    }

    // MARK: Storing

    private mutating func keep(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        if run.upperBound == range.lowerBound {
            run = run.lowerBound..<range.upperBound
        } else {
            flush(bytes)
            run = range
        }
    }

    private mutating func flush(_ bytes: UnsafeRawBufferPointer) {
        if !isDiscarding, !run.isEmpty {
            content.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[run]))
        }
        run = 0..<0
    }

    /// How far from the limit a blank is looked for.
    private static let breakRange = 80

    /// Adds text to a line that has no room for it, with line ends where needed.
    private mutating func wrap(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        var rest = range
        while rest.count > Self.longestLine - lineLength {
            let part = rest.prefix(Self.longestLine - lineLength)
            keep(bytes, part)
            flush(bytes)
            breakLine()
            rest = part.upperBound..<rest.upperBound
        }
        lineLength += rest.count
        keep(bytes, rest)
    }

    /// Ends a full line before its last blank, or where it is. A header field so broken goes on in a line that begins
    /// with a blank, as it must.
    private mutating func breakLine() {
        let lineEnd = [Octet.carriageReturn, Octet.lineFeed]
        let nearEnd = content.suffix(Self.breakRange)
        guard let blank = nearEnd.lastIndex(where: Octet.isBlank) else {
            content.append(contentsOf: lineEnd)
            lineLength = 0
            return
        }
        content.insert(contentsOf: lineEnd, at: blank)
        lineLength = content.count - blank - 2
    }

    /// The content collected since the last call. A line that may still have to be wrapped is held back.
    package mutating func takeContent() -> [UInt8] {
        let held =
            longLines == .wrap && form != .binary && !isComplete && !isDiscarding ? min(lineLength, content.count) : 0
        let rest = Array(content.suffix(held))
        if held > 0 { content.removeLast(held) }
        defer { content = rest }
        return content
    }

    /// The content has ended: by the final dot, or by the last chunk of BDAT. Gives what is left of it.
    package mutating func finish() -> (content: [UInt8], findings: ContentFindings) {
        if form != .binary, place == .carriageReturn || place == .dotCarriageReturn { bareCarriageReturn() }
        findings.endsInLineEnd = place == .lineStart || place == .ended
        place = .ended
        let rest = isDiscarding ? [] : content
        content = []
        return (rest, findings)
    }
}

extension Range<Int> {
    fileprivate func prefix(_ length: Int) -> Range<Int> {
        lowerBound..<Swift.min(upperBound, lowerBound + Swift.max(length, 0))
    }
}
