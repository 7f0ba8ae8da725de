import Envelope
import Glibc
import SystemCalls
import Testing

@testable import TransactionLog

private func message(_ id: UInt64, _ entries: [QueueEntry]) -> QueuedMessage {
    QueuedMessage(
        id: MessageID(rawValue: id), arrival: 1_700_000_000_000, sourceChannel: "tcp_local",
        sender: "adam@sesta.com", messageIDHeader: "<0JDJ00D02IBWDX00@sesta.com>", entries: entries)
}

private func entry(_ channel: String, _ addresses: String..., given: String) -> QueueEntry {
    QueueEntry(
        channel: channel, host: "h", recipients: addresses.map { QueueRecipient(address: $0, given: given) })
}

private func options(_ values: [String: Int]) -> LogOptions { LogOptions { values[$0] } }

/// The worked examples of the notifications-logging specification, 6.1: "compare by fields".
@Suite struct LogExamplesTests {
    private func text(_ entry: MessageLogEntry, _ time: String, _ values: [String: Int] = [:]) -> String {
        var output: [UInt8] = []
        LogLayout(options: options(values), node: "mail.example.com").append(
            entry, time: Array(time.utf8), process: "1f625.2.0", to: &output)
        return String(decoding: output.dropLast(), as: UTF8.self)
    }

    private func fields(_ line: String) -> String { line.split(separator: " ").joined(separator: " ") }

    private var enqueued: MessageLogEntry {
        var entry = MessageLogEntry(.enqueued)
        entry.modifiers = .esmtp
        entry.sourceChannel = "tcp_local"
        entry.destinationChannel = "ims-ms"
        entry.blocks = 1
        entry.sender = "adam@sesta.com"
        entry.originalRecipient = "rfc822;marlowe@siroe.com"
        entry.currentRecipient = "marlowe@ims-ms-daemon"
        return entry
    }

    @Test func example1() {
        #expect(
            fields(text(enqueued, "16-Feb-2007 14:54:13.72"))
                == "16-Feb-2007 14:54:13.72 tcp_local ims-ms EE 1 adam@sesta.com rfc822;marlowe@siroe.com "
                + "marlowe@ims-ms-daemon")
    }

    private static let example2And3 = ["log_filename": 1, "log_message_id": 1, "log_connection": 1]

    /// "same lines with `tcp_local/ZZf0r4i0Wdy51.00` in place of the path".
    @Test func example14aAsExample2() throws {
        var entry = enqueued
        entry.sourceChannel = "tcp_intranet"
        entry.destinationChannel = "tcp_local"
        entry.currentRecipient = "marlowe@siroe.com"
        entry.filename = "tcp_local/ZZf0r4i0Wdy51.00"
        entry.messageID = "<0JDJ00D02IBWDX00@sesta.com>"
        entry.sourceSystem = "siroe.com (siroe.com [192.160.253.66])"
        #expect(
            text(entry, "16-Feb-2007 15:41:32.36", Self.example2And3)
                == "16-Feb-2007 15:41:32.36 tcp_intranet tcp_local    EE 1 adam@sesta.com rfc822;marlowe@siroe.com "
                + "marlowe@siroe.com tcp_local/ZZf0r4i0Wdy51.00 <0JDJ00D02IBWDX00@sesta.com> "
                + "siroe.com (siroe.com [192.160.253.66]) ")
    }

    @Test func example14aAsExample3() throws {
        let name = EntryName(message: MessageID(rawValue: 0x1234_5678_9ABC), entry: 0)
        let remote = "thor.siroe.com (TCP|206.184.139.12|2788|192.160.253.66|25)"
        let outcome = RecipientOutcome(
            recipient: 0, result: .delivered, text: "250 2.1.5 <marlowe@siroe.com>... Recipient ok", remote: remote)
        let queued = message(
            name.message.rawValue, [entry("tcp_local", "marlowe@siroe.com", given: "marlowe@siroe.com")])
        let given = try #require(
            MessageLogEntry.dequeue(
                queued, entry: 0, attempts: 0, outcome: outcome, othersSettled: false, size: 1000,
                now: 1_700_000_061_000,
                banner: "thor.siroe.com ESMTP Sendmail ready ...", modifiers: .esmtp))
        #expect(
            text(given, "16-Feb-2007 15:41:34.73", Self.example2And3)
                == "16-Feb-2007 15:41:34.73 tcp_local                 DE 1 adam@sesta.com rfc822;marlowe@siroe.com "
                + "marlowe@siroe.com tcp_local/\(name) <0JDJ00D02IBWDX00@sesta.com> thor.siroe.com "
                + "dns;\(remote) (thor.siroe.com ESMTP Sendmail ready ...) "
                + "smtp;250 2.1.5 <marlowe@siroe.com>... Recipient ok")
        #expect(given.connection.transport == "TCP|206.184.139.12|2788|192.160.253.66|25")
    }

    @Test func example4() {
        let entry = ConnectionLogEntry(
            .opened, channel: "tcp_local", isInbound: false,
            transport: "TCP|206.184.139.12|5900|206.184.139.66|25",
            application: "SMTP/hostb.sesta.com/mailhub.sesta.com")
        var output: [UInt8] = []
        LogLayout(options: options(["log_connection": 3, "log_process": 1]), node: "n").append(
            entry, time: Array("19-Feb-1998 10:52:10.79".utf8), process: "1f625.2.0", to: &output)
        #expect(
            String(decoding: output, as: UTF8.self)
                == "19-Feb-1998 10:52:10.79 1f625.2.0 tcp_local    -            O "
                + "TCP|206.184.139.12|5900|206.184.139.66|25 SMTP/hostb.sesta.com/mailhub.sesta.com\n")
    }

    /// "equal entry names, two message ids".
    @Test func example5() throws {
        let through = message(11, [entry("conversion", "u@conversion-daemon", given: "u@d")])
        let onward = message(12, [entry("ims-ms", "u@ims-ms-daemon", given: "u@d")])
        func dequeued(_ message: QueuedMessage) throws -> String {
            try #require(
                MessageLogEntry.dequeue(
                    message, entry: 0, attempts: 0, outcome: RecipientOutcome(recipient: 0, result: .delivered),
                    othersSettled: false, size: 1, now: 0)
            ).filename
        }
        #expect(try dequeued(through) == "conversion/\(EntryName(message: through.id, entry: 0))")
        #expect(try dequeued(onward) == "ims-ms/\(EntryName(message: onward.id, entry: 0))")
        #expect(through.id != onward.id)
    }

    @Test func example8() {
        var entry = enqueued
        entry.sender = ""
        #expect(text(entry, "T", ["log_format": 2]).contains(" EE 1 <> rfc822;marlowe@siroe.com "))
    }

    @Test func example9() {
        var entry = enqueued
        entry.sender = "a@b.c"
        #expect(text(entry, "T", ["log_format": 3]).contains(" EE 1 5:a@b.c 24:rfc822;marlowe@siroe.com "))
    }

    /// "the `co` element of 2.5".
    @Test func example10() {
        var entry = ConnectionLogEntry(
            .authentication, channel: "tcp_local", isInbound: true,
            transport: "TCP|192.245.12.223|25|151.1.71.144|59762", application: "SMTP", username: "user@example.com",
            diagnostic: "535 5.7.8 Bad username or password (Authentication failed).")
        entry.information = "Bad password"
        var output: [UInt8] = []
        LogLayout(options: options(["log_format": 4, "log_connection": 160]), node: "n").append(
            entry, time: Array("2014-06-02T09:45:50.29".utf8), process: "123f.3f8.4397", to: &output)
        #expect(
            String(decoding: output, as: UTF8.self)
                == #"<co ts="2014-06-02T09:45:50.29" pi="123f.3f8.4397" sc="tcp_local" dr="+" ac="U" "#
                + #"tr="TCP|192.245.12.223|25|151.1.71.144|59762" ap="SMTP" mi="Bad password" us="user@example.com" "#
                + #"di="535 5.7.8 Bad username or password (Authentication failed)."/>"# + "\n")
    }

    /// The orders that were seen: 2.3.
    @Test(
        arguments: [
            ("EEC", .enqueued, [.chunking, .esmtp]), ("EE", .enqueued, .esmtp), ("DE", .dequeued, .esmtp),
            ("EEA", .enqueued, [.authenticated, .esmtp]), ("ESA", .enqueued, [.authenticated, .tls]),
            ("DSA", .dequeued, [.authenticated, .tls]), ("BSA", .badCommand, [.authenticated, .tls]),
            ("EEPA", .enqueued, [.pipelining, .authenticated, .esmtp]),
            ("VEA", .aborted, [.authenticated, .esmtp]), ("EL", .enqueued, .lmtp),
        ] as [(String, MessageAction, TransferModifiers)])
    func example11(_ code: String, _ action: MessageAction, _ modifiers: TransferModifiers) {
        var entry = enqueued
        entry.action = action
        entry.modifiers = modifiers
        #expect(text(entry, "T").contains(" \(code) 1 adam@sesta.com "))
    }

    @Test(arguments: [(1, " 61"), (4, " qt=\"61\"/>"), (5, ",\"qt\":61}}"), (6, ",\"qt\":61}")])
    func example12(_ format: Int, _ end: String) throws {
        let queued = message(1, [entry("tcp_local", "u@d", given: "u@d")])
        let given = try #require(
            MessageLogEntry.dequeue(
                queued, entry: 0, attempts: 0, outcome: RecipientOutcome(recipient: 0, result: .delivered),
                othersSettled: false, size: 1, now: queued.arrival + 61_000))
        #expect(text(given, "T", ["log_format": format, "log_queue_time": 1]).hasSuffix(end))
    }

    @Test(arguments: [(1, 1), (1024, 1), (1025, 2)])
    func example13(_ octets: Int, _ blocks: Int) { #expect(blockCount(ofBytes: octets) == blocks) }

    @Test func example14b() {
        var entry = enqueued
        entry.action = .held
        entry.modifiers = []
        entry.blocks = 4
        entry.sender = "a@b.c"
        entry.originalRecipient = "rfc822;u@d"
        entry.currentRecipient = "u@ims-ms-daemon"
        entry.reason = "loop: 51 Received lines"
        #expect(
            fields(text(entry, "16-Feb-2007 14:54:13.72", ["log_reason": 1]))
                == "16-Feb-2007 14:54:13.72 tcp_local ims-ms H 4 a@b.c rfc822;u@d u@ims-ms-daemon "
                + "loop: 51 Received lines")
    }

    /// "O, U, C entries; no transport field in message entries".
    @Test func example14c() throws {
        let directory = try ScratchLogs()
        let log = TransactionLog(directory: directory.path, options: options(["log_connection": 131]), node: "n") {
            Issue.record("\($0)")
        }
        for action in [ConnectionLogEntry.Action.opened, .authentication, .remoteQueueStart, .closed] {
            log.write(
                ConnectionLogEntry(
                    action, channel: "tcp_local", isInbound: true, transport: "TCP|a|25|b|1", application: "SMTP"))
        }
        var entry = enqueued
        entry.connection.transport = "TCP|a|25|b|1"
        log.write([entry])
        let lines = directory.lines()
        #expect(lines.dropLast().map { $0.split(separator: " ")[4] } == ["O", "U", "C"])
        #expect(lines.last?.contains("TCP|") == false)
    }
}

/// What other systems are told: syslog (notifications-logging specification, 2.6), with a socket that is read.
@Suite final class LogSyslogTests {
    private let directory: ScratchLogs
    private let socket: OwnedDescriptor

    init() throws {
        directory = try ScratchLogs()
        socket = try UnixSockets.datagram()
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("\(directory.path)/log.socket".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let number = socket.number
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
    }

    private func log(_ values: [String: Int], socket name: String = "log.socket") -> TransactionLog {
        TransactionLog(
            directory: directory.path, options: options(values), node: "n",
            systemLog: "\(directory.path)/\(name)", clock: { 1_700_000_000_000_000_000 }, report: { _ in })
    }

    /// What has come: sending is done when the call returns.
    private func records() -> [String] {
        var records: [String] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(socket.number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return records }
            records.append(String(decoding: buffer.prefix(count), as: UTF8.self))
        }
    }

    private func entry(_ sender: String) -> MessageLogEntry {
        var entry = MessageLogEntry(.enqueued)
        entry.sender = sender
        return entry
    }

    private let opened = ConnectionLogEntry(
        .opened, channel: "tcp_local", isInbound: true, transport: "TCP|a|25|b|1", application: "SMTP")

    /// LOG_MESSAGES_SYSLOG: "absolute value = syslog priority+facility; > 0: syslog and files; < 0: syslog only".
    @Test(arguments: [(22, 2), (-22, 0)])
    func messages(_ value: Int, _ written: Int) throws {
        log(["log_messages_syslog": value, "log_connection": 2]).write([
            entry("a@b.c"), entry(String(repeating: "x", count: 3000)),
        ])
        let found = records()
        #expect(found.count == 2 && found.allSatisfy { $0.hasPrefix("<22>") })
        #expect(found.first?.contains(" martlet[\(getpid())]: ") == true)
        #expect(found.first?.contains(" E 0 a@b.c ") == true && !found[0].contains("\n"))
        #expect(found.last?.contains(String(repeating: "x", count: 3000)) == true)
        #expect(directory.lines().count == written)
        log(["log_messages_syslog": value, "log_connection": 2]).write(opened)
        #expect(records().isEmpty)
    }

    @Test(arguments: [(22, 1), (-22, 0)])
    func connections(_ value: Int, _ written: Int) throws {
        let log = log(["log_connections_syslog": value, "log_connection": 2])
        log.write(opened)
        #expect(records().first?.hasSuffix(" + O TCP|a|25|b|1 SMTP".replacing(" + ", with: " +            ")) == true)
        #expect(directory.lines().count == written)
        log.write([entry("a@b.c")])
        #expect(records().isEmpty)
    }

    /// What syslog does not take is in the file, whatever the sign.
    @Test(arguments: [22, -22])
    func nobodyListens(_ value: Int) throws {
        log(["log_messages_syslog": value], socket: "nobody").write([entry("a@b.c"), entry("d@e.f")])
        #expect(directory.lines().count == 2)
    }

    /// HELD_SNDOPR: "also writes a syslog notice" (job-controller specification, 10).
    @Test(arguments: [0, 1])
    func held(_ value: Int) throws {
        log(["held_sndopr": value]).noticeHeld("message 0000000000A", reason: "loop: 51 Received lines")
        let found = records()
        #expect(found.count == value)
        #expect(
            found.allSatisfy {
                $0.hasPrefix("<13>") && $0.hasSuffix("message 0000000000A is held: loop: 51 Received lines")
            })
    }

    /// LOG_SNDOPR: "syslog when logging … fail", with the severity of SNDOPR_PRIORITY, once in a row.
    @Test(arguments: [(0, nil), (1, "<11>")] as [(Int, String?)])
    func failures(_ value: Int, _ start: String?) throws {
        let values = ["log_sndopr": value, "sndopr_priority": 3]
        let log = TransactionLog(
            directory: "\(directory.path)/missing", options: options(values), node: "n",
            systemLog: "\(directory.path)/log.socket", clock: { 0 }, report: { _ in })
        log.write([entry("a@b.c")])
        log.write([entry("a@b.c")])
        let found = records()
        #expect(found.count == (start == nil ? 0 : 1))
        if let start {
            #expect(found[0].hasPrefix(start) && found[0].contains("the transaction log cannot be written"))
        }
    }
}

/// A log directory that goes away with the test.
final class ScratchLogs: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-log-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCallError.current("mkdtemp") }
        path = template.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    deinit {
        for name in (try? Files.list(path)) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    func text(_ name: String) -> String? {
        (try? Files.read("\(path)/\(name)")).map { String(decoding: $0, as: UTF8.self) }
    }

    func append(_ name: String, _ text: String) throws {
        let file = try OwnedDescriptor.open("\(path)/\(name)", O_WRONLY | O_APPEND | O_CREAT, mode: 0o640)
        try Array(text.utf8).withUnsafeBytes { try Files.writeAll(file.number, $0) }
    }

    func lines(_ name: String = "mail.log_current") -> [Substring] { (text(name) ?? "").split(separator: "\n") }
}
