import Envelope
import OptionSyntax
import Testing

@testable import Commands

/// What `martlet trace` tells (commands specification, section 9, task 28).
@Suite struct TraceTextTests {
    private let id = MessageID(rawValue: 10)

    private func event(_ text: String) throws -> QueueLogLine { try #require(QueueLogLine(text[...])) }

    private func item(_ state: String, attempts: Int = 0, next: Int64? = nil, held: String? = nil) -> QueueItem {
        QueueItem(
            name: EntryName(message: id, entry: 0, attempts: attempts, isHeld: held != nil).description,
            channel: "tcp_local", host: "far.example", state: state, priority: "normal", arrival: 0, next: next,
            attempts: attempts, size: 10, pending: [0, 1], held: held, lastAttempt: 1000,
            outcomes: attempts == 0
                ? []
                : [0, 1].map {
                    .init(
                        recipient: $0, result: "failedTemporarily", status: "4.7.1", text: "451 Greylisted\u{1B}",
                        remote: "mx.far.example")
                }, segment: "s", offset: 0, length: 0)
    }

    private func trace(_ items: [QueueItem], _ events: [QueueLogLine] = []) -> MessageTrace {
        MessageTrace(
            id: id, events: events, entries: items.map { .init(row: QueueRow(id: 1, item: $0)) })
    }

    @Test func inAFewWords() {
        let waiting = trace([item("delayed", attempts: 2, next: 4600)])
        let stamp = LocalTime.stamp(4600)
        #expect(
            waiting.summary(now: 1000) == [
                "waits for attempt 3 to far.example (tcp_local) at \(stamp), in 1 h: 4.7.1 451 Greylisted\u{1B}"
            ])
        #expect(
            trace([item("held", held: "loop: 51 Received lines")]).summary(now: 0) == [
                "is held, loop: 51 Received lines"
            ])
        #expect(trace([item("active")]).summary(now: 0) == ["is being sent to far.example (tcp_local) right now"])
        #expect(trace([item("ready")]).summary(now: 0) == ["is ready for far.example (tcp_local) and waits for a job"])
        #expect(trace([]).summary(now: 0) == ["it has left the queue, and the log does not say how"])
        // Nothing a terminal would obey, and an answer that many recipients got stands there once.
        let lines = waiting.lines(now: 1000)
        #expect(lines.count { $0.contains("last answer") } == 1 && !lines.contains { $0.contains("\u{1B}") })
    }

    /// A message that has left the queue: the log has what is known, acts of administrators stand in between.
    @Test func gone() throws {
        let name = EntryName(message: id, entry: 0).description
        let events = try [
            "22-Nov-2026 08:00:00.12 tcp_intranet tcp_local    EE 3 a@example.com rfc822;bob@b.example b@far.example tcp_local/\(name) <x@y.example> client.example ([192.0.2.1])",
            "22-Nov-2026 08:00:01.00 tcp_local                 Q 0 a@example.com rfc822;bob@b.example b@far.example tcp_local/\(name) <x@y.example> smtp;451 later",
            "22-Nov-2026 09:00:01.00 tcp_local                 R 3 a@example.com rfc822;bob@b.example b@far.example tcp_local/ZY\(name.dropFirst(2)) <x@y.example> smtp;550 no",
        ].map(event)
        var trace = trace([], events)
        trace.acts = [.init(stamp: "22-Nov-2026 08:30:00", text: "return \(name) by root")]
        trace.ways = [.init(about: "way", text: "bob@b.example goes to channel tcp_local", place: "")]
        let lines = trace.lines(now: 0)
        #expect(lines[1] == "  1 recipient returned to the sender; nothing is left to be done")
        for line in [
            "  arrived     22-Nov-2026 08:00:00.12 on channel tcp_intranet", "  from        <a@example.com>",
            "  message id  <x@y.example>", "  22-Nov-2026 08:00:00.12  EE    taken, tcp_intranet to tcp_local",
            "      to b@far.example, given as bob@b.example", "      smtp;451 later",
            "  22-Nov-2026 08:00:01.00  Q     failed, to be tried again, tcp_local, attempt 1",
            "  22-Nov-2026 09:00:01.00  R     failed for good, returned, tcp_local, attempt 2",
            "Nothing of it is in the queue any more.", "Which way it would go by the configuration now",
        ] {
            #expect(lines.contains(line), "\(line): \(lines)")
        }
        let act = try #require(lines.firstIndex { $0.hasSuffix("an administrator: return \(name) by root") })
        let failed = try #require(lines.firstIndex { $0.contains("attempt 1") })
        let returned = try #require(lines.firstIndex { $0.contains("attempt 2") })
        #expect(failed < act && act < returned)
        let json = trace.json.text
        #expect(json.contains(#""summary":["1 recipient returned to the sender; nothing is left to be done"]"#))
        #expect(json.contains(#""acts":[{"time":"22-Nov-2026 08:30:00","text":"return "#))
    }

    @Test func refusals() throws {
        let line = try event(
            "22-Nov-2026 08:00:00.12 tcp_local    tcp_local    JE 0 a@x.example rfc822;no@b.example no@b.example   550 5.1.1 unknown or illegal user"
        )
        #expect(
            MessageTrace.lines(refused: [line]) == [
                "Refused, so that nothing of it is in the queue",
                "  22-Nov-2026 08:00:00.12  JE    refused, tcp_local", "      to no@b.example, from a@x.example",
                "      550 5.1.1 unknown or illegal user",
            ])
        #expect(MessageTrace.lines(refused: []).isEmpty)
    }

    @Test func stamps() {
        #expect(LocalTime.seconds(LocalTime.stamp(1_700_000_000)) == 1_700_000_000)
        #expect(LocalTime.seconds("yesterday") == nil)
    }
}
