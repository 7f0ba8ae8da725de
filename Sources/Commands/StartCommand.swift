import ArgumentParser
import Glibc
import ProcessPool
import SystemCalls

/// `martlet start`
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Starts the instance in the background and waits until it serves.")

    @OptionGroup var instance: InstanceOptions

    func run() throws {
        let root = try instance.existing()
        try Self.startInstance(root)
    }

    static func startInstance(_ root: String) throws {
        if let pid = StopCommand.runningProcess(root) {
            throw CommandFailure("the instance \(root) runs already, as process \(pid) (martlet restart)")
        }
        _ = try RunCommand.checkedConfiguration(root)
        let log = try OwnedDescriptor.open("\(root)/data/log/martlet.log", O_WRONLY | O_APPEND | O_CREAT, mode: 0o640)
        let pid = try Processes.spawn(
            Processes.Request(
                path: Processes.executablePath, arguments: ["run", "--root", root],
                environment: RunCommand.environment(root), output: log.number))
        for _ in 0..<300 {
            if let exit = Processes.reap(pid) {
                throw CommandFailure("the instance ended at once (\(exit)); see \(root)/data/log/martlet.log")
            }
            if (try? DaemonClient(root: root, .dispatcher).command("status")) != nil {
                Terminal.line("martlet: instance \(root) runs as process \(pid)")
                return
            }
            usleep(100_000)
        }
        throw CommandFailure("the instance does not answer after 30 s; see \(root)/data/log/martlet.log")
    }
}
