import InternetMessage

/// Patterns of channel and user names in list parameters: `*` any text, `?` and `%` one character; letters of either
/// case are equal.
enum Wildcard {
    /// Time is bounded by the product of the two lengths.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.asciiLowercased.utf8)
        let text = Array(text.asciiLowercased.utf8)
        var patternIndex = 0
        var index = 0
        var star: Int?
        var retry = 0
        while index < text.count {
            if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
                star = patternIndex
                retry = index
                patternIndex += 1
            } else if patternIndex < pattern.count, matchesOne(pattern[patternIndex], text[index]) {
                patternIndex += 1
                index += 1
            } else if let last = star {
                retry += 1
                index = retry
                patternIndex = last + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private static func matchesOne(_ pattern: UInt8, _ octet: UInt8) -> Bool {
        pattern == octet || pattern == UInt8(ascii: "?") || pattern == UInt8(ascii: "%")
    }
}
