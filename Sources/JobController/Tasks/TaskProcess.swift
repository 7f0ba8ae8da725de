import Glibc
import SystemCalls

/// The run of a task: a child in a process group of its own.
final class TaskProcess {
    let name: String
    let processID: Int32
    /// Where its output goes.
    let logPath: String
    private let watch: OwnedDescriptor

    init(_ name: String, processID: Int32, logPath: String, watch: consuming OwnedDescriptor) {
        self.name = name
        self.processID = processID
        self.logPath = logPath
        self.watch = watch
    }

    /// Readable when the process has ended.
    var exitDescriptor: Int32 { watch.number }

    func end(isForced: Bool) { kill(-processID, isForced ? SIGKILL : SIGTERM) }
}
