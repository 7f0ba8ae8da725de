import CSystemCalls
import Glibc

/// A file descriptor with one owner: closed when the owner goes away, or given up with ``release()``.
public struct OwnedDescriptor: ~Copyable, Sendable {
    /// The number; valid as long as this value lives.
    public let number: Int32

    /// Takes ownership of an open descriptor.
    public init(owning number: Int32) {
        self.number = number
    }

    /// Gives the descriptor up: the caller closes it.
    public consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }

    deinit {
        close(number)
    }
}

extension OwnedDescriptor {
    /// open(2) with O_CLOEXEC.
    public static func open(
        _ path: String, _ flags: Int32, mode: UInt32 = 0o600
    ) throws(SystemCallError) -> OwnedDescriptor {
        OwnedDescriptor(owning: try checked("open", path) { martlet_open(path, flags, mode) })
    }

    /// eventfd(2), non-blocking.
    package static func event() throws(SystemCallError) -> OwnedDescriptor {
        OwnedDescriptor(owning: try checked("eventfd") { martlet_eventfd() })
    }
}
