import Channels
import OptionSyntax

/// Pieces of legacy files, as `edit` offers and `export legacy` writes them.
enum LegacyText {
    /// A channel block: the keyword line, wrapped, and the lines of host names. Passwords and options of the channel
    /// program have other places.
    ///
    /// Channels specification, section 2.1.
    static func block(_ name: String, _ settings: [OptionSetting]) -> [String] {
        func value(_ option: String) -> String? { settings.last { $0.path.option == option }?.value }
        var words = [name]
        for setting in settings where setting.path.steps.count == 2 && !setting.path.isPassword {
            guard let keyword = ChannelKeyword.named(setting.path.option).first else { continue }
            words.append(([setting.path.option] + arguments(of: keyword, setting.value)).joined(separator: " "))
        }
        var lines = wrapped(words)
        guard name.lowercased() != "defaults" else { return lines }
        if let host = value("official_host_name") {
            lines.append(([host] + [value("local_host_alias")].compactMap { $0 }).joined(separator: " "))
        }
        for host in value("additional_host_names")?.split(whereSeparator: { $0 == " " || $0 == "," }) ?? [] {
            lines.append(host.split(separator: ">", maxSplits: 1).joined(separator: " "))
        }
        return lines
    }

    /// One word is quoted when it holds blanks.
    private static func arguments(of keyword: ChannelKeyword, _ value: String?) -> [String] {
        guard let value else { return [] }
        switch keyword.argument {
        case .word, .channel: return [value.isEmpty || value.utf8.contains(where: \.isBlank) ? "\"\(value)\"" : value]
        default: return value.isEmpty ? [] : [value]
        }
    }

    /// In lines of about 78 columns, each but the last with a backslash at its end.
    private static func wrapped(_ words: [String]) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in words {
            if !line.isEmpty, line.utf8.count + word.utf8.count > 76 {
                lines.append(line + " \\")
                line = " " + word
            } else {
                line += line.isEmpty ? word : " " + word
            }
        }
        return lines + [line]
    }

    /// What a channel block sets, without what it does not hold.
    static func settings(_ block: ChannelBlock) -> [OptionSetting] {
        let group = OptionPath([.init("channel", block.name.text.lowercased())])
        var result: [OptionSetting] = []
        func add(_ name: String, _ value: String?, _ place: SourceLocation) {
            result.removeAll { $0.path.option == name }
            result.append(OptionSetting(group.appending(name), value, at: place))
        }
        if let host = block.officialHost { add("official_host_name", host.text, host.location) }
        if let alias = block.localHostAlias { add("local_host_alias", alias.text, alias.location) }
        if let first = block.additionalHosts.first {
            let names = block.additionalHosts.map { $0.host.text + ($0.properName.map { ">\($0)" } ?? "") }
                .joined(separator: " ")
            add("additional_host_names", names, first.host.location)
        }
        for use in block.uses {
            let value = use.arguments.isEmpty ? nil : use.arguments.joined(separator: " ")
            add(use.keyword.name, value, use.location)
        }
        for option in block.programOptions {
            let path = group.appending("options").appending(option.name)
            result.append(OptionSetting(path, option.value, at: option.location))
        }
        return result
    }
}
