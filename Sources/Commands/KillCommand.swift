import ArgumentParser
import Glibc

/// `martlet kill COMPONENT`
struct KillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "SIGKILL to a component, dispatcher or job_controller, or to another process of ours.",
        discussion: "The orderly way is stop. Sessions in workers go on to their end; nothing in the queues is lost.")

    @OptionGroup var instance: InstanceOptions

    @Argument(help: "dispatcher, job_controller, or the number of a process of this instance (martlet process).")
    var target: String

    func run() throws {
        let root = try instance.existing()
        let process: Int32
        if let component = Component(word: target) {
            guard let running = component.process(root) else {
                throw CommandFailure("the \(component.rawValue) of \(root) is not running")
            }
            process = running
        } else {
            guard let number = Int32(target), number > 1 else {
                throw CommandFailure("\(target) is neither dispatcher, job_controller nor a process of this instance")
            }
            process = number
        }
        guard InstanceProcess.all(of: root).contains(where: { $0.id == process }) else {
            throw CommandFailure("process \(process) is not one of ours")
        }
        guard kill(process, SIGKILL) == 0 else {
            throw CommandFailure("cannot kill process \(process): \(String(cString: strerror(errno)))")
        }
    }
}
