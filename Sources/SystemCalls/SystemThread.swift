import CSystemCalls
import Glibc
import Synchronization

/// A named thread of the operating system, for work that blocks: sync of the spool, control sockets, sessions of
/// a simple worker.
public enum SystemThread {
    private static let usualStackSize = Atomic<Int>(1 << 20)

    /// Bytes of stack that threads get from now on when nobody says otherwise, those of other libraries too. Sizes
    /// that the system refuses change nothing for the latter.
    package static func setStackSize(_ bytes: Int) {
        usualStackSize.store(bytes, ordering: .relaxed)
        _ = martlet_set_thread_stack_size(bytes)
    }

    /// The stack of the calling thread in bytes, as the system gave it.
    package static var stackSize: Int { Int(martlet_thread_stack_size()) }

    /// Starts a detached thread without which the process can do none of its work, at its beginning. Traps when there is
    /// none to be had; ``tryStart(_:stackSize:_:)`` is for threads of one task among others.
    public static func start(_ name: String, stackSize: Int? = nil, _ body: @escaping @Sendable () -> Void) {
        do throws(SystemCallError) { try tryStart(name, stackSize: stackSize, body) } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Starts a detached thread that runs `body` once. `stackSize` in bytes; nil: the usual one, in a worker STACKSIZE.
    /// Throws when the system has no thread to give at the moment (EAGAIN); `body` is then not called.
    public static func tryStart(
        _ name: String, stackSize: Int? = nil, _ body: @escaping @Sendable () -> Void
    ) throws(SystemCallError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackSize ?? usualStackSize.load(ordering: .relaxed))
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        let box = Unmanaged.passRetained(Body(name: name, run: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { pointer in
                guard let pointer else { return nil }
                let body = Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
                martlet_name_thread(body.name)
                body.run()
                return nil
            }, box.toOpaque())
        if code != 0 {
            box.release()
            throw SystemCallError(call: "pthread_create", code: code, object: name)
        }
    }

    /// The kernel's number of the calling thread; that of the first thread is the process id.
    package static var number: Int32 { martlet_thread_number() }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }
}
