import OptionSyntax
package import SystemCalls

/// The two files of a unified configuration as they stand, or as an edit would leave them.
package struct ConfigurationTexts: Hashable, Sendable {
    /// martlet.conf, byte by byte: a comment may be in any encoding.
    package var main: [UInt8]
    /// passwords.conf; nil when there is none.
    package var passwords: [UInt8]?

    package init(main: [UInt8], passwords: [UInt8]? = nil) {
        self.main = main
        self.passwords = passwords
    }

    /// Reads both; nil without a martlet.conf.
    package init?(paths: InstancePaths, files: ConfigurationFiles) throws(SystemCallError) {
        guard let main = try files.read(paths.configurationFile("martlet.conf")).get() else { return nil }
        self.init(main: main, passwords: try files.read(paths.configurationFile("passwords.conf")).get())
    }

    /// `files` with these texts in the place of those on the disk.
    package func laid(over files: ConfigurationFiles, paths: InstancePaths) -> ConfigurationFiles {
        let result = files.replacing(paths.configurationFile("martlet.conf"), with: main)
        guard let passwords else { return result }
        return result.replacing(paths.configurationFile("passwords.conf"), with: passwords)
    }

    /// Passwords that stand in martlet.conf go to passwords.conf, which only the MTA's user can read. Returns their
    /// names.
    ///
    /// Unified configuration specification, sections 1.1 and 4.
    package mutating func movePasswords() -> [String] {
        var document = UnifiedDocument(main)
        let found = document.takePasswords()
        if found.isEmpty { return [] }
        var secrets = UnifiedDocument(passwords ?? [])
        for setting in found { secrets.set(setting.path, setting.value, scope: setting.scope) }
        main = document.content
        passwords = secrets.content
        return found.map(\.path.description)
    }

    /// martlet.conf without the passwords in it, for the history.
    package var withoutPasswords: [UInt8] {
        var document = UnifiedDocument(main)
        return document.takePasswords().isEmpty ? main : document.content
    }
}
