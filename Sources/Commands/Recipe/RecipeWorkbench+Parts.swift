import Configuration
import OptionSyntax

/// Groups, channels, rules, tables and aliases. What is in a group is a list: of `"name"` for an option without a value,
/// of `["name", "value"]` for the others.
extension RecipeWorkbench {
    typealias Refusal = ConfigurationEditor.Refusal

    /// `exists_group`, `add_channel` …
    func callGroup(
        _ name: String, _ arguments: RecipeArguments, _ place: RecipePlace
    ) throws(ConfigurationEditor.Refusal) -> RecipeValue? {
        let words = name.split(separator: "_").map(String.init)
        if name == "get_groups" { return .list(try groups(try arguments.text(0)).map(RecipeValue.string)) }
        guard words.count == 2, ["group", "channel"].contains(words[1]),
            ["exists", "add", "get", "replace", "delete"].contains(words[0])
        else { return nil }
        let given = try arguments.text(0)
        let group = words[1] == "channel" ? OptionPath([.init("channel", given)]) : try Self.path(given)
        let found = members(group)
        switch words[0] {
        case "exists": return .integer(found.isEmpty ? 0 : 1)
        case "get":
            return .list(
                found.map { setting in
                    let member = RecipeValue.string(Self.name(setting.path, in: group))
                    return setting.shownValue.map { .list([member, .string($0)]) } ?? member
                })
        case "delete": try edit(.unset(name: group.description, all: true), place)
        default:
            if words[0] == "add", !found.isEmpty {
                throw Refusal(description: "\(group) is there already; replace_\(words[1]) takes its place")
            }
            let list = try arguments.list(1)
            if !found.isEmpty { try edit(.unset(name: group.description, all: true), place) }
            for item in list { try add(item, to: group, place) }
        }
        return RecipeValue.nothing
    }

    private func add(
        _ item: RecipeValue, to group: OptionPath, _ place: RecipePlace
    ) throws(ConfigurationEditor.Refusal) {
        guard case .list(let words) = item else {
            return try edit(.set(name: "\(group).\(item.text)", value: nil), place)
        }
        guard let name = words.first, words.count > 1 else {
            throw Refusal(description: "\(item.literal) is no option of \(group): write [\"name\", \"value\"]")
        }
        for value in words.dropFirst() { try edit(.set(name: "\(group).\(name.text)", value: value.text), place) }
    }

    private static func path(_ name: String) throws(ConfigurationEditor.Refusal) -> OptionPath {
        do throws(OptionPath.Malformed) { return try OptionPath.parse(name).path } catch {
            throw Refusal(description: "\(name) is no group: \(error.message)")
        }
    }

    private func members(_ group: OptionPath) -> [OptionSetting] {
        texts.settings(paths: paths, files: files).filter {
            $0.path.key.hasPrefix(group.key + ".") || $0.path.key == group.key
        }
    }

    private static func name(_ path: OptionPath, in group: OptionPath) -> String {
        OptionPath(Array(path.steps.dropFirst(group.steps.count))).description
    }

    /// Names of the groups that match a pattern, in file order.
    private func groups(_ pattern: String) throws(ConfigurationEditor.Refusal) -> [String] {
        var names: [String] = []
        for setting in texts.settings(matching: pattern, paths: paths, files: files) {
            let path = setting.path.isGroup ? setting.path : setting.path.group
            let name = path.description
            if !path.steps.isEmpty, path.isGroup, !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// Rewrite rules, mapping tables and aliases.
    func callPart(
        _ name: String, _ arguments: RecipeArguments, _ place: RecipePlace
    ) throws(ConfigurationEditor.Refusal) -> RecipeValue? {
        if name.hasSuffix("_rewrites") { return try rewrites(name, arguments, place) }
        if name.hasSuffix("_mapping") { return try mapping(name, arguments, place) }
        if name.hasSuffix("_alias") { return try alias(name, arguments, place) }
        return nil
    }

    private func values(_ option: String) throws(ConfigurationEditor.Refusal) -> [String] {
        try texts.settings(of: option, paths: paths, files: files).compactMap(\.value)
    }

    private func rewrites(
        _ name: String, _ arguments: RecipeArguments, _ place: RecipePlace
    ) throws(ConfigurationEditor.Refusal) -> RecipeValue? {
        let option = "rewrite.rule"
        if name == "get_rewrites" { return .list(try values(option).map(RecipeValue.string)) }
        let rules = try arguments.list(0).map(\.text)
        switch name {
        case "append_rewrites": for rule in rules { try edit(.set(name: option, value: rule), place) }
        case "prepend_rewrites", "replace_rewrites":
            let rest = name == "prepend_rewrites" ? texts.legacyText(of: .rewrites) : ""
            try replace(.rewrites, with: rules.map { $0 + "\n" }.joined() + rest, place)
        case "delete_rewrites": for rule in rules { try edit(.unset(name: option, value: rule), place) }
        default: return nil
        }
        return RecipeValue.nothing
    }

    private func mapping(
        _ name: String, _ arguments: RecipeArguments, _ place: RecipePlace
    ) throws(ConfigurationEditor.Refusal) -> RecipeValue? {
        let group = OptionPath([.init("mapping", try arguments.text(0))])
        let option = "\(group).rule"
        let former = try values(option)
        switch name {
        case "exists_mapping": return .integer(former.isEmpty ? 0 : 1)
        case "get_mapping": return .list(former.map(RecipeValue.string))
        case "delete_mapping": try edit(.unset(name: group.description, all: true), place)
        case "append_mapping":
            for rule in try arguments.list(1) { try edit(.set(name: option, value: rule.text), place) }
        case "prepend_mapping", "replace_mapping":
            let rules = try arguments.list(1).map(\.text) + (name == "prepend_mapping" ? former : [])
            if !former.isEmpty { try edit(.unset(name: option, all: true), place) }
            for rule in rules { try edit(.set(name: option, value: rule), place) }
        default: return nil
        }
        return RecipeValue.nothing
    }

    /// Aliases as lines of the alias file, wherever they stand.
    private func alias(
        _ name: String, _ arguments: RecipeArguments, _ place: RecipePlace
    ) throws(ConfigurationEditor.Refusal) -> RecipeValue? {
        let alias = try arguments.text(0)
        let list = AliasText(texts.legacyText(of: .aliases))
        let former = list.members(of: alias)
        switch name {
        case "exists_alias": return .integer(former == nil ? 0 : 1)
        case "get_alias": return .list((former ?? []).map(RecipeValue.string))
        case "add_alias", "replace_alias":
            if name == "add_alias", former != nil {
                throw Refusal(description: "the alias \(alias) is there already; replace_alias takes its place")
            }
            let members = try arguments.list(1).map(\.text)
            try replace(.aliases, with: list.setting(alias, to: members), place)
        case "delete_alias":
            guard former != nil else { throw Refusal(description: "there is no alias \(alias)") }
            try replace(.aliases, with: list.setting(alias, to: nil), place)
        default: return nil
        }
        return RecipeValue.nothing
    }
}

/// The text of an alias file by its aliases, continued lines together.
struct AliasText {
    private var blocks: [(name: String?, lines: [String])] = []

    init(_ text: String) {
        var isContinued = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) {
            if isContinued || line.hasPrefix(" ") || line.hasPrefix("\t"), !blocks.isEmpty {
                blocks[blocks.count - 1].lines.append(line)
            } else {
                let isEntry = !line.hasPrefix("!") && !line.hasPrefix("<")
                let name = isEntry ? line.firstIndex(of: ":").map { String(line[..<$0]).lowercased() } : nil
                blocks.append((name, [line]))
            }
            isContinued = line.hasSuffix("\\") || line.hasSuffix(",")
        }
    }

    /// What stands behind the colon, at its commas; nil when there is no such alias.
    func members(of alias: String) -> [String]? {
        guard let block = blocks.first(where: { $0.name == alias.lowercased() }) else { return nil }
        let text = block.lines.map { $0.hasSuffix("\\") ? String($0.dropLast()) : $0 }.joined()
        let behind = text.drop { $0 != ":" }.dropFirst()
        return behind.split(separator: ",").map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
            .filter { !$0.isEmpty }
    }

    /// The text with the alias set to these members, or without it.
    func setting(_ alias: String, to members: [String]?) -> String {
        var lines: [String] = []
        var isDone = members == nil
        let new = "\(alias): \(members?.joined(separator: ", ") ?? "")"
        for block in blocks {
            if block.name == alias.lowercased() {
                if !isDone { lines.append(new) }
                isDone = true
            } else {
                lines += block.lines
            }
        }
        if !isDone { lines.append(new) }
        return lines.map { $0 + "\n" }.joined()
    }
}
