import Channels
import Configuration
import Envelope
import Notifications
import Testing

/// Notifications-logging specification, 1.1, 1.5 and 6.2: what options and keywords make of a notification.
@Suite struct NotifierOptionsTests {
    private func failed(_ text: String, status: String = "5.1.1", remote: String = "") -> RecipientOutcome {
        RecipientOutcome(recipient: 0, result: .failedPermanently, status: status, text: text, remote: remote)
    }

    @Test func example26AddressWithoutUsableDomain() async throws {
        let bench = try Bench(replacing: [
            (
                "[channel:tcp_local]",
                "[channel:tcp_fax]\n  official_host_name = tcp_fax-daemon\n  smtp\n\n[channel:tcp_local]"
            )
        ])
        var message = queued(channel: "tcp_fax")
        message.entries[0].recipients = [
            QueueRecipient(
                address: "FAX=4528@fax.example.com", given: "FAX=4528@mfc", originalRecipient: "rfc822;FAX=4528@mfc")
        ]
        let outcome = failed("Illegal host/domain name found", status: "5.4.4")
        #expect(await bench.notify(.failed, message, outcomes: [outcome]) == nil)
        let text = try #require(try bench.finish().first).text
        #expect(
            text.contains(
                """
                  Recipient address: FAX=4528@fax.example.com\r
                  Original address: FAX=4528@mfc\r
                  Reason: Illegal host/domain name found\r
                \r

                """))
        #expect(text.contains("\r\nReporting-MTA: dns;mail.example.com (tcp_fax-daemon)\r\n"))
        #expect(
            text.contains(
                """
                \r
                Original-recipient: rfc822;FAX=4528@mfc\r
                Final-recipient: rfc822;FAX=4528@fax.example.com\r
                Action: failed\r
                Status: 5.4.4 (Illegal host/domain name found)\r

                """))
    }

    /// USE_ERRORS_TO, USE_WARNINGS_TO: another addressee, or nobody when the field is blank.
    @Test(
        arguments: [
            (.failed, "use_errors_to", "Errors-to: Owner <owner@list.example>", "owner@list.example"),
            (.failed, "use_errors_to", "Errors-to:", nil), (.failed, "use_errors_to", "X: y", "adam@sesta.com"),
            (.failed, "use_errors_to", "Errors-to: nonsense", "adam@sesta.com"),
            (.failed, "use_warnings_to", "Errors-to: owner@list.example", "adam@sesta.com"),
            (.delayed, "use_errors_to", "Errors-to: owner@list.example", "adam@sesta.com"),
            (.delayed, "use_warnings_to", "Warnings-to: owner@list.example", "owner@list.example"),
        ] as [(NotificationKind, String, String, String?)])
    func otherAddressee(
        _ kind: NotificationKind, _ option: String, _ field: String, _ addressee: String?
    ) async throws {
        let bench = try Bench(replacing: [Bench.options("role.mta.\(option) = 1")])
        let content = ReturnedContent(Array("\(field)\r\nSubject: x\r\n\r\n".utf8))
        #expect(await bench.notify(kind, queued(), content: content) == nil)
        let all = try bench.finish()
        #expect(all.flatMap(\.message.entries).flatMap(\.recipients).map(\.address) == [addressee].compactMap { $0 })
        if let addressee { #expect(all.first?.text.contains("\r\nTo: \(addressee)\r\n") == true) }
    }

    /// An empty sender stays one: two lists with such fields would answer each other.
    @Test func nothingForAnEmptySender() async throws {
        let bench = try Bench(replacing: [Bench.options("role.mta.use_errors_to = 1")])
        let content = ReturnedContent(Array("Errors-to: owner@list.example\r\n\r\n".utf8))
        #expect(await bench.notify(.failed, queued(sender: ""), content: content) == nil)
        #expect(try bench.finish().isEmpty)
    }

    /// W for those who are warned, K for those who want no word of delays.
    @Test func warningsAreLogged() async throws {
        let bench = try Bench()
        #expect(await bench.notify(.delayed, queued(notify: [[], .never, .failure])) == nil)
        #expect(await bench.notify(.delayed, queued(notify: [.never]), attempt: 1) == nil)
        let actions = bench.log.map { $0.split(separator: " ")[4] }
        #expect(actions == ["process", "W", "K", "K", "K"])
    }

    /// Nobody has been warned, though the postmaster has a copy.
    @Test(arguments: ["nowarnpost", "warnpost"])
    func warningsOfNobodyAreNotLogged(_ keyword: String) async throws {
        let bench = try Bench(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  \(keyword)")])
        #expect(await bench.notify(.delayed, queued(sender: "")) == nil)
        let actions = bench.log.map { $0.split(separator: " ")[4] }
        #expect(actions == (keyword == "warnpost" ? ["process"] : []))
    }

    /// The limit of the channel that the sender is reached by: the whole message would be refused there.
    @Test(arguments: [(ReturnContent.full, 3000, true), (.unspecified, 3000, true), (.full, 1000, false)])
    func limitOfTheSendersChannel(_ content: ReturnContent, _ size: Int, _ headersOnly: Bool) async throws {
        let bench = try Bench(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  blocklimit = 2")])
        #expect(bench.configuration.channels.channel(named: "tcp_local")?.blockLimit == 2)
        let message = Array("Subject: x\r\n\r\n".utf8) + [UInt8](repeating: 97, count: size)
        #expect(await bench.notify(.failed, queued(returnContent: content), content: ReturnedContent(message)) == nil)
        let text = try #require(try bench.finish().first).text
        #expect(text.contains("Content-type: text/rfc822-headers\r\n") == headersOnly)
    }

    private let history = (0..<4).map { number in
        EarlierAttempts(
            times: [1_700_000_000 + Int64(number) * 3600],
            outcomes: [
                RecipientOutcome(
                    recipient: 0, result: .failedTemporarily, status: "4.4.1", text: "no answer \(number)")
            ])
    }

    /// RETURN_DELIVERY_HISTORY and HISTORY_TO_RETURN.
    @Test(arguments: [("", [0, 1, 2, 3]), ("history_to_return = 2", [2, 3]), ("return_delivery_history = 0", [])])
    func earlierAttempts(_ option: String, _ shown: [Int]) async throws {
        let bench = try Bench(replacing: option.isEmpty ? [] : [Bench.options("role.mta.\(option)")])
        #expect(await bench.notify(.timedOut, queued(), history: history) == nil)
        let text = try #require(try bench.finish().first).text
        for number in 0..<4 {
            #expect(
                text.contains("\r\n    r0@final.example: 4.4.1 no answer \(number)\r\n") == shown.contains(number))
        }
        #expect(text.contains("\r\n\r\nAttempts so far:\r\n\r\n  ") == !shown.isEmpty)
        #expect(text.contains("  Tue, 14 Nov 2023 22:13:20 +0000") == shown.contains(0))
    }

    /// `suppressfinal`: a reply does not give the address away.
    @Test func repliesNameTheShownAddress() async throws {
        let bench = try Bench(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  suppressfinal")])
        var message = queued()
        message.entries[0].recipients[0].given = "sales@sesta.com"
        let outcome = failed("550 5.1.1 <r0@final.example> unknown", remote: "mx (TCP|1|2|3|4)")
        #expect(await bench.notify(.failed, message, outcomes: [outcome], history: history) == nil)
        let text = try #require(try bench.finish().first).text
        #expect(text.contains("Diagnostic code: smtp;550 5.1.1 <sales@sesta.com> unknown"))
        #expect(!text.contains("r0@final.example"))
    }

    /// The texts count the units of `notices`.
    @Test func waitingTime() async throws {
        let bench = try Bench(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  notices = 1 5")])
        #expect(await bench.notify(.timedOut, queued()) == nil)
        let text = try #require(try bench.finish().first).text
        #expect(
            text.contains(
                "Your message could not be delivered to the following recipients\r\nwithin 5 days and is returned:\r\n")
        )
    }

    /// RFC 2852: at the time that the sender wanted it delivered by he is told, and it is tried on.
    @Test func warningKinds() {
        var entry = queued().entries[0]
        #expect(NotificationKind(warningAbout: entry, now: 100) == .delayed)
        entry.deliverBy = DeliverBy(deadline: 100, mode: .notify)
        #expect(NotificationKind(warningAbout: entry, now: 99) == .delayed)
        #expect(NotificationKind(warningAbout: entry, now: 100) == .deferred)
        entry.deliverBy = DeliverBy(deadline: 100, mode: .giveBack)
        #expect(NotificationKind(warningAbout: entry, now: 100) == .delayed)
    }
}
