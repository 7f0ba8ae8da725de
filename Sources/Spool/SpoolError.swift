package import SystemCalls

/// What went wrong in the spool or the ledger: the kind decides the reply or the action, the text is for people.
package struct SpoolError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The file system is full: 452 to a client, a temporary failure elsewhere.
        case outOfSpace
        /// A system call failed: 451 to a client.
        case inputOutput
        /// No such segment or large-content file.
        case notFound
        /// Bytes are there but their checksum, length or form is wrong.
        case corrupt
        /// The record does not fit a segment.
        case tooLarge
        /// Another process holds the queue.
        case locked
        /// A large-content file of this name is there already, with other content.
        case exists
        /// The writer or store has been closed.
        case closed
    }

    package var code: Code
    /// What, where and why.
    package var message: String
    /// The system call behind it; nil when there is none.
    package var cause: SystemCallError?

    package init(_ code: Code, _ message: String, cause: SystemCallError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// `doing`: what was attempted, for example `open a new segment in /var/queue/segments`.
    package init(_ cause: SystemCallError, doing: String) {
        code = cause.isOutOfSpace ? .outOfSpace : cause.isNotFound ? .notFound : .inputOutput
        message = "cannot \(doing)"
        self.cause = cause
    }

    package var isOutOfSpace: Bool { code == .outOfSpace }

    package var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}
