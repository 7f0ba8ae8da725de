import Glibc

/// How far a local clock is from UTC.
package struct ZoneOffset: Hashable, Sendable {
    /// East of Greenwich positive.
    package var seconds: Int
    /// `PST`; empty when there is none.
    package var abbreviation: String

    package init(seconds: Int, abbreviation: String = "") {
        self.seconds = seconds
        self.abbreviation = abbreviation
    }

    package static let utc = ZoneOffset(seconds: 0, abbreviation: "UTC")

    private static let environmentIsRead: Void = tzset()

    /// The host's zone (`TZ`, `/etc/localtime`) at a moment in seconds since 1970.
    package static func local(at seconds: Int64) -> ZoneOffset {
        _ = environmentIsRead
        var moment = time_t(seconds)
        var fields = tm()
        guard localtime_r(&moment, &fields) != nil else { return .utc }
        let name = fields.tm_zone.map { String(cString: $0) } ?? ""
        // A zone file can name a zone as it likes; in a header it stands in a comment.
        let isPlain = name.utf8.allSatisfy { $0.isLetterOrDigit || $0 == Octet.plus || $0 == Octet.hyphen }
        return ZoneOffset(seconds: Int(fields.tm_gmtoff), abbreviation: isPlain ? name : "")
    }
}
