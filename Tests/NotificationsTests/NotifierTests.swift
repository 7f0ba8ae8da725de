import Envelope
import Notifications
import Testing

/// Notifications-logging specification, 1.1, 1.5, 1.6 and 6.2.
@Suite struct NotifierTests {
    /// To `process`, without a sender; the E record is there when the completion runs, so that R comes behind it
    /// (example 7).
    @Test func example7EnqueuedToProcess() async throws {
        let bench = try Bench()
        #expect(await bench.notify(.failed, queued()) == nil)
        #expect(bench.log.count == 1)
        let all = try bench.finish()
        let message = try #require(all.first).message
        #expect(all.count == 1)
        #expect(message.sender.isEmpty)
        #expect(message.sourceChannel == "tcp_local")
        #expect(message.entries.map(\.channel) == ["process"])
        #expect(message.entries.map(\.host) == ["process-daemon"])
        #expect(message.entries.flatMap(\.recipients).map(\.address) == ["adam@sesta.com"])
        let own = "<\(message.envelopeID)@mail.example.com>"
        #expect(message.messageIDHeader == own + ",<1@sesta.com>")
        let text = try #require(all.first).text
        #expect(text.contains("\r\nMessage-id: \(own)\r\n"))
        #expect(text.contains("\r\nReporting-MTA: dns;mail.example.com (tcp-daemon)\r\n"))
        #expect(
            text.contains(
                "\r\n\r\nReturn-path: <adam@sesta.com>\r\nSubject: original\r\n\r\nthe body\r\n\r\n--Boundary"))
        #expect(text.hasSuffix("--\r\n"))
        let line = try #require(bench.log.first)
        #expect(line.contains(" tcp_local    process      E "))
        #expect(
            line.contains("  rfc822;adam@sesta.com adam@sesta.com process/ZZ\(message.id).00 \(own),<1@sesta.com> "))
    }

    /// Examples 15 and 16.
    @Test(
        arguments: [
            (.failed, "adam@sesta.com", [[]], [0]), (.failed, "adam@sesta.com", [.never], []),
            (.failed, "", [[]], []), (.failed, "", [.failure], []),
            (.failed, "adam@sesta.com", [.never, .failure, [], .success], [1, 2]),
            (.delayed, "adam@sesta.com", [.failure, .delay, []], [1, 2]),
            (.delivered, "adam@sesta.com", [.success, [], .never], [0]), (.relayed, "adam@sesta.com", [[]], []),
            (.timedOut, "adam@sesta.com", [[], .delay], [0]), (.bounced, "adam@sesta.com", [.never], []),
        ] as [(NotificationKind, String, [NotifyConditions], [Int])])
    func examples15And16RecipientsReported(
        _ kind: NotificationKind, _ sender: String, _ notify: [NotifyConditions], _ reported: [Int]
    ) async throws {
        let bench = try Bench()
        #expect(await bench.notify(kind, queued(sender: sender, notify: notify)) == nil)
        let all = try bench.finish()
        #expect(all.count == (reported.isEmpty ? 0 : 1))
        let text = all.first?.text ?? ""
        for number in notify.indices {
            #expect(text.contains("\r\nFinal-recipient: rfc822;r\(number)@") == reported.contains(number))
        }
    }

    /// `postheadonly`: the postmaster gets the header alone, in a message of its own; tried again, the same two.
    @Test func postmasterGetsTheHeader() async throws {
        let bench = try Bench(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  sendpost postheadonly")])
        #expect(await bench.notify(.failed, queued()) == nil)
        #expect(await bench.notify(.failed, queued()) == nil)
        let all = try bench.finish()
        #expect(Set(all.map(\.message.id)).count == 2)
        #expect(
            all.prefix(2).map { $0.message.entries.flatMap(\.recipients).map(\.address) }
                == [["adam@sesta.com"], ["postmaster@mail.example.com"]])
        #expect(all.prefix(2).map { $0.text.contains("the body") } == [true, false])
        #expect(all.prefix(2).map { $0.text.contains("text/rfc822-headers") } == [false, true])
        let alone = try Bench(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  sendpost postheadonly")])
        #expect(await alone.notify(.failed, queued(sender: "")) == nil)
        let only = try alone.finish()
        #expect(only.count == 1 && only.first?.text.contains("the body") == false)
    }

    /// An alias that hides its value, and `suppressfinal`: the report does not name the address.
    @Test(arguments: [("", true, "sales@sesta.com"), ("", false, "r0@"), ("suppressfinal", false, "adam@sesta.com")])
    func shownAddress(_ keyword: String, _ isHidden: Bool, _ shown: String) async throws {
        let bench = try Bench(replacing: [("[channel:tcp_local]", "[channel:tcp_local]\n  \(keyword)")])
        var message = queued()
        let address = message.entries[0].recipients[0].address
        message.entries[0].recipients[0].given = "adam@sesta.com"
        if isHidden { message.entries[0].recipients[0].shownAddress = "sales@sesta.com" }
        #expect(await bench.notify(.failed, message) == nil)
        let text = try #require(try bench.finish().first).text
        #expect(text.contains("\r\nFinal-recipient: rfc822;\(shown)"))
        #expect(text.contains("  Recipient address: \(shown)"))
        #expect(text.contains(address) == shown.hasPrefix("r0@"))
    }

    /// The same attempt reported again, as after a crash, is the same message; another attempt or kind is another one.
    @Test func derivedIds() async throws {
        let bench = try Bench()
        for _ in 0..<2 { #expect(await bench.notify(.failed, queued(), attempt: 3) == nil) }
        #expect(await bench.notify(.failed, queued(), attempt: 4) == nil)
        #expect(await bench.notify(.delayed, queued(), attempt: 3) == nil)
        let ids = try bench.finish().map(\.message.id)
        #expect(ids.count == 4)
        #expect(ids[0] == ids[1])
        #expect(Set(ids).count == 3)
        #expect(
            ids[0] == MessageID.derived(from: queued().id, entry: 0, attempt: 3, recipients: [0], .failureNotification))
    }

    /// A recipient fails in the first attempt, the other one later: attempts began anew in between, and a message with
    /// the id of the first notification would be taken for a repetition of it.
    @Test func recipientsThatFailOneAfterTheOther() async throws {
        let bench = try Bench()
        let message = queued(notify: [[], []])
        for number in 0..<2 {
            let outcome = RecipientOutcome(recipient: number, result: .failedPermanently, status: "5.1.1")
            #expect(await bench.notify(.failed, message, attempt: 0, outcomes: [outcome]) == nil)
        }
        #expect(Set(try bench.finish().map(\.message.id)).count == 2)
    }

    /// Section 1.5 and examples 21 and 22; blocks of 1 024 octets.
    @Test(
        arguments: [
            (.unspecified, "", 20_000, false), (.headers, "", 100, true), (.full, "", 100, false),
            (.unspecified, "role.mta.content_return_block_limit = 10", 11 * 1024, true),
            (.unspecified, "role.mta.content_return_block_limit = 10", 10 * 1024 + 1, true),
            (.unspecified, "role.mta.content_return_block_limit = 10", 10 * 1024, false),
            (.full, "role.mta.content_return_block_limit = 10", 11 * 1024, false),
            (.full, "role.mta.bounce_block_limit = 10", 11 * 1024, true),
            (.full, "role.mta.bounce_block_limit = 10", 10 * 1024, false),
        ] as [(ReturnContent, String, Int, Bool)])
    func examples21And22ContentReturned(
        _ returnContent: ReturnContent, _ option: String, _ size: Int, _ headersOnly: Bool
    ) async throws {
        let bench = try Bench(replacing: [Bench.options(option)])
        let header = "Subject: original\r\n\r\n"
        let body = String(repeating: "y", count: size - header.utf8.count)
        #expect(
            await bench.notify(
                .failed, queued(returnContent: returnContent), content: ReturnedContent(Array((header + body).utf8)))
                == nil)
        let text = try #require(try bench.finish().first).text
        #expect(text.contains("Content-type: text/rfc822-headers\r\n") == headersOnly)
        #expect(text.contains("Content-type: message/rfc822\r\n") == !headersOnly)
        #expect(text.contains(body) == !headersOnly)
        #expect(text.contains("\r\n\r\nReturn-path: <adam@sesta.com>\r\n\(header)"))
    }

    /// Section 1.6 and example 17.
    @Test(
        arguments: [
            ("nosendpost", .failed, "adam@sesta.com", ["adam@sesta.com"]),
            ("sendpost", .failed, "adam@sesta.com", ["adam@sesta.com", "postmaster@mail.example.com"]),
            ("sendpost", .failed, "", ["postmaster@mail.example.com"]),
            ("sendpost", .failed, "postmaster@mail.example.com", ["postmaster@mail.example.com"]),
            ("sendpost", .delayed, "adam@sesta.com", ["adam@sesta.com"]),
            ("sendpost", .delivered, "adam@sesta.com", []),
            ("copysendpost", .failed, "adam@sesta.com", ["adam@sesta.com", "postmaster@mail.example.com"]),
            ("copysendpost", .failed, "", []),
            ("errsendpost", .failed, "adam@sesta.com", ["adam@sesta.com"]),
            ("errsendpost", .timedOut, "", ["postmaster@mail.example.com"]),
            ("warnpost", .delayed, "adam@sesta.com", ["adam@sesta.com", "postmaster@mail.example.com"]),
            ("warnpost", .failed, "adam@sesta.com", ["adam@sesta.com"]),
        ] as [(String, NotificationKind, String, [String])])
    func example17PostmasterCopies(
        _ keyword: String, _ kind: NotificationKind, _ sender: String, _ addressees: [String]
    ) async throws {
        let bench = try Bench(replacing: [
            (
                old: "  smtp mx single_sys identnonenumeric switchchannel",
                new: "  \(keyword) smtp mx single_sys identnonenumeric switchchannel"
            )
        ])
        #expect(await bench.notify(kind, queued(sender: sender)) == nil)
        let all = try bench.finish()
        #expect(all.flatMap { $0.message.entries }.flatMap(\.recipients).map(\.address) == addressees)
        // The defaults say `postheadonly`: the postmaster's copy is a message of its own.
        #expect(all.count == addressees.count)
    }

    /// Example 18.
    @Test(arguments: [("0", ""), ("1", "postmaster@mail.example.com"), ("5", "postmaster@mail.example.com"), ("4", "")])
    func example18ReturnEnvelope(_ bits: String, _ sender: String) async throws {
        let bench = try Bench(replacing: [Bench.options("role.mta.return_envelope = \(bits)")])
        #expect(await bench.notify(.failed, queued()) == nil)
        #expect(try bench.finish().map(\.message.sender) == [sender])
    }

    @Test func namesOfTheSite() async throws {
        let bench = try Bench(replacing: [
            Bench.options("role.mta.return_address = help@example.com\nrole.mta.return_personal = Example Mail")
        ])
        #expect(await bench.notify(.failed, queued()) == nil)
        #expect(try bench.finish().first?.text.contains("\r\nFrom: Example Mail <help@example.com>\r\n") == true)
    }

    @Test func receiptsSwitchedOff() async throws {
        let bench = try Bench(replacing: [Bench.options("role.mta.disable_delivery_receipt = 1")])
        #expect(await bench.notify(.delivered, queued(notify: [.success])) == nil)
        #expect(await bench.notify(.relayed, queued(notify: [.success])) == nil)
        #expect(await bench.notify(.failed, queued(notify: [.failure])) == nil)
        #expect(try bench.finish().count == 1)
    }

    /// The body type of the original is that of the report.
    @Test func eightBit() async throws {
        let bench = try Bench()
        let content = ReturnedContent(Array("Subject: \u{E4}\r\nX: y\r\n\r\n\u{E4}\r\n".utf8))
        #expect(await bench.notify(.failed, queued(body: .eightBitMIME), content: content) == nil)
        let found = try #require(try bench.finish().first)
        #expect(found.message.body == .eightBitMIME)
        #expect(found.text.contains("\r\n  Subject: ??\r\n"))
        #expect(found.text.contains("\r\nSubject: \u{E4}\r\nX: y\r\n\r\n\u{E4}\r\n"))
        let ours = found.text.components(before: "Content-type: message/rfc822")
        #expect(ours.utf8.allSatisfy { $0 < 0x80 })
    }

    /// Content that never is in memory as a whole.
    @Test(arguments: [ReturnContent.full, .headers])
    func largeContent(_ returnContent: ReturnContent) async throws {
        let bench = try Bench()
        let header = Array("Subject: original\r\n\r\n".utf8)
        let size = 3 << 20
        let content = ReturnedContent(size: size) { offset, maximum in
            guard offset < size else { return [] }
            let count = min(maximum, size - offset, 100_000)
            return (offset..<offset + count).map { $0 < header.count ? header[$0] : UInt8(ascii: "a") + UInt8($0 % 23) }
        }
        #expect(await bench.notify(.failed, queued(returnContent: returnContent), content: content) == nil)
        let text = try #require(try bench.finish().first).text
        #expect(text.hasSuffix("--\r\n"))
        #expect(text.contains("\r\n\r\nReturn-path: <adam@sesta.com>\r\nSubject: original\r\n\r\n"))
        let letters = text.utf8.count
        #expect(returnContent == .full ? letters > size && letters < size + 4_000 : letters < 4_000)
    }

    @Test func contentThatCannotBeRead() async throws {
        struct Unreadable: Error, CustomStringConvertible {
            let description = "cannot read it"
        }
        let bench = try Bench()
        for size in [100, 1 << 20] {
            let content = ReturnedContent(size: size) { _, _ in throw Unreadable() }
            #expect(await bench.notify(.failed, queued(), content: content) == "cannot read it")
        }
        #expect(try bench.finish().isEmpty)
    }

    @Test func withoutHeader() async throws {
        let bench = try Bench()
        #expect(await bench.notify(.failed, queued(), content: ReturnedContent([])) == nil)
        #expect(
            await bench.notify(.failed, queued(), attempt: 1, content: ReturnedContent(Array("no header".utf8))) == nil)
        #expect(
            await bench.notify(.failed, queued(returnContent: .headers), attempt: 2, content: ReturnedContent([]))
                == nil)
        let all = try bench.finish()
        #expect(all.count == 3)
        #expect(all.allSatisfy { $0.text.contains("following header fields:\r\n\r\n\r\nYour message") })
    }

    @Test func nothingToTell() async throws {
        let bench = try Bench()
        #expect(await bench.notify(.failed, queued(), outcomes: []) == nil)
        let away = RecipientOutcome(recipient: 9, result: .failedPermanently)
        #expect(await bench.notify(.failed, queued(), outcomes: [away]) == nil)
        let occasion = Notifier.Occasion(kind: .failed, message: queued(), entry: 5, attempt: 0, outcomes: [away])
        let problem = await withCheckedContinuation { continuation in
            bench.notifier.notify(occasion, content: ReturnedContent([])) { continuation.resume(returning: $0) }
        }
        #expect(problem == nil)
        #expect(try bench.finish().isEmpty)
    }
}

extension String {
    fileprivate func components(before mark: String) -> Substring {
        firstRange(of: mark).map { self[..<$0.lowerBound] } ?? self[...]
    }
}
