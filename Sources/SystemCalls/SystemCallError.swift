import Glibc

/// A system call that failed: which one, on what, and the error number.
public struct SystemCallError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Name of the call as in section 2 or 3 of the manual, for example `fdatasync`.
    public var call: String
    /// The `errno` value.
    public var code: Int32
    /// The path, address or other object the call was made on; empty when there is none.
    public var object: String

    public init(call: String, code: Int32, object: String = "") {
        self.call = call
        self.code = code
        self.object = object
    }

    /// The error that `errno` holds now.
    public static func current(_ call: String, _ object: String = "") -> SystemCallError {
        SystemCallError(call: call, code: errno, object: object)
    }

    /// The system's words for the error number.
    public var reason: String { String(cString: strerror(code)) }

    public var description: String {
        object.isEmpty ? "\(call): \(reason)" : "\(call) \(object): \(reason)"
    }

    /// True when the file system is full or a quota is used up (ENOSPC, EDQUOT).
    public var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
}

/// Calls `body` again while it fails with EINTR; throws when it fails otherwise.
@discardableResult
package func checked<Value: SignedNumeric & Comparable>(
    _ call: String, _ object: @autoclosure () -> String = "", _ body: () -> Value
) throws(SystemCallError) -> Value {
    while true {
        let value = body()
        if value >= 0 { return value }
        if errno != EINTR { throw .current(call, object()) }
    }
}
