import Envelope
import Testing

@testable import Notifications

private func message(
    sender: String = "adam@sesta.com", recipients: [QueueRecipient]? = nil, clientEnvelopeID: String? = nil
) -> QueuedMessage {
    let usual = [
        QueueRecipient(
            address: "user@final.example", given: "user@orig.example", originalRecipient: "rfc822;user@orig.example"),
        QueueRecipient(address: "same@final.example", given: "same@final.example"),
    ]
    return QueuedMessage(
        id: MessageID(rawValue: 7), arrival: 1_700_000_000_000, sourceChannel: "tcp_intranet", sender: sender,
        envelopeID: "0JDJ00D02IBWDX00", clientEnvelopeID: clientEnvelopeID,
        entries: [QueueEntry(channel: "tcp_local", host: "final.example", recipients: recipients ?? usual)])
}

private func report(
    _ kind: NotificationKind, _ message: QueuedMessage, _ outcomes: [RecipientOutcome],
    headersOnly: Bool = false, personal: String? = nil
) -> DeliveryReport {
    DeliveryReport(
        kind: kind, message: message, entry: message.entries[0], outcomes: outcomes, localHost: "mail.example.com",
        channelHost: "tcp-daemon", returnAddress: "postmaster@mail.example.com", returnPersonal: personal,
        messageID: "0JDJ00D03IBWDX00@mail.example.com", boundaryID: "AAAAAAAAAAABBBBBBBBBBB",
        date: "Sun, 22 Nov 2026 02:46:41 +0000 (UTC)", arrivalDate: "Tue, 14 Nov 2023 22:13:20 +0000 (UTC)",
        returnsHeadersOnly: headersOnly)
}

private func text(_ report: DeliveryReport, header: String = "Subject: x\r\n\r\n") -> String {
    String(decoding: report.opening(originalHeader: Array(header.utf8)), as: UTF8.self)
}

private let remote = "mx.example.jp (TCP|192.0.2.25|40000|198.51.100.1|25) (mx.example.jp ESMTP)"

/// Notifications-logging specification, 1.1 to 1.3; RFC 3464.
@Suite struct DeliveryReportTests {
    /// The layout of section 1.3, whole.
    @Test func failedReport() {
        let outcomes = [
            RecipientOutcome(
                recipient: 0, result: .failedPermanently, status: "5.1.1",
                text: "550 5.1.1 <user@final.example>... User Unknown", remote: remote),
            RecipientOutcome(
                recipient: 1, result: .failedPermanently, status: "5.4.4", text: "Illegal host/domain name found"),
        ]
        let header = """
            Received: from a by b; date\r
            Subject: a subject\r
            \tof two lines\r
            From: Adam <adam@sesta.com>\r
            To: user@orig.example\r
            Message-ID: <1@sesta.com>\r
            X-Other: not shown\r
            Date: Tue, 14 Nov 2023 22:13:19 +0000\r
            \r

            """
        let expected = """
            Date: Sun, 22 Nov 2026 02:46:41 +0000 (UTC)
            From: Internet Mail Delivery <postmaster@mail.example.com>
            Subject: Delivery Notification: Delivery has failed
            To: adam@sesta.com
            Message-id: <0JDJ00D03IBWDX00@mail.example.com>
            Auto-submitted: auto-replied
            MIME-version: 1.0
            Content-type: multipart/report;
             boundary="Boundary_(ID_AAAAAAAAAAABBBBBBBBBBB)"; report-type=delivery-status

            --Boundary_(ID_AAAAAAAAAAABBBBBBBBBBB)
            Content-type: text/plain; charset=us-ascii
            Content-language: en-US

            This report relates to a message you sent with the following header fields:

              Message-ID: <1@sesta.com>
              Date: Tue, 14 Nov 2023 22:13:19 +0000
              From: Adam <adam@sesta.com>
              To: user@orig.example
              Subject: a subject
               of two lines

            Your message cannot be delivered to the following recipients:

              Recipient address: user@final.example
              Original address: user@orig.example
              Reason: Remote SMTP server has rejected address
              Diagnostic code: smtp;550 5.1.1 <user@final.example>... User Unknown
              Remote system: dns;\(remote)

              Recipient address: same@final.example
              Reason: Illegal host/domain name found

            --Boundary_(ID_AAAAAAAAAAABBBBBBBBBBB)
            Content-type: message/delivery-status

            Original-envelope-id: 0JDJ00D02IBWDX00@mail.example.com
            Reporting-MTA: dns;mail.example.com (tcp-daemon)
            Arrival-date: Tue, 14 Nov 2023 22:13:20 +0000 (UTC)

            Original-recipient: rfc822;user@orig.example
            Final-recipient: rfc822;user@final.example
            Action: failed
            Status: 5.1.1 (Remote SMTP server has rejected address)
            Remote-MTA: dns;\(remote)
            Diagnostic-code: smtp;550 5.1.1 <user@final.example>... User Unknown

            Original-recipient: rfc822;same@final.example
            Final-recipient: rfc822;same@final.example
            Action: failed
            Status: 5.4.4 (Illegal host/domain name found)

            --Boundary_(ID_AAAAAAAAAAABBBBBBBBBBB)
            Content-type: message/rfc822

            Return-path: <adam@sesta.com>

            """
        let failed = report(.failed, message(), outcomes)
        #expect(text(failed, header: header) == expected.replacing("\n", with: "\r\n"))
        #expect(
            String(decoding: failed.closing, as: UTF8.self) == "\r\n--Boundary_(ID_AAAAAAAAAAABBBBBBBBBBB)--\r\n")
    }

    /// Section 1.1: subject, action and the status when none is known.
    @Test(
        arguments: [
            (.failed, "Delivery Notification: Delivery has failed", "failed", "5.0.0"),
            (.timedOut, "Delivery Notification: Delivery has timed out and failed", "failed", "4.4.7"),
            (.bounced, "Delivery Notification: Delivery has been manually aborted", "failed", "5.0.0"),
            (.delayed, "Delivery Notification: Delivery has been delayed", "delayed", "4.0.0"),
            (.delivered, "Delivery Notification: Delivery has been successful", "delivered", "2.0.0"),
            (.relayed, "Delivery Notification: Message has been relayed", "relayed", "2.0.0"),
            (.deferred, "Delivery Notification: Delivery has been delayed", "delayed", "4.0.0"),
            (.expanded, "Delivery Notification: Message has been expanded", "expanded", "2.0.0"),
        ] as [(NotificationKind, String, String, String)])
    func kinds(_ kind: NotificationKind, _ subject: String, _ action: String, _ status: String) {
        let text = NotificationsTests.text(
            report(kind, message(), [RecipientOutcome(recipient: 1, result: .failedPermanently)]))
        #expect(text.contains("\r\nSubject: \(subject)\r\n"))
        #expect(text.contains("\r\nAction: \(action)\r\nStatus: \(status)\r\n"))
        #expect(!text.contains("Remote-MTA"))
        #expect(!text.contains("Diagnostic-code"))
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        #expect(text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 100 })
    }

    /// RET=HDRS.
    @Test func headersOnly() {
        let outcomes = [RecipientOutcome(recipient: 0, result: .failedPermanently)]
        #expect(
            text(report(.failed, message(), outcomes, headersOnly: true)).hasSuffix(
                "Content-type: text/rfc822-headers\r\n\r\nReturn-path: <adam@sesta.com>\r\n"))
    }

    /// ENVID of the client comes before our own.
    @Test func envelopeIDs() {
        let outcomes = [RecipientOutcome(recipient: 0, result: .failedPermanently)]
        let given = text(report(.failed, message(clientEnvelopeID: "QQ 314159"), outcomes))
        #expect(given.contains("\r\nOriginal-envelope-id: QQ 314159\r\n"))
        var without = message()
        without.envelopeID = ""
        #expect(!text(report(.failed, without, outcomes)).contains("Original-envelope-id"))
    }

    @Test func fromWithoutPersonalName() {
        let outcomes = [RecipientOutcome(recipient: 0, result: .failedPermanently)]
        #expect(
            text(report(.failed, message(), outcomes, personal: "")).contains(
                "\r\nFrom: postmaster@mail.example.com\r\n"))
    }

    /// Copy of the postmaster about a message without a sender.
    @Test func withoutSender() {
        let given = text(
            report(.failed, message(sender: ""), [RecipientOutcome(recipient: 0, result: .failedPermanently)]))
        #expect(given.contains("\r\nTo: postmaster@mail.example.com\r\n"))
        #expect(given.hasSuffix("\r\nReturn-path: <>\r\n"))
    }

    @Test func recipientsThatAreNotThere() {
        let outcomes = [-1, 2, Int.max].map { RecipientOutcome(recipient: $0, result: .failedPermanently) }
        #expect(!text(report(.failed, message(), outcomes)).contains("Final-recipient"))
    }

    /// Nothing a remote system, a client or a header says makes a line of its own.
    @Test(arguments: [
        "x\r\nAction: delivered", "x\nX-Injected: y", "x\r\n\r\n--Boundary_(ID_AAAAAAAAAAABBBBBBBBBBB)--",
        "x\0y\u{1B}[2J",
        "x\u{85}\u{2028}y", String(repeating: "long ", count: 10_000), "\u{E4}\u{1F600}", "a) (b \\",
    ])
    func hostileText(_ hostile: String) {
        let recipient = QueueRecipient(address: hostile, given: hostile + "2", originalRecipient: "rfc822;" + hostile)
        var message = message(sender: hostile, recipients: [recipient], clientEnvelopeID: hostile)
        message.envelopeID = hostile
        let outcome = RecipientOutcome(
            recipient: 0, result: .failedPermanently, status: hostile, text: hostile, remote: hostile)
        let hostileReport = report(.failed, message, [outcome], personal: hostile)
        let clean = lines(clean: "x")
        let given = text(hostileReport, header: "Subject: \(hostile.filter { $0 != "\r\n" && $0 != "\n" })\r\n\r\n")
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(given.count == clean.count)
        for (line, expected) in zip(given, clean) {
            #expect(line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
            #expect(line.utf8.count <= 998)
            // The beginning of each line, a field's name or a word of the text, is ours.
            #expect(line.prefix { $0 != ":" } == expected.prefix { $0 != ":" })
        }
    }

    private func lines(clean word: String) -> [Substring] {
        let recipient = QueueRecipient(address: word, given: word + "2", originalRecipient: "rfc822;" + word)
        let message = message(sender: word, recipients: [recipient], clientEnvelopeID: word)
        let outcome = RecipientOutcome(
            recipient: 0, result: .failedPermanently, status: word, text: word, remote: word)
        return text(
            report(.failed, message, [outcome], personal: word), header: "Subject: \(word)\r\n\r\n"
        ).split(separator: "\r\n", omittingEmptySubsequences: false)
    }

    /// The comment of the status never ends early.
    @Test func parenthesesInTheReason() {
        let outcome = RecipientOutcome(recipient: 0, result: .failedPermanently, status: "5.1.1", text: "a) (b \\ c")
        #expect(text(report(.failed, message(), [outcome])).contains("\r\nStatus: 5.1.1 (a b  c)\r\n"))
    }
}

/// `%H` of section 1.3.
@Suite struct OriginalHeaderListTests {
    private func lines(_ header: String) -> [String] {
        OriginalHeaderList(Array(header.utf8), charset: "us-ascii", decoding: .sameCharset).lines
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        ("", []), ("\r\n", []), ("To: a\r\nFrom: b\r\n\r\nSubject: body\r\n", ["From: b", "To: a"]),
        ("subject: a\nSUBJECT: b\n", ["subject: a"]), ("Subject : blank before the colon\r\n", []),
        ("Subject: a\r\n\tb\r\n   c\r\n", ["Subject: a", " b", " c"]), (" b\r\nSubject: a\r\n", ["Subject: a"]),
        ("X: a\r\n b\r\nDate: d\r\n", ["Date: d"]),
        ("Subject: =?big5?Q?=A4?= \u{E4}\u{0}\t\u{1B}x\r\n", ["Subject: =?big5?Q?=A4?= ??? ?x"]),
    ])
    func shown(_ header: String, _ lines: [String]) {
        #expect(self.lines(header) == lines)
    }

    @Test func limits() {
        let long = lines("Subject: " + String(repeating: "x", count: 100_000) + "\r\n")
        #expect(long.map(\.utf8.count) == [900])
        let folded = lines("To: a\r\n" + String(repeating: " b\r\n", count: 100_000))
        #expect(folded.count == 12)
    }
}

/// NOTIFY, section 1.1 rule 1.
@Suite struct NotificationKindTests {
    @Test(
        arguments: [
            ([], true, true, false), (.never, false, false, false), (.success, false, false, true),
            (.failure, true, false, false), (.delay, false, true, false), ([.success, .failure], true, false, true),
            ([.success, .failure, .delay], true, true, true), ([.never, .failure], true, false, false),
            ([.never, .success], false, false, false),
        ] as [(NotifyConditions, Bool, Bool, Bool)])
    func wanted(_ notify: NotifyConditions, _ failure: Bool, _ delay: Bool, _ success: Bool) {
        for kind in NotificationKind.allCases {
            let expected =
                switch kind {
                case .failed, .timedOut, .bounced: failure
                case .delayed, .deferred: delay
                case .delivered, .relayed, .expanded: success
                }
            #expect(kind.isWanted(notify) == expected, "\(kind)")
        }
    }
}
