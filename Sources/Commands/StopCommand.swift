import ArgumentParser
import Glibc
import ProcessPool
import SystemCalls

/// `martlet stop [SERVICE]`
struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stops the instance, one component, or one service of the dispatcher.",
        discussion:
            "Sessions that are under way are finished first. A service that was stopped comes back with a restart.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "dispatcher, job_controller, or a service, for example SMTP; without one everything is stopped.")
    var service: String?

    @Flag(help: ArgumentHelp("Closes sessions at once.", visibility: .hidden))
    var now = false

    @Flag(help: ArgumentHelp("Waits until sessions have ended by themselves.", visibility: .hidden))
    var wait = false

    func run() throws {
        let root = try instance.existing()
        if let component = service.flatMap(Component.init(word:)) { return try component.stop(root) }
        if let service, Component.isPartOfOthers(service) {
            return Terminal.line("martlet: \(service) is no process of its own; there is nothing to stop")
        }
        if let service {
            _ = try DaemonClient(root: root, .dispatcher).command("stop", service)
            Terminal.line("martlet: service \(service) stops; its sessions may finish")
            return
        }
        if wait {
            for component in Component.allCases where component.process(root) != nil { try component.stop(root) }
        }
        try Self.stopInstance(root, by: now ? SIGQUIT : SIGTERM)
    }

    /// The process of `martlet run`; nil when none runs.
    static func runningProcess(_ root: String) -> Int32? {
        PIDFile.read("\(root)/run/pid.martlet").flatMap { kill($0, 0) == 0 ? $0 : nil }
    }

    /// `signal` to `martlet run`, and waits for its end.
    static func stopInstance(_ root: String, by signal: Int32 = SIGTERM) throws {
        guard let pid = runningProcess(root) else { throw CommandFailure("the instance \(root) is not running") }
        guard kill(pid, signal) == 0 else {
            throw CommandFailure("cannot stop process \(pid): \(String(cString: strerror(errno)))")
        }
        for _ in 0..<1000 {
            if runningProcess(root) == nil { return }
            usleep(100_000)
        }
        throw CommandFailure("process \(pid) still runs after 100 s; sessions may be open (martlet status)")
    }
}
