import Spool
import Synchronization
import SystemCalls

/// Entries whose reports have become durable, on their way from the ledger's thread to the Job Controller's.
final class Acknowledgements: Sendable {
    private let waiting = Mutex<[(job: JobID, key: QueueEntryKey)]>([])
    private let wakeup: Wakeup

    init() throws(SystemCallError) { wakeup = try Wakeup() }

    var descriptor: Int32 { wakeup.descriptor }

    func add(_ job: JobID, _ key: QueueEntryKey) {
        let wasEmpty = waiting.withLock { list in
            list.append((job, key))
            return list.count == 1
        }
        if wasEmpty { wakeup.ring() }
    }

    func take() -> [(job: JobID, key: QueueEntryKey)] {
        wakeup.clear()
        return waiting.withLock { list in
            let taken = list
            list.removeAll(keepingCapacity: true)
            return taken
        }
    }
}
