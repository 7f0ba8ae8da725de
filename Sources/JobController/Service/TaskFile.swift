import Synchronization
import SystemCalls

/// The file in which the runs of tasks are remembered. It is written beside the loop, since a disk may take long to say that
/// it has something; of several states that wait the newest counts.
final class TaskFile: Sendable {
    private let path: String
    private let log: JobControllerLog
    private let waiting = Mutex<String?>(nil)
    private let disk = Mutex<Void>(())

    init(_ path: String, log: JobControllerLog) {
        self.path = path
        self.log = log
    }

    /// Has the text written soon.
    func keep(_ text: String) {
        let isFirst = waiting.withLock { waiting in
            defer { waiting = text }
            return waiting == nil
        }
        guard isFirst else { return }
        do throws(SystemCallError) { try SystemThread.tryStart("task file") { self.write() } } catch { write() }
    }

    /// Writes what waits; when it returns nothing does, and nobody writes.
    func write() {
        disk.withLock { _ in
            let text = waiting.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            guard let text else { return }
            do throws(SystemCallError) {
                try Files.replace(path, with: Array(text.utf8))
            } catch { log.write("error: what was done of tasks cannot be kept: \(error)") }
        }
    }
}
