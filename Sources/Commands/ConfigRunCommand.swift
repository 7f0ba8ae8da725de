import ArgumentParser

/// `martlet config run RECIPE`
struct ConfigRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a recipe: a script of configuration changes.",
        discussion: "All its changes are made, or none. Recipes are looked for in the working directory, in"
            + " config/recipes and in lib/recipes of the instance; .rcp may be left out.")

    @OptionGroup var instance: InstanceOptions

    @Flag(name: .customLong("dry-run"), help: "Show what would change, save nothing.")
    var dryRun = false

    @Argument(help: "The recipe.")
    var recipe: String

    func run() throws {
        var command = MSConfigCommand()
        command.instance = instance
        command.dryRun = dryRun
        command.command = ["run", recipe]
        try command.run()
    }
}
