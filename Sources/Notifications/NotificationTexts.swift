import Enqueue
import InternetMessage

/// The texts of one language: prefix, suffix, one text for each kind, and the options and header options that go with
/// them (notifications-logging specification, 1.4). Octets, in whatever charset the prefix names.
package struct NotificationTexts: Sendable {
    /// Header lines of the text part, with their line ends, without the empty line.
    var partHeader: [UInt8]
    /// Charset of the text part, in lower case.
    var charset: String
    var prefix: [UInt8]
    var suffix: [UInt8]
    var kinds: [NotificationKind: [UInt8]]
    var options = NotificationOptions()
    /// `return_header.opt`; nil: the outer header is left as it is.
    var header: HeaderOptions?

    /// The texts without any file.
    package static let builtIn = NotificationTexts(
        prefix: Array(ShippedTexts.prefix.utf8), suffix: Array(ShippedTexts.suffix.utf8),
        kinds: Dictionary(
            uniqueKeysWithValues: NotificationKind.allCases.map { ($0, Array(ShippedTexts.text($0).utf8)) }))

    init(prefix: [UInt8], suffix: [UInt8], kinds: [NotificationKind: [UInt8]]) {
        (partHeader, self.prefix) = Self.divided(prefix)
        charset = Self.charset(partHeader)
        self.suffix = suffix
        self.kinds = kinds
    }

    /// The header lines at the top of a prefix and what comes after their empty line. A prefix that does not begin with
    /// a Content field has none.
    private static func divided(_ prefix: [UInt8]) -> (header: [UInt8], text: [UInt8]) {
        let start = String(decoding: prefix.prefix(8), as: UTF8.self).lowercased()
        guard start == "content-", case .success(let scan) = HeaderBlock.scan(prefix) else {
            return (Array("Content-type: text/plain; charset=us-ascii\r\n".utf8), prefix)
        }
        var header: [UInt8] = []
        // How the text is encoded is for the notification to say: it has more in it than the template.
        for field in scan.header.fields where !scan.header.isNamed("Content-transfer-encoding", field) {
            header += scan.header.bytes[field.name] + Array(": ".utf8) + scan.header.unfoldedValue(of: field)
            header += [13, 10]
        }
        return (header, Array(prefix[scan.bodyStart...]))
    }

    private static func charset(_ header: [UInt8]) -> String {
        guard case .success(let scan) = HeaderBlock.scan(header), let type = scan.header.text(of: "Content-type"),
            let mark = type.lowercased().firstRange(of: "charset=")
        else { return "us-ascii" }
        let value = type.lowercased()[mark.upperBound...].drop { $0 == "\"" }
        let name = value.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:+".contains($0)) }
        return name.isEmpty ? "us-ascii" : String(name)
    }
}

/// What `return_option.opt` says: words of a language that stand outside its texts.
package struct NotificationOptions: Sendable, Equatable {
    /// Values by name in upper case.
    private var values: [String: [UInt8]] = [:]
    /// Lines that are no option.
    private(set) var problems: [String] = []

    init() {}

    /// `NAME=value` lines; `!`, `#` and `;` begin a comment line.
    init(_ file: [UInt8]) {
        for (number, line) in file.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            let text = Self.trimmed(line)
            guard let first = text.first, !"!#;".utf8.contains(first) else { continue }
            guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else {
                problems.append("line \(number + 1) is no NAME=value")
                continue
            }
            let name = String(decoding: Self.trimmed(text[..<equals]), as: UTF8.self).uppercased()
            values[name] = Array(Self.trimmed(text[(equals + 1)...]))
        }
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = text.drop { $0 <= 32 }
        return start.prefix((start.lastIndex { $0 > 32 } ?? start.startIndex - 1) - start.startIndex + 1)
    }

    /// `DAY` and `HOUR`: the text for `%U` and `%u`.
    func unit(countsHours: Bool) -> [UInt8]? { values[countsHours ? "HOUR" : "DAY"] }

    /// The words before a value in the list of recipients; nil: those of ours.
    func label(_ name: String) -> [UInt8]? { values[name] }

    /// The further text for recipients with that enhanced status.
    func text(forStatus status: String) -> [UInt8]? { status.isEmpty ? nil : values[status] }

    var subject: [UInt8]? { values["SUBJECT"] }
    var personal: [UInt8]? { values["RETURN_PERSONAL"] }
    /// Charset of the values that go into the header; nil: that of the texts.
    var charset: String? { values["TEXT_CHARSET"].map { String(decoding: $0, as: UTF8.self).lowercased() } }
}
