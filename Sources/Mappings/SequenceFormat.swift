/// The arguments of `$#file|radix|width|modulus#` (mappings specification, section 3.1).
struct SequenceFormat: Hashable, Sendable {
    var file: String
    /// 2 to 36; a negative radix in the template means the same as the positive one.
    var radix = 10
    var width = 0
    var modulus: UInt64?

    /// Nil when an argument is out of range. Widths above 64 are refused, as no number needs them.
    init?(_ text: String) {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        guard let file = parts.first, !file.isEmpty, parts.count <= 4 else { return nil }
        self.file = String(file)
        if parts.count > 1 {
            guard let number = Int(parts[1]), (2...36).contains(number) || (-36...(-2)).contains(number)
            else { return nil }
            radix = abs(number)
        }
        if parts.count > 2 {
            guard let number = Int(parts[2]), (0...64).contains(number) else { return nil }
            width = number
        }
        if parts.count > 3 {
            guard let number = UInt64(parts[3]), number > 0 else { return nil }
            modulus = number
        }
    }

    /// The number in the radix, digits in upper case, padded with zeros on the left.
    func format(_ number: UInt64) -> String {
        let digits = String(number, radix: radix, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
