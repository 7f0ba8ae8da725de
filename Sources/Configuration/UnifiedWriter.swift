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
        writer.lines("[aliases]", configuration.explicit.compactMap(Self.alias))
        if !configuration.conversions.isEmpty {
            writer.text += "\n[conversions]\n"
            for line in configuration.conversions {
                writer.text += line.isBlank ? "\n" : "  \(line.text.trimmingBlanks)\n"
            }
        }
        return writer.text
    }

    private mutating func options() {
        text += text.isEmpty ? "" : "\n"
        for setting in configuration.explicit
        where !["rewrite", "mapping", "channel", "alias"].contains(setting.path.steps[0].name) {
            let scope = setting.scope == .instance ? setting.scope : setting.path.usualScope
            text +=
                "\(scope.rawValue).\(Self.assignment(setting.path.description, setting.value, none: " (novalue)"))\n"
        }
    }

    private mutating func tables() {
        lines("[rewrites]", settings("rewrite").compactMap(\.value).map(Self.rule))
        for name in configuration.mappings.names {
            let rules = settings("mapping").filter { $0.path.steps[0].group == name }.compactMap(\.value)
            let header = "[\(OptionPath([.init("mapping", name)]))]"
            lines(header, rules.map(Self.rule), isNeeded: true)
        }
    }

    private mutating func channels() {
        if form == .asGiven {
            var names: [String] = []
            let all = settings("channel")
            for setting in all {
                let name = setting.path.steps[0].group ?? ""
                if !names.contains(name) { names.append(name) }
            }
            for name in names {
                let own = all.filter { $0.path.steps[0].group == name }
                lines(Self.header(name), own.map(Self.body), isNeeded: true)
            }
            return
        }
        for channel in configuration.channels.channels { complete(channel) }
    }

    private mutating func complete(_ channel: Channel) {
        let given = settings("channel").filter { $0.path.steps[0].group == channel.name }
        let others = given.filter { setting in
            setting.path.steps.count > 2 || ChannelKeyword.named(setting.path.option).isEmpty
        }
        // A later `notices` would take the lists of the priorities away.
        let ordered = channel.settings.sorted {
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

    private static func header(_ channel: String) -> String { "[\(OptionPath([.init("channel", channel)]))]" }

    private static func body(_ setting: OptionSetting) -> String {
        let name = setting.path.steps.count > 2 ? "options.\(setting.path.option)" : setting.path.option
        return assignment(name, setting.value)
    }

    private static func assignment(_ name: String, _ value: String?, none: String = "") -> String {
        value.map { "\(name) = \(rule(Quoting.quotedWhenNeeded($0)))" } ?? name + none
    }

    /// A backslash at the end must not continue the line.
    private static func rule(_ text: String) -> String { text.hasSuffix("\\") ? text + "\\" : text }

    private static func alias(_ setting: OptionSetting) -> String? {
        guard setting.path.steps[0].name == "alias", let name = setting.path.steps[0].group else { return nil }
        return rule("\(name): \(setting.value ?? "")")
    }
}
