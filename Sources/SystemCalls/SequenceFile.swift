import Glibc

/// A file that holds one decimal number as text, empty for 0, which several processes count up (mappings
/// specification, section 3.1).
package enum SequenceFile {
    /// Attempts at the lock, a millisecond apart: a process that keeps it must not stop the mail.
    private static let lockAttempts = 100
    /// Digits of the largest number, and a line end.
    private static let longest = 24

    /// Increments the number, modulo `modulus` when given, and returns it. The file must exist; it is locked with
    /// flock(2) meanwhile.
    package static func next(_ path: String, modulus: UInt64? = nil) throws(SystemCallError) -> UInt64 {
        let file = try OwnedDescriptor.open(path, O_RDWR)
        var attempts = 0
        while !Files.lockExclusively(file.number) {
            attempts += 1
            guard attempts < lockAttempts else { throw SystemCallError(call: "flock", code: EWOULDBLOCK, object: path) }
            usleep(1000)
        }
        var next = try number(file.number, path) &+ 1
        if let modulus, modulus > 0 { next %= modulus }
        let text = Array("\(next)\n".utf8)
        let count = try checked("pwrite", path) { pwrite(file.number, text, text.count, 0) }
        guard count == text.count else { throw SystemCallError(call: "pwrite", code: ENOSPC, object: path) }
        try checked("ftruncate", path) { ftruncate(file.number, off_t(text.count)) }
        return next
    }

    private static func number(_ descriptor: Int32, _ path: String) throws(SystemCallError) -> UInt64 {
        var buffer = [UInt8](repeating: 0, count: longest)
        let count = try checked("pread", path) { pread(descriptor, &buffer, buffer.count, 0) }
        let digits = buffer.prefix(count).filter { $0 > 32 }
        if digits.isEmpty { return 0 }
        guard let number = UInt64(String(decoding: digits, as: UTF8.self)) else {
            throw SystemCallError(call: "read", code: EINVAL, object: path)
        }
        return number
    }
}
