import Channels
package import OptionSyntax
import SystemCalls

/// Changes single options in the text of martlet.conf, and only the lines it must: comments and order stay.
///
/// Default configuration specification, section 1 ("A writer …").
package struct ConfigurationEditor: Sendable {
    /// Why an edit was not made.
    package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong and what to do.
        package var description: String
        /// Findings of the check of the edited text.
        package var diagnostics: [Diagnostic] = []
    }

    /// One change.
    package enum Edit: Hashable, Sendable {
        /// `value` nil sets a no-value option. An option whose values accumulate gets one more.
        case set(name: String, value: String?)
        case unset(name: String)
    }

    /// The text after the edit.
    package static func apply(_ edit: Edit, to text: String) throws(Refusal) -> String {
        switch edit {
        case .set(let name, let value):
            let target = try target(name)
            if let value, value.utf8.contains(where: { $0 == 10 || $0 == 13 || $0 == 0 }) {
                throw Refusal(description: "the value holds a line end or a NUL")
            }
            var document = UnifiedDocument(text)
            document.set(target.path, value, scope: target.scope ?? target.path.usualScope)
            return document.text
        case .unset(let name):
            let target = try target(name)
            var document = UnifiedDocument(text)
            guard document.unset(target.path, scope: target.scope) else {
                throw Refusal(description: "\(target.path) is not set in martlet.conf")
            }
            return document.text
        }
    }

    private static func target(_ name: String) throws(Refusal) -> (scope: OptionScope?, path: OptionPath) {
        let parsed: (scope: OptionScope?, path: OptionPath)
        do throws(OptionPath.Malformed) {
            parsed = try OptionPath.parse(name)
        } catch {
            throw Refusal(
                description: "\(name) is no option name: \(error.message); a period inside a group name is written \\.")
        }
        let steps = parsed.path.steps
        let grouped = ["channel": 2...3, "alias": 2...2, "mapping": 2...2]
        if let count = grouped[steps[0].name] {
            guard steps[0].group != nil, count.contains(steps.count), steps.count == 2 || steps[1].name == "options",
                steps[0].name != "mapping" || steps[1].name == "rule",
                steps[0].name != "alias" || steps[1].name.hasPrefix("alias_")
            else {
                throw Refusal(
                    description: "\(parsed.path) is not an option; a period inside a group name is written \\.")
            }
        } else if steps.count < 2 {
            throw Refusal(description: "\(parsed.path) is a group, not an option")
        }
        if OptionCatalogue.closedGroups.contains(parsed.path.group.shape), !parsed.path.isGroup,
            OptionCatalogue.definition(parsed.path) == nil
        {
            let advice = Spelling.advice(
                for: parsed.path.option, among: OptionCatalogue.names(in: parsed.path.group.shape))
            throw Refusal(description: "there is no option \(parsed.path)" + (advice.isEmpty ? "" : "; \(advice)"))
        }
        return parsed
    }

    /// Applies `edits` to the martlet.conf of an instance, checks the outcome by loading it, and only then writes it.
    /// Returns the findings, none of them an error. A legacy configuration is refused. `keep`: called with the former
    /// text before it is replaced.
    package static func edit(
        _ edits: [Edit], paths: InstancePaths, files: ConfigurationFiles = .disk,
        keep: (_ former: String) throws(Refusal) -> Void = { _ in }
    ) throws(Refusal) -> Diagnostics {
        let path = paths.configurationFile("martlet.conf")
        guard var text = try current(path, files) else {
            throw Refusal(
                description: "\(paths.config) holds no martlet.conf: a legacy configuration is edited in its own files")
        }
        for edit in edits { text = try apply(edit, to: text) }
        return try replace(with: text, paths: paths, files: files, keep: keep)
    }

    /// Makes `text` the martlet.conf of an instance, when it loads without errors. Returns the findings. `keep`: called
    /// with the former text, if there is one and it differs, before it is replaced.
    package static func replace(
        with text: String, paths: InstancePaths, files: ConfigurationFiles = .disk,
        keep: (_ former: String) throws(Refusal) -> Void = { _ in }
    ) throws(Refusal) -> Diagnostics {
        let path = paths.configurationFile("martlet.conf")
        let load = MTAConfiguration.load(paths: paths, files: files.replacing(path, with: text))
        if load.configuration == nil || load.diagnostics.hasErrors {
            let errors = load.diagnostics.all.filter { $0.severity == .error }
            throw Refusal(
                description: "the change is not made, the configuration would have errors: "
                    + errors.map(\.description).joined(separator: "; "),
                diagnostics: load.diagnostics.all)
        }
        if let former = try current(path, files) {
            if former == text { return load.diagnostics }
            try keep(former)
        }
        if case .failure(let error) = files.replace(path, Array(text.utf8)) {
            throw Refusal(description: "martlet.conf is unchanged: \(error)")
        }
        return load.diagnostics
    }

    /// The text of martlet.conf; nil when there is none.
    package static func current(_ path: String, _ files: ConfigurationFiles) throws(Refusal) -> String? {
        switch files.read(path) {
        case .success(let content): return content.map { String(decoding: $0, as: UTF8.self) }
        case .failure(let error): throw Refusal(description: "\(error)")
        }
    }
}

extension OptionPath {
    /// Options that differ per host go to the instance.
    var usualScope: OptionScope {
        ["base.hostname", "base.listenaddr", "base.tmpdir", "mta.tmpdir", "base.rolename", "base.instancename"]
            .contains(shape) ? .instance : .role
    }
}
