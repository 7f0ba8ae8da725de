import ArgumentParser
import ProcessPool

/// `martlet restart [SERVICE]`
struct RestartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Restarts the instance, one component, or gracefully one service (\"*\" for all of them).",
        discussion: "A service keeps its ports open while its workers are replaced: no connection is refused.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "dispatcher, job_controller, a running service, for example SMTP, or \"*\".")
    var service: String?

    func run() throws {
        let root = try instance.existing()
        if let component = service.flatMap(Component.init(word:)) {
            _ = try RunCommand.checkedConfiguration(root)
            return try component.restart(root)
        }
        if let service {
            _ = try DaemonClient(root: root, .dispatcher).command("restart", service)
            Terminal.line("martlet: service \(service) gets new workers; the old ones finish their sessions")
            return
        }
        try StopCommand.stopInstance(root)
        try StartCommand.startInstance(root)
    }
}
