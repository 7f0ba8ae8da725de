package import InternetMessage

/// Which lines of a message's header are written to the log: `log_headers.opt`, a header option file (notifications-logging
/// specification, sections 2.1 and 2.6).
package struct LoggedHeader: Hashable, Sendable {
    /// When header lines are written; the values of `logheader` and of the option `log_header`.
    package struct Occasions: OptionSet, Hashable, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        package static let dequeue = Occasions(rawValue: 1)
        package static let enqueue = Occasions(rawValue: 2)
    }

    /// Longest header that is looked at.
    private static let limits = HeaderBlock.Limits(fields: 20_000, octets: 512 << 10)

    /// Lines of each field by its name in lower case.
    private var counts: [String: Int] = [:]
    /// Lines of each of the others.
    private var others = Int.max
    /// `log_headers_maxchars`: characters of a line.
    private let longest: Int

    /// `options`: the text of the file, `Field: MAXIMUM=1` in each line; a negative number leaves the field out, and
    /// `Defaults:` stands for all fields that are not named. Empty: all lines. What else such a file may say has no
    /// meaning here.
    package init(options: String = "", longest: Int? = nil) {
        self.longest = longest ?? .max
        for line in options.split(whereSeparator: \.isNewline) where !line.hasPrefix("!") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let settings = parts[1].split { $0 == "," || $0 == " " || $0 == "\t" }
            let given = settings.last { $0.lowercased().hasPrefix("maximum=") }
            guard let count = given.flatMap({ Int($0.dropFirst("maximum=".count)) }) else { continue }
            let name = String(parts[0]).lowercased()
            if name == "defaults" { others = max(0, count) } else { counts[name] = max(0, count) }
        }
    }

    /// The lines to write, unfolded, of a message that begins with its header.
    package func lines(of content: [UInt8]) -> [String] {
        guard case .success(let scan) = HeaderBlock.scan(content, limits: Self.limits) else { return [] }
        return lines(of: scan.header)
    }

    package func lines(of header: HeaderBlock) -> [String] {
        var seen: [String: Int] = [:]
        return header.fields.compactMap { field in
            let name = String(decoding: header.bytes[field.name], as: UTF8.self)
            let key = name.lowercased()
            let count = seen[key, default: 0]
            guard count < counts[key] ?? others else { return nil }
            seen[key] = count + 1
            let value = String(decoding: header.unfoldedValue(of: field), as: UTF8.self)
            return String("\(name): \(value)".prefix(longest))
        }
    }
}
