/// A set of single-character flags: the input flags of a probe, or the output flags of its result. Letters count the
/// same in upper and lower case (mappings specification, section 3.6); only ASCII characters can be flags.
package struct MappingFlags: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    package init() {}

    /// The flags named by the characters of `characters`; those outside ASCII are left out.
    package init(_ characters: String) {
        for byte in characters.utf8 where byte < 0x80 { insert(byte) }
    }

    package init(stringLiteral value: String) { self.init(value) }

    /// True when the flag is set, for example `has("Y")`.
    package func has(_ flag: Character) -> Bool {
        guard let code = flag.asciiValue else { return false }
        return has(code: code)
    }

    func has(code: UInt8) -> Bool {
        let code = code.uppered
        guard code < 0x80 else { return false }
        return code < 64 ? low >> UInt64(code) & 1 == 1 : high >> UInt64(code - 64) & 1 == 1
    }

    /// Sets the flag whose character has this ASCII code; other codes are ignored.
    package mutating func insert(_ code: UInt8) {
        let code = code.uppered
        guard code < 0x80 else { return }
        if code < 64 { low |= 1 << UInt64(code) } else { high |= 1 << UInt64(code - 64) }
    }

    /// Sets every flag of `other` as well.
    package mutating func formUnion(_ other: MappingFlags) {
        low |= other.low
        high |= other.high
    }

    /// True when no flag is set.
    package var isEmpty: Bool { low == 0 && high == 0 }

    /// The character codes of the flags in ascending order, as `test -mapping` prints them (section 4.1).
    package var codes: [UInt8] { (0..<0x80).filter { has(code: $0) && $0.uppered == $0 } }

    /// The flags as characters in ascending order, for example `NY`.
    package var description: String { codes.text }
}
