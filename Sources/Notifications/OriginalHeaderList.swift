/// The fields of the original message that a notification shows (`%H`): Message-id, Date, From, To, Subject, those that
/// are there, in this order (notifications-logging specification, 1.3).
struct OriginalHeaderList {
    private static let wanted = ["message-id", "date", "from", "to", "subject"]
    /// Lines of one field that are shown.
    private static let mostLines = 12
    /// Octets of one line that are shown, so that none is too long for SMTP (RFC 5321 section 4.5.3.1.6).
    private static let longestLine = 900

    let lines: [String]

    init(_ header: [UInt8]) {
        var fields: [String: [String]] = [:]
        var current: String?
        for line in header.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let bytes = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let first = bytes.first else { break }
            if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
                if let current, fields[current, default: []].count < Self.mostLines {
                    // Whatever the line was indented by, it has one blank more than the field.
                    let text = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                    fields[current, default: []].append(" " + Self.text(text))
                }
                continue
            }
            current = nil
            guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
            if Self.wanted.contains(name), fields[name] == nil {
                current = name
                fields[name] = [Self.text(bytes)]
            }
        }
        lines = Self.wanted.flatMap { fields[$0] ?? [] }
    }

    /// The first part of a notification is us-ascii: other octets are shown as `?`.
    private static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(
            decoding: bytes.prefix(longestLine).map { $0 == 9 ? 32 : $0 < 0x20 || $0 > 0x7E ? 0x3F : $0 }, as: UTF8.self
        )
    }
}
