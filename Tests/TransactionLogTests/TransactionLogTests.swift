import Glibc
import Synchronization
import SystemCalls
import Testing

@testable import TransactionLog

/// A log directory, a clock and what was reported.
private final class Bench: Sendable {
    let directory: String
    let now = Mutex<Int64>(1_700_000_000_000_000_000)
    let problems = Mutex<[SystemCallError]>([])

    init() throws {
        var template = Array("/tmp/martlet-log-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        directory = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    deinit {
        for name in (try? Files.list(directory)) ?? [] { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }

    func log(_ values: [String: Int] = [:]) -> TransactionLog {
        TransactionLog(
            directory: directory, options: LogOptions { values[$0] }, node: "mail.example.com",
            clock: { [self] in now.withLock { $0 } },
            report: { [self] error in problems.withLock { $0.append(error) } })
    }

    func later(seconds: Int64) { now.withLock { $0 += seconds * 1_000_000_000 } }

    func text(_ name: String = "mail.log_current") -> String {
        String(decoding: (try? Files.read("\(directory)/\(name)")) ?? [], as: UTF8.self)
    }

    func lines(_ name: String = "mail.log_current") -> [Substring] { text(name).split(separator: "\n") }
}

private func entry(_ sender: String) -> MessageLogEntry {
    var entry = MessageLogEntry(.enqueued)
    entry.sender = sender
    return entry
}

private func connection(_ action: ConnectionLogEntry.Action) -> ConnectionLogEntry {
    ConnectionLogEntry(action, channel: "tcp_local", isInbound: true, transport: "TCP|a|1|b|2", application: "SMTP")
}

@Suite struct TransactionLogTests {
    @Test func entriesOfAnOperationShareTheSequence() throws {
        let bench = try Bench()
        let log = bench.log(["log_process": 1])
        log.write([entry("a@b.c"), entry("d@e.f")], thread: 17)
        log.write([entry("g@h.i")])
        log.write([])
        let processes = bench.lines().map { $0.split(separator: " ")[2] }
        let pid = String(getpid(), radix: 16)
        #expect(processes == ["\(pid).11.1", "\(pid).11.1", "\(pid).0.2"])
    }

    /// The roll-over renames; the next line a second later goes to a new file.
    @Test func reopensAfterRename() throws {
        let bench = try Bench()
        let log = bench.log()
        log.write([entry("before@x")])
        rename("\(bench.directory)/mail.log_current", "\(bench.directory)/mail.log_yesterday")
        log.write([entry("same@x")])
        bench.later(seconds: 2)
        log.write([entry("after@x")])
        #expect(bench.text("mail.log_yesterday").contains("before@x"))
        #expect(bench.text("mail.log_yesterday").contains("same@x"))
        #expect(bench.lines().count == 1)
        #expect(bench.text().contains("after@x"))
    }

    @Test func reopensWhenTheClockWasSetBack() throws {
        let bench = try Bench()
        let log = bench.log()
        log.write([entry("before@x")])
        unlink("\(bench.directory)/mail.log_current")
        bench.later(seconds: -3600)
        log.write([entry("after@x")])
        #expect(bench.text().contains("after@x"))
    }

    @Test func goesOnInTheFileThatIsThere() throws {
        let bench = try Bench()
        bench.log().write([entry("first@x")])
        bench.log().write([entry("second@x")])
        #expect(bench.lines().count == 2)
    }

    @Test func concurrentWritersWriteWholeLines() throws {
        let bench = try Bench()
        // Two logs on one file are as two processes; each has its own descriptor.
        let logs = [bench.log(), bench.log()]
        let left = Mutex(8)
        let done = Notice()
        for thread in 0..<8 {
            SystemThread.start("writer") {
                for number in 0..<200 {
                    let mark = "t\(thread)n\(number)@" + String(repeating: "x", count: number * 5)
                    logs[thread % 2].write([entry(mark), entry("second-" + mark)], thread: thread)
                }
                if left.withLock({ left in
                    left -= 1
                    return left == 0
                }) {
                    done.give()
                }
            }
        }
        done.wait()
        let lines = bench.lines()
        #expect(lines.count == 8 * 200 * 2)
        var next = [Int](repeating: 0, count: 8)
        for index in stride(from: 0, to: lines.count, by: 2) {
            let sender = lines[index].split(separator: " ")[4]
            let thread = Int(sender.dropFirst().prefix { $0 != "n" }) ?? 0
            let number = next[thread]
            #expect(sender == "t\(thread)n\(number)@" + String(repeating: "x", count: number * 5))
            #expect(lines[index + 1].contains(" second-\(sender) "))
            next[thread] += 1
        }
        #expect(next == [Int](repeating: 200, count: 8))
    }

    @Test func connectionEntriesAsAsked() throws {
        let actions: [ConnectionLogEntry.Action] = [
            .opened, .authentication, .refusedByPortAccess, .failed, .rejected, .closed,
        ]
        for (bits, codes) in [
            (0, []), (1, []), (2, ["O", "T", "Y", "X", "C"]), (128, ["U"]), (131, ["O", "U", "T", "Y", "X", "C"]),
        ] {
            let bench = try Bench()
            let log = bench.log(["log_connection": bits])
            for action in actions { log.write(connection(action)) }
            #expect(bench.lines().map { String($0.split(separator: " ")[4]) } == codes)
        }
    }

    @Test func separateConnectionLog() throws {
        let bench = try Bench()
        let log = bench.log(["log_connection": 2, "separate_connection_log": 1])
        log.write(connection(.opened))
        log.write([entry("a@b.c")])
        #expect(bench.lines("connection.log_current").count == 1)
        #expect(bench.lines().count == 1)
    }

    /// Logging never stops mail: one report for each row of failures.
    @Test func failuresAreReportedOnce() throws {
        let bench = try Bench()
        let log = bench.log()
        rmdir(bench.directory)
        for _ in 0..<3 {
            log.write([entry("lost@x")])
            bench.later(seconds: 2)
        }
        #expect(bench.problems.withLock { $0.map(\.isNotFound) } == [true])
        mkdir(bench.directory, 0o700)
        log.write([entry("kept@x")])
        #expect(bench.lines().count == 1)
        unlink("\(bench.directory)/mail.log_current")
        rmdir(bench.directory)
        bench.later(seconds: 2)
        log.write([entry("lost@x")])
        #expect(bench.problems.withLock { $0.count } == 2)
        mkdir(bench.directory, 0o700)
    }
}

/// Waits for one signal.
private final class Notice: Sendable {
    private let ends: (read: OwnedDescriptorBox, write: OwnedDescriptorBox)

    init() {
        var numbers: [Int32] = [0, 0]
        pipe(&numbers)
        ends = (OwnedDescriptorBox(numbers[0]), OwnedDescriptorBox(numbers[1]))
    }

    func give() {
        var octet: UInt8 = 1
        _ = write(ends.write.number, &octet, 1)
    }

    func wait() {
        var octet: UInt8 = 0
        while read(ends.read.number, &octet, 1) < 0, errno == EINTR {}
    }
}

private final class OwnedDescriptorBox: Sendable {
    let number: Int32
    init(_ number: Int32) { self.number = number }
    deinit { close(number) }
}
