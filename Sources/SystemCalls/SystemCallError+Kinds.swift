import Glibc

extension SystemCallError {
    /// True when the named file or directory does not exist (ENOENT).
    public var isNotFound: Bool { code == ENOENT }

    /// True when this process or the system lacks memory, descriptors or room for them at the moment: nobody at the other
    /// end is to blame, and the same call may succeed later.
    package var isShortage: Bool {
        [ENOBUFS, ENOMEM, EMFILE, ENFILE, ETOOMANYREFS].contains(code)
    }

    /// What `call` would have said of an object that exceeds a size limit (EFBIG).
    package static func tooLarge(_ call: String, _ object: String) -> SystemCallError {
        SystemCallError(call: call, code: EFBIG, object: object)
    }

    /// What `call` would have said of an object that another process holds (EBUSY).
    package static func busy(_ call: String, _ object: String) -> SystemCallError {
        SystemCallError(call: call, code: EBUSY, object: object)
    }
}
