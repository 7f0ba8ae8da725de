import Channels
import OptionSyntax

/// The option that an edit names, when there is one of that name.
struct OptionTarget {
    var scope: OptionScope?
    var path: OptionPath

    /// `mustBeKnown`: a channel keyword or an option of a group of ours has to exist; what stands in a file under any
    /// name may still be removed.
    init(_ name: String, mustBeKnown: Bool = true) throws(ConfigurationEditor.Refusal) {
        do throws(OptionPath.Malformed) {
            (scope, path) = try OptionPath.parse(name)
        } catch {
            throw ConfigurationEditor.Refusal(
                description: "\(name) is no option name: \(error.message); a period inside a group name is written \\.")
        }
        try checkShape()
        if mustBeKnown { try checkName() }
    }

    private func checkShape() throws(ConfigurationEditor.Refusal) {
        let steps = path.steps
        let grouped = ["channel": 2...3, "alias": 2...2, "mapping": 2...2]
        guard let count = grouped[steps[0].name] else {
            if steps.count < 2 {
                throw ConfigurationEditor.Refusal(description: "\(path) is a group, not an option")
            }
            if steps[0].name == "rewrite", steps != [.init("rewrite"), .init("rule")] {
                throw ConfigurationEditor.Refusal(description: "\(path) is not an option: write rewrite.rule")
            }
            return
        }
        guard steps[0].group != nil, count.contains(steps.count), steps.dropFirst().allSatisfy({ $0.group == nil }),
            steps.count == 2 || steps[1].name == "options", steps[0].name != "mapping" || steps[1].name == "rule",
            steps[0].name != "alias" || steps[1].name.hasPrefix("alias_")
        else {
            throw ConfigurationEditor.Refusal(
                description: "\(path) is not an option; a period inside a group name is written \\.")
        }
    }

    private func checkName() throws(ConfigurationEditor.Refusal) {
        let advice: String
        if OptionCatalogue.closedGroups.contains(path.group.shape), !path.isGroup {
            if OptionCatalogue.definition(path) != nil { return }
            advice = Spelling.advice(for: path.option, among: OptionCatalogue.names(in: path.group.shape))
        } else if path.steps[0].name == "channel", path.steps.count == 2 {
            if Self.hostOptions.contains(path.option) || !ChannelKeyword.named(path.option).isEmpty { return }
            advice = Spelling.advice(for: path.option, among: ChannelKeyword.spellings + Self.hostOptions)
        } else {
            return
        }
        throw ConfigurationEditor.Refusal(
            description: "there is no option \(path)" + (advice.isEmpty ? "" : "; \(advice)"))
    }

    /// What the lines of a channel block say beside its keywords (unified configuration specification, section 5).
    static let hostOptions = ["official_host_name", "local_host_alias", "additional_host_names"]

    /// The group that `name` stands for: one that may be removed as a whole; nil for an option.
    static func group(_ name: String) -> OptionPath? {
        guard let path = try? OptionPath.parse(name).path else { return nil }
        let isNamed = path.isGroup && !(path.steps.count == 1 && path.steps[0].name == "rewrite")
        return isNamed ? path : nil
    }
}

extension OptionPath {
    /// Options that differ per host go to the instance.
    var usualScope: OptionScope {
        ["base.hostname", "base.listenaddr", "base.tmpdir", "mta.tmpdir", "base.rolename", "base.instancename"]
            .contains(shape) ? .instance : .role
    }
}
