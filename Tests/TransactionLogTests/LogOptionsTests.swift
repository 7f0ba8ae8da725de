import Testing
import TransactionLog

/// Notifications-logging specification, 2.6.
@Suite struct LogOptionsTests {
    @Test func builtInDefaults() {
        var expected = LogOptions()
        #expect(LogOptions { _ in nil } == expected)
        #expect(expected.format == .columns)
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

    /// "With LOG_FORMAT > 3 these default to on"; LOG_AUTH, LOG_DELIVERY_FLAGS and LOG_IMAP_FLAGS have no field here.
    @Test(arguments: [1, 2, 3, 4, 5, 6])
    func fieldsOfStructuredFormats(_ format: Int) {
        let options = LogOptions { $0 == "log_format" ? format : nil }
        let isOn = format > 3
        #expect(options.format.rawValue == format)
        #expect(
            [
                options.filename, options.filter, options.messageID, options.notary, options.priority, options.process,
                options.queueTime, options.reason, options.username,
            ] == Array(repeating: isOn, count: 9))
        #expect(!options.node && !options.envelopeID && !options.remoteMTA && options.diagnostics)
        let off = LogOptions { ["log_format": format, "log_filename": 0, "log_reason": 0][$0] }
        #expect(!off.filename && !off.reason)
    }

    @Test(arguments: [(0, nil, nil), (1, nil, 5), (1, 3, 3)] as [(Int, Int?, Int?)])
    func severityOfFailures(_ value: Int, _ priority: Int?, _ severity: Int?) {
        let options = LogOptions { $0 == "log_sndopr" ? value : $0 == "sndopr_priority" ? priority : nil }
        #expect(options.failureSeverity == severity)
    }

    /// Bit 0 asks for the field, bit 1 for something else; bit 2 for formats 4 to 6.
    @Test(arguments: [(0, false), (1, true), (2, false), (3, true), (4, false), (5, true)])
    func bitZeroWritesTheField(_ value: Int, _ isWritten: Bool) {
        let options = LogOptions { ["log_reason": value, "log_diagnostics": value, "log_remote_mta": value][$0] }
        #expect(options.reason == isWritten)
        #expect(options.diagnostics == isWritten)
        #expect(options.remoteMTA == isWritten)
        #expect(options.writtenEmpty == (value & 4 != 0 ? [.reason, .diagnostic, .remoteMTA] : []))
    }
}
