extension MessageDate {
    /// A date that was read.
    package struct Parsed: Hashable, Sendable {
        /// Since 1970 UTC.
        package var seconds: Int64
        /// East of Greenwich, in seconds; 0 for zones RFC 5322 section 4.3 tells us to take as unknown.
        package var offset: Int
    }

    /// Reads the date of a header field (RFC 5322 section 3.3 and the obsolete forms of 4.3); nil when it is none.
    package static func parse(_ value: ArraySlice<UInt8>) -> Parsed? {
        var reader = DateReader(value)
        return reader.date()
    }

    package static func parse(_ text: String) -> Parsed? { parse(Array(text.utf8)[...]) }

    /// Reads `YYYYMMDDhhmmssZ`, the time syntax of directory attributes (RFC 4517 section 3.3.13, UTC and whole seconds
    /// only); the `Z` may be missing. Seconds since 1970, nil for anything else.
    package static func parseGeneralizedTime(_ text: String) -> Int64? {
        var octets = Array(text.utf8)
        if octets.last == UInt8(ascii: "Z") { octets.removeLast() }
        guard octets.count == 14, octets.allSatisfy(\.isDigit) else { return nil }
        func number(_ range: Range<Int>) -> Int { octets[range].reduce(0) { $0 * 10 + Int($1 - 48) } }
        let (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
        let (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14))
        guard year > 0, (1...12).contains(month), (1...CivilTime.daysInMonth(month, year: year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return CivilTime.seconds(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }
}

private struct DateReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    private var current: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    mutating func date() -> MessageDate.Parsed? {
        skip()
        if current?.isLetter == true {
            let name = word()
            guard CivilTime.weekdayNames.contains(where: { equalIgnoringCase($0, name) }) else { return nil }
            skip()
            guard take(Octet.comma) else { return nil }
            skip()
        }
        guard let day = number(1...2) else { return nil }
        skip()
        let name = word()
        guard let month = CivilTime.monthNames.firstIndex(where: { equalIgnoringCase($0, name) }) else { return nil }
        skip()
        guard let year = year() else { return nil }
        skip()
        guard (1...CivilTime.daysInMonth(month + 1, year: year)).contains(day.value), let clock = clock() else {
            return nil
        }
        skip()
        guard let offset = zone() else { return nil }
        skip()
        guard current == nil else { return nil }
        let local = CivilTime.seconds(
            year: year, month: month + 1, day: day.value, hour: clock.hour, minute: clock.minute, second: clock.second)
        return MessageDate.Parsed(seconds: local - Int64(offset), offset: offset)
    }

    private mutating func year() -> Int? {
        guard let year = number(2...4) else { return nil }
        switch year.digits {
        case 2: return year.value < 50 ? 2000 + year.value : 1900 + year.value
        case 3: return 1900 + year.value
        default: return year.value >= 1 ? year.value : nil
        }
    }

    private mutating func clock() -> (hour: Int, minute: Int, second: Int)? {
        guard let hour = number(1...2), hour.value < 24 else { return nil }
        skip()
        guard take(Octet.colon) else { return nil }
        skip()
        guard let minute = number(2...2), minute.value < 60 else { return nil }
        skip()
        guard take(Octet.colon) else { return (hour.value, minute.value, 0) }
        skip()
        guard let second = number(2...2), second.value <= 60 else { return nil }
        return (hour.value, minute.value, second.value)
    }

    private mutating func zone() -> Int? {
        guard let first = current else { return nil }
        if first == Octet.plus || first == Octet.hyphen {
            position += 1
            guard let zone = number(4...4), zone.value % 100 < 60 else { return nil }
            let seconds = (zone.value / 100 * 60 + zone.value % 100) * 60
            return first == Octet.hyphen ? -seconds : seconds
        }
        let name = String(decoding: word().map(\.asciiUppercased), as: UTF8.self)
        guard !name.isEmpty else { return nil }
        return ["EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7][name]
            .map { $0 * 3_600 } ?? 0
    }

    private mutating func word() -> ArraySlice<UInt8> {
        let start = position
        while current?.isLetter == true { position += 1 }
        return bytes[start..<position]
    }

    private mutating func number(_ digits: ClosedRange<Int>) -> (value: Int, digits: Int)? {
        let start = position
        var value = 0
        while let octet = current, octet.isDigit {
            guard position - start < digits.upperBound else { return nil }
            value = value * 10 + Int(octet - 48)
            position += 1
        }
        return digits.contains(position - start) ? (value, position - start) : nil
    }

    private mutating func take(_ octet: UInt8) -> Bool {
        guard current == octet else { return false }
        position += 1
        return true
    }

    /// White space and comments.
    private mutating func skip() {
        var depth = 0
        while let octet = current {
            if octet == Octet.openParenthesis {
                depth += 1
            } else if octet == Octet.closeParenthesis, depth > 0 {
                depth -= 1
            } else if octet == Octet.backslash, depth > 0 {
                position += 1
            } else if depth == 0, octet > 32 {
                return
            }
            position = min(position + 1, bytes.endIndex)
        }
    }
}
