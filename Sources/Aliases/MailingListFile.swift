import InternetMessage

/// The file of a mailing list: one address a line, `!` in column 1 a comment, `<file` an include (aliases
/// specification, 5.1).
package struct MailingListFile: Hashable, Sendable {
    package private(set) var members: [AliasMember] = []
    /// Lines that are no address, at most 100 of them, for the log.
    package private(set) var badLines: [String] = []

    /// nil when the file or one it includes cannot be read, or includes nest more than three deep: an incomplete list
    /// must not be taken for the whole one.
    package init?(_ file: String, read: (String) -> String?) {
        guard load(file, depth: 0, read) else { return nil }
    }

    private mutating func load(_ file: String, depth: Int, _ read: (String) -> String?) -> Bool {
        guard depth <= AliasFile.includeLimit, let text = read(file) else { return false }
        for raw in text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            let line = String(decoding: raw, as: UTF8.self).trimmed
            if line.isEmpty || line.hasPrefix("!") { continue }
            if line.hasPrefix("<") {
                guard load(String(line.dropFirst()).trimmed, depth: depth + 1, read) else { return false }
            } else if let member = AliasMember(parsing: line) {
                members.append(member)
            } else if badLines.count < 100 {
                badLines.append(String(line.prefix(200)))
            }
        }
        return true
    }

    /// The lines as patterns, for lists of user names.
    static func patterns(_ text: String) -> [String] {
        text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }).map { String(decoding: $0, as: UTF8.self).trimmed }
            .filter { !$0.isEmpty && !$0.hasPrefix("!") }
    }
}
