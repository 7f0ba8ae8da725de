import Channels
import Mappings
import OptionSyntax

/// Writes a configuration as the text of a martlet.conf, for import.
///
/// Default configuration specification, section 1.
package struct UnifiedWriter {
    /// How the keywords of channels are written.
    package enum ChannelForm: Sendable {
        /// As they were given, with the `defaults` section.
        case asGiven
        /// Every channel with all it inherits: for configurations that change the defaults on the way.
        case complete
    }

    private let configuration: MTAConfiguration
    private let form: ChannelForm
    private var text: String

    /// `heading`: becomes comment lines.
    package static func text(
        of configuration: MTAConfiguration, heading: [String] = [], form: ChannelForm = .asGiven
    ) -> String {
        var writer = UnifiedWriter(
            configuration: configuration, form: form, text: heading.map { "! \($0)\n" }.joined())
        writer.options()
        writer.tables()
        writer.channels()
        writer.aliases()
        if !configuration.conversions.isEmpty {
            writer.text += "\n[conversions]\n"
            for line in configuration.conversions {
                writer.text += line.isBlank ? "\n" : "  \(line.text.trimmingBlanks)\n"
            }
        }
        return writer.text
    }

    /// What belongs into passwords.conf; nil without any password.
    package static func passwords(of configuration: MTAConfiguration, form: ChannelForm = .asGiven) -> [UInt8]? {
        var settings = configuration.explicit.filter(\.isSecret)
        if form == .complete {
            // Inherited ones too, as in martlet.conf.
            settings.removeAll { $0.path.steps[0].name == "channel" }
            for channel in configuration.channels.channels {
                for (name, setting) in channel.settings.sorted(by: { $0.key < $1.key }) {
                    let path = OptionPath([.init("channel", channel.name), .init(name)])
                    guard path.isPassword, let place = setting.location else { continue }
                    settings.append(OptionSetting(path, setting.arguments.joined(separator: " "), at: place))
                }
            }
        }
        return settings.isEmpty ? nil : Array(settings.map(line).joined().utf8)
    }

    private mutating func options() {
        text += text.isEmpty ? "" : "\n"
        for setting in configuration.explicit
        where !["rewrite", "mapping", "channel", "alias"].contains(setting.path.steps[0].name)
            && !setting.isSecret
        {
            text += Self.line(setting)
        }
    }

    private static func line(_ setting: OptionSetting) -> String {
        let scope = setting.scope == .instance ? setting.scope : setting.path.usualScope
        return "\(scope.rawValue).\(assignment(setting.path.description, setting.value, none: " (novalue)"))\n"
    }

    private mutating func tables() {
        lines("[rewrites]", settings("rewrite").compactMap(\.value).map(Self.rule))
        for name in configuration.mappings.names {
            let rules = settings("mapping").filter { $0.path.steps[0].group?.lowercased() == name.lowercased() }
                .compactMap(\.value)
            let header = "[\(OptionPath([.init("mapping", name)]))]"
            lines(header, rules.map(Self.rule), isNeeded: true)
        }
    }

    private mutating func channels() {
        if form == .complete { return configuration.channels.channels.forEach { complete($0) } }
        var names: [String] = []
        let all = settings("channel")
        for setting in all {
            let name = (setting.path.steps[0].group ?? "").lowercased()
            if !names.contains(name) { names.append(name) }
        }
        for name in names {
            let own = all.filter { $0.path.steps[0].group?.lowercased() == name && !$0.isSecret }
            lines(Self.header(name), own.filter { $0.scope == .role }.map(Self.body), isNeeded: true)
            lines(Self.header(name, .instance), own.filter { $0.scope == .instance }.map(Self.body))
        }
    }

    private mutating func complete(_ channel: Channel) {
        let given = settings("channel").filter { $0.path.steps[0].group?.lowercased() == channel.name }
        let others = given.filter { setting in
            setting.path.steps.count > 2 || ChannelKeyword.named(setting.path.option).isEmpty
        }
        // A later `notices` would take the lists of the priorities away.
        let ordered = channel.settings.filter { name, _ in
            !ChannelKeyword.named(name).contains(where: \.isPassword)
        }.sorted {
            ($0.key == "notices" ? 0 : 1, $0.key) < ($1.key == "notices" ? 0 : 1, $1.key)
        }
        let keywords = ordered.map { name, setting in
            Self.assignment(name, setting.arguments.isEmpty ? nil : setting.arguments.joined(separator: " "))
        }
        lines(Self.header(channel.name), others.map(Self.body) + keywords, isNeeded: true)
    }

    // MARK: Pieces

    private func settings(_ group: String) -> [OptionSetting] {
        configuration.explicit.filter { $0.path.steps[0].name == group }
    }

    private mutating func lines(_ header: String, _ lines: [String], isNeeded: Bool = false) {
        if lines.isEmpty, !isNeeded { return }
        text += "\n\(header)\n" + lines.map { "  \($0)\n" }.joined()
    }

    private static func header(_ channel: String, _ scope: OptionScope = .role) -> String {
        let path = OptionPath([.init("channel", channel)])
        return scope == .instance ? "[instance.\(path)]" : "[\(path)]"
    }

    private static func body(_ setting: OptionSetting) -> String {
        let name = setting.path.steps.count > 2 ? "options.\(setting.path.option)" : setting.path.option
        return assignment(name, setting.value)
    }

    private static func assignment(_ name: String, _ value: String?, none: String = "") -> String {
        value.map { "\(name) = \(rule(Quoting.quotedWhenNeeded($0)))" } ?? name + none
    }

    /// A backslash at the end must not continue the line.
    private static func rule(_ text: String) -> String { text.hasSuffix("\\") ? text + "\\" : text }
}

extension UnifiedWriter {
    /// Aliases by name, in the order of first mention.
    static func aliases(of configuration: MTAConfiguration) -> [(name: String, settings: [OptionSetting])] {
        var order: [String] = []
        var groups: [String: [OptionSetting]] = [:]
        for setting in configuration.explicit where setting.path.steps[0].name == "alias" {
            let key = configuration.symbols.expandingText(setting.path.steps[0].group ?? "").lowercased()
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(setting)
        }
        return order.map { key in
            let settings = groups[key, default: []]
            return (settings.first?.path.steps[0].group ?? key, settings)
        }
    }

    /// In `[aliases]`, one line for each; one that no line can say gets a section of its own.
    private mutating func aliases() {
        var sections: [(header: String, lines: [String])] = []
        var plain: [String] = []
        for (name, settings) in Self.aliases(of: configuration) {
            if let line = AliasOptions.line(name: name, settings: settings) {
                plain.append(Self.rule(line))
            } else {
                sections.append(("[\(OptionPath([.init("alias", name)]))]", settings.map(Self.body)))
            }
        }
        lines("[aliases]", plain)
        for section in sections { lines(section.header, section.lines) }
    }
}

extension OptionSetting {
    /// It stands, or has to stand, in passwords.conf.
    fileprivate var isSecret: Bool { path.isPassword || location.file == "passwords.conf" }
}
