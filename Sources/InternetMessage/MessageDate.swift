/// Dates as messages and logs write them. Seconds count from 1970 UTC.
package enum MessageDate {
    /// Appends an RFC 5322 date with the zone abbreviation in a comment, the day in two digits:
    /// `Mon, 07 Aug 2023 12:40:37 -0700 (PDT)` (smtp specification, 8.2).
    package static func append(_ seconds: Int64, zone: ZoneOffset, to output: inout [UInt8]) {
        let (moment, overflow) = seconds.addingReportingOverflow(Int64(zone.seconds))
        let time = CivilTime(seconds: overflow ? seconds : moment)
        output.append(contentsOf: CivilTime.weekdayNames[time.weekday])
        output.append(Octet.comma)
        output.append(Octet.space)
        output.appendDecimal(time.day, width: 2)
        output.append(Octet.space)
        output.append(contentsOf: CivilTime.monthNames[time.month - 1])
        output.append(Octet.space)
        output.appendDecimal(time.year, width: 4)
        output.append(Octet.space)
        appendClock(time, to: &output)
        output.append(Octet.space)
        output.append(zone.seconds < 0 ? Octet.hyphen : Octet.plus)
        let minutes = abs(zone.seconds / 60)
        output.appendDecimal(minutes / 60 % 100, width: 2)
        output.appendDecimal(minutes % 60, width: 2)
        if !zone.abbreviation.isEmpty {
            output.append(contentsOf: " (".utf8)
            output.append(contentsOf: zone.abbreviation.utf8)
            output.append(Octet.closeParenthesis)
        }
    }

    /// The date of `append` as text.
    package static func text(_ seconds: Int64, zone: ZoneOffset) -> String {
        var output: [UInt8] = []
        append(seconds, zone: zone, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends `dd-Mon-yyyy hh:mm:ss` of the local clock, the log time without its hundredths.
    static func appendLogSecond(_ seconds: Int64, zone: ZoneOffset, to output: inout [UInt8]) {
        let (moment, overflow) = seconds.addingReportingOverflow(Int64(zone.seconds))
        let time = CivilTime(seconds: overflow ? seconds : moment)
        output.appendDecimal(time.day, width: 2)
        output.append(Octet.hyphen)
        output.append(contentsOf: CivilTime.monthNames[time.month - 1])
        output.append(Octet.hyphen)
        output.appendDecimal(time.year, width: 4)
        output.append(Octet.space)
        appendClock(time, to: &output)
    }

    /// Appends `2023-08-07T19:40:37Z`.
    package static func appendISO8601(_ seconds: Int64, to output: inout [UInt8]) {
        appendISOSecond(CivilTime(seconds: seconds), to: &output)
        output.append(UInt8(ascii: "Z"))
    }

    /// Appends `2014-06-02T09:45:50` of the local clock, the time of structured log records without its hundredths.
    static func appendISOSecond(_ seconds: Int64, zone: ZoneOffset, to output: inout [UInt8]) {
        let (moment, overflow) = seconds.addingReportingOverflow(Int64(zone.seconds))
        appendISOSecond(CivilTime(seconds: overflow ? seconds : moment), to: &output)
    }

    /// Whole seconds and hundredths, rounded down.
    static func split(_ nanoseconds: Int64) -> (seconds: Int64, hundredths: Int) {
        var seconds = nanoseconds / 1_000_000_000
        var rest = nanoseconds % 1_000_000_000
        if rest < 0 {
            rest += 1_000_000_000
            seconds -= 1
        }
        return (seconds, Int(rest / 10_000_000))
    }

    private static func appendISOSecond(_ time: CivilTime, to output: inout [UInt8]) {
        output.appendDecimal(time.year, width: 4)
        output.append(Octet.hyphen)
        output.appendDecimal(time.month, width: 2)
        output.append(Octet.hyphen)
        output.appendDecimal(time.day, width: 2)
        output.append(UInt8(ascii: "T"))
        appendClock(time, to: &output)
    }

    private static func appendClock(_ time: CivilTime, to output: inout [UInt8]) {
        output.appendDecimal(time.hour, width: 2)
        output.append(Octet.colon)
        output.appendDecimal(time.minute, width: 2)
        output.append(Octet.colon)
        output.appendDecimal(time.second, width: 2)
    }
}
