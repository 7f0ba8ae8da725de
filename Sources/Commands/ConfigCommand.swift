import ArgumentParser

/// `martlet config …`
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Checks, shows and changes the configuration.",
        subcommands: [
            ConfigBuildCommand.self, ConfigCheckCommand.self, ConfigRunCommand.self, ConfigShowCommand.self,
            ConfigSetCommand.self, ConfigUnsetCommand.self,
            ConfigDiffCommand.self, ConfigHistoryCommand.self, ConfigRevertCommand.self, ConfigImportCommand.self,
            ConfigExportCommand.self,
        ])
}
