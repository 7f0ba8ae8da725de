import OptionSyntax

/// What texts set, whether or not they are a valid configuration as they stand: a recipe asks between its changes.
extension ConfigurationTexts {
    /// Everything that is set, in file order.
    package func settings(paths: InstancePaths, files: ConfigurationFiles) -> [OptionSetting] {
        var parts = [LineReader.File(name: "martlet.conf", content: main)]
        if let passwords { parts.append(LineReader.File(name: "passwords.conf", content: passwords)) }
        return ConfigurationSource(unified: parts, open: files.opener(paths)).explicit
    }

    /// The settings of one option: those of the instance when it has any, else those of the role. A name that no option
    /// has is refused.
    package func settings(
        of name: String, paths: InstancePaths, files: ConfigurationFiles
    ) throws(ConfigurationEditor.Refusal) -> [OptionSetting] {
        let target = try OptionTarget(name)
        let keys = Set(target.path.spelled.map(\.key))
        let found = settings(paths: paths, files: files).filter { keys.contains($0.path.key) }
        if let scope = target.scope { return found.filter { $0.scope == scope } }
        let own = found.filter { $0.scope == .instance }
        return own.isEmpty ? found : own
    }

    /// The settings whose names match a pattern of `show`.
    package func settings(
        matching pattern: String, paths: InstancePaths, files: ConfigurationFiles
    ) -> [OptionSetting] {
        let pattern = OptionPattern(pattern)
        return settings(paths: paths, files: files).filter(pattern.matches)
    }

    /// Whether an option that nobody sets has a value all the same.
    package static func hasDefault(_ name: String) throws(ConfigurationEditor.Refusal) -> Bool {
        OptionCatalogue.definition(try OptionTarget(name).path)?.defaultValue != nil
    }

    /// Whether setting an option again adds a value.
    package static func isMultiValued(_ path: OptionPath) -> Bool { OptionCatalogue.isMultiValued(path) }
}
