import AddressRewriting
import Aliases
import Channels
import Mappings
import OptionSyntax

/// Whether two configurations mean the same, whatever form they have: the proof of imports and exports.
///
/// Default configuration specification, section 8: comments, the scope of options and symbols may differ.
package enum ConfigurationComparison {
    /// What differs, one line each; when the second could not be loaded, its errors.
    /// `groups`: only these groups of plain options are compared.
    package static func differences(
        _ left: MTAConfiguration, _ load: ConfigurationLoad, groups: Set<String>? = nil
    ) -> [String] {
        guard let right = load.configuration else {
            return load.diagnostics.all.filter { $0.severity == .error }.map(\.description)
        }
        var found: [String] = []
        func check(_ isSame: Bool, _ what: String) {
            if !isSame { found.append("\(what): the written configuration says something else than the one read") }
        }
        check(left.channels.channels.map(\.name) == right.channels.channels.map(\.name), "the list of channels")
        for (one, other) in zip(left.channels.channels, right.channels.channels) {
            check(
                one.effectiveKeywords == other.effectiveKeywords && one.hosts == other.hosts
                    && one.options == other.options && one.localHostAlias == other.localHostAlias,
                "channel \(one.name)")
        }
        check(
            left.ruleSources.map { [$0.pattern, $0.template] } == right.ruleSources.map { [$0.pattern, $0.template] },
            "rewrite rules")
        check(rules(left) == rules(right), "mapping tables")
        check(left.mappings.names.map { $0.lowercased() } == right.mappings.names.map { $0.lowercased() }, "tables")
        // The order of aliases has no meaning.
        check(left.aliases.order.sorted() == right.aliases.order.sorted(), "the list of aliases")
        for name in left.aliases.order {
            check(
                meaning(left.aliases.entry(named: name)) == meaning(right.aliases.entry(named: name)), "alias \(name)")
        }
        check(conversions(left) == conversions(right), "conversions")
        check(left.mta == right.mta, "MTA options")
        check(left.jobController == right.jobController, "the Job Controller")
        check(
            left.tasks.sorted { $0.name < $1.name } == right.tasks.sorted { $0.name < $1.name },
            "tasks of the scheduler")
        check(options(left, groups) == options(right, groups), "options")
        return found
    }

    /// Without the place, which always differs.
    private static func meaning(_ entry: AliasEntry?) -> AliasEntry? {
        var entry = entry
        entry?.location = SourceLocation(file: "", line: 1)
        return entry
    }

    private static func rules(_ configuration: MTAConfiguration) -> [String] {
        configuration.explicit.filter { $0.path.steps[0].name == "mapping" && $0.value != nil }
            .map { setting in
                let value = configuration.symbols.expandingText(setting.value ?? "")
                return "\(setting.path.key) " + value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
            }
    }

    private static func conversions(_ configuration: MTAConfiguration) -> [String] {
        var lines = configuration.conversions.map(\.text.trimmingBlanks)
        while lines.last?.isEmpty == true { lines.removeLast() }
        return Array(lines.drop(while: \.isEmpty))
    }

    /// Groups that are only there, and an empty value, say nothing.
    private static func options(_ configuration: MTAConfiguration, _ groups: Set<String>?) -> [[String]] {
        configuration.options.all.filter { !$0.path.isGroup && $0.values != [""] && !$0.path.isPassword }
            .filter { groups?.contains($0.path.steps[0].name) ?? true }
            .map { [$0.path.key] + $0.values }.sorted { $0[0] < $1[0] }
    }
}
