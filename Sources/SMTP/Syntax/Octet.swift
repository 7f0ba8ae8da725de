/// Octets by the names RFC 5321 gives them, and the classes commands are made of.
enum Octet {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let dot = UInt8(ascii: ".")
    static let hyphen = UInt8(ascii: "-")
    static let equals = UInt8(ascii: "=")
    static let semicolon = UInt8(ascii: ";")
    static let comma = UInt8(ascii: ",")
    static let plus = UInt8(ascii: "+")
    static let zero = UInt8(ascii: "0")

    static func isBlank(_ octet: UInt8) -> Bool { octet == space || octet == tab }
    static func isDigit(_ octet: UInt8) -> Bool { octet &- 48 < 10 }
    static func isLetter(_ octet: UInt8) -> Bool { (octet | 32) &- 97 < 26 }
    static func uppercased(_ octet: UInt8) -> UInt8 { octet &- 97 < 26 ? octet & 0xDF : octet }

    /// What a command line may not contain (smtp specification, 4.1): control characters other than TAB.
    static func isControl(_ octet: UInt8) -> Bool { (octet < 32 && octet != tab) || octet == 127 }

    /// Whether `octets` are `word`, which is in upper case, in any mixture of cases.
    static func matches(_ octets: some Collection<UInt8>, _ word: StaticString) -> Bool {
        guard octets.count == word.utf8CodeUnitCount else { return false }
        return zip(octets, UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
            .allSatisfy { uppercased($0) == $1 }
    }

    /// `octets` without the blanks at both ends.
    static func trimmed(_ octets: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var result = octets
        while let first = result.first, isBlank(first) { result = result.dropFirst() }
        while let last = result.last, isBlank(last) { result = result.dropLast() }
        return result
    }

    /// The value of a run of digits; nil for anything else. What no Int64 can hold is Int64.max: for every purpose here
    /// it is as much too large.
    static func number(_ octets: some Collection<UInt8>) -> Int64? {
        guard !octets.isEmpty, octets.allSatisfy(isDigit) else { return nil }
        return octets.reduce(Int64(0)) { value, digit in
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = tens.addingReportingOverflow(Int64(digit &- 48))
            return overflow || carried ? Int64.max : sum
        }
    }
}
