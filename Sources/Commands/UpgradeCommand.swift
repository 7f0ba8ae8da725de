import ArgumentParser
import ProcessPool
import SystemCalls

/// `martlet upgrade`
struct UpgradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Replaces the running Dispatcher by the one beside this command.",
        discussion: """
            No connection is refused and sessions go on. When the new program cannot start, the old one goes on. Workers \
            stay what they are; --workers replaces them too, as their sessions end.
            """)

    @OptionGroup var instance: InstanceOptions

    @Flag(help: "Then restart every service, so that new sessions are served by the new programs.")
    var workers = false

    func run() throws {
        let root = try instance.existing()
        _ = try RunCommand.checkedConfiguration(root)
        let client = DaemonClient(root: root, .dispatcher)
        let program = Files.parent(of: Processes.executablePath) + "/dispatcher"
        Terminal.line(try client.command("upgrade", program, timeoutSeconds: 60))
        if workers { Terminal.line(try client.command("restart", "*")) }
    }
}
