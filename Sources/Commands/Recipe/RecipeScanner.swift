/// What is wrong with a recipe, and where.
struct RecipeError: Error, Hashable, CustomStringConvertible {
    let message: String
    /// From 1; 0: nowhere in particular.
    var line: Int
    var column: Int

    init(_ message: String, _ place: RecipePlace? = nil) {
        self.message = message
        line = place?.line ?? 0
        column = place?.column ?? 0
    }

    var description: String { line > 0 ? "\(line):\(column): \(message)" : message }
}

/// A place in a recipe, both numbers from 1.
struct RecipePlace: Hashable, Sendable {
    var line: Int
    var column: Int
}

/// A word of the recipe language (unified configuration specification, section 6).
struct RecipeToken: Hashable {
    enum Kind: Hashable {
        case number(Int)
        case string(String)
        case name(String)
        /// `:hex` and the like.
        case tag(String)
        case sign(String)
        case end
    }

    var kind: Kind
    var place: RecipePlace
}

/// Splits a recipe into words. Comments: `#` to the end of the line, and `/* … */`.
struct RecipeScanner {
    private let text: [UInt8]
    private var index = 0
    private var line = 1
    private var lineStart = 0

    private static let signs = [
        "||", "&&", "==", "!=", "<=", ">=", "<<", ">>", "!", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "~", ".",
        "=", "(", ")", "[", "]", "{", "}", ",", ";", ":",
    ]

    init(_ text: String) { self.text = Array(text.utf8) }

    static func tokens(_ text: String) throws(RecipeError) -> [RecipeToken] {
        var scanner = RecipeScanner(text)
        var tokens: [RecipeToken] = []
        repeat { tokens.append(try scanner.next()) } while tokens.last?.kind != .end
        return tokens
    }

    private var place: RecipePlace { RecipePlace(line: line, column: index - lineStart + 1) }
    private var byte: UInt8? { index < text.count ? text[index] : nil }
    private var following: UInt8? { index + 1 < text.count ? text[index + 1] : nil }

    private mutating func advance() {
        if text[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
        index += 1
    }

    private mutating func next() throws(RecipeError) -> RecipeToken {
        try skipBlanks()
        let place = place
        guard let byte else { return RecipeToken(kind: .end, place: place) }
        if byte == UInt8(ascii: "\"") { return RecipeToken(kind: .string(try string(place)), place: place) }
        if Self.isDigit(byte) { return RecipeToken(kind: .number(try number(place)), place: place) }
        if Self.isNameByte(byte) { return RecipeToken(kind: .name(word()), place: place) }
        if byte == UInt8(ascii: ":"), let following, Self.isNameByte(following), !Self.isDigit(following) {
            index += 1
            return RecipeToken(kind: .tag(word().lowercased()), place: place)
        }
        for sign in Self.signs where text[index...].starts(with: sign.utf8) {
            index += sign.utf8.count
            return RecipeToken(kind: .sign(sign), place: place)
        }
        throw RecipeError("unexpected character \(Character(UnicodeScalar(byte)))", place)
    }

    private mutating func skipBlanks() throws(RecipeError) {
        while let byte {
            if byte == UInt8(ascii: "#") {
                while let byte = self.byte, byte != UInt8(ascii: "\n") { advance() }
            } else if byte == UInt8(ascii: "/"), following == UInt8(ascii: "*") {
                let start = place
                index += 2
                while !(self.byte == UInt8(ascii: "*") && following == UInt8(ascii: "/")) {
                    guard self.byte != nil else { throw RecipeError("the comment has no end: */ is missing", start) }
                    advance()
                }
                index += 2
            } else if byte == 0x20 || (0x09...0x0D).contains(byte) {
                advance()
            } else {
                return
            }
        }
    }

    private mutating func string(_ start: RecipePlace) throws(RecipeError) -> String {
        var bytes: [UInt8] = []
        index += 1
        while let byte, byte != UInt8(ascii: "\"") {
            advance()
            guard byte == UInt8(ascii: "\\"), let escaped = self.byte else {
                bytes.append(byte)
                continue
            }
            advance()
            switch escaped {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(escaped)
            // Names of options hold backslashes: alias:first\.last
            default: bytes += [byte, escaped]
            }
        }
        guard byte != nil else { throw RecipeError("the second quote is missing", start) }
        index += 1
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func number(_ start: RecipePlace) throws(RecipeError) -> Int {
        let digits = word()
        let isHexadecimal = digits.lowercased().hasPrefix("0x")
        guard let value = isHexadecimal ? Int(digits.dropFirst(2), radix: 16) : Int(digits) else {
            throw RecipeError("\(digits) is no number", start)
        }
        return value
    }

    private mutating func word() -> String {
        let start = index
        while let byte, Self.isNameByte(byte) { index += 1 }
        return String(decoding: text[start..<index], as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
