import ArgumentParser
import Glibc
import ProcessPool
import SystemCalls

/// `martlet upgrade`
struct UpgradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Replaces the running programs by those beside this command.",
        discussion: """
            The Dispatcher: no connection is refused and sessions go on. When the new program cannot start, the old one \
            goes on and nothing else is done. Workers stay what they are; --workers replaces them too, as their \
            sessions end.

            The Job Controller is started anew when its program has changed. Mail comes in meanwhile and waits in the \
            queue; jobs finish what they are doing.
            """)

    @OptionGroup var instance: InstanceOptions

    @Flag(help: "Then restart every service, so that new sessions are served by the new programs.")
    var workers = false

    func run() throws {
        let root = try instance.existing()
        _ = try RunCommand.checkedConfiguration(root)
        let binaries = Files.parent(of: Processes.executablePath)
        let client = DaemonClient(root: root, .dispatcher)
        // Longer than the Dispatcher gives the new program for its check.
        Terminal.line(try client.command("upgrade", binaries + "/dispatcher", timeoutSeconds: 60))
        if workers { Terminal.line(try client.command("restart", "*")) }
        try Self.renewJobController(root, program: binaries + "/job_controller")
    }

    /// Ends the Job Controller when it runs another program than that, and waits for the one that whoever keeps the
    /// daemons running (`martlet run`, systemd) starts in its place.
    private static func renewJobController(_ root: String, program: String) throws {
        let file = "\(root)/run/pid.job_controller"
        guard let process = PIDFile.read(file), kill(process, 0) == 0 || errno == EPERM else { return }
        guard !isSameFile("/proc/\(process)/exe", program) else { return }
        guard Files.isExecutable(program) else { throw CommandFailure("\(program) is not an executable file") }
        let client = DaemonClient(root: root, .jobController)
        _ = try client.command("shutdown")
        // Jobs have half a minute to finish, then they go on by themselves; recovery reads the queue.
        for _ in 0..<1200 {
            if let successor = PIDFile.read(file), successor != process, (try? client.command("status")) != nil {
                return Terminal.line("martlet: the Job Controller is a new process, \(successor)")
            }
            usleep(100_000)
        }
        throw CommandFailure(
            "the Job Controller was ended and no new one answers after 120 s; see \(root)/data/log/job_controller.log-*"
        )
    }

    private static func isSameFile(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }
}
