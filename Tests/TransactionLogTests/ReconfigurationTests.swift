import Glibc
import SystemCalls
import Testing

@testable import TransactionLog

/// A reload changes the fields of the lines that follow, and where connections are logged.
@Suite struct ReconfigurationTests {
    @Test func fieldsAndFilesFollowTheOptions() throws {
        var template = Array("/tmp/martlet-log-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let directory = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        defer {
            for name in (try? Files.list(directory)) ?? [] { unlink("\(directory)/\(name)") }
            rmdir(directory)
        }
        func lines(_ name: String) throws -> [Substring] {
            String(decoding: try Files.read("\(directory)/\(name)"), as: UTF8.self).split(separator: "\n")
        }
        func options(_ values: [String: Int]) -> LogOptions { LogOptions { values[$0] } }
        let log = TransactionLog(directory: directory, options: options([:]), node: "old.example") { _ in }
        let connection = ConnectionLogEntry(
            .opened, channel: "tcp_local", isInbound: true, transport: "TCP|a|1|b|2", application: "SMTP")
        log.write([MessageLogEntry(.enqueued)])
        log.write(connection)
        log.configure(
            options(["log_node": 1, "log_connection": 2, "separate_connection_log": 1]), node: "new.example")
        #expect(log.options.node)
        log.write([MessageLogEntry(.enqueued)])
        log.write(connection)
        let mail = try lines("mail.log_current")
        #expect(mail.count == 2)
        #expect(!mail[0].contains("old.example") && mail[1].contains("new.example"))
        #expect(try lines("connection.log_current").count == 1)
        log.configure(options(["log_connection": 2]), node: "new.example")
        log.write(connection)
        #expect(try lines("mail.log_current").count == 3)
    }
}
