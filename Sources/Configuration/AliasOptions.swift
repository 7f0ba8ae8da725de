import Aliases
import OptionSyntax

/// A line of the alias file as options of the group `alias:NAME`, and back.
///
/// Aliases specification, section 2.5; default configuration specification, section 1 (`[aliases]`).
enum AliasOptions {
    /// What the line `NAME: VALUE` sets: one `alias_entry` for each value, `alias_blocklimit` and so on for named
    /// parameters. A line whose parameters depend on their order, or stand twice, is one `alias_entry` as a whole.
    /// Empty for a line without colon, which the reader of aliases reports.
    static func settings(of line: LogicalLine, scope: OptionScope = .role) -> [OptionSetting] {
        guard let colon = colon(line.text) else { return [] }
        let group = OptionPath([.init("alias", String(line.text[..<colon]))])
        let value = line.text[line.text.index(after: colon)...].trimmingBlanks
        let options = parameters(value).map { named, entries in
            named.map { ("alias_" + $0.name, $0.value) } + entries.map { ("alias_entry", Optional($0)) }
        }
        return (options ?? [("alias_entry", value)]).map { name, value in
            OptionSetting(group.appending(name), value, scope: scope, at: line.location)
        }
    }

    /// Named parameters and values; nil when the text has to stay in one piece.
    private static func parameters(
        _ value: String
    ) -> (named: [(name: String, value: String?)], entries: [String])? {
        var items = AliasValueParser.items(value)
        let list = items.first?.hasPrefix("<") == true ? items.removeFirst() : nil
        var named: [(name: String, value: String?)] = []
        while let item = items.first, item.hasPrefix("[") {
            guard let end = item.firstIndex(of: "]") else { return nil }
            let name = item.dropFirst().prefix(upTo: end).trimmingBlanks.lowercased()
            let isName = !name.isEmpty && name.utf8.allSatisfy(\.isOptionNameByte)
            guard isName, name != "and", name != "or", name != "entry", !named.contains(where: { $0.name == name })
            else { return nil }
            let text = item[item.index(after: end)...].trimmingBlanks
            named.append((name, text.isEmpty ? nil : unquoted(text)))
            items.removeFirst()
        }
        if items.contains("") { return nil }
        let entries = list.map { [([$0] + items).joined(separator: ", ")] } ?? items
        return entries.isEmpty ? nil : (named, entries)
    }

    /// The line of the alias file that says the same; nil when none can.
    static func line(name: String, settings: [OptionSetting]) -> String? {
        var entries = settings.filter { $0.path.option == "alias_entry" }.map { $0.value ?? "" }
        guard let first = entries.first, !first.isEmpty,
            !entries.dropFirst().contains(where: { $0.hasPrefix("<") || $0.hasPrefix("[") })
        else { return nil }
        var named: [String] = []
        for setting in settings where setting.path.option != "alias_entry" {
            var value = setting.value ?? ""
            if value.contains("\"") { return nil }
            if value.contains(",") || value.trimmingBlanks != value { value = "\"\(value)\"" }
            let parameter = setting.path.option.dropFirst("alias_".count).uppercased()
            named.append("[\(parameter)]" + (value.isEmpty ? "" : " \(value)"))
        }
        if first.hasPrefix("<") {
            guard entries.count == 1 else { return nil }
            entries = AliasValueParser.items(first)
            named.insert(entries.removeFirst(), at: 0)
        }
        return "\(name): " + (named + entries).joined(separator: ", ")
    }

    /// The first colon outside double quotes.
    private static func colon(_ text: String) -> String.Index? {
        var isQuoted = false
        return text.utf8.indices.first { index in
            let byte = text.utf8[index]
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: ":") && !isQuoted
        }
    }

    private static func unquoted(_ text: String) -> String {
        text.utf8.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
            ? String(text.dropFirst().dropLast()) : text
    }
}
