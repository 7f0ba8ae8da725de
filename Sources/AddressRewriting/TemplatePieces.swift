/// What a template has made so far: texts with separators between them (rewrite-rules specification, section 5.1). No
/// form has more than four texts; what comes after them stays in the last one.
struct TemplatePieces {
    private(set) var first = ""
    private(set) var second = ""
    private(set) var third = ""
    private(set) var fourth = ""
    private(set) var separatorCount = 0
    private(set) var beginsWithPercent = false
    /// A percent sign stands behind the first separator.
    private var hasLatePercent = false
    private var length = 0

    /// Most octets that a template may make, as in mappings: without a limit `$U$U%$H` would double the address in
    /// each round.
    private static let limit = 4096

    mutating func append(_ text: String) {
        length += text.utf8.count
        guard !isTooLong else { return }
        switch separatorCount {
        case 0: first += text
        case 1: second += text
        case 2: third += text
        default: fourth += text
        }
    }

    mutating func separate(_ separator: RewriteTemplate.Separator) {
        if separator == .percent {
            if separatorCount == 0 { beginsWithPercent = true } else { hasLatePercent = true }
        }
        separatorCount += 1
    }

    /// Not too long, one to three separators, of which only the first may be a percent sign, and a text behind each.
    var isForm: Bool {
        !isTooLong && (1...3).contains(separatorCount) && !hasLatePercent && !second.isEmpty
            && (separatorCount < 2 || !third.isEmpty) && (separatorCount < 3 || !fourth.isEmpty)
    }

    /// More was appended than a template may make; the rest is missing.
    var isTooLong: Bool { length > Self.limit }
}
