/// Writes the dates of messages and logs; the text of a second is made once. Keep one where the work is done (a session
/// loop, a writer thread): it is a value without locks.
package struct DateCache: Sendable {
    private let zoneAt: @Sendable (Int64) -> ZoneOffset
    private var second: Int64?
    private var header: [UInt8] = []
    private var log: [UInt8] = []
    private var iso: [UInt8] = []

    /// `zoneAt`: the zone at a moment in seconds since 1970.
    package init(zoneAt: @escaping @Sendable (Int64) -> ZoneOffset = ZoneOffset.local) { self.zoneAt = zoneAt }

    /// The RFC 5322 date of `seconds` since 1970, `Mon, 07 Aug 2023 12:40:37 -0700 (PDT)`.
    package mutating func headerDate(_ seconds: Int64) -> [UInt8] {
        refresh(seconds)
        return header
    }

    /// Appends the log time `dd-Mon-yyyy hh:mm:ss.cc` of `nanoseconds` since 1970 (notifications specification, 2.2).
    package mutating func appendLogTime(nanoseconds: Int64, to output: inout [UInt8]) {
        let (seconds, hundredths) = MessageDate.split(nanoseconds)
        refresh(seconds)
        output.append(contentsOf: log)
        output.append(Octet.dot)
        output.appendDecimal(hundredths, width: 2)
    }

    /// Appends `2014-06-02T09:45:50.29`, local clock, hundredths, no zone: the `ts` of structured log records
    /// (notifications specification, 2.5). `nanoseconds` since 1970.
    package mutating func appendISOTime(nanoseconds: Int64, to output: inout [UInt8]) {
        let (seconds, hundredths) = MessageDate.split(nanoseconds)
        refresh(seconds)
        output.append(contentsOf: iso)
        output.append(Octet.dot)
        output.appendDecimal(hundredths, width: 2)
    }

    private mutating func refresh(_ seconds: Int64) {
        guard seconds != second else { return }
        second = seconds
        let zone = zoneAt(seconds)
        header.removeAll(keepingCapacity: true)
        MessageDate.append(seconds, zone: zone, to: &header)
        log.removeAll(keepingCapacity: true)
        MessageDate.appendLogSecond(seconds, zone: zone, to: &log)
        iso.removeAll(keepingCapacity: true)
        MessageDate.appendISOSecond(seconds, zone: zone, to: &iso)
    }
}
