import InternetMessage
import OptionSyntax

/// Reads the right-hand side of an alias (aliases specification, 2.1 and 5.1).
package struct AliasValueParser {
    private static let advice = "write addresses separated by commas, or < and the file of a mailing list"

    let name: String
    let location: SourceLocation
    private var entry: AliasEntry
    private var parameters = ListParameters()
    private var alternative: Bool

    /// `startsWithOr`: OR is in force until a parameter says otherwise.
    init(name: String, location: SourceLocation, startsWithOr: Bool = false) {
        self.name = name
        alternative = startsWithOr
        self.location = location
        entry = AliasEntry(name: name, location: location, members: [])
    }

    /// Adds to what an entry has already.
    init(adding entry: AliasEntry) {
        name = entry.name
        location = entry.location
        self.entry = entry
        parameters = entry.parameters ?? ListParameters()
    }

    /// nil when there was an error, which is in `diagnostics` then.
    mutating func parse(_ value: String, _ diagnostics: inout Diagnostics) -> AliasEntry? {
        var items = Self.items(value)
        if items.count == 1, items[0].isEmpty {
            diagnostics.error("no equivalence addresses for alias \(name)", at: location, advice: Self.advice)
            return nil
        }
        if items[0].utf8.first == UInt8(ascii: "<") {
            let list = Self.unquoted(String(items.removeFirst().dropFirst()).trimmed)
            guard !list.isEmpty else { return bad(value, &diagnostics) }
            entry.list = ListLocation(list)
        }
        while let first = items.first, first.utf8.first == UInt8(ascii: "[") {
            guard setNamed(items.removeFirst(), &diagnostics) else { return nil }
            entry.parameters = parameters
        }
        return entry.list == nil ? members(items, &diagnostics) : positional(items, &diagnostics)
    }

    private mutating func members(_ items: [String], _ diagnostics: inout Diagnostics) -> AliasEntry? {
        for item in items {
            guard let member = AliasMember(parsing: item) else { return bad(item, &diagnostics) }
            entry.members.append(member)
        }
        guard !entry.members.isEmpty else {
            diagnostics.error("no equivalence addresses for alias \(name)", at: location, advice: Self.advice)
            return nil
        }
        return entry
    }

    private mutating func positional(_ items: [String], _ diagnostics: inout Diagnostics) -> AliasEntry? {
        for (index, item) in items.enumerated() {
            guard parameters.setPositional(index + 1, item) else { return bad(item, &diagnostics) }
        }
        entry.parameters = parameters
        return entry
    }

    private mutating func setNamed(_ item: String, _ diagnostics: inout Diagnostics) -> Bool {
        guard let end = item.firstIndex(of: "]") else { return bad(item, &diagnostics) != nil }
        let parameter = item[item.index(after: item.startIndex)..<end].trimmed
        let value = Self.unquoted(item[item.index(after: end)...].trimmed)
        switch parameters.set(parameter, value, alternative: &alternative) {
        case .set:
            return true
        case .unconfirmed:
            diagnostics.warning(
                "named parameter \(parameter) of alias \(name) is stored but has no effect", at: location)
            return true
        case .unknownName:
            diagnostics.error("unknown named parameter \(parameter) of alias \(name)", at: location)
            return false
        case .badValue:
            diagnostics.error("bad value of named parameter \(parameter) of alias \(name)", at: location)
            return false
        }
    }

    /// Sets one named parameter from a unified configuration. False: there is no such parameter or its value is bad.
    mutating func setOption(_ name: String, _ value: String, _ diagnostics: inout Diagnostics) -> Bool {
        defer { entry.parameters = parameters }
        return setNamed("[\(name)] \(value)", &diagnostics)
    }

    /// The members are in a file.
    var isList: Bool { entry.list != nil }

    /// The entry so far; nil when it has no values.
    var collected: AliasEntry? { entry.members.isEmpty && entry.list == nil ? nil : entry }

    private func bad(_ text: String, _ diagnostics: inout Diagnostics) -> AliasEntry? {
        diagnostics.error(
            "bad equivalence for alias \(name): \(text.prefix(100))", at: location, advice: Self.advice)
        return nil
    }

    /// The parts between commas that are outside double quotes, without blanks around them.
    package static func items(_ value: String) -> [String] {
        var items: [String] = []
        var current: [UInt8] = []
        var quoted = false
        var escaped = false
        for octet in value.utf8 {
            if octet == UInt8(ascii: ","), !quoted {
                items.append(String(decoding: current, as: UTF8.self).trimmed)
                current.removeAll(keepingCapacity: true)
                continue
            }
            if octet == UInt8(ascii: "\""), !escaped { quoted.toggle() }
            escaped = quoted && octet == UInt8(ascii: "\\") && !escaped
            current.append(octet)
        }
        items.append(String(decoding: current, as: UTF8.self).trimmed)
        return items
    }

    private static func unquoted(_ text: String) -> String {
        text.utf8.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
            ? String(text.dropFirst().dropLast()) : text
    }
}
