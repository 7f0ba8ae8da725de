public import ArgumentParser
import Enqueue

/// `martlet`: the administrator's command.
public struct MartletCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "Runs, configures and looks into a Martlet mail system.",
        discussion: "The instance is the directory given with --root, or the one named by MARTLET_ROOT.",
        version: ProductVersion.number,
        subcommands: [
            InitCommand.self, RunCommand.self, StartCommand.self, StopCommand.self, RestartCommand.self,
            ReloadCommand.self, StatusCommand.self, ConfigCommand.self, TestCommand.self, UserCommand.self,
            QueueCommand.self, UpgradeCommand.self,
        ])

    public init() {}
}

/// A command that could not do what it was asked: one line that says what, where, why and what to do.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
