import Enqueue
import Envelope
import InternetMessage
import Testing

private let date = Array("Sun, 22 Nov 2026 02:46:41 +0000 (UTC)".utf8)

private func prepare(
    _ text: String, completes: Bool = false, _ change: (inout HeaderPreparation) -> Void = { _ in }
) -> Result<(header: String, body: String, facts: HeaderFacts), HeaderError> {
    var preparation = HeaderPreparation(localHost: "mail.example.com")
    change(&preparation)
    let received = ReceivedField(
        origin: .client(helo: "client.example", reverseName: .notLookedUp, address: "192.0.2.1"),
        host: "mail.example.com", product: "Product", transmission: .esmtp, envelopeID: "0JDJ00D02IBWDX00", date: date)
    let completion = HeaderBlock.Completion(
        date: date, envelopeID: "0JDJ00D02IBWDX00", host: "mail.example.com", sender: "anna@example.com")
    let content = Array(text.utf8)
    return preparation.prepare(content, received: received, completion: completes ? completion : nil).map {
        (
            String(decoding: $0.header, as: UTF8.self), String(decoding: content[$0.bodyStart...], as: UTF8.self),
            $0.facts
        )
    }
}

private let trace = """
    Received: from client.example ([192.0.2.1]) by mail.example.com (Product)\r
     with ESMTP id <0JDJ00D02IBWDX00@mail.example.com>; Sun,\r
     22 Nov 2026 02:46:41 +0000 (UTC)\r

    """

/// Smtp specification, 8.1 to 8.3; job-controller specification, 6.5 and 10.
@Suite struct HeaderPreparationTests {
    private func lines(_ header: String) -> [String] {
        header.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func traceFieldOnTop() throws {
        let given = try prepare("Subject: x\r\nReceived: from a by b; date\r\n\r\nbody\r\n").get()
        #expect(given.header.hasPrefix("Received: from client.example ([192.0.2.1]) by mail.example.com"))
        #expect(given.header.hasSuffix("(UTC)\r\nSubject: x\r\nReceived: from a by b; date\r\n\r\n"))
        #expect(given.body == "body\r\n")
        #expect(given.facts.heldReason == nil)
    }

    @Test func missingFieldsOnSubmission() throws {
        let added = try prepare("Subject: x\r\n\r\nbody", completes: true).get()
        let fields = Set(lines(added.header))
        #expect(fields.contains("Date: Sun, 22 Nov 2026 02:46:41 +0000 (UTC)"))
        #expect(fields.contains("From: anna@example.com"))
        #expect(added.header.contains("<0JDJ00D02IBWDX00@mail.example.com>\r\n"))
        #expect(added.facts.messageID == "<0JDJ00D02IBWDX00@mail.example.com>")
        #expect(added.header.hasSuffix("\r\n\r\n"))
        let given = "date: d\r\nFROM: f\r\nmessage-id: <m@x>\r\n"
        let kept = try prepare(given + "\r\n", completes: true).get()
        #expect(kept.header.hasSuffix("(UTC)\r\n\(given)\r\n"))
        #expect(kept.facts.messageID == "<m@x>")
        let relayed = try prepare("Subject: x\r\n\r\n").get()
        #expect(!relayed.header.contains("Date:"))
        #expect(relayed.facts.messageID.isEmpty)
    }

    @Test(arguments: [
        ("Priority: urgent", Priority.urgent), ("priority:  Non-Urgent ", .nonurgent), ("Priority: normal", .normal),
        ("Priority: rubbish", .normal), ("Priority: urgent\r\nPriority: non-urgent", .urgent),
        ("X-Priority: 1", .normal), ("Precedence: bulk", .normal), ("Importance: high", .normal),
        ("Subject: x", .normal),
    ])
    func priority(_ field: String, _ priority: Priority) throws {
        #expect(try prepare("\(field)\r\n\r\n").get().facts.priority == priority)
    }

    /// Above the limit, not at it, the message is held.
    @Test(
        arguments: [
            (50, "Received: from a by b; d", nil), (51, "Received: from a by b; d", "loop: 51 Received lines"),
            (10, "Received: from a by mail.example.com; d", nil),
            (11, "Received: from a by MAIL.example.com (x); d", "loop: 11 Received lines of this host"),
            (20, "MR-Received: x", nil), (21, "MR-Received: x", "loop: 21 MR-Received lines"),
            (50, "X400-Received: x", nil), (51, "X400-Received: x", "loop: 51 X400-Received lines"),
            (1_000, "Received: x", "loop: 1000 Received lines"),
        ] as [(Int, String, String?)])
    func loops(_ count: Int, _ field: String, _ reason: String?) throws {
        let header = String(repeating: "\(field)\r\n", count: count)
        #expect(try prepare(header + "\r\n").get().facts.heldReason == reason)
    }

    @Test func loopOfSeveralKinds() throws {
        let some =
            String(repeating: "Received: x\r\n", count: 50) + String(repeating: "X400-Received: x\r\n", count: 50)
        #expect(try prepare(some + "\r\n").get().facts.heldReason == nil)
        #expect(
            try prepare(some + "MR-Received: x\r\n\r\n").get().facts.heldReason
                == "loop: 101 Received lines of all kinds")
    }

    @Test func limitsOfTheConfiguration() throws {
        let site = try Site(
            "",
            replacing: [
                (
                    old: "role.mta.enable = 1\n",
                    new:
                        "role.mta.enable = 1\nrole.mta.max_received_lines = 3\nrole.mta.received_domain = name.example\n"
                )
            ])
        let preparation = HeaderPreparation(site.configuration)
        #expect(preparation.loopLimits.received == 3)
        #expect(preparation.loopLimits.local == 10)
        #expect(preparation.localHost == "name.example")
    }

    /// What is no header is body, and gets one.
    @Test(arguments: [
        ("", ""), ("\r\n", ""), ("\r\nbody", "body"), ("no field\r\nbody", "no field\r\nbody"),
        (" continuation of nothing\r\n", " continuation of nothing\r\n"), (":empty name\r\n", ":empty name\r\n"),
        ("Sub ject: x\r\n\r\n", "Sub ject: x\r\n\r\n"),
    ])
    func withoutHeader(_ text: String, _ body: String) throws {
        let given = try prepare(text).get()
        #expect(lines(given.header).filter { !$0.hasPrefix(" ") && !$0.isEmpty }.count == 1)
        #expect(given.header.hasSuffix("(UTC)\r\n\r\n"))
        #expect(given.body == body)
        let completed = try prepare(text, completes: true).get()
        #expect(completed.header.contains("From: anna@example.com\r\n"))
        #expect(completed.body == body)
    }

    @Test func garbageEndsTheHeader() throws {
        let given = try prepare("Subject: x\r\ngarbage line\r\nTo: y\r\n\r\nbody").get()
        #expect(given.header.hasSuffix("Subject: x\r\n\r\n"))
        #expect(given.body == "garbage line\r\nTo: y\r\n\r\nbody")
    }

    @Test func headerWithoutEnd() throws {
        #expect(try prepare("Subject: x").get().header.hasSuffix("Subject: x\r\n\r\n"))
        #expect(try prepare("Subject: x\r\n folded").get().header.hasSuffix("Subject: x\r\n folded\r\n\r\n"))
    }

    @Test func tooLarge() {
        let long = "Subject: " + String(repeating: "x", count: 300_000) + "\r\n\r\n"
        let many = String(repeating: "X: y\r\n", count: 10_001) + "\r\n"
        for (text, words) in [(long, "larger than 262144 octets"), (many, "more than 10000 fields")] {
            guard case .failure(let error) = prepare(text) else {
                Issue.record("accepted")
                continue
            }
            #expect(error.description.contains(words))
        }
    }

    @Test func eightBitAndNULInHeaders() throws {
        let given = try prepare("Subject: \u{E4}\u{0}\r\nMessage-ID: <\u{1}@x>\r\n\r\n").get()
        #expect(given.header.contains("Subject: =?UTF-8?Q?=C3=A4?=\u{0}\r\n"))
        #expect(given.facts.messageID == "<?@x>")
    }
}
