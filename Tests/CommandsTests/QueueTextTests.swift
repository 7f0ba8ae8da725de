import Envelope
import Glibc
import Testing

@testable import Commands

/// What the commands on queues print: commands specification, sections 3.2, 6.4 and 10.
@Suite struct QueueTextTests {
    /// A time of the example as seconds since 1970, in whatever zone the test runs.
    private func time(_ year: Int32, _ month: Int32, _ day: Int32, _ hour: Int32, _ minute: Int32, _ second: Int32)
        -> Int64
    {
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec, parts.tm_isdst) = (hour, minute, second, -1)
        return Int64(mktime(&parts))
    }

    private func item(_ name: String, _ channel: String, arrival: Int64, size: Int = 1000, held: String? = nil)
        -> QueueItem
    {
        QueueItem(
            name: name, channel: channel, host: "h.example", state: held == nil ? "ready" : "held", priority: "normal",
            arrival: arrival * 1000, next: nil, attempts: 0, size: size, pending: [0], held: held, lastAttempt: 0,
            outcomes: [], segment: "w-1", offset: 256, length: 100)
    }

    private func words(_ lines: [String]) -> [String] {
        lines.map { $0.split(separator: " ").joined(separator: " ") }.filter { !$0.isEmpty }
    }

    /// Example 1: two files in channel sims-ms of one block each.
    @Test func example1Directory() {
        let rows = [
            QueueRow(id: 1, item: item("ZZ00000000001.00", "sims-ms", arrival: time(1999, 2, 24, 11, 52, 29))),
            QueueRow(id: 2, item: item("ZZ00000000002.00", "sims-ms", arrival: time(1999, 2, 24, 11, 51, 57))),
        ]
        let lines = words(
            QueueText.directory(rows, source: "the queue directory tree", now: time(1999, 2, 24, 14, 20, 29)))
        let rule = String(repeating: "-", count: 62)
        #expect(lines[0].hasPrefix("Wed, 24 Feb 1999 14:20:29 "))
        #expect(
            Array(lines.dropFirst()) == [
                "Data gathered from the queue directory tree", "Channel: sims-ms Size Queued since", rule,
                "1 ZZ00000000001.00 1 24-Feb-1999 11:52:29", "2 ZZ00000000002.00 1 24-Feb-1999 11:51:57", rule,
                "Total size: 2", "Grand total size: 2",
            ])
    }

    @Test func channelsFollowEachOther() {
        var rows = ["a", "a", "b"].enumerated().map {
            QueueRow(
                id: $0.offset + 1, item: item("ZZ0000000000\($0.offset).00", $0.element, arrival: 1_000, size: 2049))
        }
        rows[2].sender = "bob\u{1B}[2J@remote.example"
        rows[2].recipients = [QueueRecipient(address: "anna@ims-ms-daemon", given: "anna@example.com")]
        let lines = words(QueueText.directory(rows, source: "x", now: 2_000))
        #expect(lines.filter { $0.hasPrefix("Channel: ") }.count == 2)
        #expect(
            lines.contains("Total size: 6") && lines.contains("Total size: 3") && lines.contains("Grand total size: 9"))
        // Nothing a terminal would obey.
        #expect(lines.contains("From: bob?[2J@remote.example") && lines.contains("To: anna@ims-ms-daemon"))
        let bare = QueueText.directory(rows, source: "x", now: 2_000, hasFileInfo: false, hasTotals: false)
        #expect(!bare.contains { $0.contains("size") || $0.contains("Size") })
    }

    /// Example 2.
    @Test func example2Messages() {
        let lines = QueueText.messages([
            QueueHost(host: "siroe.com", active: 32, delayed: 47),
            QueueHost(host: "west.siroe.com", active: 0, delayed: 3),
        ])
        #expect(words(lines) == ["host active messages delayed messages", "siroe.com 32 47", "west.siroe.com 0 3"])
    }

    @Test func summary() {
        var row = QueueSummaryRow(name: "tcp_local", messages: 3, bytes: 9554, held: 2)
        row.oldest = time(2024, 4, 18, 10, 5, 14) * 1000
        var stopped = QueueSummaryRow(name: "conversion")
        stopped.stopped = true
        let lines = QueueText.summary([stopped, row], hasHeading: true, hasHeld: false, hasTotals: true)
        #expect(
            lines == [
                "                         Messages",
                "Channel                    Queued    Size (Kb)  Oldest",
                "----------------------- ---------  -----------  --------------------",
                "conversion (stopped)            0         0.00",
                "tcp_local                       3         9.33  18-Apr-2024 10:05:14",
                "----------------------- ---------  -----------  --------------------",
                "Totals                          3         9.33",
            ])
        let held = QueueText.summary([row], hasHeading: false, hasHeld: true, hasTotals: false)
        #expect(words(held) == ["tcp_local 3 9.33 18-Apr-2024 10:05:14 2"])
    }

    @Test func jobs() {
        let job = QueueJob(
            pid: 77, channel: "tcp_local", state: "busy", started: 0, hosts: ["a.example"],
            messages: ["ZZ00000000001.00"], processed: 5, failed: 1)
        #expect(
            words(QueueText.jobs([job])) == [
                "channel tcp_local", "job 77", "host a.example", "1 HOST BEING PROCESSED BY JOB 77",
                "message ZZ00000000001.00", "processed messages: 5", "failed processing attempts: 1",
                "1 MESSAGES BEING PROCESSED BY JOB 77", "1 JOBS ACTIVE FOR CHANNEL tcp_local", "1 ACTIVE CHANNELS",
            ])
    }

    @Test(arguments: [
        (0, "0 s"), (59, "59 s"), (3600, "1 h"), (3725, "1 h 2 min"), (90_000, "1 d 1 h"), (86_460, "1 d"),
    ])
    func spans(seconds: Int64, text: String) { #expect(LocalTime.span(seconds) == text) }

    @Test func controlCharactersAndTabs() {
        #expect(QueueText.shown("a\tb\u{7}\u{9B}c é") == "a\tb??c é")
    }

    /// A line of the message log, with and without node and process, formats 1 and 3.
    @Test(
        arguments: [
            "22-Nov-2026 08:00:00.12 tcp_intranet tcp_local    EE 3 a@example.com rfc822;b@far.example b@far.example tcp_local/ZZ0000000000A.00 <x@y> smtp;250 ok",
            "22-Nov-2026 08:00:00.12 node 1a2.3.4 tcp_intranet tcp_local    EE 3 a@example.com rfc822;b@far.example b@far.example tcp_local/ZZ0000000000A.00 <x@y> smtp;250 ok",
            "22-Nov-2026 08:00:00.12 tcp_intranet tcp_local    EE 3 13:a@example.com 20:rfc822;b@far.example 13:b@far.example 26:tcp_local/ZZ0000000000A.00 <x@y> smtp;250 ok",
        ])
    func logLines(text: String) throws {
        let line = try #require(QueueLogLine(text[...]))
        #expect(line.time == time(2026, 11, 22, 8, 0, 0) && line.action == "EE" && line.blocks == 3)
        #expect(line.source == "tcp_intranet" && line.destination == "tcp_local")
        #expect(line.sender == "a@example.com" && line.recipient == "b@far.example")
        #expect(line.entry == "tcp_local/ZZ0000000000A.00" && line.detail.hasSuffix("smtp;250 ok"))
    }

    @Test func dequeueLinesHaveOneChannel() throws {
        let line = try #require(
            QueueLogLine(
                "22-Nov-2026 08:00:01.00 tcp_local                 Q 0  rfc822;b@far.example b@far.example tcp_local/ZZ0000000000A.00 TCP connection refused"[
                    ...]))
        #expect(line.source == "tcp_local" && line.destination.isEmpty && line.sender.isEmpty)
        #expect(line.action == "Q" && line.meaning == "failed, to be tried again")
        #expect(QueueLogLine("22-Nov-2026 08:00:01.00 tcp_local    +            O TCP|1|2|3|4 SMTP"[...]) == nil)
        #expect(QueueLogLine("nonsense"[...]) == nil && QueueLogLine(""[...]) == nil)
    }

    @Test func partsOfBytes() {
        func holds(_ text: String, _ part: String) -> Bool {
            Array(text.utf8).withUnsafeBytes { text in Array(part.utf8).withUnsafeBytes { text.holds($0) } }
        }
        #expect(
            holds("abcabd", "abd") && holds("a", "a") && holds("aab", "ab") && !holds("ab", "abc") && !holds("", "a"))
        #expect(holds("xyz", "") && !holds("abcab", "abd"))
    }
}
