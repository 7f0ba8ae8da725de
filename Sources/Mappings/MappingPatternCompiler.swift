import OptionSyntax

/// Reads the text of a pattern (mappings specification, section 2.1).
struct MappingPatternCompiler {
    private let text: [UInt8]
    private let place: TextPlace
    private var position = 0
    /// Where the sequence begins that is being read.
    private var start = 0
    private var lazy = false
    private var saved = true

    init(_ source: String, at place: TextPlace) {
        text = Array(source.utf8)
        self.place = place
    }

    private var location: SourceLocation? { place.location(at: start) }

    mutating func compile(into pattern: inout MappingPattern, diagnostics: inout Diagnostics) {
        while let byte = next() {
            start = position - 1
            switch byte {
            case UInt8(ascii: "%"): add(.any, many: false, to: &pattern)
            case UInt8(ascii: "*"): add(.any, many: true, to: &pattern)
            case UInt8(ascii: "$"): sequence(into: &pattern, diagnostics: &diagnostics)
            default: pattern.append(literal: byte)
            }
        }
    }

    private mutating func next() -> UInt8? {
        guard position < text.count else { return nil }
        defer { position += 1 }
        return text[position]
    }

    private mutating func add(_ set: CharacterClass, many: Bool, to pattern: inout MappingPattern) {
        pattern.append(wildcard: set, many: many, saved: saved, lazy: lazy)
        lazy = false
        saved = true
    }

    private mutating func sequence(into pattern: inout MappingPattern, diagnostics: inout Diagnostics) {
        guard let byte = next() else {
            diagnostics.warning("'$' at the end of a pattern stands for itself", at: location, advice: "write '$$'")
            return pattern.append(literal: UInt8(ascii: "$"))
        }
        switch byte {
        case UInt8(ascii: "%"), UInt8(ascii: "*"), UInt8(ascii: "$"), UInt8(ascii: " "), UInt8(ascii: "\t"):
            pattern.append(literal: byte)
        case UInt8(ascii: "_"): lazy = true
        case UInt8(ascii: "@"): saved = false
        case UInt8(ascii: "^"): saved = true
        case UInt8(ascii: "["):
            guard let set = memberList(&diagnostics) else { return }
            glob(set, into: &pattern, diagnostics: &diagnostics)
        case UInt8(ascii: "("), UInt8(ascii: "<"), UInt8(ascii: "{"):
            address(opening: byte, into: &pattern, diagnostics: &diagnostics)
        default:
            letterOrDigit(byte, into: &pattern, diagnostics: &diagnostics)
        }
    }

    private mutating func letterOrDigit(
        _ byte: UInt8, into pattern: inout MappingPattern, diagnostics: inout Diagnostics
    ) {
        let follower = position < text.count ? text[position] : 0
        if byte.isDigit, follower == UInt8(ascii: "*") {
            position += 1
            pattern.append(backMatch: Int(byte - UInt8(ascii: "0")))
        } else if let set = CharacterClass(letter: byte) {
            glob(set, into: &pattern, diagnostics: &diagnostics)
        } else {
            diagnostics.warning(
                "'$\([byte].text)' means nothing in a pattern; the character stands for itself", at: location)
            pattern.append(literal: byte)
        }
    }

    /// `%` or `*` after a class.
    private mutating func glob(
        _ set: CharacterClass, into pattern: inout MappingPattern, diagnostics: inout Diagnostics
    ) {
        switch next() {
        case UInt8(ascii: "%"): add(set, many: false, to: &pattern)
        case UInt8(ascii: "*"): add(set, many: true, to: &pattern)
        default:
            diagnostics.error(
                "a character class must be followed by '%' or '*'", at: location,
                advice: "write for example '$D*' for any number of digits")
        }
    }

    /// The members of `$[...]`; the backslash quotes, `a-z` is a range.
    private mutating func memberList(_ diagnostics: inout Diagnostics) -> CharacterClass? {
        var members: [(scalar: UInt32, quoted: Bool)] = []
        var rest = text[position...].text.unicodeScalars[...]
        var closed = false
        while let scalar = rest.popFirst() {
            position += UTF8.width(scalar)
            if scalar == "]" {
                closed = true
                break
            }
            if scalar == "\\", let quoted = rest.popFirst() {
                position += UTF8.width(quoted)
                members.append((quoted.value, true))
            } else {
                members.append((scalar.value, false))
            }
        }
        guard closed else {
            diagnostics.error("'$[' without a closing ']'", at: location)
            return nil
        }
        return characterClass(of: members)
    }

    private func characterClass(of members: [(scalar: UInt32, quoted: Bool)]) -> CharacterClass {
        var set = CharacterClass()
        var index = 0
        while index < members.count {
            let first = members[index].scalar
            let isRange =
                index + 2 < members.count && members[index + 1].scalar == 0x2D && !members[index + 1].quoted
                && members[index + 2].scalar >= first
            set.insert(first...(isRange ? members[index + 2].scalar : first))
            index += isRange ? 3 : 1
        }
        return set
    }

    private mutating func address(
        opening: UInt8, into pattern: inout MappingPattern, diagnostics: inout Diagnostics
    ) {
        let closing = opening == UInt8(ascii: "(") ? UInt8(ascii: ")") : opening + 2
        let end = text[position...].firstIndex(of: closing) ?? text.count
        let inner = Array(text[position..<end])
        position = min(end + 1, text.count)
        let keeps = saved
        saved = true
        switch opening {
        case UInt8(ascii: "("):
            if let test = IPv4Test(prefix: inner) { return pattern.append(ipv4: test, saved: keeps) }
        case UInt8(ascii: "<"):
            if let test = IPv4Test(ignoring: inner) { return pattern.append(ipv4: test, saved: keeps) }
        default:
            if let test = IPv6Test(prefix: inner) { return pattern.append(ipv6: test, saved: keeps) }
        }
        diagnostics.error(
            "'\(inner.text)' is not an address with an optional number of bits", at: location,
            advice: "write '$(192.0.2.0/24)', '$<192.0.2.0/8>' or '${2001:db8::/32}'")
    }
}
