import ArgumentParser

/// `martlet reload`
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Tells the running instance to take a changed configuration.",
        discussion: "A configuration with an error changes nothing; its findings are shown.")

    @OptionGroup var instance: InstanceOptions

    func run() throws {
        let root = try instance.existing()
        _ = try RunCommand.checkedConfiguration(root)
        _ = try DaemonClient(root: root, .dispatcher).command("reload")
        _ = try DaemonClient(root: root, .jobController).command("reload")
        Terminal.line("martlet: new sessions and jobs have the configuration as it is now")
    }
}
