import Glibc
package import SystemCalls

/// `admin.log`: what administrators did, one line each with time, act and login name (notifications-logging
/// specification, section 2.1).
package enum AdminLog {
    /// Appends a line; a failure must not undo what was done, so it is only told.
    package static func append(_ text: String, path: String, failed: (SystemCallError) -> Void = { _ in }) {
        var seconds = time_t(SystemClock.wallSeconds)
        var local = tm()
        localtime_r(&seconds, &local)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, "%d-%b-%Y %H:%M:%S", &local)
        let stamp = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let line = Array("\(stamp) \(LogRecordFormat.escaped(text))\n".utf8)
        do throws(SystemCallError) {
            let file = try OwnedDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode: 0o640)
            // One write(2): lines of several processes do not mix.
            try checked("write", path) { write(file.number, line, line.count) }
        } catch { failed(error) }
    }
}
