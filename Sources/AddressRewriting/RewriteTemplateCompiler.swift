import Mappings
import OptionSyntax

/// Reads the text of a template (rewrite-rules specification, sections 5.2 to 5.9).
struct RewriteTemplateCompiler {
    typealias Element = RewriteTemplate.Element

    /// Where a piece of template text ends.
    private enum End: Equatable {
        case ofText
        /// A closing byte, which is consumed; separators before it are ordinary text.
        case byte(UInt8)
        /// A separator, or `$` with one of these codes; neither is consumed.
        case control([UInt8])
    }

    private let bytes: [UInt8]
    private let place: TextPlace
    private var position = 0
    /// Where the sequence begins that is being read.
    private var start = 0
    private var depth = 0

    private static let depthLimit = 20
    /// `$1~` ends the name of a channel as well, else it could not follow the checks it is about.
    private static let channelEnds = Array("NMQCT?~".utf8)
    private static let domainEnds = Array("CMNQT".utf8)

    init(_ source: String, at place: TextPlace) {
        bytes = Array(source.utf8)
        self.place = place
    }

    private var location: SourceLocation? { place.location(at: start) }

    mutating func compile(diagnostics: inout Diagnostics) -> [Element] {
        compile(until: .ofText, diagnostics: &diagnostics)
    }

    /// The error when `$?text` or `$nxxxyyy?text` is the whole template; its text is taken as it stands.
    mutating func soleError(diagnostics: inout Diagnostics) -> RewriteError? {
        guard bytes.first == UInt8(ascii: "$") else { return nil }
        let digits = bytes.dropFirst().prefix(while: isDigit)
        guard digits.endIndex < bytes.count, bytes[digits.endIndex] == UInt8(ascii: "?") else { return nil }
        return RewriteError(
            code: statusCode(digits, diagnostics: &diagnostics), text: text(bytes[(digits.endIndex + 1)...]))
    }

    private mutating func compile(until end: End, diagnostics: inout Diagnostics) -> [Element] {
        let opening = start
        var elements: [Element] = []
        var literal: [UInt8] = []
        func flush() {
            if !literal.isEmpty { elements.append(.text(text(literal))) }
            literal = []
        }
        while position < bytes.count {
            let byte = bytes[position]
            if isEnd(end) { break }
            position += 1
            if byte == UInt8(ascii: "$") {
                start = position - 1
                if let plain = plainCharacter() {
                    literal.append(plain)
                } else {
                    flush()
                    if let element = sequence(diagnostics: &diagnostics) { elements.append(element) }
                }
            } else if end == .ofText, byte == UInt8(ascii: "%") || byte == UInt8(ascii: "@") {
                flush()
                elements.append(.separator(byte == UInt8(ascii: "@") ? .at : .percent))
            } else {
                literal.append(byte)
            }
        }
        flush()
        start = opening
        if case .byte(let closing) = end {
            if position == bytes.count {
                diagnostics.error("'\(text([closing]))' is missing in the template", at: location)
            }
            position = min(position + 1, bytes.count)
        }
        return elements
    }

    private func isEnd(_ end: End) -> Bool {
        let byte = bytes[position]
        switch end {
        case .ofText: return false
        case .byte(let closing): return byte == closing
        case .control(let codes):
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "@") { return true }
            guard byte == UInt8(ascii: "$") else { return false }
            let follower = bytes[(position + 1)...].drop(while: isDigit).first
            return follower.map { codes.contains(uppered($0)) } ?? false
        }
    }

    /// `$$`, `$%` and `$@`; a `$` at the end stands for itself.
    private mutating func plainCharacter() -> UInt8? {
        guard position < bytes.count else { return UInt8(ascii: "$") }
        let byte = bytes[position]
        guard [UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "@")].contains(byte) else { return nil }
        position += 1
        return byte
    }

    /// What follows a `$`: an optional number and a code.
    private mutating func sequence(diagnostics: inout Diagnostics) -> Element? {
        let digits = bytes[position...].prefix(while: isDigit)
        position = digits.endIndex
        guard position < bytes.count else { return unknown("$\(text(digits))", &diagnostics) }
        let code = uppered(bytes[position])
        position += 1
        if code == UInt8(ascii: "?") {
            let status = statusCode(digits, diagnostics: &diagnostics)
            return .errorText(code: status, compile(until: .control(Self.channelEnds), diagnostics: &diagnostics))
        }
        if let number = Int(text(digits)), number < 1_000_000 {
            return numbered(number, code, diagnostics: &diagnostics)
        }
        if !digits.isEmpty { return unknown("$\(text(digits))\(text([code]))", &diagnostics) }
        return substitution(code) ?? control(code, diagnostics: &diagnostics) ?? call(code, diagnostics: &diagnostics)
    }

    private mutating func numbered(_ number: Int, _ code: UInt8, diagnostics: inout Diagnostics) -> Element? {
        switch (code, number) {
        case (UInt8(ascii: "U"), 0): .localPart(.withoutSubaddress)
        case (UInt8(ascii: "U"), 1): .localPart(.subaddress)
        case (UInt8(ascii: "D"), _): .domain(dropping: number)
        case (UInt8(ascii: "H"), _): .host(dropping: number)
        case (UInt8(ascii: "A"), _): .addressCharacter(number)
        case (UInt8(ascii: "X"), _): .mailHostLabel(number)
        case (UInt8(ascii: "M"), 1): .reprocessing(true)
        case (UInt8(ascii: "N"), 1): .reprocessing(false)
        case (UInt8(ascii: "~"), 1): .checkChannels
        default: unknown("$\(number)\(text([code]))", &diagnostics)
        }
    }

    private func substitution(_ code: UInt8) -> Element? {
        switch code {
        case UInt8(ascii: "U"): .localPart(.whole)
        case UInt8(ascii: "D"): .domain(dropping: 0)
        case UInt8(ascii: "H"): .host(dropping: 0)
        case UInt8(ascii: "L"): .literal
        case UInt8(ascii: "W"): .uniqueString
        case UInt8(ascii: "\\"): .letterCase(.lower)
        case UInt8(ascii: "^"): .letterCase(.upper)
        case UInt8(ascii: "_"): .letterCase(.original)
        case UInt8(ascii: "="): .filterQuoting
        case UInt8(ascii: "E"): .kind(.envelope)
        case UInt8(ascii: "B"): .kind(.header)
        case UInt8(ascii: "F"): .direction(.forward)
        case UInt8(ascii: "R"): .direction(.backward)
        case UInt8(ascii: "S"): .location(.sourceRoute)
        case UInt8(ascii: "A"): .location(.at)
        case UInt8(ascii: "P"): .location(.percent)
        case UInt8(ascii: "X"): .location(.bang)
        default: nil
        }
    }

    /// The controls with an argument.
    private mutating func control(_ code: UInt8, diagnostics: inout Diagnostics) -> Element? {
        let isDomain = code == UInt8(ascii: "V") || code == UInt8(ascii: "Z")
        guard isDomain || Array("MNQCT".utf8).contains(code) else { return nil }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { return tooDeep(&diagnostics) }
        let ends = isDomain ? Self.domainEnds : Self.channelEnds
        let argument = compile(until: .control(ends), diagnostics: &diagnostics)
        switch code {
        case UInt8(ascii: "M"): return .sourceChannel(isNamed: true, argument)
        case UInt8(ascii: "N"): return .sourceChannel(isNamed: false, argument)
        case UInt8(ascii: "Q"): return .destinationChannel(isNamed: true, argument)
        case UInt8(ascii: "C"): return .destinationChannel(isNamed: false, argument)
        case UInt8(ascii: "T"): return .tag(argument)
        default: return .domainCheck(isLocal: code == UInt8(ascii: "V"), argument)
        }
    }

    /// Single labels, and the sequences that ask something outside the address.
    private mutating func call(_ code: UInt8, diagnostics: inout Diagnostics) -> Element? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { return tooDeep(&diagnostics) }
        switch code {
        case UInt8(ascii: "&"), UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "#"):
            return label(code, &diagnostics)
        case UInt8(ascii: "("):
            return .generalDatabase(key: compile(until: .byte(UInt8(ascii: ")")), diagnostics: &diagnostics))
        case UInt8(ascii: "{"):
            let inner = bytes[position...].prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") }
            position = inner.endIndex
            if position < bytes.count, bytes[position] == UInt8(ascii: ",") { position += 1 }
            return .mapping(
                table: text(inner), argument: compile(until: .byte(UInt8(ascii: "}")), diagnostics: &diagnostics))
        case UInt8(ascii: "]"):
            guard let url = rawText(until: UInt8(ascii: "["), &diagnostics) else { return nil }
            if let sequence = unknownURLSequence(url) {
                diagnostics.warning(
                    "'\(sequence)' cannot be used in the URL of a directory, so the rule will never apply",
                    at: location,
                    advice: "use $A, $D, $H, $L, $S, $U or $$")
            }
            return .directory(url: url)
        case UInt8(ascii: "["):
            guard let image = rawText(until: UInt8(ascii: ","), &diagnostics),
                let routine = rawText(until: UInt8(ascii: ","), &diagnostics)
            else { return nil }
            let argument = compile(until: .byte(UInt8(ascii: "]")), diagnostics: &diagnostics)
            return .callout(image: image, routine: routine, argument: argument)
        default:
            return unknown("$\(text([code]))", &diagnostics)
        }
    }

    private mutating func label(_ code: UInt8, _ diagnostics: inout Diagnostics) -> Element? {
        guard position < bytes.count, isDigit(bytes[position]) else {
            return unknown("$\(text([code]))", &diagnostics)
        }
        let number = Int(bytes[position] - UInt8(ascii: "0"))
        position += 1
        let isHost = code == UInt8(ascii: "&") || code == UInt8(ascii: "!")
        let isRight = code == UInt8(ascii: "!") || code == UInt8(ascii: "#")
        return .label(number, of: isHost ? .host : .domain, fromRight: isRight)
    }

    private mutating func rawText(until closing: UInt8, _ diagnostics: inout Diagnostics) -> String? {
        guard let end = bytes[position...].firstIndex(of: closing) else {
            diagnostics.error("'\(text([closing]))' is missing in the template", at: location)
            position = bytes.count
            return nil
        }
        defer { position = end + 1 }
        return text(bytes[position..<end])
    }

    /// `5001002` is 5.1.2; no digits mean 5.1.2.
    private func statusCode(_ digits: ArraySlice<UInt8>, diagnostics: inout Diagnostics) -> String {
        if digits.isEmpty { return RewriteEngine.unknownHostCode }
        let numbers = [digits.prefix(1), digits.dropFirst().prefix(3), digits.dropFirst(4)].map { Int(text($0)) ?? -1 }
        guard digits.count == 7, numbers[0] == 4 || numbers[0] == 5 else {
            diagnostics.error(
                "'$\(text(digits))?' is not a status", at: location,
                advice: "write 4 or 5 and two numbers of three digits, for example '$5001002?' for 5.1.2")
            return RewriteEngine.unknownHostCode
        }
        return numbers.map(String.init).joined(separator: ".")
    }

    private func unknown(_ what: String, _ diagnostics: inout Diagnostics) -> Element? {
        diagnostics.warning(
            "'\(what)' means nothing in a rewrite template and is left out", at: location,
            advice: "write '$$' for a dollar sign")
        return nil
    }

    private func tooDeep(_ diagnostics: inout Diagnostics) -> Element? {
        diagnostics.error("sequences are nested more than \(Self.depthLimit) deep", at: location)
        return nil
    }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

private func uppered(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte & 0xDF : byte
}
