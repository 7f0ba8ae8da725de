import Glibc

/// Times as commands show them, in local time.
enum LocalTime {
    /// `format`: of strftime(3). `seconds`: since 1970.
    static func text(_ format: String, _ seconds: Int64) -> String {
        var clock = time_t(seconds)
        var local = tm()
        localtime_r(&clock, &local)
        var buffer = [CChar](repeating: 0, count: 128)
        let count = strftime(&buffer, buffer.count, format, &local)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `24-Feb-1999 11:52:29`.
    static func stamp(_ seconds: Int64) -> String { text("%d-%b-%Y %H:%M:%S", seconds) }

    /// `Wed, 24 Feb 1999 14:20:29 -0800 (PST)`.
    static func heading(_ seconds: Int64) -> String { text("%a, %d %b %Y %H:%M:%S %z (%Z)", seconds) }

    /// `2 h 5 min`, the two largest units.
    static func span(_ seconds: Int64) -> String {
        let units: [(String, Int64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
        var rest = max(0, seconds)
        var words: [String] = []
        for (name, size) in units where words.count < 2 {
            if rest >= size { words.append("\(rest / size) \(name)") } else if !words.isEmpty { break }
            rest %= size
        }
        return words.isEmpty ? "0 s" : words.joined(separator: " ")
    }

    static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The moment of `24-Feb-1999 11:52:29`, seconds since 1970; nil when it is none.
    static func seconds(_ stamp: String) -> Int64? {
        let words = stamp.split { " -:".contains($0) }
        let numbers = words.compactMap { Int32($0) }
        guard words.count == 6, numbers.count == 5, let month = months.firstIndex(of: String(words[1])) else {
            return nil
        }
        return seconds(numbers[1], Int32(month), numbers[0], Array(numbers[2...]))
    }

    /// `month` counts from 0; `clock`: hour, minute, second. Nil for a year beyond four digits.
    static func seconds(_ year: Int32, _ month: Int32, _ day: Int32, _ clock: [Int32]) -> Int64? {
        guard clock.count == 3, (0...9999).contains(year) else { return nil }
        var parts = tm()
        (parts.tm_mday, parts.tm_mon, parts.tm_year) = (day, month, year - 1900)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (clock[0], clock[1], clock[2])
        parts.tm_isdst = -1
        return Int64(mktime(&parts))
    }
}
