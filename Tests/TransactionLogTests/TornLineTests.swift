import Glibc
import SystemCalls
import Testing

@testable import TransactionLog

/// Lines that could not be written whole, and lines that are written late: those of others stay whole and are kept
/// (notifications-logging specification, 2.1).
@Suite struct TornLineTests {
    private func entry(_ sender: String) -> MessageLogEntry {
        var entry = MessageLogEntry(.enqueued)
        entry.sender = sender
        return entry
    }

    private func log(_ directory: ScratchLogs) -> TransactionLog {
        TransactionLog(directory: directory.path, options: LogOptions(), node: "n") { Issue.record("\($0)") }
    }

    /// A process that was killed, or a machine that stopped, in the middle of a line.
    @Test(arguments: ["22-Nov-2026 09:00", "whole\n"])
    func foundAtOpening(_ text: String) throws {
        let directory = try ScratchLogs()
        try directory.append("mail.log_current", text)
        let log = log(directory)
        log.write([entry("first@x")])
        log.write([entry("second@x")])
        let lines = directory.lines()
        #expect(lines.count == 3 && lines[0] == text.prefix { $0 != "\n" })
        #expect(lines[1].contains(" first@x ") && !lines[1].hasPrefix(lines[0]))
    }

    /// The disk is full in the middle of a line of one process, and another, which has the file open, writes next. A
    /// limit of the size of files stands for the full disk; it holds for a whole process.
    @Test func ofAnotherProcess() throws {
        let directory = try ScratchLogs()
        let log = log(directory)
        log.write([entry("first@x")])
        let silence = try OwnedDescriptor.open("/dev/null", O_WRONLY)
        let process = try Processes.spawn(
            Processes.Request(
                path: Processes.executablePath,
                arguments: ["--testing-library", "swift-testing", "--filter", "TornLineProgram"],
                environment: ["\(TornLine.variable)=\(directory.path)"], output: silence.number))
        waitpid(process, nil, 0)
        log.write([entry("second@x")])
        let lines = directory.lines()
        #expect(lines.count == 3)
        #expect(lines.first?.contains(" first@x ") == true && lines.last?.contains(" second@x ") == true)
        // The beginning of the line of the other process, and nothing else.
        #expect(lines.dropFirst().first?.utf8.count == TornLine.room - 1)
    }

    /// A writer that is slower than the roll-over waits: what it writes while the copy goes to the disk is kept.
    @Test func writtenDuringTheSync() throws {
        let directory = try ScratchLogs()
        try directory.append("mail.log_yesterday", "early\n")
        let writer = try OwnedDescriptor.open("\(directory.path)/mail.log_yesterday", O_WRONLY | O_APPEND)
        let number = writer.number
        let rollover = LogRollover(
            directory: directory.path, settling: 0,
            synchronize: { file, path throws(SystemCallError) in
                try Files.synchronizeData(file, path)
                guard directory.text("mail.log") == "early\n" else { return }
                _ = Array("late\n".utf8).withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
            })
        _ = try rollover.run()
        #expect(directory.text("mail.log") == "early\nlate\n")
    }
}

/// The process of `ofAnotherProcess`.
private enum TornLine {
    /// The log directory.
    static let variable = "MARTLET_TORN_LINE"
    /// Octets of the line for which there is room.
    static let room = 25
    static let directory = getenv(variable).map { String(cString: $0) }
}

/// What it runs.
@Suite(.enabled(if: TornLine.directory != nil)) struct TornLineProgram {
    @Test func run() throws {
        let directory = try #require(TornLine.directory)
        signal(SIGXFSZ, SIG_IGN)
        let size = try Files.read("\(directory)/mail.log_current").count + TornLine.room
        var limit = rlimit(rlim_cur: rlim_t(size), rlim_max: rlim_t(size))
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        let log = TransactionLog(directory: directory, options: LogOptions(), node: "n") { _ in }
        var entry = MessageLogEntry(.enqueued)
        entry.sender = "other@x"
        log.write([entry])
    }
}
