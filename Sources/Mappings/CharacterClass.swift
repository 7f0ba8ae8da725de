/// The characters that a wildcard or glob takes.
struct CharacterClass: Hashable, Sendable {
    /// Takes every character.
    private var isAny = false
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    /// Members outside ASCII, of `$[...]` only.
    private var wide: [ClosedRange<UInt32>] = []

    static let any: CharacterClass = {
        var result = CharacterClass()
        result.isAny = true
        return result
    }()

    init() {}

    init(_ members: String) {
        for scalar in members.unicodeScalars { insert(scalar.value...scalar.value) }
    }

    /// The class behind a glob letter (mappings specification, section 2.1); nil for any other letter.
    init?(letter: UInt8) {
        let digits = "0123456789"
        let letters = "abcdefghijklmnopqrstuvwxyz"
        switch letter.uppered {
        case UInt8(ascii: "A"): self.init(letters)
        case UInt8(ascii: "B"): self.init("01")
        case UInt8(ascii: "D"): self.init(digits)
        case UInt8(ascii: "H"), UInt8(ascii: "X"): self.init(digits + "abcdef")
        case UInt8(ascii: "O"): self.init("01234567")
        case UInt8(ascii: "S"): self.init(digits + letters + "_$")
        case UInt8(ascii: "T"): self.init(" \t\u{0B}")
        default: return nil
        }
    }

    var takesEverything: Bool { isAny }

    /// Adds a range of code points, letters in both cases.
    mutating func insert(_ range: ClosedRange<UInt32>) {
        if range.upperBound >= 0x80 { wide.append(max(range.lowerBound, 0x80)...range.upperBound) }
        guard range.lowerBound < 0x80 else { return }
        for value in range.lowerBound...min(range.upperBound, 0x7F) {
            let byte = UInt8(value)
            set(byte.lowered)
            set(byte.uppered)
        }
    }

    private mutating func set(_ byte: UInt8) {
        if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
    }

    private func has(_ byte: UInt8) -> Bool {
        byte < 64 ? low >> UInt64(byte) & 1 == 1 : high >> UInt64(byte - 64) & 1 == 1
    }

    /// The position after the character at `position`, when that character belongs to the class.
    func taking(_ text: [UInt8], at position: Int) -> Int? {
        guard position < text.count else { return nil }
        let byte = text[position]
        if byte < 0x80 { return isAny || has(byte) ? position + 1 : nil }
        var end = position + 1
        while end < text.count, text[end].isContinuation { end += 1 }
        if isAny { return end }
        guard !wide.isEmpty else { return nil }
        let scalar = text[position..<end].text.unicodeScalars.first?.value ?? 0
        return wide.contains { $0.contains(scalar) } ? end : nil
    }

    /// The members in ascending order, letters in lower case, as `test -match` lists them.
    var listing: String {
        let narrow = (0..<UInt8(0x80)).filter { has($0) && !$0.isUpper }.text
        return narrow
            + wide.map { range in
                [range.lowerBound, range.upperBound].compactMap { Unicode.Scalar($0).map(String.init) }
                    .joined(separator: "-")
            }.joined()
    }
}
