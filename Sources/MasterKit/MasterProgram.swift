import Glibc
import SystemCalls

/// A master program whose threads block while they deliver: each asks for work, handles the entries it gets, and asks
/// again until there is none.
package enum MasterProgram {
    /// Runs `threads` threads until the Job Controller has no more work for them, and returns the exit code. `count`:
    /// most entries that a thread takes at once. An item that `handler` leaves unfinished is given back.
    package static func run(
        _ session: WorkSession, threads: Int, count: Int = 1, handler: @escaping @Sendable (WorkItem) -> Void
    ) -> Int32 {
        for number in 1...UInt32(max(1, min(threads, 1000))) {
            SystemThread.start("work-\(number)") {
                let mailbox = Mailbox<[WorkItem]>()
                while true {
                    session.ask(thread: number, count: count) { mailbox.put($0) }
                    let items = mailbox.take()
                    if items.isEmpty { return }
                    for item in items {
                        if session.isStopping { item.giveBack() } else { handler(item) }
                    }
                }
            }
        }
        return session.run()
    }
}

/// One value on its way from one thread to another that waits for it.
final class Mailbox<Value: Sendable>: @unchecked Sendable {
    // Safe to share: `value` is touched only while `mutex` is held, and the two objects live at fixed addresses.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var value: Value?

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func put(_ value: Value) {
        pthread_mutex_lock(mutex)
        self.value = value
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func take() -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let value {
                self.value = nil
                return value
            }
            pthread_cond_wait(condition, mutex)
        }
    }
}
