import ArgumentParser

/// `martlet queue …`
struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Looks at messages in the queues and acts on them.",
        subcommands: [QueueRunCommand.self])
}

/// `martlet queue run CHANNEL`
struct QueueRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Makes the delayed messages of a channel ready at once.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "The channel, for example tcp_local.")
    var channel: String

    func run() throws {
        _ = try DaemonClient(root: instance.existing(), .jobController).command("run", channel)
        Terminal.line("martlet: delayed messages of \(channel) are ready now")
    }
}
