/// A string with macros, `%{ir}.example.com` (RFC 7208 section 7).
struct SPFMacroString: Hashable, Sendable {
    struct Macro: Hashable, Sendable {
        /// In lower case.
        var letter: Character
        /// The letter was upper case: the value is percent-encoded.
        var isEncoded: Bool
        /// How many parts from the right are kept; nil: all.
        var digits: Int?
        var isReversed: Bool
        /// Empty: a dot.
        var delimiters: String
    }

    enum Piece: Hashable, Sendable {
        case literal(String)
        case macro(Macro)
    }

    private(set) var pieces: [Piece] = []

    /// A domain-spec: it ends in a macro or in a top-level name.
    init(domain text: String) throws(SPFSyntaxError) {
        try self.init(text, isExplanation: false)
        if case .macro? = pieces.last { return }
        guard Self.endsInTopLevelName(text) else { throw SPFSyntaxError("not a domain: \(text)") }
    }

    /// `isExplanation`: the text of an explanation, which has blanks and the macros c, r and t.
    init(_ text: String, isExplanation: Bool) throws(SPFSyntaxError) {
        var rest = text[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                guard let octet = character.asciiValue, (isExplanation ? 0x20 : 0x21)...0x7E ~= octet else {
                    throw SPFSyntaxError("a character that is not allowed in \(text)")
                }
                add(String(character))
                continue
            }
            switch rest.popFirst() {
            case "%": add("%")
            case "_": add(" ")
            case "-": add("%20")
            case "{":
                let body = rest.prefix { $0 != "}" }
                rest = rest[body.endIndex...]
                guard rest.popFirst() == "}" else { throw SPFSyntaxError("a macro without its end in \(text)") }
                pieces.append(.macro(try Self.macro(body, isExplanation: isExplanation, in: text)))
            default: throw SPFSyntaxError("a percent sign that begins no macro in \(text)")
            }
        }
    }

    private mutating func add(_ text: String) {
        if case .literal(let before)? = pieces.last {
            pieces[pieces.count - 1] = .literal(before + text)
        } else {
            pieces.append(.literal(text))
        }
    }

    private static func macro(
        _ body: Substring, isExplanation: Bool, in text: String
    ) throws(SPFSyntaxError) -> Macro {
        var rest = body
        guard let letter = rest.popFirst(), letter.isASCII, letter.isLetter else {
            throw SPFSyntaxError("a macro without a letter in \(text)")
        }
        let lower = Character(letter.lowercased())
        guard "slodiphv".contains(lower) || isExplanation && "crt".contains(lower) else {
            throw SPFSyntaxError("unknown macro \(letter) in \(text)")
        }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest[digits.endIndex...]
        guard digits.isEmpty || digits.contains(where: { $0 != "0" }) else {
            throw SPFSyntaxError("a macro that keeps no part in \(text)")
        }
        let isReversed = rest.first == "r" || rest.first == "R"
        if isReversed { rest.removeFirst() }
        guard rest.allSatisfy({ ".-+,/_=".contains($0) }) else {
            throw SPFSyntaxError("not a delimiter in \(text)")
        }
        return Macro(
            letter: lower, isEncoded: letter.isUppercase, digits: digits.isEmpty ? nil : Int(digits) ?? .max,
            isReversed: isReversed, delimiters: String(rest))
    }

    /// `"." toplabel ["."]`: letters, digits and inner hyphens, not digits alone (section 7.1).
    private static func endsInTopLevelName(_ text: String) -> Bool {
        let name = text.last == "." ? text.dropLast() : text[...]
        guard let dot = name.lastIndex(of: ".") else { return false }
        let label = name[name.index(after: dot)...]
        guard let first = label.first, let last = label.last, first != "-", last != "-" else { return false }
        return label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            && label.contains { $0.isLetter || $0 == "-" }
    }

    /// The letters that occur.
    var letters: Set<Character> {
        Set(
            pieces.compactMap { piece in
                if case .macro(let macro) = piece { macro.letter } else { nil }
            })
    }

    /// The string with the value of each macro in its place.
    func expanded(_ value: (Character) -> String) -> String {
        pieces.map { piece in
            switch piece {
            case .literal(let text): text
            case .macro(let macro): macro.transformed(value(macro.letter))
            }
        }.joined()
    }
}

extension SPFMacroString.Macro {
    func transformed(_ value: String) -> String {
        let delimiters = delimiters.isEmpty ? "." : delimiters
        var result = value
        if digits != nil || isReversed || delimiters != "." {
            var parts = value.split(omittingEmptySubsequences: false) { delimiters.contains($0) }
            if isReversed { parts.reverse() }
            result = parts.suffix(digits ?? parts.count).joined(separator: ".")
        }
        return isEncoded ? Self.encoded(result) : result
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(octet))
            default: "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
