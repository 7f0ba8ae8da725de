import Glibc
import Synchronization
import SystemCalls
import Testing

@testable import TransactionLog

extension ScratchLogs {
    fileprivate convenience init(_ files: [String: String]) throws {
        try self.init()
        for (name, text) in files { try append(name, text) }
    }

    /// A roll-over long after the last one.
    fileprivate func rollover(wait: @escaping @Sendable (Int64) -> Void = { _ in }) -> LogRollover {
        LogRollover(directory: path, settling: 3_000_000_000, wait: wait)
    }
}

/// Notifications-logging specification, 2.1; job-controller specification, 11.3.
@Suite struct LogRolloverTests {
    /// "roll-over with all three files present": "`mail.log` grew by the old `_yesterday`; `_yesterday` is the old
    /// `_current`; new `_current` empty or absent". "Same for `connection.log*`."
    @Test(arguments: ["mail.log", "connection.log"])
    func example14(_ log: String) throws {
        let directory = try ScratchLogs([log: "old\n", "\(log)_yesterday": "yesterday\n", "\(log)_current": "today\n"])
        #expect(try directory.rollover().run())
        #expect(directory.text(log) == "old\nyesterday\n")
        #expect(directory.text("\(log)_yesterday") == "today\n")
        #expect(directory.text("\(log)_current") == nil)
        #expect(try Files.list(directory.path).count == 2)
    }

    @Test func firstDays() throws {
        let directory = try ScratchLogs()
        #expect(try directory.rollover().run())
        #expect(try Files.list(directory.path).isEmpty)
        try directory.append("mail.log_current", "1\n")
        #expect(try directory.rollover().run())
        #expect(directory.text("mail.log") == nil && directory.text("mail.log_yesterday") == "1\n")
        // A day without mail.
        #expect(try directory.rollover().run())
        #expect(directory.text("mail.log") == "1\n" && directory.text("mail.log_yesterday") == nil)
    }

    /// `RETURN_UNITS=1` with `return_split_period=24`: "so that the log roll-over stays daily". What is left over does not
    /// wait a day for its turn.
    @Test func turns() throws {
        let directory = try ScratchLogs(["mail.log_current": "today\n", "connection.log_current": "today\n"])
        #expect(try !directory.rollover().run(isTurn: false))
        #expect(try Files.list(directory.path) == ["connection.log_current", "mail.log_current"])
        try directory.append("mail.log_yesterday.0", "yesterday\n")
        #expect(try directory.rollover().run(isTurn: false))
        #expect(directory.text("mail.log") == "yesterday\n" && directory.text("mail.log_yesterday") == "today\n")
        #expect(directory.text("connection.log_current") == "today\n")
        #expect(try !directory.rollover().run(isTurn: false))
    }

    /// What is in the way of one log is not in that of the other.
    @Test func oneFailsAlone() throws {
        let directory = try ScratchLogs(["mail.log_yesterday": "a\n", "connection.log_current": "c\n"])
        mkdir("\(directory.path)/mail.log", 0o700)
        #expect(throws: SystemCallError.self) { try directory.rollover().run() }
        #expect(directory.text("connection.log_yesterday") == "c\n")
    }

    /// A writer that has the file of the last roll-over still open: it is waited for.
    @Test func whatIsWrittenLateIsKept() throws {
        let directory = try ScratchLogs(["mail.log_yesterday": "early\n"])
        let waits = Mutex<[Int64]>([])
        let writer = try OwnedDescriptor.open("\(directory.path)/mail.log_yesterday", O_WRONLY | O_APPEND)
        let number = writer.number
        let rollover = directory.rollover { nanoseconds in
            waits.withLock { $0.append(nanoseconds) }
            _ = Array("late\n".utf8).withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
        }
        #expect(try rollover.run())
        #expect(directory.text("mail.log") == "early\nlate\n")
        #expect(waits.withLock { $0.count == 1 && (1...3_000_000_000).contains($0[0]) })
    }

    /// Nothing is waited for a day later, nor for long when the clock was set back.
    @Test(arguments: [(86_400, nil), (-86_400, 3)] as [(Int64, Int64?)])
    func waits(_ hence: Int64, _ seconds: Int64?) throws {
        let directory = try ScratchLogs(["mail.log_yesterday": "early\n"])
        let waits = Mutex<[Int64]>([])
        let rollover = LogRollover(
            directory: directory.path, settling: 3_000_000_000,
            clock: { SystemClock.wallNanoseconds + hence * 1_000_000_000 },
            wait: { nanoseconds in waits.withLock { $0.append(nanoseconds) } })
        #expect(try rollover.run())
        #expect(waits.withLock { $0 } == (seconds.map { [$0 * 1_000_000_000] } ?? []))
    }

    /// A roll-over that was cut off while it copied: the next one goes back to where it began.
    @Test(arguments: ["", "one\n", "one\ntw", "one\ntwo\n"])
    func cutOff(_ copied: String) throws {
        let directory = try ScratchLogs([
            "mail.log": "old\n" + copied, "mail.log_yesterday.4": "one\ntwo\n", "mail.log_current": "today\n",
        ])
        #expect(try directory.rollover().run())
        #expect(directory.text("mail.log") == "old\none\ntwo\n")
        #expect(directory.text("mail.log_yesterday") == "today\n")
        #expect(try Files.list(directory.path).count == 2)
    }

    /// A site that has moved mail.log away after that: it begins anew.
    @Test func cutOffAndMoved() throws {
        let directory = try ScratchLogs(["mail.log_yesterday.4000": "one\n"])
        #expect(try directory.rollover().run())
        #expect(directory.text("mail.log") == "one\n")
    }

    @Test func failureLosesNothing() throws {
        let directory = try ScratchLogs(["mail.log_yesterday": "yesterday\n", "mail.log_current": "today\n"])
        mkdir("\(directory.path)/mail.log", 0o700)
        #expect(throws: SystemCallError.self) { try directory.rollover().run() }
        #expect(directory.text("mail.log_current") == "today\n")
        rmdir("\(directory.path)/mail.log")
        #expect(try directory.rollover().run())
        #expect(directory.text("mail.log")?.hasSuffix("yesterday\n") == true)
        #expect(directory.text("mail.log_yesterday") == "today\n")
    }

    @Test func oneAtATime() throws {
        let directory = try ScratchLogs()
        let other = try OwnedDescriptor.open(directory.path, O_RDONLY | O_DIRECTORY)
        #expect(Files.lockExclusively(other.number))
        #expect(throws: SystemCallError.self) { try directory.rollover().run() }
    }

    /// A process that was stopped between its look at the name and its write, for longer than a roll-over waits.
    @Test func writerThatWasStopped() throws {
        let directory = try ScratchLogs()
        let path = directory.path
        let reads = Mutex(0)
        let log = TransactionLog(
            directory: path, options: LogOptions(), node: "n",
            clock: {
                // The first entry: two reads. The second: one before the write and one behind it.
                let read = reads.withLock { reads in
                    reads += 1
                    return reads
                }
                if read == 4 { unlink("\(path)/mail.log_current") }
                return read < 4 ? 1_000_000_000 : 10_000_000_000
            }, report: { Issue.record("\($0)") })
        var entry = MessageLogEntry(.enqueued)
        for sender in ["first@x", "second@x"] {
            entry.sender = sender
            log.write([entry])
        }
        #expect(directory.lines().count == 1 && directory.text("mail.log_current")?.contains("second@x") == true)
    }

    /// Three processes append while the log is rolled over four times: no line is lost, none is torn.
    @Test func writersInOtherProcesses() throws {
        let directory = try ScratchLogs()
        let path = directory.path
        let silence = try OwnedDescriptor.open("/dev/null", O_WRONLY)
        let output = silence.number
        let writers = try (0..<3).map { number in
            try Processes.spawn(
                Processes.Request(
                    path: Processes.executablePath,
                    arguments: ["--testing-library", "swift-testing", "--filter", "LogWriterProgram"],
                    environment: ["\(LogWriter.variable)=\(number)\(path)"], output: output))
        }
        defer {
            for pid in writers {
                kill(pid, SIGKILL)
                waitpid(pid, nil, 0)
            }
        }
        try wait { (0..<3).allSatisfy { Files.exists("\(path)/started-\($0)") } }
        for _ in 0..<4 {
            _ = try LogRollover(directory: path, settling: 3 * LogWriter.recheck).run()
            usleep(50_000)
        }
        try directory.append("stop", "")
        try wait { (0..<3).allSatisfy { Files.exists("\(path)/count-\($0)") } }
        let names = ["mail.log", "mail.log_yesterday", "mail.log_current"]
        let lines = names.map { directory.text($0) ?? "" }.joined().split(separator: "\n")
        var expected: Set<String> = []
        for number in 0..<3 {
            let count = try #require(Int(directory.text("count-\(number)") ?? ""))
            #expect(count > 0)
            for line in 0..<count { expected.insert(LogWriter.sender(number, line)) }
        }
        #expect(Set(lines.map { String($0.split(separator: " ")[4]) }) == expected)
        #expect(directory.text("mail.log")?.isEmpty == false)
    }

    private func wait(_ condition: () -> Bool) throws {
        for _ in 0..<6000 {
            if condition() { return }
            usleep(20_000)
        }
        throw SystemCallError(call: "wait for the writers", code: ETIMEDOUT)
    }
}

/// The writers of `writersInOtherProcesses`.
private enum LogWriter {
    /// The number of the writer, one digit, and its directory.
    static let variable = "MARTLET_LOG_WRITER"
    static let recheck: Int64 = 100_000_000
    static let given = getenv(variable).map { String(cString: $0) }

    static func sender(_ number: Int, _ line: Int) -> String {
        "w\(number).\(line)@" + String(repeating: "x", count: line % 300)
    }
}

/// What their processes run: writes entries until it is told to stop.
@Suite(.enabled(if: LogWriter.given != nil)) struct LogWriterProgram {
    @Test func run() throws {
        let given = try #require(LogWriter.given)
        let directory = String(given.dropFirst())
        let number = try #require(given.first?.wholeNumberValue)
        let log = TransactionLog(
            directory: directory, options: LogOptions(), node: "n", recheck: LogWriter.recheck,
            clock: { SystemClock.wallNanoseconds }, report: { Issue.record("\($0)") })
        try Files.replace("\(directory)/started-\(number)", with: [])
        var line = 0
        while line < 20_000, !Files.exists("\(directory)/stop") {
            var entry = MessageLogEntry(.enqueued)
            entry.sender = LogWriter.sender(number, line)
            log.write([entry])
            line += 1
            usleep(1000)
        }
        try Files.replace("\(directory)/count-\(number)", with: Array("\(line)".utf8))
    }
}
