import Configuration
import Envelope
import Glibc
import Spool
import SystemCalls
import Testing

@testable import Commands

/// Export and import of messages, and the state of the queue (job-controller specification, sections 9.0 and 9.4).
@Suite struct QueueTransferTests {
    private final class Screen {
        var lines: [String] = []
        var errors: [String] = []
    }

    /// A message that has everything an envelope can have.
    private static var rich: QueuedMessage {
        var first = QueueEntry(
            channel: "tcp_local", host: "far.example",
            recipients: [
                QueueRecipient(
                    address: "a@far.example", given: "b@here.example", originalRecipient: "rfc822;c%41@here.example",
                    notify: [.success, .delay]),
                QueueRecipient(address: "x;y@far.example", given: "x;y@far.example", notify: .never),
                QueueRecipient(address: "a;@far.example", given: "z@far.example", originalRecipient: "odd"),
            ], priority: .urgent, notBefore: 1_800_000_000)
        first.deliverBy = DeliverBy(deadline: 1_900_000_000, mode: .notify)
        let second = QueueEntry(
            channel: "ims-ms", host: "ims-ms-daemon",
            recipients: [QueueRecipient(address: "anna@ims-ms-daemon", given: "anna@here.example")],
            heldReason: "by joe: 50% %41\n; loop")
        var message = QueuedMessage(
            id: MessageID(rawValue: 0), arrival: 1_700_000_000_042, sourceChannel: "tcp_submit",
            submission: Submission(clientAddress: "192.0.2.7", helo: "[192.0.2.7]", user: "joe", usedTLS: true),
            sender: "joe@here.example", envelopeID: "0ABC", clientEnvelopeID: "QQ\u{1}31;4", returnContent: .headers,
            body: .eightBitMIME, needsSMTPUTF8: true, messageIDHeader: "<m@x>", entries: [first, second])
        message.transferPriority = -3
        return message
    }

    private func item(_ message: QueuedMessage, _ number: Int) -> QueueItem {
        let entry = message.entries[number]
        return QueueItem(
            RecoveredEntry(
                key: QueueEntryKey(message: message.id, entry: UInt32(number)),
                location: SpoolLocation(segment: "w-1", offset: 256, length: 100), channel: entry.channel,
                host: entry.host, notBefore: entry.notBefore, recipients: entry.recipients.count,
                pending: Array(entry.recipients.indices), attempts: 2, heldReason: entry.heldReason,
                lastAttempt: 1_700_000_100,
                lastOutcomes: [
                    RecipientOutcome(
                        recipient: 0, result: .failedTemporarily, status: "4.2.1", text: "450 4.2.1 busy; later",
                        remote: "far.example (TCP|192.0.2.1|1|192.0.2.2|25)")
                ]), now: 1_700_000_200)
    }

    @Test func theTextKeepsTheEnvelope() throws {
        let message = Self.rich
        let lines = EnvelopeText.lines(message, items: [item(message, 0), item(message, 1)], size: 2049)
        for line in [
            "v;1", "t;2023-11-14T22:13:20.042Z", "c;tcp_submit", "a;joe", "m;joe@here.example", "r;HDRS", "b;8BITMIME",
            "g;SMTPUTF8", "z;3", "y;QQ%0131;4", "e;0;tcp_local;far.example;delayed", "p;urgent",
            "d;2027-01-15T08:00:00Z", "k;SUCCESS,DELAY", "j;rfc822", "f;c%2541@here.example", "o;b@here.example",
            "a@far.example", "%78;y@far.example", "%61;@far.example",
            "e;1;ims-ms;ims-ms-daemon;held:by joe: 50% %2541%0A; loop",
            "x;2023-11-14T22:15:00Z;2;a@far.example;far.example (TCP|192.0.2.1|1|192.0.2.2|25);"
                + "failedTemporarily 4.2.1 450 4.2.1 busy; later",
        ] {
            #expect(lines.contains(line), "\(line): \(lines)")
        }
        #expect(lines.last == ".")
        #expect(try EnvelopeText.message(lines.joined(separator: "\n") + "\n") == message)
        #expect(try EnvelopeText.message(lines.joined(separator: "\r\n")) == message)
    }

    /// Settled recipients stay out; letters of a later version do no harm.
    @Test func onlyWhatIsPending() throws {
        var pending = item(Self.rich, 0)
        pending.pending = [1]
        let lines = EnvelopeText.lines(Self.rich, items: [pending], size: 1)
        let text = (lines.dropLast() + ["Z;new", "."]).joined(separator: "\n")
        let message = try EnvelopeText.message(text)
        #expect(message.entries.map { $0.recipients.map(\.address) } == [["x;y@far.example"]])
    }

    @Test(arguments: [
        ("v;2\n.", 1, "version 2"), ("m;\n.", 2, "no entry"), ("e;0;c;h;ready\na@b\n.", 3, "no envelope From"),
        ("m;a@b\ne;0;c;h;ready\n.", 3, "no recipient"), ("m;a@b\na@b\n.", 2, "behind an entry"),
        ("m;a@b\ne;0;c\n.", 2, "e has number"), ("t;2025-02-30T00:00:00Z\n.", 1, "no time"),
        ("t;yesterday\n.", 1, "no time"), ("t;99999999999999999999-1-1T0:0:0Z\n.", 1, "no time"),
        ("b;9BIT\n.", 1, "none of 7BIT"), ("q;11\n.", 1, "-9 to 9"), ("m;a@b\ne;0;c;h;ready\nw;X\n.", 3, "R or N"),
        ("m;a@b\ne;0;c;h;ready\n\n.", 3, "empty line"), ("m;a@b\ne;0;c;h;ready\na@b\n", 4, "period"), ("", 1, "period"),
        ("m;a@b\ne;0;c;h;ready\na@b\n.", 4, "no arrival"),
    ]) func whatIsWrong(text: String, line: Int, reason: String) {
        let problem = #expect(throws: EnvelopeText.Problem.self) { try EnvelopeText.message(text) }
        #expect(problem?.line == line && problem?.reason.contains(reason) == true, "\(String(describing: problem))")
    }

    /// A copy has the id of the one before that was given up, which may have left its file.
    @Test func aLargeCopyCanBeMadeAgain() throws {
        try withQueues { root, _, _ in
            let content = [UInt8](repeating: 65, count: 300 << 10)
            var message = Self.rich
            message.id = MessageID.derived(
                from: MessageID(rawValue: 7), entry: 0, attempt: 0, recipients: [0], .requeue)
            let enqueuer = try QueueEnqueuer(queue: "\(root)/queue")
            try Files.replace("\(root)/queue/large/\(message.id).msg", with: content)
            var pieces = [content]
            try enqueuer.enqueue(message, size: content.count) { pieces.popLast() ?? [] }
            enqueuer.close()
            #expect(try QueueInspection.read(queue: "\(root)/queue").entries.count == message.entries.count)
        }
    }

    private func withQueues(_ body: (String, (String, [String]) -> Int32?, Screen) throws -> Void) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { Self.remove(root) }
        let screen = Screen()
        try body(
            root,
            { name, words in
                let paths = InstancePaths(instanceRoot: "\(root)/\(name)")
                for directory in ["\(root)/\(name)", paths.data, paths.queue, paths.run, paths.log] {
                    try? Files.createDirectory(directory)
                }
                let around = QueueManager.Surroundings(
                    say: { screen.lines.append($0) }, complain: { screen.errors.append($0) }, ask: { _ in nil })
                return QueueManager(source: QueueSource(paths: paths), around: around, isDialogue: false).perform(words)
            }, screen)
    }

    private static func remove(_ path: String) {
        for name in (try? Files.list(path)) ?? [] { remove("\(path)/\(name)") }
        Glibc.remove(path)
    }

    /// "`martlet queue export --all DIR` there, `martlet queue import DIR` here": everything arrives, with content in the
    /// record and beside it, and what is exported there is what was exported here.
    @Test func aQueueMovesToAnotherHost() throws {
        try withQueues { root, perform, screen in
            #expect(perform("here", ["import", root]) == 1)
            try Files.createDirectory("\(root)/made")
            let contents = [Array("Subject: a\r\n\r\nbody\r\n".utf8), [UInt8](repeating: 65, count: 400 << 10), []]
            for (number, content) in contents.enumerated() {
                let items = number == 0 ? [0, 1] : [1]
                let lines = EnvelopeText.lines(Self.rich, items: items.map { item(Self.rich, $0) }, size: content.count)
                try Files.replace("\(root)/made/\(number).env", with: Array(lines.joined(separator: "\n").utf8))
                try Files.replace("\(root)/made/\(number).eml", with: content)
            }
            try Files.replace("\(root)/made/bad.env", with: Array("m;\n.".utf8))
            #expect(perform("here", ["import", "\(root)/made"]) == 1)
            #expect(screen.errors.contains { $0.contains("bad.env") && $0.contains("no entry") }, "\(screen.errors)")
            #expect(perform("here", ["verify"]) == 0, "\(screen.errors)")
            #expect(!screen.lines.contains { $0.contains("ORPHAN") })
            try Files.replace("\(root)/here/data/queue/large/0000000000A.msg", with: [1])
            #expect(perform("here", ["verify"]) == 0)
            #expect(screen.lines.contains { $0.contains("ORPHAN, large/0000000000A.msg") }, "\(screen.lines)")
            #expect(perform("here", ["export", "--all", "\(root)/out"]) == 0)
            #expect(perform("there", ["import", "\(root)/out"]) == 0)
            #expect(perform("there", ["export", "--all", "\(root)/back"]) == 0)
            #expect(try pairs("\(root)/out").count == 3)
            #expect(try pairs("\(root)/out") == pairs("\(root)/back"))
            let made = Set(contents.map { String(decoding: $0, as: UTF8.self) })
            #expect(try Set(pairs("\(root)/back").map(\.content)) == made)
            // One entry of a message, by name.
            screen.lines = []
            #expect(perform("there", ["directory", "ims-ms", "-json"]) == 0)
            let listing = screen.lines.joined()
            let name = try #require(listing.split(separator: "\"").first { $0.hasSuffix(".01.HELD") }).dropFirst(0)
            #expect(perform("there", ["export", "-output=\(root)/one", String(name)]) == 0)
            #expect(try pairs("\(root)/one").count == 1)
            screen.lines = []
            #expect(perform("there", ["status"]) == 0)
            #expect(screen.lines.contains("Entries         4") && screen.lines.contains("Messages        3"))
            #expect(screen.lines.contains { $0.hasPrefix("Live octets") })
            // It needs the Job Controller.
            #expect(perform("there", ["requeue", "-channel=tcp_b", String(name)]) == 75)
            #expect(perform("there", ["requeue", String(name)]) == 64)
        }
    }

    /// Envelopes and contents in a directory, without the names of the files.
    private func pairs(_ directory: String) throws -> [(envelope: String, content: String)] {
        let bases = try Files.list(directory).filter { $0.hasSuffix(".env") }.map { "\(directory)/\($0.dropLast(4))" }
        let text = { (path: String) in String(decoding: try Files.read(path), as: UTF8.self) }
        return try bases.map { (try text($0 + ".env"), try text($0 + ".eml")) }.sorted { $0 < $1 }
    }
}

private func == (left: [(envelope: String, content: String)], right: [(envelope: String, content: String)]) -> Bool {
    left.elementsEqual(right) { $0 == $1 }
}
