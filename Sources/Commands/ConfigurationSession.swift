import Configuration
import OptionSyntax

/// What an `msconfig` session holds: the texts as it began, and as edited. Nothing is written before `write`; the
/// edited configuration is valid at every moment.
///
/// Unified configuration specification, section 3.
struct ConfigurationSession {
    let paths: InstancePaths
    let files: ConfigurationFiles
    /// What was in force when the session began, or was written last.
    private(set) var base: ConfigurationTexts
    private(set) var texts: ConfigurationTexts
    /// What was done since, for the history.
    private(set) var acts: [String] = []

    init(paths: InstancePaths, files: ConfigurationFiles = .disk) throws(ConfigurationEditor.Refusal) {
        self.paths = paths
        self.files = files
        guard let texts = try ConfigurationEditor.current(paths, files) else {
            throw ConfigurationEditor.Refusal(
                description: "\(paths.config) holds no martlet.conf; martlet config import makes one of legacy files")
        }
        base = texts
        self.texts = texts
    }

    /// There is something that `write` would save.
    var isChanged: Bool { texts != base }

    /// `msconfig> ` when nothing is unsaved, else `msconfig# `.
    var prompt: String { isChanged ? "msconfig# " : "msconfig> " }

    /// Takes an edit over when the configuration stays valid. Returns what is to be known about it.
    mutating func take(
        _ new: ConfigurationTexts, _ act: String, _ findings: Diagnostics = Diagnostics()
    ) throws(ConfigurationEditor.Refusal) -> Diagnostics {
        var findings = findings
        findings.append(contentsOf: try ConfigurationEditor.check(new, former: texts, paths: paths, files: files))
        if new != texts { acts.append(act) }
        texts = new
        return findings
    }

    mutating func edit(_ edit: ConfigurationEditor.Edit, _ act: String) throws(ConfigurationEditor.Refusal)
        -> Diagnostics
    {
        var findings = Diagnostics()
        let new = try ConfigurationEditor.apply(edit, to: texts, findings: &findings)
        return try take(new, act, findings)
    }

    /// The configuration as edited.
    var configuration: MTAConfiguration? {
        MTAConfiguration.load(paths: paths, files: texts.laid(over: files, paths: paths)).configuration
    }

    /// Saves; `save` writes the texts when `base` is still in force.
    mutating func write(
        remark: String?,
        save: (_ change: String, _ texts: ConfigurationTexts, _ base: ConfigurationTexts) throws(ConfigurationEditor
            .Refusal) -> Diagnostics
    ) throws(ConfigurationEditor.Refusal) -> Diagnostics {
        var change = acts.joined(separator: "; ")
        if change.utf8.count > 200 { change = String(change.prefix(200)) + " …" }
        let findings = try save(remark ?? change, texts, base)
        if let current = try ConfigurationEditor.current(paths, files) { texts = current }
        base = texts
        acts = []
        return findings
    }

    /// What was edited; when somebody else changed the file meanwhile, that as well.
    var differences: [String] {
        var lines = ConfigurationDifferences(from: base.main, to: texts.main).lines.map(\.description)
        if base.passwords != texts.passwords { lines.append("! passwords.conf differs") }
        if let current = try? ConfigurationEditor.current(paths, files), current != base {
            lines.append("! changed outside this session:")
            lines += ConfigurationDifferences(from: base.main, to: current.main).lines.map(\.description)
        }
        return lines
    }

    /// What makes the changes count in running processes (unified configuration specification, section 7).
    var activation: String {
        let lines = ConfigurationDifferences(from: base.main, to: texts.main).lines.map(\.text)
        let isReloadable = lines.allSatisfy { line in
            ["[aliases]", "role.alias:", "role.mapping:", "role.rewrite.", "role.channel:"].contains(
                where: line.hasPrefix)
        }
        return isReloadable ? "martlet reload makes it count" : "martlet restart makes it count"
    }
}
