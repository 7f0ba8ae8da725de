import Glibc

/// syslog: the texts of `$<` and `$>` of access tables with facility user and severity notice (dispatcher specification,
/// section 9.3), and the records of the transaction log. Nothing waits: what the log does not take at once the caller says
/// in a log of its own.
package final class SystemLog: Sendable {
    private static let user = 1 << 3
    private static let notice = 5

    /// The socket of the log of a system.
    package static let path = "/dev/log"
    /// Severity of a usual text.
    package static let usualSeverity = notice

    private let path: String
    private let program: String
    private let socket: OwnedDescriptor

    /// `path`: the socket of the log, `/dev/log`. `program`: the tag of the records.
    package init(_ path: String = path, program: String) throws(SystemCallError) {
        self.path = path
        self.program = program
        socket = try UnixSockets.datagram()
    }

    /// The record as a local log daemon takes it (RFC 3164, without the host). `priority`: facility and severity.
    private static func record(
        _ text: ArraySlice<UInt8>, priority: Int, program: String, process: Int32, at wallSeconds: Int64
    ) -> [UInt8] {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        var clock = time_t(wallSeconds)
        var parts = tm()
        localtime_r(&clock, &parts)
        func two(_ value: Int32, _ fill: String = "0") -> String { value < 10 ? fill + "\(value)" : "\(value)" }
        let month = months[Int(min(max(0, parts.tm_mon), 11))]
        let time = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        let start = "<\(priority)>\(month) \(two(parts.tm_mday, " ")) \(time) \(program)[\(process)]: "
        return Array(start.utf8) + text
    }

    /// A text, of which so much is sent as every log daemon takes. False when nobody took it.
    package func say(_ text: String, severity: Int = usualSeverity) -> Bool {
        let clean = text.unicodeScalars.prefix(900).map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
        return send(Array(String(clean).utf8)[...], priority: Self.user | min(max(0, severity), 7))
    }

    /// A line without control characters, whole. `priority`: facility and severity. False when nobody took it.
    package func send(_ line: ArraySlice<UInt8>, priority: Int) -> Bool {
        let record = Self.record(
            line, priority: priority, program: program, process: getpid(), at: SystemClock.wallSeconds)
        return UnixSockets.send(record, from: socket.number, to: path)
    }
}
