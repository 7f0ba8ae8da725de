import Channels
import Mappings
import OptionSyntax

extension LegacyReader {
    /// Rules, mappings, channels and aliases under their unified names.
    func explicitRest() -> [OptionSetting] {
        var result: [OptionSetting] = source.rules.map {
            OptionSetting(OptionPath([.init("rewrite"), .init("rule")]), $0.text.collapsingBlanks, at: $0.location)
        }
        for table in source.mappings {
            let path = OptionPath([.init("mapping", table.name), .init("rule")])
            result += table.entries.map {
                OptionSetting(path, "\($0.pattern) \($0.template)".trimmingBlanks, at: $0.location)
            }
        }
        for block in source.channels where block.kind != .nodefaults { result += explicit(block) }
        for line in source.aliases { result += AliasOptions.settings(of: line) }
        return result
    }

    private func explicit(_ block: ChannelBlock) -> [OptionSetting] {
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

extension String {
    /// The white space between pattern and template as one blank.
    var collapsingBlanks: String {
        guard let end = firstIndex(where: { $0 == " " || $0 == "\t" }) else { return self }
        return "\(self[..<end]) \(self[end...].trimmingBlanks)"
    }
}
