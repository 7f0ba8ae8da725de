import Glibc
import Synchronization
import SystemCalls
import Testing

@Suite struct SystemThreadTests {
    /// The stack of a thread that `start` begins, in bytes.
    private func stack(_ start: (@escaping @Sendable () -> Void) -> Void) -> Int {
        let ended = ThreadEnd()
        start { ended.size.withLock { $0 = SystemThread.stackSize } }
        for _ in 0..<3000 {
            if let found = ended.size.withLock({ $0 }) { return found }
            usleep(1000)
        }
        return 0
    }

    private final class ThreadEnd: Sendable {
        let size = Mutex<Int?>(nil)
    }

    // A thread may get the larger stack of one that has ended, so the sizes are larger than any before.

    @Test func threadsHaveTheStackThatIsAskedFor() {
        #expect(stack { SystemThread.start("test", stackSize: 12 << 20, $0) } >= 12 << 20)
    }

    /// STACKSIZE is for all threads of a worker, those of libraries (no attributes given) too.
    @Test func usualSizeIsForThreadsOfLibrariesToo() {
        SystemThread.setStackSize(24 << 20)
        defer { SystemThread.setStackSize(1 << 20) }
        #expect(stack { SystemThread.start("test", $0) } >= 24 << 20)
        let plain = stack { body in
            let box = Unmanaged.passRetained(Box(body))
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { pointer in
                    if let pointer { Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().run() }
                    return nil
                }, box.toOpaque())
            #expect(code == 0)
            pthread_detach(thread)
        }
        #expect(plain >= 24 << 20)
    }

    private final class Box: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
