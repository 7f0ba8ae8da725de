import Channels
import Configuration
import OptionSyntax

/// What `help option NAME` says: type, range, default.
enum OptionHelp {
    static func lines(_ name: String) throws(ConfigurationEditor.Refusal) -> [String] {
        guard let path = try? OptionPath.parse(name).path, path.steps.count > 1 else {
            throw ConfigurationEditor.Refusal(description: "\(name) is no option name")
        }
        if path.steps[0].name == "channel", path.steps.count == 2 {
            let keywords = ChannelKeyword.named(path.option)
            if keywords.isEmpty {
                let advice = Spelling.advice(for: path.option, among: ChannelKeyword.spellings)
                throw ConfigurationEditor.Refusal(
                    description: "there is no option \(path)" + (advice.isEmpty ? "" : "; \(advice)"))
            }
            return keywords.flatMap(Self.lines)
        }
        guard let definition = OptionCatalogue.definition(path) else {
            throw ConfigurationEditor.Refusal(description: "nothing is known about \(path)")
        }
        var lines = ["\(definition.name)", "    type     \(definition.kind.rawValue)"]
        if let range = definition.range {
            let high = range.upperBound == .max ? "" : " to \(range.upperBound)"
            lines.append("    range    from \(range.lowerBound)\(high)")
        }
        return lines + ["    default  \(definition.defaultValue ?? "none")"]
            + (path.isPassword ? ["    a password: kept in passwords.conf"] : [])
    }

    private static func lines(_ keyword: ChannelKeyword) -> [String] {
        var lines = ["channel:NAME.\(keyword.name)"]
        lines.append("    takes    \(keyword.argument == .none ? "no value" : keyword.argument.rawValue)")
        if let group = keyword.group {
            let others = ChannelKeyword.groups[group, default: []].filter { $0 != keyword.name }.sorted()
            if !others.isEmpty { lines.append("    excludes \(others.joined(separator: ", "))") }
        }
        if keyword.isDefault { lines.append("    in force when none of these is given") }
        if keyword.isPassword { lines.append("    a password: kept in passwords.conf") }
        return lines
    }
}
