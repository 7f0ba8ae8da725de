import Configuration
import Envelope
import Glibc
import Spool
import SystemCalls
import Testing

@testable import Commands

/// The commands on queues while no Job Controller runs: what they read from the disk, and what they refuse (commands
/// specification, sections 6.3 and 10).
@Suite struct QueueManagerTests {
    private final class Screen {
        var lines: [String] = []
        var errors: [String] = []
        var answers: [String] = []
    }

    private func withQueue(_ body: (QueueManager, Screen, InstancePaths) throws -> Void) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { Self.remove(root) }
        let paths = InstancePaths(instanceRoot: root)
        for directory in [paths.config, paths.queue, paths.run, paths.log] { try Files.createDirectory(directory) }
        try fill(paths.queue)
        let screen = Screen()
        let manager = QueueManager(
            source: QueueSource(paths: paths),
            around: QueueManager.Surroundings(
                say: { screen.lines.append($0) }, complain: { screen.errors.append($0) },
                ask: { question in
                    screen.lines.append(question)
                    return screen.answers.isEmpty ? nil : screen.answers.removeFirst()
                }), isDialogue: true)
        try body(manager, screen, paths)
    }

    private static func remove(_ path: String) {
        for name in (try? Files.list(path)) ?? [] { remove("\(path)/\(name)") }
        Glibc.remove(path)
    }

    /// Three messages, one of them held and one with two entries.
    private func fill(_ queue: String) throws {
        try QueueStore.prepare(queue: queue)
        var options = SpoolWriterOptions()
        options.segmentSize = 1 << 20
        let writer = try SpoolWriter(queue: queue, name: SpoolWriter.uniqueName(), options: options)
        for number in 0..<3 {
            var entries = [
                QueueEntry(
                    channel: "tcp_local", host: "h\(number).example",
                    recipients: [
                        QueueRecipient(address: "r\(number)@h\(number).example", given: "r\(number)@h\(number).example")
                    ],
                    heldReason: number == 1 ? "loop: 51 Received lines" : nil)
            ]
            if number == 2 {
                entries.append(
                    QueueEntry(
                        channel: "ims-ms", host: "ims-ms-daemon",
                        recipients: [QueueRecipient(address: "anna@ims-ms-daemon", given: "anna@example.com")]))
            }
            let message = QueuedMessage(
                id: MessageID(rawValue: UInt64(number)), arrival: 1_700_000_000_000 + Int64(number),
                sourceChannel: "tcp_submit",
                sender: number == 0 ? "" : "bob@remote.example", messageIDHeader: "<m\(number)@x>", entries: entries)
            let text = "Subject: buy now and pay later \(number / 2)\r\nX: y\r\n\r\nbody \(number) \u{1B}\r\n"
            writer.append(message, content: .inline([Array(text.utf8)])) { _ in }
        }
        // Waits for what was handed over.
        writer.close()
    }

    private func run(_ manager: QueueManager, _ screen: Screen, _ text: String) -> Int32? {
        screen.lines = []
        screen.errors = []
        return manager.perform((try? QueueLine.words(text)) ?? [])
    }

    /// Example 33: "Job Controller down: `qm stop tcp_local` -> works; `qm directory` -> works, read only; `qm release 1` ->
    /// `%QM-E-NOJBC`, exit 75".
    @Test func example33() throws {
        try withQueue { manager, screen, paths in
            #expect(run(manager, screen, "stop tcp_local") == 0)
            #expect(StoppedChannels(path: "\(paths.queue)/stopped").names == ["tcp_local"])
            #expect(run(manager, screen, "directory") == 0)
            #expect(screen.lines.contains { $0.contains("ZZ00000000000.00") })
            #expect(screen.lines.contains { $0.contains("ZZ00000000001.00.HELD") })
            #expect(run(manager, screen, "release 1") == 75)
            #expect(screen.errors == ["%QM-E-NOJBC, cannot contact the Job Controller"])
            #expect(run(manager, screen, "start tcp_local") == 0)
            #expect(StoppedChannels(path: "\(paths.queue)/stopped").names.isEmpty)
            let log = try Files.read("\(paths.log)/admin.log")
            #expect(String(decoding: log, as: UTF8.self).contains(" stop tcp_local by "))
            // Nothing was changed by looking.
            let aside = try Files.list("\(paths.queue)/quarantine")
            #expect(aside.isEmpty)
        }
    }

    @Test func listingsAndFilters() throws {
        try withQueue { manager, screen, _ in
            for (command, names) in [
                ("directory tcp_local", ["00.00", "01.00.HELD", "02.00"]),
                ("directory *", ["02.01", "00.00", "01.00.HELD", "02.00"]),
                ("directory -held", ["01.00.HELD"]), ("held", ["01.00.HELD"]), ("directory -noheld ims*", ["02.01"]),
                ("directory -from=<>", ["00.00"]),
                ("directory -from=BOB@remote.example tcp_local", ["01.00.HELD", "02.00"]),
                ("directory -to=anna@example.com", ["02.01"]),
                ("directory -to=r*@*.example", ["00.00", "01.00.HELD", "02.00"]),
                ("directory -from=<> -to=anna@ims-ms-daemon", ["02.01", "00.00"]),
                ("directory -from=<> -to=anna@ims-ms-daemon -match=and", []), ("directory -host=h1.*", ["01.00.HELD"]),
                ("directory -newer=1h", []), ("directory -older=1h -state=ready -host=h0.example", ["00.00"]),
                ("directory -first=1 -skip=1 tcp_local", ["01.00.HELD"]),
            ] {
                let status = run(manager, screen, command)
                let found = screen.lines.compactMap { line in
                    line.split(separator: " ").first { $0.hasPrefix("ZZ") }.map { String($0.dropFirst(11)) }
                }
                #expect(found == names, "\(command): \(screen.lines)")
                #expect(status == (names.isEmpty ? 1 : 0))
            }
            #expect(run(manager, screen, "directory -long") == 0)
            #expect(screen.lines[0].hasPrefix("ID  ENTRY"))
            #expect(run(manager, screen, "directory -json -held") == 0)
            #expect(
                screen.lines[0].contains(
                    #""name":"ZZ00000000001.00.HELD","channel":"tcp_local","host":"h1.example","state":"held""#))
            #expect(screen.lines[0].contains(#""count":1,"total":1,"#))
            #expect(run(manager, screen, "summarize -held") == 0)
            #expect(screen.lines.contains { $0.hasPrefix("tcp_local") && $0.hasSuffix(" 1") })
            #expect(run(manager, screen, "summarize -json") == 0)
            #expect(screen.lines[0].contains(#"{"name":"tcp_local","messages":2,"#))
        }
    }

    @Test func readAndHistory() throws {
        try withQueue { manager, screen, paths in
            #expect(run(manager, screen, "read 1") == 64)
            #expect(screen.errors[0].contains("-E-NOLIST"))
            #expect(run(manager, screen, "directory tcp_local") == 0)
            #expect(run(manager, screen, "read -content 2") == 0)
            #expect(screen.lines.contains("Filename: tcp_local/ZZ00000000001.00.HELD"))
            #expect(screen.lines.contains("Envelope From: address: bob@remote.example"))
            #expect(screen.lines.contains("Envelope To: addresses: r1@h1.example"))
            #expect(screen.lines.contains("Subject: buy now and pay later 0") && screen.lines.contains("body 1 ?"))
            #expect(run(manager, screen, "read -json /old/path/tcp_local/ZY00000000002.01") == 0)
            #expect(screen.lines[0].contains(#""address":"anna@ims-ms-daemon""#))
            let log =
                "22-Nov-2026 08:00:01.00 tcp_local                 Q 0 bob@remote.example rfc822;r2@h2.example"
                + " r2@h2.example tcp_local/ZZ00000000002.00 <m2@x> smtp;450 later\n"
            try Files.replace("\(paths.log)/mail.log_current", with: Array(log.utf8))
            #expect(run(manager, screen, "history 3") == 0)
            #expect(screen.lines[0] == "tcp_local/ZZ00000000002.00")
            #expect(screen.lines.contains("    failed, to be tried again: <m2@x> smtp;450 later"), "\(screen.lines)")
            #expect(run(manager, screen, "read 9") == 2)
            #expect(run(manager, screen, "read ZZ00000000099.00") == 1)
        }
    }

    /// Examples 3, 5, 8 and 9.
    @Test func refusals() throws {
        try withQueue { manager, screen, _ in
            for (command, status, text) in [
                ("messages tcp_*", 64, "-E-WILDCARD"), ("clean -subject=\"short\"", 64, "-E-TOOSHORT"),
                ("delete -all", 64, "-E-NOLIST"), ("delete -all 3", 64, "-E-BOTH"),
                ("messages tcp_local", 75, "-E-NOJBC"),
                ("jobs", 75, "-E-NOJBC"), ("submit", 75, "-E-NOJBC"), ("clean", 64, "-E-NOTHING"),
                ("walk", 75, "-E-NOJBC"), ("counters today", 75, "%COUNTERS-E-NOJBC"),
                ("counters show", 2, "%COUNTERS-E-NOSEGMENT"), ("counters perhaps", 64, "%CLI-E-UNKNOWN"),
                ("top -threads=9", 64, "-E-THREADS"), ("hold ZZ00000000000.00", 75, "-E-NOJBC"),
                ("clean -from=<> -delete -hold", 64, "-E-BOTH"), ("stop tcp_*", 64, "-E-WILDCARD"),
                ("directory -match=perhaps", 64, "-E-MATCH"), ("top -subject=(BEGIN=1)", 64, "-E-RANGE"),
                ("clean -subject=nothing-has-this-subject-at-all", 1, "-W-NOMATCH"), ("hold", 64, "-E-NOID"),
            ] as [(String, Int32, String)] {
                #expect(run(manager, screen, command) == status, "\(command)")
                #expect(screen.errors.last?.contains(text) == true, "\(command): \(screen.errors)")
            }
            // The empty sender is exempt from -min_length.
            #expect(run(manager, screen, "clean -from=<>") == 75)
            #expect(run(manager, screen, "quit") == nil)
        }
    }

    @Test func top() throws {
        try withQueue { manager, screen, _ in
            #expect(run(manager, screen, "top") == 0)
            #expect(screen.lines[0] == "%QM-I-QCLISTING, building a list of message files to scan from the queue cache")
            #expect(screen.lines[1] == "%QM-I-SCANNING, scanning 4 message files")
            #expect(screen.lines[2].hasPrefix("%QM-I-SCANNED, scanned 4 message files in 0."))
            #expect(
                Array(screen.lines.dropFirst(4)) == [
                    "Top 20 Subject: header lines which occur 2 or more times", "Count Subject",
                    "2     buy now and pay later 0", "2     buy now and pay later 1",
                ])
            #expect(run(manager, screen, "top -from -min_count=1 -top=1 -json tcp_local") == 0)
            #expect(
                screen.lines[0]
                    == #"{"scanned":3,"fields":[{"field":"from","values":[{"count":2,"value":"bob@remote.example"}]}]}"#
            )
            #expect(run(manager, screen, "top -subject=(START=1,LENGTH=3) -domain_to -content -held") == 0)
        }
    }

    @Test func verifyFindsDamage() throws {
        try withQueue { manager, screen, paths in
            #expect(run(manager, screen, "verify") == 0)
            #expect(screen.lines.last == "martlet: 4 entries of 3 messages, 156 bytes: all are good", "\(screen.lines)")
            let segment = try #require(try Files.list("\(paths.queue)/segments").first { $0.hasSuffix(".seg") })
            var bytes = try Files.read("\(paths.queue)/segments/\(segment)", limit: 1 << 30)
            let place = try #require(bytes.firstIndex(of: UInt8(ascii: "b")))
            bytes[place + 300] ^= 0xFF
            try Files.replace("\(paths.queue)/segments/\(segment)", with: bytes)
            #expect(run(manager, screen, "verify -json") == 2)
            #expect(screen.lines[0].contains(#""bad":[{"#), "\(screen.lines)")
        }
    }
}
