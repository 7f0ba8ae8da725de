import Channels
import Mappings
import OptionSyntax

/// What either form of the configuration says, read but not yet judged.
struct ConfigurationSource {
    /// A rewrite rule as written: `PATTERN TEMPLATE`.
    struct Rule {
        var text: String
        var location: SourceLocation
        /// Where its bytes stand.
        var place: TextPlace
    }

    var form: MTAConfiguration.Form
    /// Options outside rewrite rules, mappings, channels and aliases, in file order.
    var options: [OptionSetting] = []
    var rules: [Rule] = []
    var mappings: [MappingTableSource] = []
    var channels: [ChannelBlock] = []
    /// Lines in the syntax of the alias file: physical ones of the legacy file, joined ones of the unified text.
    var aliases: [LogicalLine] = []
    /// Options of groups `alias:NAME`.
    var aliasOptions: [OptionSetting] = []
    /// The conversions file; blank lines end entries.
    var conversions: [LogicalLine] = []
    /// Everything that was set, under unified names, for `show`.
    var explicit: [OptionSetting] = []
    var diagnostics = Diagnostics()

    init(form: MTAConfiguration.Form) { self.form = form }

    /// The value of a plain option as written: the instance's, else the role's, each the last given.
    func plain(_ key: String) -> String? {
        let settings = options.filter { $0.path.key == key }
        return (settings.last { $0.scope == .instance } ?? settings.last)?.value
    }

    /// Names of the pools defined, in file order; those built in when there are none.
    var pools: [String] {
        var names: [String] = []
        for option in options where option.path.steps.first?.name == "job_controller" {
            guard let step = option.path.steps.dropFirst().first, step.name == "job_pool", let name = step.group,
                !names.contains(where: { $0.lowercased() == name.lowercased() })
            else { continue }
            names.append(name)
        }
        return names.isEmpty ? JobControllerConfiguration.builtInPools.map(\.name) : names
    }
}
