import ArgumentParser
import Glibc
import ProcessPool
import SystemCalls

/// `martlet stop [SERVICE]`
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stops the instance, or one service of the dispatcher.",
        discussion:
            "Sessions that are under way are finished first. A service that was stopped comes back with a restart.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "A service, for example SMTP; without one everything is stopped.")
    var service: String?

    func run() throws {
        let root = try instance.existing()
        if let service {
            Terminal.line(try DaemonClient(root: root, .dispatcher).command("stop", service))
            return
        }
        try Self.stopInstance(root)
    }

    /// SIGTERM to `martlet run`, and waits for its end.
    static func stopInstance(_ root: String) throws {
        let path = "\(root)/run/pid.martlet"
        guard let pid = PIDFile.read(path), kill(pid, 0) == 0 else {
            throw CommandFailure("the instance \(root) is not running")
        }
        guard kill(pid, SIGTERM) == 0 else {
            throw CommandFailure("cannot stop process \(pid): \(String(cString: strerror(errno)))")
        }
        for _ in 0..<1000 {
            if kill(pid, 0) != 0 || !Files.exists(path) { return }
            usleep(100_000)
        }
        throw CommandFailure("process \(pid) still runs after 100 s; sessions may be open (martlet status)")
    }
}
