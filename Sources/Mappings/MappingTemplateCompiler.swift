import OptionSyntax

/// Reads the text of a template (mappings specification, section 3).
struct MappingTemplateCompiler {
    typealias Element = MappingTemplate.Element

    private let text: [UInt8]
    private let tables: [String: Int]
    private let place: TextPlace
    private var position = 0
    /// Where the sequence begins that is being read.
    private var start = 0
    /// Nested arguments; deeper ones fail, so that a template cannot exhaust the stack.
    private var depth = 0

    private static let depthLimit = 20

    init(_ source: String, tables: [String: Int], at place: TextPlace) {
        text = Array(source.utf8)
        self.tables = tables
        self.place = place
    }

    private var location: SourceLocation? { place.location(at: start) }

    private mutating func next() -> UInt8? {
        guard position < text.count else { return nil }
        defer { position += 1 }
        return text[position]
    }

    /// Compiles up to the unquoted byte `terminator`, which is consumed, or to the end of the text.
    mutating func compile(until terminator: UInt8?, diagnostics: inout Diagnostics) -> [Element] {
        let opening = start
        var elements: [Element] = []
        var literal: [UInt8] = []
        func flush() {
            if !literal.isEmpty { elements.append(.text(literal)) }
            literal = []
        }
        while let byte = next() {
            if byte == terminator {
                flush()
                start = opening
                return elements
            }
            guard byte == UInt8(ascii: "$") else {
                literal.append(byte)
                continue
            }
            start = position - 1
            switch next() {
            case nil:
                diagnostics.warning("'$' at the end of a template stands for itself", at: location)
                literal.append(byte)
            case UInt8(ascii: "$"): literal.append(UInt8(ascii: "$"))
            case .some(let code) where code.isBlank: literal.append(code)
            case .some(let code):
                flush()
                elements.append(sequence(code, diagnostics: &diagnostics))
            }
        }
        flush()
        start = opening
        if let terminator {
            diagnostics.error("'\([terminator].text)' is missing at the end of a template's argument", at: location)
            elements.append(.failure)
        }
        return elements
    }

    private mutating func sequence(_ code: UInt8, diagnostics: inout Diagnostics) -> Element {
        if code.isDigit { return .field(Int(code - UInt8(ascii: "0"))) }
        switch code {
        case UInt8(ascii: "\\"): return .letterCase(.lower)
        case UInt8(ascii: "^"): return .letterCase(.upper)
        case UInt8(ascii: "_"): return .letterCase(.original)
        case UInt8(ascii: "="): return .filterQuoting
        case UInt8(ascii: ":"), UInt8(ascii: ";"):
            guard let flag = next() else { return missing("a flag after '$\([code].text)'", &diagnostics) }
            return .condition(flag: flag.uppered, isSet: code == UInt8(ascii: ":"))
        case UInt8(ascii: "?"): return percentage(&diagnostics)
        case UInt8(ascii: "+"): return numericArgument(&diagnostics)
        case UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "["):
            return call(code, diagnostics: &diagnostics)
        case UInt8(ascii: "#"):
            guard let raw = rawText(until: UInt8(ascii: "#")), let format = SequenceFormat(raw) else {
                return missing("a sequence number of the form $#file|radix|width|modulus#", &diagnostics)
            }
            return .sequence(format)
        default:
            warnOfOddFlag(code, &diagnostics)
            return letter(code)
        }
    }

    /// Flags of tables that the MTA asks are letters and these four (access-and-filtering specification, section 5);
    /// other characters come mostly from a rewrite template, where `$(text)` and `$%` mean something.
    private func warnOfOddFlag(_ code: UInt8, _ diagnostics: inout Diagnostics) {
        if code.isLetter || "!<>,".utf8.contains(code) { return }
        let advice =
            code == UInt8(ascii: "(")
            ? "write '${text}' for the general database in a mapping table" : "write '$$' for a dollar sign"
        diagnostics.warning("'$\([code].text)' sets a flag that no table knows", at: location, advice: advice)
    }

    private func letter(_ code: UInt8) -> Element {
        switch code.uppered {
        case UInt8(ascii: "C"): .control(.next)
        case UInt8(ascii: "L"): .control(.nextAndAgain)
        case UInt8(ascii: "R"): .control(.restart)
        case UInt8(ascii: "E"): .control(.end)
        default: .flag(code.uppered)
        }
    }

    /// The sequences with an argument that is itself template text.
    private mutating func call(_ code: UInt8, diagnostics: inout Diagnostics) -> Element {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { return missing("fewer nested sequences", &diagnostics) }
        switch code {
        case UInt8(ascii: "{"):
            return .generalDatabase(key: compile(until: UInt8(ascii: "}"), diagnostics: &diagnostics))
        case UInt8(ascii: "]"):
            return .directory(url: compile(until: UInt8(ascii: "["), diagnostics: &diagnostics))
        case UInt8(ascii: "}"):
            let domain = compile(until: UInt8(ascii: ","), diagnostics: &diagnostics)
            guard let attribute = rawText(until: UInt8(ascii: "{")) else {
                return missing("'{' after the attribute of '$}'", &diagnostics)
            }
            return .domainAttribute(domain: domain, attribute: attribute)
        case UInt8(ascii: "["):
            guard let image = rawText(until: UInt8(ascii: ",")), let routine = rawText(until: UInt8(ascii: ","))
            else { return missing("'image,routine,argument' in '$[...]'", &diagnostics) }
            let argument = compile(until: UInt8(ascii: "]"), diagnostics: &diagnostics)
            return .callout(image: image, routine: routine, argument: argument)
        default:
            return mappingCall(&diagnostics)
        }
    }

    private mutating func mappingCall(_ diagnostics: inout Diagnostics) -> Element {
        guard let name = rawText(until: UInt8(ascii: ";")) else {
            return missing("'table;argument' in '$|...|'", &diagnostics)
        }
        let table = tables[tableKey(name)]
        if table == nil {
            diagnostics.warning(
                "mapping table '\(name)' is not defined; the entry will fail", at: location,
                advice: "define the table or correct its name")
        }
        return .mapping(table: table, argument: compile(until: UInt8(ascii: "|"), diagnostics: &diagnostics))
    }

    /// The bytes up to `terminator`, which is consumed; nil when it does not come.
    private mutating func rawText(until terminator: UInt8) -> String? {
        guard let end = text[position...].firstIndex(of: terminator) else { return nil }
        defer { position = end + 1 }
        return text[position..<end].text
    }

    private mutating func percentage(_ diagnostics: inout Diagnostics) -> Element {
        guard let raw = rawText(until: UInt8(ascii: "?")), let percent = Int(raw), (0...100).contains(percent) else {
            return missing("a percentage from 0 to 100 in '$?x?'", &diagnostics)
        }
        return .percentage(percent)
    }

    /// `$+nX`: a numeric argument; only `$+1E` has a meaning.
    private mutating func numericArgument(_ diagnostics: inout Diagnostics) -> Element {
        let digits = text[position...].prefix(while: \.isDigit)
        position = digits.endIndex
        guard !digits.isEmpty, let code = next() else {
            return missing("a number and a letter after '$+'", &diagnostics)
        }
        if Int(digits.text) == 1, code.uppered == UInt8(ascii: "E") { return .endNow }
        diagnostics.warning(
            "the number in '$+\(digits.text)\([code].text)' has no effect", at: location,
            advice: "write '$\([code].text)'")
        return letter(code)
    }

    private func missing(_ what: String, _ diagnostics: inout Diagnostics) -> Element {
        diagnostics.error("the template needs \(what)", at: location)
        return .failure
    }
}

/// Table names compare without regard to case (section 1.1).
func tableKey(_ name: String) -> String { name.utf8.map(\.lowered).text }
