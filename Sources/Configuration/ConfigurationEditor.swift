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
        /// Findings of the check of the edited texts.
        package var diagnostics: [Diagnostic] = []
        /// The texts that the findings are about.
        package var texts: ConfigurationTexts?

        package init(description: String, diagnostics: [Diagnostic] = [], texts: ConfigurationTexts? = nil) {
            self.description = description
            self.diagnostics = diagnostics
            self.texts = texts
        }
    }

    /// One change.
    package enum Edit: Hashable, Sendable {
        /// `value` nil sets a no-value option. An option whose values accumulate gets one more.
        case set(name: String, value: String?)
        /// With `value` only that of several values. `all`: every value, or a whole group.
        case unset(name: String, value: String? = nil, all: Bool = false)
    }

    // MARK: Texts

    /// The texts after the edit; what the administrator should know of it goes to `findings`.
    package static func apply(
        _ edit: Edit, to texts: ConfigurationTexts, findings: inout Diagnostics
    ) throws(Refusal) -> ConfigurationTexts {
        switch edit {
        case .set(let name, let value): try set(name, value, texts, &findings)
        case .unset(let name, let value, let all): try unset(name, value, all: all, texts)
        }
    }

    private static func set(
        _ name: String, _ value: String?, _ texts: ConfigurationTexts, _ findings: inout Diagnostics
    ) throws(Refusal) -> ConfigurationTexts {
        let target = try OptionTarget(name)
        if let value, value.utf8.contains(where: { $0 == 10 || $0 == 13 || $0 == 0 }) {
            throw Refusal(description: "the value holds a line end or a NUL")
        }
        if value == nil, OptionCatalogue.isMultiValued(target.path) {
            throw Refusal(description: "\(target.path) needs a value")
        }
        let scope = target.scope ?? target.path.usualScope
        var document = UnifiedDocument(texts.main)
        var result = texts
        if target.path.isPassword {
            // Never in martlet.conf, which others may read.
            var secrets = UnifiedDocument(texts.passwords ?? [])
            secrets.set(target.path, value, scope: scope)
            result.passwords = secrets.content
            _ = document.unset([target.path], scope: scope)
        } else {
            if let rule = document.catchAll(target.path, value, scope) {
                findings.note(
                    "the rule stands above the last one, which matches everything", at: rule.line.location)
            }
            for path in target.path.spelled { document.set(path, value, scope: scope) }
        }
        result.main = document.content
        if scope == .role,
            let other = document.settings(of: target.path.spelled).first(where: { $0.scope == .instance }
            )
        {
            findings.warning(
                "instance.\(target.path) is set too, and it counts", at: other.location,
                advice: "set or unset it with instance. before its name")
        }
        return result
    }

    private static func unset(
        _ name: String, _ value: String?, all: Bool, _ texts: ConfigurationTexts
    ) throws(Refusal) -> ConfigurationTexts {
        var document = UnifiedDocument(texts.main)
        var secrets = UnifiedDocument(texts.passwords ?? [])
        func result() -> ConfigurationTexts {
            ConfigurationTexts(main: document.content, passwords: texts.passwords.map { _ in secrets.content })
        }
        if let group = OptionTarget.group(name) {
            guard all else {
                throw Refusal(description: "\(group) is a group: add --all to remove everything in it")
            }
            guard document.unset(group: group) + secrets.unset(group: group) > 0 else {
                throw Refusal(description: "there is no \(group) in martlet.conf")
            }
            return result()
        }
        let target = try OptionTarget(name, mustBeKnown: false)
        let paths = target.path.spelled
        // Removed where the value is: without a scope from the instance before the role.
        for scope in target.scope.map({ [$0] }) ?? [.instance, .role] {
            let standing = document.settings(of: paths).count { $0.scope == scope }
            if standing > 1, value == nil, !all, OptionCatalogue.isMultiValued(target.path) {
                throw Refusal(
                    description: "\(target.path) has \(standing) values: name the one to remove, or add --all")
            }
            let count =
                document.unset(paths, scope: scope, value: value) + secrets.unset(paths, scope: scope, value: value)
            if count > 0 { return result() }
        }
        let what = value.map { "\(target.path) = \($0)" } ?? "\(target.path)"
        throw Refusal(description: "\(what) is not set in martlet.conf")
    }

    // MARK: Files

    /// Applies `edits` to the martlet.conf of an instance, checks the outcome by loading it, and only then writes it.
    /// Returns the findings that are new, none of them an error. A legacy configuration is refused. `keep`: called
    /// with the former text before it is replaced.
    package static func edit(
        _ edits: [Edit], paths: InstancePaths, files: ConfigurationFiles = .disk,
        keep: (_ former: [UInt8]) throws(Refusal) -> Void = { _ in }
    ) throws(Refusal) -> Diagnostics {
        guard var texts = try current(paths, files) else {
            throw Refusal(
                description: "\(paths.config) holds no martlet.conf: a legacy configuration is edited in its own files")
        }
        var findings = Diagnostics()
        for edit in edits { texts = try apply(edit, to: texts, findings: &findings) }
        findings.append(contentsOf: try replace(with: texts, paths: paths, files: files, keep: keep))
        return findings
    }

    /// Loads `texts` as an instance would. Returns what `former`, the texts in force, did not say already; errors are
    /// thrown, with all findings.
    package static func check(
        _ texts: ConfigurationTexts, former: ConfigurationTexts?, paths: InstancePaths, files: ConfigurationFiles
    ) throws(Refusal) -> Diagnostics {
        let load = MTAConfiguration.load(paths: paths, files: texts.laid(over: files, paths: paths))
        // Errors of one service leave the others running, but nobody writes them on purpose.
        guard let configuration = load.configuration, !load.diagnostics.hasErrors else {
            let count = load.diagnostics.all.count { $0.severity == .error }
            throw Refusal(
                description: "the change is not made: the configuration would have "
                    + (count == 1 ? "an error" : "\(count) errors"),
                diagnostics: load.diagnostics.all, texts: texts)
        }
        let before = former.map { MTAConfiguration.load(paths: paths, files: $0.laid(over: files, paths: paths)) }
        let known = Set(before?.diagnostics.all.map(\.message) ?? [])
        var findings = Diagnostics()
        for finding in load.diagnostics.all where !known.contains(finding.message) { findings.add(finding) }
        if let old = before?.configuration?.channels.channels.map(\.name) {
            for channel in configuration.channels.channels where !old.contains(channel.name) {
                findings.warning(
                    "\(channel.name) is a new channel", at: channel.location,
                    advice: Spelling.advice(for: channel.name, among: old))
            }
        }
        return findings
    }

    /// Makes `texts` the configuration of an instance, when it loads without errors. Passwords in martlet.conf move to
    /// passwords.conf. Returns the findings that are new. `keep`: called with the former martlet.conf, without its
    /// passwords, if there is one and it differs, before it is replaced.
    package static func replace(
        with texts: ConfigurationTexts, paths: InstancePaths, files: ConfigurationFiles = .disk,
        keep: (_ former: [UInt8]) throws(Refusal) -> Void = { _ in }
    ) throws(Refusal) -> Diagnostics {
        var texts = texts
        let former = try current(paths, files)
        let moved = texts.movePasswords()
        var findings = try check(texts, former: former, paths: paths, files: files)
        for name in moved { findings.note("\(name) is now in passwords.conf", at: nil) }
        // First the passwords: without them the new text could mean something else.
        if let passwords = texts.passwords, passwords != former?.passwords {
            try write(passwords, "passwords.conf", 0o600, paths, files)
        }
        if let former {
            if former.main == texts.main { return findings }
            try keep(former.withoutPasswords)
        }
        try write(texts.main, "martlet.conf", 0o640, paths, files)
        return findings
    }

    private static func write(
        _ content: [UInt8], _ name: String, _ mode: UInt32, _ paths: InstancePaths, _ files: ConfigurationFiles
    ) throws(Refusal) {
        if case .failure(let error) = files.replace(paths.configurationFile(name), content, mode) {
            throw Refusal(description: "martlet.conf is unchanged: \(error)")
        }
    }

    /// The texts of an instance; nil when there is no martlet.conf.
    package static func current(
        _ paths: InstancePaths, _ files: ConfigurationFiles = .disk
    ) throws(Refusal) -> ConfigurationTexts? {
        do throws(SystemCallError) {
            return try ConfigurationTexts(paths: paths, files: files)
        } catch {
            throw Refusal(description: "\(error)")
        }
    }
}
