import ArgumentParser

/// `martlet user …`
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "The users of the instance's directory file.",
        subcommands: [UserAddCommand.self, UserPasswordCommand.self])
}
