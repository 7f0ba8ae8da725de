/// The fields of a line of formats 1 to 3 (notifications-logging specification, 2.2).
package enum LoggedColumns {
    /// Separated by single blanks, so that two in a row stand around an empty field. A quoted string does not end at its
    /// blanks, and in format 3 (`isCounted`) `N:text` is so long as it says; both are given as they were before they were
    /// written. `counted`: which fields had a length.
    package static func fields(
        of line: Substring, isCounted: Bool = false
    ) -> (texts: [String], counted: Set<Int>) {
        var texts: [String] = []
        var lengths: Set<Int> = []
        var rest = line.utf8
        while true {
            let found = isCounted ? counted(rest) : nil
            if found != nil { lengths.insert(texts.count) }
            let (field, end) = found ?? next(rest)
            texts.append(field)
            guard end < rest.endIndex else { return (texts, lengths) }
            rest = rest[rest.index(after: end)...]
        }
    }

    private static func next(_ rest: Substring.UTF8View) -> (String, String.Index) {
        var isQuoted = false
        var isEscaped = false
        var end = rest.startIndex
        while end < rest.endIndex, isQuoted || rest[end] != UInt8(ascii: " ") {
            if isEscaped {
                isEscaped = false
            } else if rest[end] == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if isQuoted {
                isEscaped = rest[end] == UInt8(ascii: "\\")
            }
            end = rest.index(after: end)
        }
        // A diagnostic may have a single quote: there the blanks count again.
        if isQuoted { end = rest.firstIndex(of: UInt8(ascii: " ")) ?? rest.endIndex }
        return (unquoted(rest[..<end]), end)
    }

    /// `N:text` when a blank or the end follows.
    private static func counted(_ rest: Substring.UTF8View) -> (String, String.Index)? {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...4).contains(digits.count), let count = Int(String(Substring(digits))),
            digits.endIndex < rest.endIndex, rest[digits.endIndex] == UInt8(ascii: ":"),
            let end = rest.index(digits.endIndex, offsetBy: count + 1, limitedBy: rest.endIndex),
            end == rest.endIndex || rest[end] == UInt8(ascii: " ")
        else { return nil }
        return (String(decoding: rest[digits.endIndex..<end].dropFirst(), as: UTF8.self), end)
    }

    /// A quoted string of the log as it was before; an address with a quoted local part is none.
    private static func unquoted(_ field: Substring.UTF8View) -> String {
        let isQuoted = field.count > 1 && field.first == UInt8(ascii: "\"") && field.last == UInt8(ascii: "\"")
        guard isQuoted else { return String(decoding: field, as: UTF8.self) }
        var output: [UInt8] = []
        var isEscaped = false
        for byte in field.dropFirst().dropLast() {
            if byte == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
            } else {
                output.append(byte)
                isEscaped = false
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
