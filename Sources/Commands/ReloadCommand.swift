import ArgumentParser
import Configuration

/// `martlet reload`
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Tells the running instance to take a changed configuration.",
        discussion: "A configuration with an error changes nothing; its findings are shown.")

    @OptionGroup var instance: InstanceOptions

    func run() throws {
        let root = try instance.existing()
        _ = try RunCommand.checkedConfiguration(root)
        // The Job Controller first: what a new channel is sent shall find somebody who delivers it.
        _ = try DaemonClient(root: root, .jobController).command("reload")
        let answer = try DaemonClient(root: root, .dispatcher).ask(Answer.self, "reload")
        Terminal.line("martlet: new sessions and jobs have the configuration as it is now")
        for file in CompiledConfiguration.changedSince(InstancePaths(instanceRoot: root)) {
            Terminal.error("martlet: \(file) has changed since cnbuild, and counts after the next one")
        }
        for option in answer.restart ?? [] {
            Terminal.error("martlet: \(option) has changed and needs martlet restart to count")
        }
    }

    private struct Answer: Decodable {
        /// Changed options that the running Dispatcher does not take.
        var restart: [String]?
    }
}
