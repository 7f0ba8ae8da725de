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
    /// What is done to text by its character set; nil: nothing.
    private let charsets: ContentConverter.CharsetChoice?
    private var recoding: TextRecoding?
    /// As it came.
    private var beginning: [UInt8] = []
    /// A line end that is part of the body unless a boundary follows (RFC 2046 section 5.1.1).
    private var owesLineEnd = false
    private var hasContent = false
    private(set) var isLabelled = false
    private(set) var leavesEightBit = false
    private(set) var isEncoded = false
    private(set) var isRecoded = false

    init(
        _ part: MessagePart, _ wishes: ContentConverter.Wishes, charsets: ContentConverter.CharsetChoice? = nil
    ) {
        self.part = part
        self.wishes = wishes
        self.charsets = part.isText ? charsets : nil
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
        if case .undecided = form {
            decide(isWhole: true, &output)
        } else if let rest = recoding?.finish() {
            write(rest[...], &output)
        }
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
        if case .undecided = form {
            beginning += octets
            if beginning.count >= Self.lookAhead { decide(isWhole: false, &output) }
        } else {
            write(recoding?.convert(octets)[...] ?? octets, &output)
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
        var octets = beginning
        beginning = []
        var facts = BodyFacts(octets[...])
        label(facts, octets, isWhole: isWhole)
        if let text = recode(octets, isWhole: isWhole) {
            octets = text
            facts = BodyFacts(text[...])
        }
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
        write(octets[...], &output)
    }

    private var repair: Form {
        guard wishes.sevenBit else { return .verbatim }
        return part.encoding == "base64" ? .repairedBase64 : .repairedQuotedPrintable
    }

    /// What is not seen yet may be anything.
    private func mustEncode(_ facts: BodyFacts, isWhole: Bool) -> Bool {
        if recoding != nil {
            // Text that had 7 bits may have 8 in its new character set, and lines may have become too long for SMTP.
            let wasSevenBit = part.encoding != "8bit" && part.encoding != "binary"
            if facts.isBinary || facts.longestLine > 998 || !isWhole { return true }
            if wasSevenBit, facts.eightBit > 0 { return true }
        }
        if wishes.sevenBit, facts.eightBit > 0 || facts.isBinary || !isWhole { return true }
        if wishes.linesOnly, facts.isBinary || facts.longestLine > 998 || !isWhole { return true }
        guard let limit = wishes.lineLength else { return false }
        return facts.longestLine > limit || !isWhole
    }

    /// The text in its new character set, after which the part is labelled so; nil: it stays as it is. Text without a
    /// label counts as US-ASCII. What is not valid in the set that it names is in another one, and would be destroyed.
    private mutating func recode(_ octets: [UInt8], isWhole: Bool) -> [UInt8]? {
        let label = part.charset.map { String(decoding: $0, as: UTF8.self) } ?? "US-ASCII"
        guard let change = charsets?(label) else { return nil }
        var text: [UInt8]?
        if !change.isRelabelOnly {
            // Of US-ASCII it must be certain that no 8-bit octet comes.
            guard isWhole || label.asciiLowercased != "us-ascii",
                var recoding = TextRecoding(from: label, to: change.name, encoding: part.encoding)
            else { return nil }
            var converted = recoding.convert(octets[...])
            if isWhole { converted += recoding.finish() }
            guard !recoding.hasMetInvalid else { return nil }
            self.recoding = recoding
            isRecoded = true
            text = converted
        }
        part.replaceCharset(change.name)
        isLabelled = true
        return text
    }

    private mutating func label(_ facts: BodyFacts, _ octets: [UInt8], isWhole: Bool) {
        guard part.isText, part.charset == nil, isIdentity else { return }
        if let label = wishes.labels?.label(for: facts, isWhole: isWhole) {
            part.setCharset(label)
            isLabelled = true
        } else if !part.hasType, facts.eightBit > 0, wishes.sevenBit {
            // Once encoded, text without any label would count as US-ASCII (RFC 1428).
            part.setCharset(octets[...].isUTF8 ? "UTF-8" : "UNKNOWN-8BIT")
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

    /// Octets came that are no text of the source.
    var hasMetInvalid: Bool { charsets.hasMetInvalid }

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
