import Channels
import OptionSyntax

/// Writes a configuration as the XML document that the import reads; passwords are only mentioned.
///
/// Unified configuration specification, section 4.
package enum XMLExport {
    package static func text(of configuration: MTAConfiguration) -> String {
        var body = ""
        for (scope, element) in [(OptionScope.instance, "instance"), (.role, "role")] {
            let settings = configuration.explicit.filter { $0.scope == scope }
            let option = "base.\(element)name"
            let name = configuration.options.string(option) ?? element
            var content = options(settings)
            if scope == .role { content += channelOrder(configuration, settings) + conversions(configuration) }
            content += tables(settings)
            if !content.isEmpty { body += "  <\(element) name=\"\(escaped(name))\">\n\(content)  </\(element)>\n" }
        }
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<configuration format=\"1\">\n\(body)</configuration>\n"
    }

    private static let ordered = ["rewrite", "mapping", "alias", "channel"]

    /// Plain options, each run of one group in one element.
    private static func options(_ settings: [OptionSetting]) -> String {
        groups(settings.filter { !ordered.contains($0.path.steps[0].name) }) {
            $0.path.isGroup ? $0.path : $0.path.group
        }
    }

    private static func groups(_ settings: [OptionSetting], by group: (OptionSetting) -> OptionPath) -> String {
        var text = ""
        var open: OptionPath?
        var body = ""
        func close() {
            guard let path = open else { return }
            let starts = path.steps.map { step in
                "<group type=\"\(step.name)\"" + (step.group.map { " name=\"\(escaped($0))\"" } ?? "") + ">"
            }
            text += "    " + starts.joined() + "\n\(body)    "
            text += String(repeating: "</group>", count: path.steps.count) + "\n"
            body = ""
        }
        for setting in settings {
            let path = group(setting)
            if path != open { close() }
            open = path
            if !setting.path.isGroup { body += option(setting) }
        }
        close()
        return text
    }

    private static func option(_ setting: OptionSetting) -> String {
        let name = "      <option name=\"\(escaped(setting.path.option))\""
        if setting.path.isPassword { return name + " type=\"password\" ref=\"xpass\"/>\n" }
        guard let value = setting.value else { return name + " type=\"flag\"/>\n" }
        return name + " type=\"string\">\(escaped(value))</option>\n"
    }

    /// Channels in their order, each with its options; in the instance part they follow the role's.
    private static func channelOrder(_ configuration: MTAConfiguration, _ settings: [OptionSetting]) -> String {
        var own = settings.filter { $0.path.steps[0].name == "channel" }
        // A channel that is only a header has nothing that could be written.
        for channel in configuration.channels.channels
        where !own.contains(where: { $0.path.steps[0].group?.lowercased() == channel.name }) {
            let path = OptionPath([.init("channel", channel.name), .init("official_host_name")])
            own.append(OptionSetting(path, channel.officialHost, at: SourceLocation(file: "", line: 1)))
        }
        return groups(own) { $0.path.group }
    }

    private static func tables(_ settings: [OptionSetting]) -> String {
        var text = ""
        if settings.first?.scope == .instance {
            text += groups(settings.filter { $0.path.steps[0].name == "channel" }) { $0.path.group }
        }
        let rewrites = settings.filter { $0.path.steps[0].name == "rewrite" }
        if !rewrites.isEmpty { text += "    <rewrites>\n" + rewrites.map(rule).joined() + "    </rewrites>\n" }
        for (name, rules) in byGroup("mapping", settings) {
            text += "    <mapping name=\"\(escaped(name))\">\n" + rules.map(rule).joined() + "    </mapping>\n"
        }
        for (name, values) in byGroup("alias", settings) {
            text += "    <alias name=\"\(escaped(name))\">\n"
            for setting in values {
                text +=
                    setting.path.option == "alias_entry"
                    ? "      <entry>\(escaped(setting.value ?? ""))</entry>\n" : option(setting)
            }
            text += "    </alias>\n"
        }
        return text
    }

    private static func byGroup(
        _ first: String, _ settings: [OptionSetting]
    ) -> [(name: String, settings: [OptionSetting])] {
        var result: [(name: String, settings: [OptionSetting])] = []
        for setting in settings where setting.path.steps[0].name == first {
            let name = setting.path.steps[0].group ?? ""
            if let index = result.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) {
                result[index].settings.append(setting)
            } else {
                result.append((name, [setting]))
            }
        }
        return result
    }

    private static func rule(_ setting: OptionSetting) -> String {
        let value = (setting.value ?? "").trimmingBlanks
        let pattern = value.prefix { $0 != " " && $0 != "\t" }
        let template = value.dropFirst(pattern.count).trimmingBlanks
        return "      <rule pattern=\"\(escaped(String(pattern)))\" template=\"\(escaped(template))\"/>\n"
    }

    private static func conversions(_ configuration: MTAConfiguration) -> String {
        let entries = configuration.conversions.split(whereSeparator: \.isBlank)
            .map { $0.map(\.text.trimmingBlanks).joined(separator: " ") }
        if entries.isEmpty { return "" }
        return "    <conversions>\n" + entries.map { "      <entry>\(escaped($0))</entry>\n" }.joined()
            + "    </conversions>\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
