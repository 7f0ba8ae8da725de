import OptionSyntax
import SystemCalls

extension MTAConfiguration {
    /// Loads the configuration that is in force in an instance, the directory that holds `config/`, `data/` and `run/`:
    /// the compiled one when there is one, else the sources.
    package static func load(instanceRoot: String) -> ConfigurationLoad {
        loadInForce(paths: InstancePaths(instanceRoot: instanceRoot))
    }

    /// Loads what processes load: the compiled configuration when there is one, else the sources (commands
    /// specification, section 4.1).
    package static func loadInForce(paths: InstancePaths, files: ConfigurationFiles = .disk) -> ConfigurationLoad {
        do throws(CompiledConfiguration.Unusable) {
            let image = try CompiledConfiguration(path: CompiledConfiguration.path(paths), files: files)
            return load(paths: paths, files: image?.laid(over: files) ?? files)
        } catch {
            var diagnostics = Diagnostics()
            diagnostics.error(error.description, at: nil)
            return ConfigurationLoad(configuration: nil, diagnostics: diagnostics)
        }
    }

    /// Loads a configuration directory, legacy or unified.
    package static func load(configurationDirectory: String) -> ConfigurationLoad {
        load(paths: InstancePaths(configurationDirectory: configurationDirectory))
    }

    /// Loads from `files`. martlet.conf counts when it is there, else imta.cnf; both is a warning, neither an error
    /// (unified configuration specification, section 1.1).
    package static func load(paths: InstancePaths, files: ConfigurationFiles = .disk) -> ConfigurationLoad {
        var diagnostics = Diagnostics()
        let unified = Self.content("martlet.conf", paths, files, &diagnostics)
        let legacy = Self.content("imta.cnf", paths, files, &diagnostics)
        if diagnostics.hasErrors { return ConfigurationLoad(configuration: nil, diagnostics: diagnostics) }
        if let unified {
            if legacy != nil {
                diagnostics.warning(
                    "both martlet.conf and imta.cnf are there, martlet.conf is used", at: nil,
                    advice: "move the legacy files away")
            }
            var parts = [LineReader.File(name: "martlet.conf", content: unified)]
            if let secrets = Self.content("passwords.conf", paths, files, &diagnostics) {
                parts.append(LineReader.File(name: "passwords.conf", content: secrets))
            }
            let source = ConfigurationSource(unified: parts, open: files.opener(paths))
            checkPasswords(source, paths, files, &diagnostics)
            return compile(source, paths: paths, files: files, diagnostics: diagnostics)
        }
        if legacy != nil {
            var reader = LegacyReader(paths: paths, files: files)
            reader.readAll()
            return compile(reader.source, paths: paths, files: files, diagnostics: diagnostics)
        }
        if Self.content("config.xml", paths, files, &diagnostics) != nil {
            diagnostics.error(
                "\(paths.config) holds config.xml alone, which is only imported", at: nil,
                advice: "run martlet config import config.xml")
        } else {
            diagnostics.error(
                "\(paths.config) holds neither martlet.conf nor imta.cnf", at: nil,
                advice: "make an instance with martlet init")
        }
        return ConfigurationLoad(configuration: nil, diagnostics: diagnostics)
    }

    /// Passwords stand in passwords.conf, which nobody but the MTA's user can read (unified configuration
    /// specification, sections 1.1 and 4).
    private static func checkPasswords(
        _ source: ConfigurationSource, _ paths: InstancePaths, _ files: ConfigurationFiles,
        _ diagnostics: inout Diagnostics
    ) {
        let file = "passwords.conf"
        for setting in source.explicit where setting.path.isPassword && setting.location.file != file {
            diagnostics.warning(
                "\(setting.path) is a password and stands in a file that others may read", at: setting.location,
                advice: "move the line to passwords.conf; the next change with martlet config does so")
        }
        guard let mode = files.permissions(paths.configurationFile(file)), mode & 0o077 != 0 else { return }
        diagnostics.warning(
            "others may read the passwords in passwords.conf", at: SourceLocation(file: file, line: 1),
            advice: "run chmod 600 \(paths.configurationFile(file))")
    }

    private static func content(
        _ name: String, _ paths: InstancePaths, _ files: ConfigurationFiles, _ diagnostics: inout Diagnostics
    ) -> [UInt8]? {
        switch files.read(paths.configurationFile(name)) {
        case .success(let content): return content
        case .failure(let error):
            diagnostics.error(
                "cannot read \(name): \(error.reason)", at: SourceLocation(file: name, line: 1),
                advice: "make it readable for the user the MTA runs as")
            return nil
        }
    }
}
