import ArgumentParser
import Glibc
import ProcessPool
import SystemCalls

/// `martlet start`
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Starts the instance in the background and waits until it serves.",
        discussion: "A service cannot be started by itself: it comes with the dispatcher.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "Only this component: dispatcher or job_controller.")
    var component: String?

    func run() throws {
        let root = try instance.existing()
        guard let component else { return try Self.startInstance(root) }
        if Component.isPartOfOthers(component) {
            return Terminal.line("martlet: \(component) is no process of its own; there is nothing to start")
        }
        guard let known = Component(word: component) else {
            // Dispatcher specification, section 8: a warning, and nothing is done.
            Terminal.error(
                "imsimta: \(component) is handled by the dispatcher; use \"imsimta start dispatcher\"")
            throw ExitCode.failure
        }
        guard RunCommand.components(try RunCommand.checkedConfiguration(root)).contains(known) else {
            throw CommandFailure("\(known.rawValue).enable is 0: the \(known.rawValue) is not to run")
        }
        if StopCommand.runningProcess(root) != nil {
            try known.start(root)
        } else {
            try Self.startInstance(root, known)
        }
    }

    /// `only`: the component to start; nil starts all that are enabled.
    static func startInstance(_ root: String, _ only: Component? = nil) throws {
        if let pid = StopCommand.runningProcess(root) {
            let held = Component.allCases.filter { $0.isHeld(root) }
            for component in held { try component.start(root) }
            if !held.isEmpty { return }
            throw CommandFailure("the instance \(root) runs already, as process \(pid) (martlet restart)")
        }
        let enabled = RunCommand.components(try RunCommand.checkedConfiguration(root))
        let components = only.map { [$0] } ?? enabled
        guard !components.isEmpty else {
            throw CommandFailure("dispatcher.enable and job_controller.enable are 0: there is nothing to start")
        }
        // The directory may be another user's: a link there leads nowhere.
        let log = try OwnedDescriptor.open(
            "\(root)/data/log/martlet.log", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, mode: 0o640)
        let pid = try Processes.spawn(
            Processes.Request(
                path: Processes.executablePath,
                arguments: ["run", "--root", root] + (only.map { ["--component", $0.rawValue] } ?? []),
                environment: RunCommand.environment(root), output: log.number))
        for _ in 0..<300 {
            if let exit = Processes.reap(pid) {
                throw CommandFailure("the instance ended at once (\(exit)); see \(root)/data/log/martlet.log")
            }
            if components.allSatisfy({ $0.answers(root) }) {
                Terminal.line("martlet: instance \(root) runs as process \(pid)")
                return
            }
            usleep(100_000)
        }
        throw CommandFailure("the instance does not answer after 30 s; see \(root)/data/log/martlet.log")
    }
}
