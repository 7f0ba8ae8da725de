/// Integers of option files: decimal, or `base%digits` with the base in decimal and digits 0-9, A-Z in any case.
///
/// `16%FF` is 255, `2%101` is 5. Bases 2 to 36. Dispatcher specification, section 2.2.
package enum IntegerValue {
    /// The number, or nil when `text` is none or does not fit in 64 bits.
    package static func parse(_ text: String) -> Int? {
        let text = text.trimmingBlanks
        guard let percent = text.firstIndex(of: "%") else { return signedDecimal(text) }
        guard let base = unsigned(text[..<percent], radix: 10), (2...36).contains(base) else { return nil }
        return unsigned(text[text.index(after: percent)...], radix: base)
    }

    /// The number as a mask of 32 bits; -1 stands for all of them.
    package static func parseMask(_ text: String) -> UInt32? {
        guard let value = parse(text) else { return nil }
        if value == -1 { return .max }
        return UInt32(exactly: value)
    }

    private static func signedDecimal(_ text: String) -> Int? {
        guard text.utf8.first == UInt8(ascii: "-") else { return unsigned(text[...], radix: 10) }
        return unsigned(text.dropFirst(), radix: 10).map { -$0 }
    }

    /// Like `Int(_:radix:)` without signs, which a file must not smuggle in after `%`.
    private static func unsigned(_ text: Substring, radix: Int) -> Int? {
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        return Int(text, radix: radix)
    }
}
