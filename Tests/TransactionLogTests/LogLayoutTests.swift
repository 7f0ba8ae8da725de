import Envelope
import Testing
import TransactionLog

private let time = Array("16-Feb-2007 14:54:13.72".utf8)

private func line(_ entry: MessageLogEntry, _ options: LogOptions = LogOptions()) -> String {
    var output: [UInt8] = []
    LogLayout(options: options, node: "mail.example.com").append(
        entry, time: time, process: "1f625.2.7", to: &output)
    return String(decoding: output, as: UTF8.self)
}

private func line(_ entry: ConnectionLogEntry, _ options: LogOptions = LogOptions()) -> String {
    var output: [UInt8] = []
    LogLayout(options: options, node: "mail.example.com").append(
        entry, time: time, process: "1f625.2.0", to: &output)
    return String(decoding: output, as: UTF8.self)
}

private func options(_ values: [String: Int]) -> LogOptions { LogOptions { values[$0] } }

/// Every field has a text of its own, so that an order or a missing separator shows.
private var full: MessageLogEntry {
    var entry = MessageLogEntry(.enqueued)
    entry.modifiers = [.esmtp, .chunking]
    entry.sourceChannel = "tcp_local"
    entry.destinationChannel = "ims-ms"
    entry.blocks = 4
    entry.sender = "a@b.c"
    entry.originalRecipient = "rfc822;u@d"
    entry.currentRecipient = "u@ims-ms-daemon"
    entry.notify = [.success, .failure]
    entry.filename = "ims-ms/ZZf0r4i0Wdy51.00"
    entry.envelopeID = "0JDJ00D02IBWDX00"
    entry.messageID = "<id@b.c>"
    entry.username = "*anna"
    entry.sourceSystem = "b.c ([192.0.2.1])"
    entry.priority = .urgent
    entry.reason = "why"
    entry.diagnostic = "smtp;250 ok"
    entry.remoteMTA = "mx.d (TCP|1|2|3|4)"
    entry.connection.transport = "TCP|192.0.2.25|25|192.0.2.1|4000"
    entry.connection.application = "SMTP"
    entry.queueSeconds = 61
    return entry
}

/// Notifications-logging specification, 2.2 and 6.1.
@Suite struct LogLayoutTests {
    private static let start =
        "16-Feb-2007 14:54:13.72 tcp_local    ims-ms       EEC 4 a@b.c rfc822;u@d u@ims-ms-daemon"

    @Test(
        arguments: [
            ([:], " dns;mx.d (TCP|1|2|3|4) smtp;250 ok"),
            (["log_diagnostics": 0], ""),
            (["log_diagnostics": 2], ""),
            (["log_diagnostics": 0, "log_notary": 1], " 24"),
            (["log_diagnostics": 0, "log_filename": 1], " ims-ms/ZZf0r4i0Wdy51.00"),
            (["log_diagnostics": 0, "log_envelope_id": 1], " 0JDJ00D02IBWDX00"),
            (["log_diagnostics": 0, "log_message_id": 1], " <id@b.c>"),
            (["log_diagnostics": 0, "log_username": 1], " *anna"),
            (["log_diagnostics": 0, "log_connection": 1], " b.c ([192.0.2.1])"),
            (["log_diagnostics": 0, "log_priority": 1], " 0"),
            (["log_diagnostics": 0, "log_filter": 1], " ''"),
            (["log_diagnostics": 0, "log_reason": 1], " why"),
            (["log_remote_mta": 1], " smtp;250 ok mx.d (TCP|1|2|3|4)"),
            (["log_diagnostics": 0, "log_connection": 32], " TCP|192.0.2.25|25|192.0.2.1|4000"),
            (["log_diagnostics": 0, "log_connection": 64], " SMTP"),
            (["log_diagnostics": 0, "log_connection": 130], ""),
            (["log_diagnostics": 0, "log_queue_time": 1], " 61"),
        ] as [([String: Int], String)])
    func eachOption(_ values: [String: Int], _ rest: String) {
        #expect(line(full, options(values)) == Self.start + rest + "\n")
    }

    @Test func allFieldsInOrder() {
        let all = options([
            "log_node": 1, "log_process": 1, "log_notary": 1, "log_filename": 1, "log_envelope_id": 1,
            "log_message_id": 1, "log_username": 1, "log_connection": 255, "log_priority": 1, "log_filter": 1,
            "log_reason": 1, "log_remote_mta": 1, "log_queue_time": 1,
        ])
        #expect(
            line(full, all)
                == "16-Feb-2007 14:54:13.72 mail.example.com 1f625.2.7 tcp_local    ims-ms       EEC 4 a@b.c rfc822;u@d "
                + "u@ims-ms-daemon 24 ims-ms/ZZf0r4i0Wdy51.00 0JDJ00D02IBWDX00 <id@b.c> *anna b.c ([192.0.2.1]) 0 '' "
                + "why smtp;250 ok mx.d (TCP|1|2|3|4) TCP|192.0.2.25|25|192.0.2.1|4000 SMTP 61\n")
    }

    /// Example 1; column padding.
    @Test func basicEntry() {
        var entry = MessageLogEntry(.enqueued)
        entry.modifiers = .esmtp
        entry.sourceChannel = "tcp_local"
        entry.destinationChannel = "ims-ms"
        entry.blocks = 1
        entry.sender = "adam@sesta.com"
        entry.originalRecipient = "rfc822;marlowe@siroe.com"
        entry.currentRecipient = "marlowe@ims-ms-daemon"
        let fields = line(entry).split(separator: " ").joined(separator: " ")
        #expect(
            fields == "16-Feb-2007 14:54:13.72 tcp_local ims-ms EE 1 adam@sesta.com rfc822;marlowe@siroe.com "
                + "marlowe@ims-ms-daemon \n")
    }

    /// An enabled but empty field keeps its separator; format 2 writes `<>`, format 3 the length.
    @Test(arguments: [
        (1, "process      E 1  rfc822;a@b.c a@b.c  \n"),
        (2, "process      E 1 <> rfc822;a@b.c a@b.c  \n"),
        (3, "process      E 1 0: 12:rfc822;a@b.c 5:a@b.c 0: 0:\n"),
    ])
    func emptyFields(_ format: Int, _ expected: String) {
        var entry = MessageLogEntry(.enqueued)
        entry.sourceChannel = "tcp_local"
        entry.destinationChannel = "process"
        entry.blocks = 1
        entry.originalRecipient = "rfc822;a@b.c"
        entry.currentRecipient = "a@b.c"
        let given = line(entry, options(["log_format": format, "log_message_id": 1]))
        #expect(given == "16-Feb-2007 14:54:13.72 tcp_local    " + expected)
    }

    /// Example 9, and which fields have a length.
    @Test func formatThree() {
        let all = options([
            "log_format": 3, "log_process": 1, "log_notary": 1, "log_filename": 1, "log_envelope_id": 1,
            "log_message_id": 1, "log_username": 1, "log_connection": 97, "log_priority": 1, "log_filter": 1,
            "log_reason": 1, "log_remote_mta": 1, "log_queue_time": 1,
        ])
        #expect(
            line(full, all)
                == "16-Feb-2007 14:54:13.72 1f625.2.7 tcp_local    ims-ms       EEC 4 5:a@b.c 10:rfc822;u@d "
                + "15:u@ims-ms-daemon 24 23:ims-ms/ZZf0r4i0Wdy51.00 16:0JDJ00D02IBWDX00 8:<id@b.c> 5:*anna "
                + "17:b.c ([192.0.2.1]) 0 2:'' 3:why 11:smtp;250 ok 18:mx.d (TCP|1|2|3|4) "
                + "32:TCP|192.0.2.25|25|192.0.2.1|4000 4:SMTP 61\n")
    }

    @Test func longChannelNamesAreNotCut() {
        var entry = full
        entry.sourceChannel = "tcp_a_very_long_name"
        entry.destinationChannel = "twelve_chars"
        #expect(line(entry).contains(" tcp_a_very_long_name twelve_chars EEC "))
    }

    /// Hostile inputs: one event is one line.
    @Test(arguments: [1, 2, 3])
    func controlCharactersNeverBreakALine(_ format: Int) {
        let hostile = "x\r\n16-Feb-2007\u{1B}[2J\0\t\u{7F}\u{0B}\u{0C}y"
        var entry = full
        entry.sourceChannel = hostile
        entry.destinationChannel = hostile
        entry.sender = hostile
        entry.originalRecipient = hostile
        entry.currentRecipient = hostile
        entry.filename = hostile
        entry.envelopeID = hostile
        entry.messageID = hostile
        entry.username = hostile
        entry.sourceSystem = hostile
        entry.reason = hostile
        entry.diagnostic = hostile
        entry.remoteMTA = hostile
        entry.connection.transport = hostile
        entry.connection.application = hostile
        let all = options([
            "log_format": format, "log_node": 1, "log_process": 1, "log_filename": 1, "log_envelope_id": 1,
            "log_message_id": 1, "log_username": 1, "log_connection": 97, "log_reason": 1, "log_remote_mta": 1,
        ])
        let given = line(entry, all)
        #expect(given.utf8.filter { $0 < 0x20 || $0 == 0x7F } == [10])
        #expect(given.hasSuffix("\n"))
        let connection = ConnectionLogEntry(
            .rejected, channel: hostile, isInbound: true, transport: hostile, application: hostile, username: hostile,
            diagnostic: hostile)
        #expect(line(connection, all).utf8.filter { $0 < 0x20 || $0 == 0x7F } == [10])
    }

    /// A field of a megabyte is cut between characters, and its length says how much there is.
    @Test func longFields() throws {
        var entry = full
        entry.sender = "a" + String(repeating: "\u{E4}", count: 500_000)
        let long = line(entry, options(["log_format": 3]))
        #expect(long.utf8.count < 5_000)
        #expect(long.contains(" 4095:a\u{E4}"))
        #expect(!long.unicodeScalars.contains("\u{FFFD}"))
        #expect(line(entry).unicodeScalars.filter { $0 == "\u{E4}" }.count == 2_047)
    }

    /// Example 11 and the orders of 2.3.
    @Test(
        arguments: [
            ([], ""), ([.esmtp], "E"), ([.lmtp, .tls], "LS"), ([.esmtp, .tls, .authenticated], "ESA"),
            ([.chunking, .authenticated, .tls, .esmtp], "ESAC"), ([.esmtp, .chunking], "EC"),
        ] as [(TransferModifiers, String)])
    func modifiers(_ modifiers: TransferModifiers, _ code: String) {
        #expect(modifiers.code == code)
    }

    /// Example 13.
    @Test(arguments: [(0, 0), (1, 1), (1023, 1), (1024, 1), (1025, 2), (10_240, 10), (10_241, 11)])
    func blocks(_ octets: Int, _ blocks: Int) {
        #expect(blockCount(ofBytes: octets) == blocks)
    }
}

/// Notifications-logging specification, 2.4.
@Suite struct ConnectionEntryTests {
    private let transport = "TCP|206.184.139.12|5900|206.184.139.66|25"

    /// Example 4.
    @Test func outboundOpen() {
        let entry = ConnectionLogEntry(
            .opened, channel: "tcp_local", isInbound: false, transport: transport,
            application: "SMTP/hostb.sesta.com/mailhub.sesta.com")
        #expect(
            line(entry, options(["log_connection": 3, "log_process": 1]))
                == "16-Feb-2007 14:54:13.72 1f625.2.0 tcp_local    -            O \(transport) "
                + "SMTP/hostb.sesta.com/mailhub.sesta.com\n")
    }

    @Test(
        arguments: [
            (.opened, "O"), (.closed, "C"), (.rejected, "X"), (.refusedByPortAccess, "T"), (.failed, "Y"),
            (.authentication, "U"),
        ] as [(ConnectionLogEntry.Action, String)])
    func codes(_ action: ConnectionLogEntry.Action, _ code: String) {
        let entry = ConnectionLogEntry(
            action, channel: "tcp_auth", isInbound: true, transport: transport, application: "SMTP", username: "anna",
            diagnostic: "535 5.7.8 Bad username or password")
        #expect(
            line(entry, options(["log_node": 1]))
                == "16-Feb-2007 14:54:13.72 mail.example.com tcp_auth     +            \(code) \(transport) SMTP anna "
                + "535 5.7.8 Bad username or password\n")
    }
}
