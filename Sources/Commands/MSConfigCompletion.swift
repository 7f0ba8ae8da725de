import Channels
import Configuration
import OptionSyntax

/// What the word before the cursor may become.
struct MSConfigCompletion {
    /// The configuration as edited, for the names of channels, tables and services.
    var configuration: MTAConfiguration?

    /// The words that begin as the last word of `line` does, sorted.
    func candidates(_ line: String) -> [String] {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let last = words.last ?? ""
        let earlier = words.dropLast().filter { !$0.isEmpty }
        guard let first = earlier.first else {
            return MSConfigDialogue.commands.map(\.name).filter { $0.hasPrefix(last.lowercased()) }
        }
        guard earlier.count == 1, let verb = try? MSConfigDialogue.command(first) else { return [] }
        switch verb {
        case "edit", "export", "import":
            return ConfigurationPart.allCases.map(\.rawValue).filter { $0.hasPrefix(last.lowercased()) }.sorted()
        case "help": return MSConfigDialogue.commands.map(\.name).filter { $0.hasPrefix(last.lowercased()) }
        case "set", "unset", "show": return options(last)
        default: return []
        }
    }

    /// Groups as far as the next period, options behind the last one.
    private func options(_ text: String) -> [String] {
        var scope = ""
        var text = text
        for prefix in ["role.", "instance."] where text.hasPrefix(prefix) {
            scope = prefix
            text.removeFirst(prefix.count)
        }
        let depth = Self.steps(text)
        let names = Set(all.map { name in Self.prefix(name, steps: depth) })
        return names.filter { $0.lowercased().hasPrefix(text.lowercased()) }.map { scope + $0 }.sorted()
    }

    /// Unescaped periods in a name.
    private static func steps(_ text: String) -> Int {
        var isEscaped = false
        return text.utf8.count { byte in
            defer { isEscaped = !isEscaped && byte == UInt8(ascii: "\\") }
            return byte == UInt8(ascii: ".") && !isEscaped
        }
    }

    /// The first steps of a name with the period behind them; the whole name when it has no more.
    private static func prefix(_ name: String, steps: Int) -> String {
        var left = steps
        var isEscaped = false
        for index in name.utf8.indices {
            let byte = name.utf8[index]
            if byte == UInt8(ascii: "."), !isEscaped {
                if left == 0 { return String(name[...index]) }
                left -= 1
            }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return name
    }

    /// Every option there is, with the groups of the configuration.
    private var all: [String] {
        var names = ["rewrite.rule"]
        for definition in OptionCatalogue.all.values {
            let steps = definition.name.split(separator: ".").map(String.init)
            if steps.count == 3, ["service", "job_pool", "channel_class", "task"].contains(steps[1]) {
                for group in configuration?.options.groups(steps[0], steps[1]) ?? [] {
                    let path = OptionPath([.init(steps[0]), .init(steps[1], group.name), .init(steps[2])])
                    names.append(path.description)
                }
            } else {
                names.append(definition.name)
            }
        }
        let keywords = ["official_host_name", "local_host_alias", "additional_host_names"] + ChannelKeyword.all.keys
        for channel in (configuration?.channels.channels.map(\.name) ?? []) + ["defaults"] {
            let group = OptionPath([.init("channel", channel)])
            names += keywords.map { group.appending($0).description }
        }
        for setting in configuration?.explicit ?? [] where ["mapping", "alias"].contains(setting.path.steps[0].name) {
            names.append(setting.path.description)
        }
        return names
    }
}
