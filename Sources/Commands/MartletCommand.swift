public import ArgumentParser
import Glibc
import InternetMessage

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
            QueueCommand.self, QueueDialogueCommand.self, TraceCommand.self, CountersCommand.self,
            CacheCommand.self, RefreshCommand.self, ExplainCommand.self, UpgradeCommand.self, MSConfigCommand.self,
            DispatcherCommand.self, ReturnJobCommand.self, TaskCommand.self,
            ProcessCommand.self, KillCommand.self, FindCommand.self, ViewCommand.self, PurgeCommand.self,
            ManualCommand.self, WebCommand.self, NothingCommand.self, VersionCommand.self,
        ])

    public init() {}

    /// Runs the command line of the process, in either spelling, and ends the process.
    public static func runCommandLine() {
        do throws(FamilySpelling.Refusal) {
            main(ConfigSetCommand.protectingValue(try FamilySpelling.arguments(of: CommandLine.arguments)))
        } catch {
            Terminal.error(error.description)
            Glibc.exit(64)
        }
    }
}

/// A command that could not do what it was asked: one line that says what, where, why and what to do.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
