/// Durations of channel keywords: `P[nY][nM][nW][nD][T[nH][nM][nS]]` in any case, at least one component.
///
/// A year is 365 days, a month 30. Job Controller specification, section 11.1.
package enum DurationValue {
    private static let dateUnits: [UInt8: Int] = [
        UInt8(ascii: "y"): 365 * 86400, UInt8(ascii: "m"): 30 * 86400, UInt8(ascii: "w"): 7 * 86400,
        UInt8(ascii: "d"): 86400,
    ]
    private static let timeUnits: [UInt8: Int] = [
        UInt8(ascii: "h"): 3600, UInt8(ascii: "m"): 60, UInt8(ascii: "s"): 1,
    ]

    /// Seconds, or nil when `text` is no duration.
    package static func seconds(_ text: String) -> Int? {
        var rest = Array(text.lowercased().utf8)[...]
        guard rest.popFirst() == UInt8(ascii: "p") else { return nil }
        var total = 0
        var inTime = false
        var components = 0
        while let first = rest.first {
            if first == UInt8(ascii: "t"), !inTime {
                inTime = true
                rest.removeFirst()
                continue
            }
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest.dropFirst(digits.count)
            guard let number = Int(String(decoding: digits, as: UTF8.self)), let unit = rest.popFirst(),
                let scale = (inTime ? timeUnits : dateUnits)[unit]
            else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: scale)
            let (sum, more) = total.addingReportingOverflow(product)
            if overflow || more { return nil }
            total = sum
            components += 1
        }
        return components > 0 ? total : nil
    }
}
