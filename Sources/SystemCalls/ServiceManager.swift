import Glibc

/// The service manager that started this process, systemd for one: it is told by datagrams to the socket named in
/// NOTIFY_SOCKET what the process is about (sd_notify(3)). Confined to the thread that owns it.
package final class ServiceManager {
    private let socket: OwnedDescriptor
    /// Between two signs of life, nanoseconds; nil when the manager does not wait for any.
    private let pulse: Int64?
    private var nextPulse: Int64 = 0
    /// How many descriptors it keeps for the next process of this service; 0 when it keeps none.
    package let storeSize: Int

    /// Nil when the environment names no such socket, or it cannot be reached: then nobody waits for words.
    /// `variable` looks a name up in the environment of this process.
    package init?(variable: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }) {
        guard let path = variable("NOTIFY_SOCKET"), let socket = Self.connect(path) else { return nil }
        self.socket = socket
        storeSize = variable("FDSTORE").flatMap { Int($0) } ?? 0
        pulse = Self.pulse(
            microseconds: variable("WATCHDOG_USEC"), process: variable("WATCHDOG_PID"), ownProcess: getpid())
    }

    /// Half of what WATCHDOG_USEC grants, as sd_watchdog_enabled(3) advises; nil when it is absent, not positive, or
    /// meant for another process.
    static func pulse(microseconds: String?, process: String?, ownProcess: Int32) -> Int64? {
        guard let granted = microseconds.flatMap({ Int64($0) }), granted > 0 else { return nil }
        if let process, Int32(process) != ownProcess { return nil }
        let (nanoseconds, overflow) = granted.multipliedReportingOverflow(by: 500)
        return overflow ? nil : nanoseconds
    }

    /// The process serves. `status`: one line for `systemctl status`.
    package func ready(_ status: String) { say("READY=1\nSTATUS=\(Self.line(status))") }

    /// A reload begins; ``ready(_:)`` ends it. `now`: monotonic nanoseconds.
    package func reloading(at now: Int64) { say("RELOADING=1\nMONOTONIC_USEC=\(now / 1000)") }

    package func stopping(_ status: String) { say("STOPPING=1\nSTATUS=\(Self.line(status))") }

    /// To be called each time the main loop turns: says that the process lives when a sign is due. `now`: monotonic
    /// nanoseconds.
    package func turned(at now: Int64) {
        guard let pulse, now >= nextPulse else { return }
        nextPulse = now + pulse
        say("WATCHDOG=1", flags: Int32(MSG_DONTWAIT))
    }

    /// Asks the manager to keep a copy of a descriptor, and to pass it to the next process of this service with LISTEN_FDS
    /// and LISTEN_FDNAMES; one that it has already is kept once. `name`: printable ASCII without a colon.
    package func store(_ descriptor: Int32, _ name: String) {
        let number = socket.number
        _ = Array("FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0".utf8).withUnsafeBytes { bytes in
            try? Sockets.send(number, bytes, descriptor: descriptor, wait: true)
        }
    }

    /// The manager closes its copies of what was stored under the name.
    package func forget(_ name: String) { say("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    /// A manager that does not read delays us by a second at most.
    private func say(_ text: String, flags: Int32 = 0) {
        let bytes = Array(text.utf8)
        _ = send(socket.number, bytes, bytes.count, flags | Int32(MSG_NOSIGNAL))
    }

    private static func line(_ text: String) -> String { String(text.prefix { !$0.isNewline }) }

    /// `path` begins with `/`, or with `@` for a name that is in no file system (unix(7), abstract).
    private static func connect(_ path: String) -> OwnedDescriptor? {
        guard path.hasPrefix("/") || path.hasPrefix("@"), let socket = try? UnixSockets.connect(path, .datagram)
        else { return nil }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(socket.number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return socket
    }
}
