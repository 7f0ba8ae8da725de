import Channels
import Mappings
import OptionSyntax

/// Writes a configuration as the legacy file set, proved by loading it again. Symbols such as `&/IMTA_HOST/` are
/// replaced, passwords left out.
///
/// Unified configuration specification, sections 2.4 and 8; default configuration specification, sections 4 and 8.
package struct LegacyExport: Sendable {
    /// The text of each file by its name.
    package private(set) var files: [String: String] = [:]
    /// What the legacy files cannot say, one line each.
    package private(set) var losses: [String] = []
    /// Whether the files mean something else than the configuration.
    package private(set) var isDifferent = false

    private let configuration: MTAConfiguration
    /// What counts: the instance's values before the role's, symbols replaced, no passwords.
    private let settings: [OptionSetting]

    package init(_ configuration: MTAConfiguration) {
        self.configuration = configuration
        settings = Self.effective(configuration)
        files = [
            "aliases": aliases(), "option.dat": mtaOptions(), "dispatcher.cnf": dispatcher(),
            "job_controller.cnf": jobController(), "msg.conf": messagingOptions(), "mappings": mappings(),
            "conversions": configuration.conversions.map { $0.text.trimmingBlanks + "\n" }.joined(),
        ]
        for channel in configuration.channels.channels where !channel.options.isEmpty { options(channel) }
        reportLosses()
        for isComplete in [false, true] {
            files["imta.cnf"] = rules() + "\n" + (isComplete ? completeBlocks() : blocks())
            let differences = proof()
            if differences.isEmpty { return }
            guard isComplete else { continue }
            losses += differences
            isDifferent = true
        }
    }

    private func proof() -> [String] {
        let paths = configuration.paths
        let located = Dictionary(uniqueKeysWithValues: files.map { (paths.configurationFile($0.key), $0.value) })
        return ConfigurationComparison.differences(
            configuration.withoutPasswords, MTAConfiguration.load(paths: paths, files: .memory(located)),
            groups: ["dispatcher", "job_controller", "mta"])
    }

    private static func effective(_ configuration: MTAConfiguration) -> [OptionSetting] {
        let instance = Set(configuration.explicit.filter { $0.scope == .instance }.map(\.path.key))
        return configuration.explicit.filter { setting in
            let isOverridden =
                setting.scope == .role && instance.contains(setting.path.key)
                && !OptionCatalogue.isMultiValued(setting.path)
            return !isOverridden && !setting.path.isPassword
        }.map { setting in
            var setting = setting
            setting.value = setting.value.map(configuration.symbols.expandingText)
            for index in setting.path.steps.indices {
                setting.path.steps[index].group = setting.path.steps[index].group.map(
                    configuration.symbols.expandingText)
            }
            return setting
        }
    }

    private func settings(_ group: String) -> [OptionSetting] { settings.filter { $0.path.steps[0].name == group } }

    /// Settings of the groups `[TYPE=NAME]` below `parent`, by name in the order of first mention.
    private func named(_ parent: String, _ step: String) -> [(name: String, settings: [OptionSetting])] {
        configuration.options.groups(parent, step).map { group in
            let own = settings(parent).filter { setting in
                setting.path.steps.count == 3 && setting.path.steps[1].name == step
                    && setting.path.steps[1].group?.lowercased() == group.name.lowercased()
            }
            return (group.name, own)
        }
    }

    private func lines(_ settings: [OptionSetting], _ name: (String) -> String) -> String {
        settings.filter { $0.value?.isEmpty == false }.map { "\(name($0.path.option))=\($0.value ?? "")\n" }.joined()
    }

    // MARK: imta.cnf, mappings, aliases

    private func rules() -> String {
        settings("rewrite").compactMap(\.value).map { "\($0)\n" }.joined()
    }

    /// As they were given, the `defaults` block among them.
    private func blocks() -> String {
        var order: [String] = []
        var groups: [String: [OptionSetting]] = [:]
        for setting in settings("channel") {
            let name = (setting.path.steps[0].group ?? "").lowercased()
            if groups[name] == nil { order.append(name) }
            groups[name, default: []].append(setting)
        }
        return order.map { name in
            var own = groups[name, default: []]
            if let channel = configuration.channels.channel(named: name),
                !own.contains(where: { $0.path.option == "official_host_name" })
            {
                let path = OptionPath([.init("channel", name), .init("official_host_name")])
                own.append(OptionSetting(path, channel.officialHost, at: SourceLocation(file: "", line: 1)))
            }
            return LegacyText.block(name, own).map { $0 + "\n" }.joined() + "\n"
        }.joined()
    }

    /// Every channel with all it inherits.
    private func completeBlocks() -> String {
        configuration.channels.channels.map { channel in
            let place = SourceLocation(file: "", line: 1)
            let group = OptionPath([.init("channel", channel.name)])
            // A later `notices` would take the lists of the priorities away.
            var own = channel.settings.filter { $0.value.location != nil }
                .sorted { ($0.key == "notices" ? 0 : 1, $0.key) < ($1.key == "notices" ? 0 : 1, $1.key) }
                .map { name, setting in
                    let value = setting.arguments.isEmpty ? nil : setting.arguments.joined(separator: " ")
                    return OptionSetting(group.appending(name), value, at: place)
                }
            own.append(OptionSetting(group.appending("official_host_name"), channel.officialHost, at: place))
            if let alias = channel.localHostAlias {
                own.append(OptionSetting(group.appending("local_host_alias"), alias, at: place))
            }
            let hosts = channel.additionalHosts.map { $0.name + ($0.properName.map { ">\($0)" } ?? "") }
            if !hosts.isEmpty {
                let path = group.appending("additional_host_names")
                own.append(OptionSetting(path, hosts.joined(separator: " "), at: place))
            }
            return LegacyText.block(channel.name, own).map { $0 + "\n" }.joined() + "\n"
        }.joined()
    }

    private func mappings() -> String {
        configuration.mappings.names.map { name in
            let rules = settings("mapping").filter { $0.path.steps[0].group?.lowercased() == name.lowercased() }
            return "\(name)\n\n" + rules.compactMap(\.value).map { "  \($0)\n" }.joined() + "\n"
        }.joined()
    }

    private mutating func aliases() -> String {
        var text = ""
        for (name, given) in UnifiedWriter.aliases(of: configuration) {
            let expanded = given.map { setting in
                var setting = setting
                setting.value = setting.value.map(configuration.symbols.expandingText)
                return setting
            }
            let name = configuration.symbols.expandingText(name)
            if let line = AliasOptions.line(name: name, settings: expanded) {
                text += line + "\n"
            } else {
                losses.append("alias:\(name): no line of the alias file can say its options")
            }
        }
        return text
    }

    // MARK: Option files

    private func mtaOptions() -> String {
        lines(settings("mta").filter { $0.path.steps.count == 2 && $0.path.option != "enable" }) { $0.uppercased() }
    }

    private func dispatcher() -> String {
        let head = lines(settings("dispatcher").filter { $0.path.steps.count == 2 }, LegacyNames.legacyDispatcher)
        return named("dispatcher", "service").reduce(head) { text, service in
            text + "!\n[SERVICE=\(service.name)]\n" + lines(service.settings, LegacyNames.legacyDispatcher)
        }
    }

    private func jobController() -> String {
        let name = LegacyNames.legacyJobController
        var text = lines(settings("job_controller").filter { $0.path.steps.count == 2 }, name)
        for (type, step) in [("POOL", "job_pool"), ("CHANNEL", "channel_class")] {
            for group in named("job_controller", step) {
                text += "[\(type)=\(group.name)]\n" + lines(group.settings, name)
            }
        }
        return text
    }

    private func messagingOptions() -> String {
        settings.compactMap { setting in
            guard let name = LegacyNames.legacyMessaging(setting.path), let value = setting.value else { return nil }
            let quoted = value.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
            return "\(name) = \"\(quoted)\"\n"
        }.joined()
    }

    private mutating func options(_ channel: Channel) {
        let own = settings("channel").filter { setting in
            setting.path.steps.count == 3 && setting.path.steps[0].group?.lowercased() == channel.name
        }
        files["\(channel.name)_option"] = lines(own) { $0.uppercased() }
    }

    private mutating func reportLosses() {
        for setting in configuration.explicit where setting.path.isPassword {
            losses.append("\(setting.path): a password")
        }
        let written = ["rewrite", "mapping", "channel", "alias", "dispatcher", "job_controller"]
        for setting in settings where !written.contains(setting.path.steps[0].name) && !setting.path.isGroup {
            let isOption = setting.path.steps[0].name == "mta" && setting.path.steps.count == 2
            if isOption || LegacyNames.legacyMessaging(setting.path) != nil { continue }
            losses.append("\(setting.path): no legacy file has such an option")
        }
        for setting in settings where setting.value?.hasSuffix("\\") == true {
            losses.append("\(setting.path): a backslash at the end of a value would continue the line")
        }
    }
}

extension MTAConfiguration {
    /// The same without the passwords of channels, for comparison with an export.
    var withoutPasswords: MTAConfiguration {
        var result = self
        result.channels = ChannelTable(
            channels.channels.map { channel in
                var channel = channel
                channel.settings = channel.settings.filter { name, _ in
                    !ChannelKeyword.named(name).contains(where: \.isPassword)
                }
                return channel
            })
        return result
    }
}
