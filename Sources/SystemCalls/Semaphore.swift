import Glibc
import Synchronization

/// A counting semaphore, sem_overview(7).
package final class Semaphore: @unchecked Sendable {
    // Safe: sem_post and sem_wait may be called by any thread, and the memory lives as long as this object.
    private let memory: UnsafeMutablePointer<sem_t>

    package init() {
        memory = .allocate(capacity: 1)
        sem_init(memory, 0, 0)
    }

    deinit {
        sem_destroy(memory)
        memory.deallocate()
    }

    package func signal() { sem_post(memory) }

    package func wait() {
        while sem_wait(memory) < 0, errno == EINTR {}
    }

    /// Waits for a signal or about one second, whatever becomes of the time of day meanwhile.
    package func waitOneSecond() {
        for _ in 0..<50 {
            if sem_trywait(memory) == 0 { return }
            var pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
            nanosleep(&pause, nil)
        }
    }
}

/// A value on its way from one thread to another that waits for it; may be used again when it has been taken.
package final class Answer<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let given = Semaphore()

    package init() {}

    package func put(_ value: Value) {
        self.value.withLock { $0 = .some(value) }
        given.signal()
    }

    /// Waits until there is a value.
    package func take() -> Value {
        while true {
            given.wait()
            let taken = value.withLock { value in
                defer { value = nil }
                return value
            }
            if let taken { return taken }
        }
    }
}
