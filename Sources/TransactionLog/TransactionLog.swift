import Glibc
import InternetMessage
import Synchronization
package import SystemCalls

/// Writes `mail.log_current` (and `connection.log_current` when asked): many processes append to one file, one
/// write(2) for all lines of a call, reopened when the file was renamed by the roll-over
/// (notifications-logging specification, 2.1).
package final class TransactionLog: Sendable {
    private struct Target {
        var path: String
        var descriptor: Int32 = -1
        var inode: UInt64 = 0
        var checkedAt: Int64 = 0
    }

    private struct State {
        var layout: LogLayout
        var messages: Target
        var connections: Target
        var dates = DateCache()
        var sequence = 0
        var failures = 0
    }

    private let directory: String
    private let process: String
    private let state: Mutex<State>
    private let report: @Sendable (SystemCallError) -> Void
    private let clock: @Sendable () -> Int64

    /// `directory`: the log directory. `node`: the local host name. `report` is told of the first failure of a row of
    /// failures: logging never stops mail.
    package convenience init(
        directory: String, options: LogOptions, node: String, report: @escaping @Sendable (SystemCallError) -> Void
    ) {
        self.init(
            directory: directory, options: options, node: node, clock: { SystemClock.wallNanoseconds }, report: report)
    }

    /// `clock`: nanoseconds since 1970.
    init(
        directory: String, options: LogOptions, node: String, clock: @escaping @Sendable () -> Int64,
        report: @escaping @Sendable (SystemCallError) -> Void
    ) {
        self.clock = clock
        self.directory = directory
        process = String(getpid(), radix: 16)
        self.report = report
        state = Mutex(
            State(
                layout: LogLayout(options: options, node: node),
                messages: Target(path: "\(directory)/mail.log_current"),
                connections: Target(path: Self.connectionPath(directory, options))))
    }

    private static func connectionPath(_ directory: String, _ options: LogOptions) -> String {
        directory + (options.separateConnectionLog ? "/connection.log_current" : "/mail.log_current")
    }

    package var options: LogOptions { state.withLock { $0.layout.options } }

    /// The header lines to write on an occasion; nil: none. `keyword`: `logheader` of the channel, nil where it says
    /// nothing.
    package func header(at occasion: LoggedHeader.Occasions, keyword: Int?) -> LoggedHeader? {
        let options = options
        let occasions = keyword.map { LoggedHeader.Occasions(rawValue: $0) } ?? options.headerOccasions
        return occasions.contains(occasion) ? options.header : nil
    }

    /// A reload: the lines that follow have the fields that are configured now.
    package func configure(_ options: LogOptions, node: String) {
        state.withLock { state in
            state.layout = LogLayout(options: options, node: node)
            let path = Self.connectionPath(directory, options)
            guard state.connections.path != path else { return }
            if state.connections.descriptor >= 0 { close(state.connections.descriptor) }
            state.connections = Target(path: path)
        }
    }

    /// Writes the entries of one operation, one line each. `thread`: number of the thread or event loop.
    package func write(_ entries: [MessageLogEntry], thread: Int = 0) {
        guard !entries.isEmpty else { return }
        let now = clock()
        state.withLock { state in
            state.sequence &+= 1
            let operation = "\(process).\(String(thread, radix: 16)).\(state.sequence)"
            var time: [UInt8] = []
            state.dates.appendLogTime(nanoseconds: now, to: &time)
            var lines: [UInt8] = []
            lines.reserveCapacity(entries.count * 256)
            for entry in entries { state.layout.append(entry, time: time, process: operation, to: &lines) }
            append(lines, to: &state.messages, now: now, failures: &state.failures)
        }
    }

    /// Writes a connection entry when `log_connection` asks for its kind.
    package func write(_ entry: ConnectionLogEntry, thread: Int = 0) {
        let wanted: LogOptions.Connection = entry.action == .authentication ? .authentication : .entries
        guard options.connection.contains(wanted) else { return }
        let now = clock()
        state.withLock { state in
            state.sequence &+= 1
            let operation = "\(process).\(String(thread, radix: 16)).\(state.sequence)"
            var time: [UInt8] = []
            state.dates.appendLogTime(nanoseconds: now, to: &time)
            var line: [UInt8] = []
            state.layout.append(entry, time: time, process: operation, to: &line)
            append(line, to: &state.connections, now: now, failures: &state.failures)
        }
    }

    deinit {
        state.withLock { state in
            for target in [state.messages, state.connections] where target.descriptor >= 0 { close(target.descriptor) }
        }
    }

    private func append(_ lines: [UInt8], to target: inout Target, now: Int64, failures: inout Int) {
        do throws(SystemCallError) {
            try reopenIfRenamed(&target, now: now)
            var failure: SystemCallError?
            lines.withUnsafeBytes { bytes in
                do throws(SystemCallError) {
                    try Files.writeAll(target.descriptor, bytes, target.path)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            failures = 0
        } catch {
            failures += 1
            if failures == 1 { report(error) }
        }
    }

    /// Looks once a second whether the name still leads to the open file; at once when the clock was set back.
    private func reopenIfRenamed(_ target: inout Target, now: Int64) throws(SystemCallError) {
        if target.descriptor >= 0, (0..<1_000_000_000).contains(now - target.checkedAt) { return }
        target.checkedAt = now
        var information = stat()
        if target.descriptor >= 0, stat(target.path, &information) == 0, information.st_ino == target.inode { return }
        if target.descriptor >= 0 { close(target.descriptor) }
        target.descriptor = -1
        target.descriptor = try OwnedDescriptor.open(target.path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o640).release()
        if fstat(target.descriptor, &information) == 0 { target.inode = UInt64(information.st_ino) }
    }
}
