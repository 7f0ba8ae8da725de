import Glibc
import ProcessPool
import SystemCalls

/// Debug records of a worker, on its standard error, which the Dispatcher connects to LOGFILE. The form is that of
/// dispatcher.log; the control thread is number 1, others have the number that the kernel gave them.
struct WorkerDebug: Sendable {
    let areas: DebugAreas

    init(mask: UInt32) { areas = DebugAreas(rawValue: mask) }

    func record(_ area: DebugAreas, _ text: @autoclosure () -> String) {
        guard !areas.isDisjoint(with: area) else { return }
        let thread = SystemThread.number
        LogRecordFormat.write(text(), thread: thread == getpid() ? 1 : Int(thread), to: STDERR_FILENO)
    }
}
