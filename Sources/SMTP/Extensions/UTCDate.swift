/// Dates of RFC 3339 section 5.6, as FUTURERELEASE has them.
enum UTCDate {
    /// `2026-11-22T08:00:28Z`.
    static func text(_ seconds: Int64) -> String {
        let (day, time) = divided(seconds, by: 86_400)
        let (year, month, dayOfMonth) = date(ofDay: day)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))T"
            + "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))Z"
    }

    /// Seconds since 1970; nil when `octets` are no date between the years 1970 and 9999. A fraction of a second is passed
    /// over, a leap second is the second after it.
    static func seconds(_ octets: ArraySlice<UInt8>) -> Int64? {
        guard octets.count >= 20, octets.count <= 40 else { return nil }
        let text = Array(octets)
        for (index, separator) in zip([4, 7, 10, 13, 16], "--T::".utf8) {
            guard Octet.uppercased(text[index]) == separator else { return nil }
        }
        guard let year = number(text[0..<4], 1970...9999), let month = number(text[5..<7], 1...12),
            let day = number(text[8..<10], 1...daysOfMonth(month, year)), let hour = number(text[11..<13], 0...23),
            let minute = number(text[14..<16], 0...59), let second = number(text[17..<19], 0...60),
            let offset = offset(text[19...])
        else { return nil }
        return self.day(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    /// `[.digits] ("Z" / ("+" / "-") hh:mm)`.
    private static func offset(_ octets: ArraySlice<UInt8>) -> Int64? {
        var rest = octets
        if rest.first == Octet.dot {
            let digits = rest.dropFirst().prefix(while: Octet.isDigit)
            guard !digits.isEmpty else { return nil }
            rest = rest[digits.endIndex...]
        }
        guard let first = rest.first else { return nil }
        if Octet.uppercased(first) == UInt8(ascii: "Z") { return rest.count == 1 ? 0 : nil }
        let start = rest.startIndex
        guard first == Octet.plus || first == Octet.hyphen, rest.count == 6, rest[start + 3] == UInt8(ascii: ":"),
            let hours = number(rest[(start + 1)..<(start + 3)], 0...23),
            let minutes = number(rest[(start + 4)...], 0...59)
        else { return nil }
        let offset = hours * 3600 + minutes * 60
        return first == Octet.plus ? offset : -offset
    }

    private static func number(_ digits: ArraySlice<UInt8>, _ range: ClosedRange<Int64>) -> Int64? {
        Octet.number(digits).flatMap { range.contains($0) ? $0 : nil }
    }

    private static func daysOfMonth(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // MARK: Days of the Gregorian calendar, counted in years that begin in March

    /// Days since 1970.
    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let years = month > 2 ? year : year - 1
        let (era, yearOfEra) = divided(years, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(ofDay day: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = divided(day + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// Division that rounds down.
    private static func divided(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let rest = ((value % divisor) + divisor) % divisor
        return ((value - rest) / divisor, rest)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
