import Testing
import TransactionLog

/// Notifications-logging specification, 2.6.
@Suite struct LogOptionsTests {
    @Test func builtInDefaults() {
        var expected = LogOptions()
        #expect(LogOptions { _ in nil } == expected)
        #expect(expected.format == 1)
        #expect(expected.diagnostics)
        #expect(expected.connection == [])
        expected.diagnostics = false
        #expect(LogOptions { $0 == "log_diagnostics" ? 0 : nil } == expected)
    }

    /// What the default configuration sets.
    @Test func defaultConfiguration() {
        let values = [
            "log_connection": 131, "log_filename": 1, "log_message_id": 1, "log_process": 1, "log_queue_time": 1,
            "log_reason": 1, "log_username": 1,
        ]
        var expected = LogOptions()
        expected.connection = [.information, .entries, .authentication]
        expected.filename = true
        expected.messageID = true
        expected.process = true
        expected.queueTime = true
        expected.reason = true
        expected.username = true
        #expect(LogOptions { values[$0] } == expected)
    }

    /// Bit 0 asks for the field, bits 1 and 2 for something else.
    @Test(arguments: [(0, false), (1, true), (2, false), (3, true), (4, false), (5, true)])
    func bitZeroWritesTheField(_ value: Int, _ isWritten: Bool) {
        let options = LogOptions { ["log_reason": value, "log_diagnostics": value, "log_remote_mta": value][$0] }
        #expect(options.reason == isWritten)
        #expect(options.diagnostics == isWritten)
        #expect(options.remoteMTA == isWritten)
    }
}
