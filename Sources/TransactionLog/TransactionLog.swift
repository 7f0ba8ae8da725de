import Glibc
import InternetMessage
import Synchronization
package import SystemCalls

/// Writes `mail.log_current` (and `connection.log_current` when asked): many processes append to one file, one
/// write(2) for all lines of a call, reopened when the file was renamed by the roll-over
/// (notifications-logging specification, 2.1). And syslog, where the options say so (2.6).
package final class TransactionLog: Sendable {
    private struct State: ~Copyable {
        var layout: LogLayout
        var messages: LogFile
        var connections: LogFile
        var dates = DateCache()
        var sequence = 0
        var failures = 0
        /// Of the entries that are being written; kept for its memory.
        var time: [UInt8] = []
        var lines: [UInt8] = []
    }

    private let directory: String
    private let process: String
    private let state: Mutex<State>
    private let report: @Sendable (SystemCallError) -> Void
    private let clock: @Sendable () -> Int64
    private let systemLog: SystemLog?
    private let recheck: Int64

    /// `directory`: the log directory. `node`: the local host name. `report` is told of the first failure of a row of
    /// failures: logging never stops mail.
    package convenience init(
        directory: String, options: LogOptions, node: String, report: @escaping @Sendable (SystemCallError) -> Void
    ) {
        self.init(
            directory: directory, options: options, node: node, clock: { SystemClock.wallNanoseconds }, report: report)
    }

    /// `clock`: nanoseconds since 1970. `systemLog`: the socket of syslog. `recheck`: see ``LogFile``.
    init(
        directory: String, options: LogOptions, node: String, systemLog: String = SystemLog.path,
        recheck: Int64 = LogFile.usualRecheck, clock: @escaping @Sendable () -> Int64,
        report: @escaping @Sendable (SystemCallError) -> Void
    ) {
        self.clock = clock
        self.directory = directory
        self.recheck = recheck
        process = String(getpid(), radix: 16)
        self.report = report
        self.systemLog = try? SystemLog(systemLog, program: "martlet")
        state = Mutex(
            State(
                layout: LogLayout(options: options, node: node),
                messages: LogFile("\(directory)/mail.log_current", recheck: recheck),
                connections: LogFile(Self.connectionPath(directory, options), recheck: recheck)))
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

    /// A reload: the lines that follow have the fields that are configured now, and go to the files that have their names
    /// now.
    package func configure(_ options: LogOptions, node: String) {
        state.withLock { state in
            state.layout = LogLayout(options: options, node: node)
            state.messages = LogFile(state.messages.path, recheck: recheck)
            state.connections = LogFile(Self.connectionPath(directory, options), recheck: recheck)
        }
    }

    /// Writes the entries of one operation, one line each. `thread`: number of the thread or event loop.
    package func write(_ entries: [MessageLogEntry], thread: Int = 0) {
        guard !entries.isEmpty else { return }
        let now = clock()
        state.withLock { state in
            let operation = beginOperation(&state, thread, now)
            for entry in entries {
                state.layout.append(entry, time: state.time, process: operation, to: &state.lines)
            }
            let priority = state.layout.options.messagesSyslog
            guard leavesForFile(&state.lines, priority) else { return }
            let failure = state.messages.append(state.lines, now: now, clock: clock)
            settle(failure, &state)
        }
    }

    /// Writes a connection entry when `log_connection` asks for its kind.
    package func write(_ entry: ConnectionLogEntry, thread: Int = 0) {
        let now = clock()
        state.withLock { state in
            guard state.layout.options.connection.contains(entry.action.kind) else { return }
            let operation = beginOperation(&state, thread, now)
            state.layout.append(entry, time: state.time, process: operation, to: &state.lines)
            let priority = state.layout.options.connectionsSyslog
            guard leavesForFile(&state.lines, priority) else { return }
            let failure = state.connections.append(state.lines, now: now, clock: clock)
            settle(failure, &state)
        }
    }

    /// HELD_SNDOPR: a notice in syslog of a message that is held because it goes round in circles.
    package func noticeHeld(_ name: String, reason: String) {
        guard let severity = options.heldSeverity else { return }
        _ = systemLog?.say("\(name) is held: \(reason)", severity: severity)
    }

    /// All entries of one operation have its time and its number.
    private func beginOperation(_ state: inout State, _ thread: Int, _ now: Int64) -> String {
        state.sequence &+= 1
        state.time.removeAll(keepingCapacity: true)
        state.lines.removeAll(keepingCapacity: true)
        if state.layout.options.format.isStructured {
            state.dates.appendISOTime(nanoseconds: now, to: &state.time)
        } else {
            state.dates.appendLogTime(nanoseconds: now, to: &state.time)
        }
        return "\(process).\(String(thread, radix: 16)).\(state.sequence)"
    }

    /// Sends lines to syslog and keeps those that are for the file: all, or with a negative priority those that syslog
    /// did not take. False when none is left.
    private func leavesForFile(_ lines: inout [UInt8], _ priority: Int) -> Bool {
        guard priority != 0, let systemLog else { return true }
        var kept: [UInt8] = []
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            let isTaken = systemLog.send(line, priority: Int(clamping: priority.magnitude))
            if priority < 0, !isTaken { kept += line + [UInt8(ascii: "\n")] }
        }
        if priority < 0 { lines = kept }
        return !lines.isEmpty
    }

    private func settle(_ failure: SystemCallError?, _ state: inout State) {
        guard let failure else {
            state.failures = 0
            return
        }
        state.failures += 1
        guard state.failures == 1 else { return }
        report(failure)
        if let severity = state.layout.options.failureSeverity {
            _ = systemLog?.say("the transaction log cannot be written: \(failure)", severity: severity)
        }
    }
}

extension ConnectionLogEntry.Action {
    /// The bit of `log_connection` that asks for it.
    fileprivate var kind: LogOptions.Connection {
        switch self {
        case .opened, .closed, .rejected, .refusedByPortAccess, .failed: .entries
        case .authentication: .authentication
        case .remoteQueueStart: .etrn
        }
    }
}
