/// The body of one part that is no container. Its beginning decides what becomes of it.
struct BodyConverter: Sendable {
    /// Octets after which the decision is made; what ends before is known as a whole.
    static let lookAhead = 64 << 10

    private static let lineEnd: ArraySlice<UInt8> = [Octet.carriageReturn, Octet.lineFeed]

    private enum Form {
        case undecided
        case verbatim
        case quotedPrintable(QuotedPrintableEncoder)
        case base64(Base64LineEncoder)
        /// Labelled quoted-printable or base64: octets that cannot be in it are put right.
        case repairedQuotedPrintable
        case repairedBase64
    }

    private var part: MessagePart
    private let wishes: ContentConverter.Wishes
    private var form = Form.undecided
    private var recoding: TextRecoding?
    private var beginning: [UInt8] = []
    /// A line end that is part of the body unless a boundary follows (RFC 2046 section 5.1.1).
    private var owesLineEnd = false
    private var hasContent = false
    private(set) var isLabelled = false
    private(set) var leavesEightBit = false
    private(set) var isEncoded = false

    /// `charsets`: what is done to text by its character set; nil: nothing.
    init(
        _ part: MessagePart, _ wishes: ContentConverter.Wishes, charsets: ContentConverter.CharsetChoice? = nil
    ) {
        self.part = part
        self.wishes = wishes
        guard let charsets, part.isText else { return }
        let label = part.charset.map { String(decoding: $0, as: UTF8.self) } ?? "US-ASCII"
        guard let change = charsets(label) else { return }
        if !change.isRelabelOnly {
            recoding = TextRecoding(from: label, to: change.name, encoding: part.encoding)
            if recoding == nil { return }
        }
        self.part.replaceCharset(change.name)
        isLabelled = true
    }

    mutating func take(_ segment: ArraySlice<UInt8>, endsLine: Bool, into output: inout [UInt8]) {
        if owesLineEnd { put(Self.lineEnd, &output) }
        put(endsLine ? segment.dropLast(2) : segment, &output)
        owesLineEnd = endsLine
        hasContent = true
    }

    /// `isAtBoundary`: the last line end belongs to the boundary.
    mutating func finish(isAtBoundary: Bool, into output: inout [UInt8]) {
        if owesLineEnd, !isAtBoundary { put(Self.lineEnd, &output) }
        if let rest = recoding?.finish() { take(rest[...], &output) }
        if case .undecided = form { decide(isWhole: true, &output) }
        var endsInside = isAtBoundary && hasContent
        switch form {
        case .quotedPrintable(var encoder):
            encoder.finish(into: &output)
            endsInside = endsInside || !isAtBoundary && !encoder.isAtLineStart
        case .base64(var encoder):
            encoder.finish(into: &output)
            endsInside = endsInside || !isAtBoundary && !encoder.isAtLineStart
        default: break
        }
        if endsInside { output += Self.lineEnd }
    }

    private mutating func put(_ octets: ArraySlice<UInt8>, _ output: inout [UInt8]) {
        take(recoding?.convert(octets)[...] ?? octets, &output)
    }

    private mutating func take(_ octets: ArraySlice<UInt8>, _ output: inout [UInt8]) {
        if case .undecided = form {
            beginning += octets
            if beginning.count >= Self.lookAhead { decide(isWhole: false, &output) }
        } else {
            write(octets, &output)
        }
    }

    private mutating func write(_ octets: ArraySlice<UInt8>, _ output: inout [UInt8]) {
        switch form {
        case .undecided: break
        case .verbatim:
            leavesEightBit = leavesEightBit || octets.hasEightBit
            output += octets
        case .quotedPrintable(var encoder):
            encoder.encode(octets, into: &output)
            form = .quotedPrintable(encoder)
        case .base64(var encoder):
            encoder.encode(octets, into: &output)
            form = .base64(encoder)
        case .repairedQuotedPrintable where octets.hasEightBit:
            for octet in octets {
                guard octet.isEightBit else {
                    output.append(octet)
                    continue
                }
                output.append(UInt8(ascii: "="))
                Hexadecimal.append(octet, to: &output)
            }
        case .repairedBase64 where octets.hasEightBit: output += octets.lazy.filter { !$0.isEightBit }
        case .repairedQuotedPrintable, .repairedBase64: output += octets
        }
    }
}

// MARK: The decision

extension BodyConverter {
    private var isIdentity: Bool { part.encoding != "quoted-printable" && part.encoding != "base64" }

    private mutating func decide(isWhole: Bool, _ output: inout [UInt8]) {
        let facts = BodyFacts(beginning[...])
        label(facts, isWhole: isWhole)
        if let recoding, !isIdentity {
            // Decoded to be converted; it goes on in the same encoding.
            form =
                recoding.isBase64 ? .base64(Base64LineEncoder()) : .quotedPrintable(QuotedPrintableEncoder())
        } else if !isIdentity {
            form = repair
        } else if mustEncode(facts, isWhole: isWhole) {
            isEncoded = true
            let isQuoted = part.isText || part.type.hasPrefix("message/")
            if isQuoted, !facts.isMostlyQuoted {
                part.setEncoding("QUOTED-PRINTABLE")
                form = .quotedPrintable(QuotedPrintableEncoder())
            } else {
                part.setEncoding("BASE64")
                form = .base64(Base64LineEncoder())
            }
        } else {
            // What is only labelled 8bit, and is not, gets the label that it deserves.
            if wishes.sevenBit, ["8bit", "binary"].contains(part.encoding) { part.setEncoding("7BIT") }
            if wishes.linesOnly, part.encoding == "binary" { part.setEncoding("8BIT") }
            form = .verbatim
        }
        part.write(to: &output)
        let octets = beginning
        beginning = []
        write(octets[...], &output)
    }

    private var repair: Form {
        guard wishes.sevenBit else { return .verbatim }
        return part.encoding == "base64" ? .repairedBase64 : .repairedQuotedPrintable
    }

    /// What is not seen yet may be anything.
    private func mustEncode(_ facts: BodyFacts, isWhole: Bool) -> Bool {
        if recoding != nil {
            // Text that had 7 bits may have 8 in its new character set.
            let wasSevenBit = part.encoding != "8bit" && part.encoding != "binary"
            if facts.isBinary || wasSevenBit && (facts.eightBit > 0 || !isWhole) { return true }
        }
        if wishes.sevenBit, facts.eightBit > 0 || facts.isBinary || !isWhole { return true }
        if wishes.linesOnly, facts.isBinary || facts.longestLine > 998 || !isWhole { return true }
        guard let limit = wishes.lineLength else { return false }
        return facts.longestLine > limit || !isWhole
    }

    private mutating func label(_ facts: BodyFacts, isWhole: Bool) {
        let isUnlabelled = part.isText && part.charset == nil && isIdentity && !isLabelled
        guard isUnlabelled else { return }
        if let label = wishes.labels?.label(for: facts, isWhole: isWhole) {
            part.setCharset(label)
            isLabelled = true
        } else if !part.hasType, facts.eightBit > 0, wishes.sevenBit {
            // Once encoded, text without any label would count as US-ASCII (RFC 1428).
            part.setCharset(beginning[...].isUTF8 ? "UTF-8" : "UNKNOWN-8BIT")
            isLabelled = true
        }
    }
}

extension CharacterSetLabels {
    /// The label of such a body; nil: none. Of a body whose end is not seen only 8-bit octets are known for sure.
    func label(for facts: BodyFacts, isWhole: Bool) -> String? {
        if facts.eightBit > 0 { return eightBit }
        guard isWhole else { return nil }
        return facts.hasEscape ? escape ?? sevenBit : sevenBit
    }
}

/// What is in the beginning of a body.
struct BodyFacts {
    private(set) var count = 0
    private(set) var eightBit = 0
    /// Octets that quoted-printable must quote.
    private(set) var quoted = 0
    private(set) var hasEscape = false
    /// NUL, or CR or LF that are no line end.
    private(set) var isBinary = false
    private(set) var longestLine = 0

    init(_ body: ArraySlice<UInt8>) {
        count = body.count
        var line = 0
        var previous = UInt8(0)
        for octet in body {
            switch octet {
            case 128...: eightBit += 1
            case 27: hasEscape = true
            case 0: isBinary = true
            case Octet.lineFeed where previous != Octet.carriageReturn: isBinary = true
            default: break
            }
            if previous == Octet.carriageReturn, octet != Octet.lineFeed { isBinary = true }
            if octet == Octet.lineFeed, previous == Octet.carriageReturn {
                longestLine = max(longestLine, line - 1)
                line = 0
            } else {
                line += 1
            }
            if octet > 126 || octet == UInt8(ascii: "=") || octet < 32 && octet > 13 { quoted += 1 }
            previous = octet
        }
        longestLine = max(longestLine, line)
    }

    /// Base64 is shorter and no less readable.
    var isMostlyQuoted: Bool { count >= 64 && quoted * 3 > count }
}

/// Text on its way to another character set: out of its transfer encoding, where it has one, and through iconv(3).
struct TextRecoding: Sendable {
    private var decoder: TransferDecoder?
    private let charsets: CharsetConverter
    let isBase64: Bool

    /// Nil when it cannot be done.
    init?(from source: String, to target: String, encoding: String) {
        guard let charsets = CharsetConverter(from: source, to: target) else { return nil }
        self.charsets = charsets
        decoder = TransferDecoder(encoding)
        isBase64 = encoding == "base64"
    }

    mutating func convert(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        guard decoder != nil else {
            charsets.convert(octets, into: &output)
            return output
        }
        var decoded: [UInt8] = []
        decoder?.decode(octets, into: &decoded)
        charsets.convert(decoded, into: &output)
        return output
    }

    /// What was held back.
    mutating func finish() -> [UInt8] {
        var decoded: [UInt8] = []
        decoder?.finish(into: &decoded)
        var output: [UInt8] = []
        charsets.convert(decoded, into: &output)
        charsets.finish(into: &output)
        return output
    }
}
