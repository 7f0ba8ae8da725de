import Channels
import OptionSyntax

/// Turns the options of `channel:…` groups into channel blocks: in the order of first mention, the instance's options
/// after the role's, each block after the defaults that stood before it.
struct UnifiedChannels {
    private let settings: [OptionSetting]
    private let order: [Word]

    init(_ settings: [OptionSetting], order: [Word]) {
        self.settings = settings.filter { $0.path.steps[0].name == "channel" }
        self.order = order
    }

    func blocks(_ keywords: inout KeywordReader, _ diagnostics: inout Diagnostics) -> [ChannelBlock] {
        var blocks: [ChannelBlock] = []
        var index: [String: Int] = [:]
        var defaultsStart: [SourceLocation: Int] = [:]
        for name in order {
            let key = name.text.lowercased()
            if key == "defaults" {
                if blocks.last?.kind != .defaults { blocks.append(ChannelBlock(kind: .defaults, name: name)) }
                defaultsStart[name.location] = blocks.count - 1
            } else if index[key] == nil {
                index[key] = blocks.count
                blocks.append(ChannelBlock(kind: .channel, name: name))
            }
        }
        for setting in settings.filter({ $0.scope == .role }) + settings.filter({ $0.scope == .instance }) {
            let key = (setting.path.steps[0].group ?? "").lowercased()
            // The defaults of a line belong to the last defaults block begun at or above it.
            let target = key == "defaults" ? lastDefaults(defaultsStart, setting.location) : index[key]
            guard let target else { continue }
            apply(setting, to: &blocks[target], &keywords, &diagnostics)
        }
        return blocks
    }

    private func lastDefaults(_ starts: [SourceLocation: Int], _ place: SourceLocation) -> Int? {
        starts.filter { $0.key.file == place.file && $0.key.line <= place.line }.map(\.value).max()
            ?? starts.values.max()
    }

    private func apply(
        _ setting: OptionSetting, to block: inout ChannelBlock, _ keywords: inout KeywordReader,
        _ diagnostics: inout Diagnostics
    ) {
        let steps = setting.path.steps.dropFirst()
        guard let option = steps.first else { return }
        let value = Word(setting.value ?? "", at: setting.valueLocation)
        switch (option.name, steps.count) {
        case ("options", 2):
            block.programOptions.append(
                .init(name: setting.path.option, value: value.text, at: setting.location))
        case (_, 2...):
            diagnostics.error(
                "\(setting.path) is not an option", at: setting.location,
                advice: "a period inside a group name is written \\.")
        case ("official_host_name", _): block.officialHost = value
        case ("local_host_alias", _): block.localHostAlias = value
        case ("additional_host_names", _):
            for host in value.text.split(whereSeparator: { $0 == " " || $0 == "," }) {
                // `name>proper name`, as the two words of a line of imta.cnf.
                let parts = host.split(separator: ">", maxSplits: 1).map(String.init)
                guard let name = parts.first else { continue }
                block.additionalHosts.append((Word(name, at: value.location), parts.dropFirst().first))
            }
        default:
            block.uses += keywords.read(
                option: Word(option.name, at: setting.location), value: setting.value, at: setting.valueLocation)
        }
    }
}
